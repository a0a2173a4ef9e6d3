//! The embeddings of an audit as one matrix: in memory where that is small, else read from the packs as they lie.

use super::EngineError;
use crate::heads::{LyingRow, RowReader, Rows};
use crate::store::{ContentHash, PackedRows, Precision, Store};

/// Bytes of a matrix that is copied into memory; a larger one stays where it is.
pub const IN_MEMORY: u64 = 512 << 20;

/// Rows of all items `[n, d]`.
#[derive(Debug)]
pub struct Matrix {
    lying: Lying,
    dimension: usize,
}

#[derive(Debug)]
enum Lying {
    Memory(Vec<f32>),
    Packs(PackedRows),
}

impl Matrix {
    /// Embeddings of the given contents out of the store, and the positions that are missing or damaged, whose rows
    /// are zero. A matrix of more than `limit` bytes is not copied: its rows are proven once and read from the packs
    /// when they are needed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(
        store: &Store,
        encoder: &str,
        hashes: &[Option<ContentHash>],
        dimension: usize,
        limit: u64,
    ) -> Result<(Self, Vec<usize>), EngineError> {
        let bytes = (hashes.len() * dimension * size_of::<f32>()) as u64;
        if bytes > limit {
            store.seal_embeddings(encoder)?;
            let (rows, missing) = store.packed_rows(encoder, hashes, dimension)?;
            // A reader beside a writer may have fresh rows of its own, which it cannot seal.
            if missing.is_empty() || !store.has_fresh(encoder)? {
                return Ok((Self { lying: Lying::Packs(rows), dimension }, missing));
            }
        }
        let (rows, missing) = store.embeddings(encoder, hashes, dimension)?;
        Ok((Self { lying: Lying::Memory(rows), dimension }, missing))
    }

    /// The rows, for whoever reads them.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        match &self.lying {
            Lying::Memory(values) => Rows::Dense(values),
            Lying::Packs(rows) => Rows::Stored(rows),
        }
    }

    /// Refuses what was computed from rows of a linked array that were not what they were.
    ///
    /// # Errors
    /// Names the array.
    pub fn check(&self) -> Result<(), EngineError> {
        match &self.lying {
            Lying::Memory(_) => Ok(()),
            Lying::Packs(rows) => rows.fault().map_or(Ok(()), |fault| Err(EngineError::Usage(fault))),
        }
    }

    /// Every value, row-major: a copy, for what is small.
    #[must_use]
    pub fn to_vec(&self) -> Vec<f32> {
        match &self.lying {
            Lying::Memory(values) => values.clone(),
            Lying::Packs(rows) => self.rows().gather(&(0..rows.count()).collect::<Vec<_>>(), self.dimension),
        }
    }

    /// Whether the rows stay in the packs.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self.lying, Lying::Packs(_))
    }
}

impl RowReader for PackedRows {
    fn count(&self) -> usize {
        self.len()
    }

    fn read(&self, position: usize, out: &mut [f32]) {
        self.copy(position, out);
    }

    fn lying(&self, position: usize) -> Option<LyingRow<'_>> {
        let (precision, bytes) = self.raw(position).filter(|_| cfg!(target_endian = "little"))?;
        // Packs are written so that rows lie at addresses that suit them; one that does not is copied instead.
        Some(match precision {
            Precision::F32 => LyingRow::F32(bytemuck::try_cast_slice(bytes).ok()?),
            Precision::F16 => LyingRow::F16(bytemuck::try_cast_slice(bytes).ok()?),
            Precision::Bf16 => LyingRow::Bf16(bytemuck::try_cast_slice(bytes).ok()?),
            // Packs are never written so.
            Precision::F64 => return None,
        })
    }
}
