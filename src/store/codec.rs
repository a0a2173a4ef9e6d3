//! Bytes of the values: little-endian numbers or JSON, each followed by its CRC-32.

use super::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

const CRC_BYTES: usize = 4;

/// Appends the checksum.
fn seal(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&body);
    body.extend_from_slice(&crc.to_le_bytes());
    body
}

/// Checks and removes the checksum.
fn unseal<'a>(value: &'a [u8], what: &str) -> Result<&'a [u8]> {
    let damaged = |problem: &str| StoreError::Damaged { what: what.to_owned(), problem: problem.to_owned() };
    let (body, crc) = value.split_last_chunk::<CRC_BYTES>().ok_or_else(|| damaged("too short"))?;
    if crc32fast::hash(body) == u32::from_le_bytes(*crc) { Ok(body) } else { Err(damaged("checksum differs")) }
}

/// Finds damage in a sealed value of any kind.
pub fn check(value: &[u8], what: &str) -> Result<()> {
    unseal(value, what).map(|_| ())
}

/// A vector of `f32` with its checksum.
pub fn seal_f32(values: &[f32]) -> Vec<u8> {
    let mut body = Vec::with_capacity(values.len() * 4 + CRC_BYTES);
    values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
    seal(body)
}

/// Appends the sealed vector to `out`.
pub fn unseal_f32(value: &[u8], what: &str, out: &mut Vec<f32>) -> Result<()> {
    out.extend(unseal(value, what)?.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    Ok(())
}

/// A value as JSON with its checksum.
pub fn seal_json<T: Serialize>(value: &T, what: &str) -> Result<Vec<u8>> {
    let body = serde_json::to_vec(value)
        .map_err(|error| StoreError::Damaged { what: what.to_owned(), problem: error.to_string() })?;
    Ok(seal(body))
}

/// The sealed value.
pub fn unseal_json<T: DeserializeOwned>(value: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(unseal(value, what)?)
        .map_err(|error| StoreError::Damaged { what: what.to_owned(), problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_sealed_comes_back(values: Vec<f32>) {
            let mut out = Vec::new();
            unseal_f32(&seal_f32(&values), "test", &mut out).unwrap();
            prop_assert!(out.iter().map(|value| value.to_bits()).eq(values.iter().map(|value| value.to_bits())));
        }

        #[test]
        fn any_flipped_bit_is_found(values in prop::collection::vec(any::<f32>(), 1..20), at: prop::sample::Index, bit in 0..8u8) {
            let mut sealed = seal_f32(&values);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(unseal_f32(&sealed, "test", &mut Vec::new()).is_err());
        }
    }
}
