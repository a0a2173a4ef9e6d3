//! The embeddings of an audit as one matrix: in memory, or mapped from a file where memory would not hold it.

use super::EngineError;
use crate::store::{ContentHash, Store};
use memmap2::Mmap;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Deref;
use std::os::unix::fs::FileExt;

/// Share of the available memory that a matrix may take; a larger one is mapped.
const MEMORY_SHARE: u64 = 2;

/// Rows of all items `[n, d]`, row-major.
#[derive(Debug)]
pub struct Matrix(Rows);

#[derive(Debug)]
enum Rows {
    Memory(Vec<f32>),
    Mapped(Mmap),
}

impl Deref for Matrix {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Rows::Memory(rows) => rows,
            // A map begins at a page and its file holds whole numbers, so that this cast always fits.
            Rows::Mapped(map) => bytemuck::try_cast_slice(map).unwrap_or_default(),
        }
    }
}

impl Matrix {
    /// Embeddings of the given contents out of the store, and the positions that are missing or damaged, whose rows
    /// are zero. A matrix of more than `limit` bytes is written to a file without a name under the store's home and
    /// mapped; the system takes the file back when the matrix is dropped, however the program ends.
    ///
    /// # Errors
    /// If the store cannot be read, or the file cannot be written or mapped.
    pub fn read(
        store: &Store,
        encoder: &str,
        hashes: &[Option<ContentHash>],
        dimension: usize,
        limit: u64,
    ) -> Result<(Self, Vec<usize>), EngineError> {
        let bytes = (hashes.len() * dimension * size_of::<f32>()) as u64;
        if bytes <= limit || bytes == 0 {
            let (rows, missing) = store.embeddings(encoder, hashes, dimension)?;
            return Ok((Self(Rows::Memory(rows)), missing));
        }
        let fault = |error: std::io::Error| {
            EngineError::Usage(format!(
                "the embeddings take {} MB, more than memory has room for, and could not be laid out under {}: {error}; free disk space there",
                bytes >> 20,
                store.home().display()
            ))
        };
        let mut file = tempfile::tempfile_in(store.home()).map_err(fault)?;
        // Space is claimed now: a disk that fills up later would end the program when a page is read.
        claim(&mut file, bytes).map_err(fault)?;
        let row_bytes = (dimension * size_of::<f32>()) as u64;
        let write =
            |row: usize, vector: &[f32]| file.write_all_at(bytemuck::cast_slice(vector), row as u64 * row_bytes);
        let missing = store.visit_embeddings(encoder, hashes, dimension, write)?;
        #[allow(unsafe_code)]
        // SAFETY: a map is sound while nobody changes or shortens its file. This file never had a name, so no other
        // process can open it; its one handle is `file`, which is not written after this line and closed at the end of this
        // function; the map is read-only.
        let map = unsafe { Mmap::map(&file) }.map_err(fault)?;
        Ok((Self(Rows::Mapped(map)), missing))
    }

    /// Whether the rows lie in a file.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Rows::Mapped(_))
    }
}

/// Bytes a matrix may take in memory: half of what is available, or no limit where that is not known.
#[must_use]
pub fn memory_limit() -> u64 {
    let known = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    known.map_or(u64::MAX, |kilobytes| kilobytes * 1024 / MEMORY_SHARE)
}

/// Fills a file with zeros up to `bytes`.
fn claim(file: &mut std::fs::File, bytes: u64) -> std::io::Result<()> {
    let zeros = vec![0u8; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        file.write_all(&zeros[..part as usize])?;
        left -= part;
    }
    file.seek(SeekFrom::Start(0)).map(|_| ())
}
