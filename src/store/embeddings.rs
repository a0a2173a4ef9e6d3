//! Embeddings, keyed by what was embedded and by whom: the same text under the same encoder is embedded once.

use super::{Result, Store, codec};
use sled::Batch;

/// Digest of an item's content.
pub type ContentHash = [u8; 16];

/// Digest of a text: XXH3 with 128 bits. It finds equal content; it does not defend against forgery.
#[must_use]
pub fn content_hash(text: &str) -> ContentHash {
    xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes()
}

/// Records written in one atomic batch.
pub const BATCH: usize = 256;

impl Store {
    fn embedding_tree(&self, encoder: &str) -> Result<sled::Tree> {
        Ok(self.db.open_tree(format!("embeddings/{encoder}"))?)
    }

    /// Keeps embeddings, row-major `[hashes.len(), dimension]`, in atomic batches, then flushes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_embeddings(&self, encoder: &str, hashes: &[ContentHash], rows: &[f32]) -> Result<()> {
        let tree = self.embedding_tree(encoder)?;
        let dimension = rows.len() / hashes.len().max(1);
        // Sorted keys land in neighbouring pages.
        let mut order: Vec<usize> = (0..hashes.len()).collect();
        order.sort_unstable_by_key(|&row| hashes[row]);
        for chunk in order.chunks(BATCH) {
            let mut batch = Batch::default();
            for &row in chunk {
                batch.insert(&hashes[row], codec::seal_f32(&rows[row * dimension..(row + 1) * dimension]));
            }
            tree.apply_batch(batch)?;
        }
        self.flush()
    }

    /// Embeddings of the given contents in order, row-major, with the positions that are missing or damaged;
    /// their rows are zero.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embeddings(
        &self,
        encoder: &str,
        hashes: &[ContentHash],
        dimension: usize,
    ) -> Result<(Vec<f32>, Vec<usize>)> {
        let tree = self.embedding_tree(encoder)?;
        let mut rows = Vec::with_capacity(hashes.len() * dimension);
        let mut missing = Vec::new();
        for (position, hash) in hashes.iter().enumerate() {
            let found =
                tree.get(hash)?.is_some_and(|value| codec::unseal_f32(&value, "an embedding", &mut rows).is_ok());
            if !found || rows.len() != (position + 1) * dimension {
                missing.push(position);
                rows.resize((position + 1) * dimension, 0.0);
            }
        }
        Ok((rows, missing))
    }

    /// Number of embeddings kept for an encoder.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embedding_count(&self, encoder: &str) -> Result<usize> {
        Ok(self.embedding_tree(encoder)?.len())
    }
}
