//! Prompts that were scored and kept, in order: a line of JSON each in a file, which the index knows by number.

use super::{Result, Store, StoreError, codec, write_atomically};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// One kept prompt, or pair of prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub a: String,
    pub b: Option<String>,
}

/// Entries kept for an audit; older ones make room.
const KEPT: u64 = 1000;
/// Trees of history are called this, then the audit; the files lie in a folder of that name.
pub(super) const HISTORY: &str = "prompts/";
/// Ending of the files.
pub(super) const LINES: &str = ".jsonl";

impl Store {
    fn history_file(&self, audit: &str) -> PathBuf {
        self.home.join(HISTORY).join(format!("{audit}{LINES}"))
    }

    /// Adds an entry to an audit's history.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn remember(&self, audit: &str, entry: &HistoryEntry) -> Result<()> {
        if self.writes().is_ok() {
            self.append_history(audit, entry)?;
        }
        let tree = self.tree(format!("{HISTORY}{audit}"))?;
        let last = tree.last()?.and_then(|(key, _)| key.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
        tree.insert((last + 1).to_be_bytes(), codec::seal_json(entry, "a prompt")?)?;
        // Keys count up by one: the one that falls out is known without counting.
        if let Some(oldest) = (last + 1).checked_sub(KEPT) {
            tree.remove(oldest.to_be_bytes())?;
            // The file is cut back now and then, not at every prompt.
            if oldest % KEPT == 0 && self.writes().is_ok() {
                self.write_history(audit)?;
            }
        }
        Ok(())
    }

    fn append_history(&self, audit: &str, entry: &HistoryEntry) -> Result<()> {
        let path = self.history_file(audit);
        let mut line = serde_json::to_vec(entry)
            .map_err(|error| StoreError::Damaged { what: "a prompt".into(), problem: error.to_string() })?;
        line.push(b'\n');
        let open = || crate::files::private().append(true).create(true).open(&path);
        let opened = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                crate::files::private_folder(&self.home.join(HISTORY)).and_then(|()| open())
            }
            opened => opened,
        };
        opened.and_then(|mut file| file.write_all(&line)).map_err(|source| StoreError::Io { path, source })
    }

    /// Writes an audit's history as the index has it.
    pub(super) fn write_history(&self, audit: &str) -> Result<()> {
        let folder = self.home.join(HISTORY);
        crate::files::private_folder(&folder).map_err(|source| StoreError::Io { path: folder, source })?;
        let lines =
            self.history(audit)?.iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect::<Vec<_>>();
        write_atomically(&self.history_file(audit), (lines.join("\n") + "\n").as_bytes())
    }

    /// Fills the index with an audit's history from its file, where the two differ. A line cut off by a crash is none.
    pub(super) fn read_history(&self, audit: &str) -> Result<()> {
        let path = self.history_file(audit);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let lines = text.split(|byte| *byte == b'\n');
        let entries: Vec<HistoryEntry> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let newest = &entries[entries.len().saturating_sub(KEPT as usize)..];
        if self.history(audit)? == newest {
            return Ok(());
        }
        let tree = self.tree(format!("{HISTORY}{audit}"))?;
        tree.clear()?;
        for (number, entry) in (1_u64..).zip(newest) {
            tree.insert(number.to_be_bytes(), codec::seal_json(entry, "a prompt")?)?;
        }
        Ok(())
    }

    /// Removes an audit's history.
    pub(super) fn forget_history(&self, audit: &str) -> Result<()> {
        let path = self.history_file(audit);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(StoreError::Io { path, source }),
            _ => {}
        }
        self.db()?.drop_tree(format!("{HISTORY}{audit}"))?;
        Ok(())
    }

    /// An audit's history, oldest first; damaged entries are left out.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn history(&self, audit: &str) -> Result<Vec<HistoryEntry>> {
        let tree = self.tree(format!("{HISTORY}{audit}"))?;
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
