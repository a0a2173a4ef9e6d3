//! A pack for a person: numbers wait in a file without a name until all are there.

use super::embeddings::ContentHash;
use super::pack_file::{Shape, fill};
use crate::numbers::Precision;
use safetensors::tensor::Metadata;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// Longest header that is read.
const LONGEST_HEADER: u64 = 1 << 16;

/// Takes embeddings, then writes a pack of them.
pub struct PackSink {
    dimension: usize,
    numbers: BufWriter<File>,
    digests: Vec<ContentHash>,
    fits_half: bool,
    fits_bfloat: bool,
}

impl PackSink {
    /// An empty one.
    ///
    /// # Errors
    /// If there is no room for temporary files.
    pub fn new(dimension: usize) -> io::Result<Self> {
        let numbers = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { dimension, numbers, digests: Vec::new(), fits_half: true, fits_bfloat: true })
    }

    /// Adds rows, `[rows, dimension]`, and the digests of their contents.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add(&mut self, rows: &[f32], digests: &[ContentHash]) -> io::Result<()> {
        self.fits_half = self.fits_half && Precision::F16.holds(rows);
        self.fits_bfloat = self.fits_bfloat && Precision::Bf16.holds(rows);
        self.digests.extend_from_slice(digests);
        rows.iter().try_for_each(|value| self.numbers.write_all(&value.to_le_bytes()))
    }

    /// Writes the pack, in the smallest precision that holds every value, with further metadata.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(self, file: &mut File, encoder: &str, words: Vec<(String, String)>) -> io::Result<()> {
        let precision = match (self.fits_half, self.fits_bfloat) {
            (true, _) => Precision::F16,
            (_, true) => Precision::Bf16,
            _ => Precision::F32,
        };
        let numbers = self.numbers.into_inner().map_err(io::IntoInnerError::into_error)?;
        let shape = Shape { words, ..Shape::here(precision, self.dimension) };
        let width = 4 * self.dimension;
        fill(file, encoder, &shape, &self.digests, || {
            let (mut bytes, mut row) = (vec![0; width], vec![0.0; self.dimension]);
            let numbers = &numbers;
            move |at: usize, out: &mut Vec<u8>| {
                crate::files::read_exact_at(numbers, &mut bytes, (at * width) as u64)?;
                Precision::F32.decode(&bytes, &mut row);
                precision.encode(&row, out);
                Ok(None)
            }
        })
    }
}

/// The metadata of a safetensors file that is as long as its header says; none of any other file.
#[must_use]
pub fn pack_words(path: &Path) -> Option<BTreeMap<String, String>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut head = vec![0; 8];
    file.read_exact(&mut head).ok()?;
    let claimed = head.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).filter(|size| *size <= LONGEST_HEADER)?;
    file.take(claimed).read_to_end(&mut head).ok()?;
    let metadata: Metadata = serde_json::from_slice(head.get(8..)?).ok()?;
    let whole = length == 8 + claimed + metadata.data_len() as u64;
    whole.then(|| metadata.metadata().clone().unwrap_or_default().into_iter().collect())
}
