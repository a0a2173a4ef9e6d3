//! Numbers of embeddings as files hold them: their precision, rows of length one, and arrays read where they lie.

mod array;

pub use array::NumberArray;

use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use half::{bf16, f16};
use rayon::prelude::*;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// A row's length may differ so much from one before it is scaled: of values of half precision, and of others.
const UNIT_HALF: f64 = 1e-3;
const UNIT: f64 = 1e-6;

/// How a file holds its numbers, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    F16,
    Bf16,
    F32,
    F64,
}

impl Precision {
    const ALL: [Self; 4] = [Self::F16, Self::Bf16, Self::F32, Self::F64];

    /// The smallest that holds every value exactly.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        [Self::F16, Self::Bf16].into_iter().find(|precision| precision.holds(values)).unwrap_or(Self::F32)
    }

    /// Whether it holds every value exactly.
    #[must_use]
    pub fn holds(self, values: &[f32]) -> bool {
        let same = |value: f32, other: f32| value.to_bits() == other.to_bits();
        match self {
            Self::F16 => values.iter().all(|value| same(*value, f16::from_f32(*value).to_f32())),
            Self::Bf16 => values.iter().all(|value| same(*value, bf16::from_f32(*value).to_f32())),
            Self::F32 | Self::F64 => true,
        }
    }

    /// Bytes of a number.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Its name in safetensors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F32 => "F32",
            Self::F64 => "F64",
        }
    }

    /// The one of a name in safetensors.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name)
    }

    /// Appends the bytes of a row.
    pub fn encode(self, row: &[f32], out: &mut Vec<u8>) {
        let mut bits = [0u16; 256];
        let halves = |out: &mut Vec<u8>, bits: &mut [u16]| {
            bits.iter_mut().for_each(|bits| *bits = bits.to_le());
            out.extend_from_slice(bytemuck::cast_slice(bits));
        };
        match self {
            Self::F16 => row.chunks(bits.len()).for_each(|part| {
                bits[..part.len()].reinterpret_cast_mut::<f16>().convert_from_f32_slice(part);
                halves(out, &mut bits[..part.len()]);
            }),
            Self::Bf16 => row.iter().for_each(|value| out.extend(bf16::from_f32(*value).to_le_bytes())),
            Self::F32 => row.iter().for_each(|value| out.extend(value.to_le_bytes())),
            Self::F64 => row.iter().for_each(|value| out.extend(f64::from(*value).to_le_bytes())),
        }
    }

    /// Numbers from their bytes; on a processor of the other byte order, or at an odd address, one by one.
    pub fn decode(self, bytes: &[u8], out: &mut [f32]) {
        let halves = bytes.as_chunks::<2>().0;
        match self {
            Self::F16 => match bytemuck::try_cast_slice::<u8, u16>(bytes) {
                Ok(words) if cfg!(target_endian = "little") => {
                    words.reinterpret_cast::<f16>().convert_to_f32_slice(out);
                }
                _ => out.iter_mut().zip(halves).for_each(|(out, bytes)| *out = f16::from_le_bytes(*bytes).to_f32()),
            },
            Self::Bf16 => {
                out.iter_mut().zip(halves).for_each(|(out, bytes)| *out = bf16::from_le_bytes(*bytes).to_f32());
            }
            Self::F32 => {
                let words = bytes.as_chunks::<4>().0;
                out.iter_mut().zip(words).for_each(|(out, bytes)| *out = f32::from_le_bytes(*bytes));
            }
            Self::F64 => {
                let words = bytes.as_chunks::<8>().0;
                out.iter_mut().zip(words).for_each(|(out, bytes)| *out = f64::from_le_bytes(*bytes) as f32);
            }
        }
    }
}

