//! Embeddings of an audit's items, computed once and kept.

use super::{EngineError, Session, Stage, Tracker};
use crate::store::{ContentHash, content_hash};
use std::sync::{Arc, PoisonError};

/// Items embedded between two reports.
const EMBED_CHUNK: usize = 4096;

impl Session {
    /// Embeddings of all items, from the store where it has them; the rest is encoded and kept.
    ///
    /// # Errors
    /// If the encoder or the store fails, or the job is cancelled.
    pub fn embeddings(&self, tracker: &Tracker) -> Result<Arc<Vec<f32>>, EngineError> {
        let mut slot = self.embeddings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = slot.as_ref() {
            return Ok(rows.clone());
        }
        let audit = self.audit()?;
        let hashes: Vec<ContentHash> = audit.items.iter().map(|item| content_hash(&item.text)).collect();
        let dimension = self.encoder.dimension();
        let (mut rows, missing) = self.store.embeddings(self.encoder.fingerprint(), &hashes, dimension)?;
        tracker.stage(Stage::Embedding, missing.len() as u64);
        for (chunk_index, chunk) in missing.chunks(EMBED_CHUNK).enumerate() {
            if tracker.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let texts: Vec<&str> = chunk.iter().map(|&row| audit.items[row].text.as_str()).collect();
            let fresh = self.encoder.encode(&texts)?;
            for (&row, vector) in chunk.iter().zip(fresh.chunks_exact(dimension)) {
                rows[row * dimension..(row + 1) * dimension].copy_from_slice(vector);
            }
            let chunk_hashes: Vec<ContentHash> = chunk.iter().map(|&row| hashes[row]).collect();
            self.store.put_embeddings(self.encoder.fingerprint(), &chunk_hashes, &fresh)?;
            tracker.done((chunk_index * EMBED_CHUNK + chunk.len()) as u64);
        }
        let rows = Arc::new(rows);
        *slot = Some(rows.clone());
        Ok(rows)
    }
}
