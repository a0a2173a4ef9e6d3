//! Removing runs, so that a crash at any moment leaves a run whole or gone.
//!
//! The record's file goes first: from then on there is no such run. Index and folder follow; what a crash leaves of
//! them goes when the home is next opened.

use super::runs::RECORD;
use super::unfinished::NOTE;
use super::{Result, Store, StoreError};
use crate::audit::RunId;
use std::io::ErrorKind;

impl Store {
    /// Removes a run: record, tables, weights, checkpoint.
    ///
    /// # Errors
    /// If the disk refuses or another process holds the home.
    pub fn delete_run(&self, id: &RunId) -> Result<()> {
        self.writes()?;
        let folder = self.run_folder(id);
        for file in [RECORD, NOTE] {
            let path = folder.join(file);
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => return Err(StoreError::Io { path, source }),
                _ => {}
            }
        }
        self.drop_unfinished(id)?;
        self.forget_run(id)?;
        self.remove_run_folder(id)?;
        self.flush()
    }

    /// Takes a run out of the index.
    pub(super) fn forget_run(&self, id: &RunId) -> Result<()> {
        for tree in ["runs", "diagnoses"] {
            self.tree(tree)?.remove(id.0.as_bytes())?;
        }
        // A model shows its newest run again where the one shown is gone.
        let shown = self.tree("shown")?;
        for pair in &shown {
            let (key, value) = pair?;
            if value.as_ref() == id.0.as_bytes() {
                shown.remove(key)?;
            }
        }
        self.keep_shown()
    }

    pub(super) fn remove_run_folder(&self, id: &RunId) -> Result<()> {
        let folder = self.run_folder(id);
        match std::fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::Io { path: folder, source }),
            _ => Ok(()),
        }
    }
}