/// Scales a row to length one and returns the length it had. A row that has it already stays bit for bit as it is;
/// with `half` it has it as far as half precision can say, and what is scaled stays of half precision. A row that is
/// zero or not finite stays as it is.
pub fn to_unit(row: &mut [f32], half: bool) -> f64 {
    // Eight sums side by side, which the processor adds at once.
    let (parts, rest) = row.as_chunks::<8>();
    let mut sums = [0f64; 8];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += f64::from(*value).powi(2));
    }
    let norm = (sums.iter().sum::<f64>() + rest.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>()).sqrt();
    if norm.is_finite() && norm > 0.0 && !stays(norm, half) {
        row.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
        if half {
            row.iter_mut().for_each(|value| *value = f16::from_f32(*value).to_f32());
        }
    }
    norm
}

/// Whether a row of this length stays as it is.
#[must_use]
pub fn stays(norm: f64, half: bool) -> bool {
    (norm - 1.0).abs() <= if half { UNIT_HALF } else { UNIT }
}

/// Digest of a row: of its numbers as little-endian f32, whatever precision they came in.
#[must_use]
pub fn digest(row: &[f32]) -> u128 {
    if cfg!(target_endian = "little") {
        return xxh3_128(bytemuck::cast_slice(row));
    }
    xxh3_128(&row.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// Checksum of a row's bytes as a file holds them: it belongs to these bytes as those of this digest.
#[must_use]
pub fn checksum(digest: u128, bytes: &[u8]) -> u32 {
    xxh3_64_with_seed(bytes, (digest >> 64) as u64 ^ digest as u64) as u32
}

/// Whether all of some digests, or of their beginnings, differ. Takes eight bytes each, on all cores.
#[must_use]
pub fn all_differ(digests: impl IndexedParallelIterator<Item = u64>) -> bool {
    let mut sorted: Vec<u64> = digests.collect();
    sorted.par_sort_unstable();
    sorted.par_windows(2).all(|pair| pair[0] != pair[1])
}

/// Whether lengths between these count as one, and none needs a word.
#[must_use]
pub fn is_unit(least: f64, most: f64) -> bool {
    (least - 1.0).abs() <= UNIT_HALF && (most - 1.0).abs() <= UNIT_HALF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_precision_holds_comes_back_and_names_are_those_of_safetensors() {
        let values: Vec<f32> = (0..600).map(|at| (at as f32 - 300.0) / 64.0).collect();
        for precision in Precision::ALL {
            let (mut bytes, mut back) = (Vec::new(), vec![0.0; values.len()]);
            precision.encode(&values, &mut bytes);
            assert_eq!(bytes.len(), values.len() * precision.bytes());
            precision.decode(&bytes, &mut back);
            if precision == Precision::Bf16 {
                assert!(values.iter().zip(&back).all(|(a, b)| (a - b).abs() <= a.abs() / 128.0));
            } else {
                assert_eq!(back, values);
            }
            let mut odd = vec![0];
            odd.extend_from_slice(&bytes);
            let mut again = vec![0.0; values.len()];
            precision.decode(&odd[1..], &mut again);
            assert_eq!(again, back);
            assert_eq!(Precision::named(precision.name()), Some(precision));
        }
        assert_eq!(Precision::of(&values), Precision::F16);
        assert_eq!(Precision::of(&[1e30, 1.0]), Precision::F32);
        assert_eq!(Precision::of(&[f32::from_bits(0x7149_0000), 1.0]), Precision::Bf16);
    }

    #[test]
    fn rows_of_length_one_stay_and_others_are_scaled() {
        let mut unit = vec![0.6, 0.8, 0.0];
        assert!((to_unit(&mut unit, false) - 1.0).abs() < 1e-7 && unit == [0.6, 0.8, 0.0]);
        let mut long = vec![3.0, 4.0];
        assert!((to_unit(&mut long, false) - 5.0).abs() < 1e-12 && long == [0.6, 0.8]);
        let mut half = vec![3.0, 4.0];
        to_unit(&mut half, true);
        assert_eq!(half, [0.6, 0.8].map(|value| f16::from_f32(value).to_f32()));
        assert_eq!(to_unit(&mut [0.0; 9], false), 0.0);
        assert!(!to_unit(&mut [f32::NAN, 1.0], true).is_finite());
    }
}
