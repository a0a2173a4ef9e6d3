//! What tells an input from another one: the names and the bytes of its files.

use super::fault;
use super::records::label;
use crate::data::DataError;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// XXH3-128 over the names and bytes of files, in order.
pub fn digest_of(files: &[PathBuf]) -> Result<String, DataError> {
    let (mut hasher, mut block) = (Xxh3::new(), vec![0; BLOCK]);
    for path in files {
        let name = label(path);
        let refused = |error: std::io::Error| fault(&name, error.to_string());
        let mut file = File::open(path).map_err(refused)?;
        hasher.update(name.as_bytes());
        hasher.update(&[0]);
        let mut length = 0u64;
        loop {
            let count = file.read(&mut block).map_err(refused)?;
            if count == 0 {
                break;
            }
            length += count as u64;
            hasher.update(&block[..count]);
        }
        hasher.update(&length.to_le_bytes());
    }
    Ok(written(&hasher))
}

/// A digest, as footers hold it.
fn written(hasher: &Xxh3) -> String {
    format!("xxh3-128:{:032x}", hasher.digest128())
}

/// Digest of embeddings on their way: of their numbers in half precision, little-endian, row by row.
#[derive(Default)]
pub struct NumbersDigest {
    hasher: Xxh3,
    held: Vec<u8>,
}

impl NumbersDigest {
    /// Bytes that follow.
    pub fn add(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= BLOCK {
            self.hasher.update(&self.held);
            self.held.clear();
        }
    }

    /// The digest of all that was added.
    pub fn finish(mut self) -> String {
        self.hasher.update(&self.held);
        written(&self.hasher)
    }
}
