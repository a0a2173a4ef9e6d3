//! Removing runs, so that a crash at any moment leaves a run whole or gone.
//!
//! One transaction takes the record and the tables away and notes that the folder is to go; from then on there is
//! no such run. The folder follows, then the note. What was interrupted is finished when the store is next opened.

use super::{Result, Store, StoreError};
use crate::audit::RunId;
use std::io::ErrorKind;

/// Runs whose folders are still to be removed.
const PENDING: &str = "deleted runs";

impl Store {
    /// Removes a run: record, tables, weights.
    ///
    /// # Errors
    /// If the disk refuses; the run is then gone, and its folder goes when the store is next opened.
    pub fn delete_run(&self, id: &RunId) -> Result<()> {
        self.drop_unfinished(id)?;
        let (runs, diagnoses) = (self.db.open_tree("runs")?, self.db.open_tree("diagnoses")?);
        let pending = self.db.open_tree(PENDING)?;
        let key = id.0.as_bytes();
        let result = sled::Transactional::transaction(&(&runs, &diagnoses, &pending), |(runs, diagnoses, pending)| {
            pending.insert(key, &[])?;
            runs.remove(key)?;
            diagnoses.remove(key)?;
            Ok(())
        });
        result.map_err(|error: sled::transaction::TransactionError<()>| match error {
            sled::transaction::TransactionError::Storage(error) => StoreError::Sled(error),
            sled::transaction::TransactionError::Abort(()) => {
                StoreError::Damaged { what: "the run".into(), problem: "transaction aborted".into() }
            }
        })?;
        self.forget_shown(id)?;
        // On disk before the folder is touched: a run must not come back without its weights.
        self.flush()?;
        self.remove_folder(id)?;
        pending.remove(key)?;
        self.flush()
    }

    /// Finishes what a crash interrupted; a folder that cannot be removed now is tried again next time.
    pub(super) fn finish_deletions(&self) -> Result<()> {
        let pending = self.db.open_tree(PENDING)?;
        let runs = self.db.open_tree("runs")?;
        for key in pending.iter().keys() {
            let key = key?;
            let id = RunId(String::from_utf8_lossy(&key).into_owned());
            // A run trained again since then is not the one that was deleted.
            if runs.contains_key(&key)? || self.remove_folder(&id).is_ok() {
                pending.remove(&key)?;
            }
        }
        Ok(())
    }

    fn remove_folder(&self, id: &RunId) -> Result<()> {
        let folder = self.run_folder(id);
        match std::fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::Io { path: folder, source }),
            _ => Ok(()),
        }
    }

    /// A model shows its newest run again where the one shown is gone.
    fn forget_shown(&self, id: &RunId) -> Result<()> {
        let shown = self.db.open_tree("shown")?;
        for pair in &shown {
            let (key, value) = pair?;
            if value.as_ref() == id.0.as_bytes() {
                shown.remove(key)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a crash leaves after the transaction: a note and a folder, but no record.
    fn interrupted(home: &std::path::Path, id: &str) -> std::path::PathBuf {
        let store = Store::open(home).unwrap();
        let folder = store.run_folder(&RunId(id.into()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("heads.safetensors"), b"weights").unwrap();
        store.db.open_tree(PENDING).unwrap().insert(id, &[]).unwrap();
        folder
    }

    #[test]
    fn an_interrupted_deletion_is_finished_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let folder = interrupted(home.path(), "aa11");
        assert!(folder.exists());
        let store = Store::open(home.path()).unwrap();
        assert!(!folder.exists());
        assert!(store.db.open_tree(PENDING).unwrap().is_empty());
    }

    #[test]
    fn a_run_trained_again_keeps_its_folder() {
        let home = tempfile::tempdir().unwrap();
        let folder = interrupted(home.path(), "aa11");
        {
            // Opened, it would finish the deletion: the record is written past the store.
            let db = sled::open(home.path().join("store")).unwrap();
            db.open_tree("runs").unwrap().insert("aa11", b"record").unwrap();
        }
        let store = Store::open(home.path()).unwrap();
        assert!(folder.exists());
        assert!(store.db.open_tree(PENDING).unwrap().is_empty());
    }
}
