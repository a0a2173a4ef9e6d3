//! Prompts that were scored and kept, in order.

use super::{Result, Store, codec};
use serde::{Deserialize, Serialize};

/// One kept prompt, or pair of prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub a: String,
    pub b: Option<String>,
}

/// Entries kept for an audit; older ones make room.
const KEPT: u64 = 1000;

impl Store {
    /// Adds an entry to an audit's history.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn remember(&self, audit: &str, entry: &HistoryEntry) -> Result<()> {
        let tree = self.db.open_tree(format!("prompts/{audit}"))?;
        let last = tree.last()?.and_then(|(key, _)| key.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
        tree.insert((last + 1).to_be_bytes(), codec::seal_json(entry, "a prompt")?)?;
        // Keys count up by one: the one that falls out is known without counting.
        if let Some(oldest) = (last + 1).checked_sub(KEPT) {
            tree.remove(oldest.to_be_bytes())?;
        }
        Ok(())
    }

    /// An audit's history, oldest first; damaged entries are left out.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn history(&self, audit: &str) -> Result<Vec<HistoryEntry>> {
        let tree = self.db.open_tree(format!("prompts/{audit}"))?;
        let mut entries = Vec::new();
        for pair in &tree {
            let (_, value) = pair?;
            if let Ok(entry) = codec::unseal_json(&value, "a prompt") {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}
