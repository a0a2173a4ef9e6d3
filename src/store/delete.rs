//! Removing runs and audits, so that a crash at any moment leaves a run whole or gone.
//!
//! The record's file goes first: from then on there is no such run. Index and folder follow; what a crash leaves of
//! them goes when the home is next opened.

use super::audits::{check_name, path_of};
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

    /// Removes an audit taken in with everything that belongs to it but its embeddings, which others may share.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn delete_audit(&self, name: &str) -> Result<()> {
        self.writes()?;
        check_name(name)?;
        let path = path_of(&self.home, name);
        self.delete_runs(name, None)?;
        self.tree("audits")?.remove(name)?;
        let prefix = super::records::model_key(name, "");
        let shown = self.tree("shown")?;
        shown.remove(name)?;
        for key in shown.scan_prefix(&prefix).keys() {
            shown.remove(key?)?;
        }
        self.forget_history(name)?;
        self.keep_waiting(name, Vec::new())?;
        self.keep_shown()?;
        self.flush()?;
        std::fs::remove_file(&path).map_err(|source| StoreError::Io { path, source })?;
        self.sweep_images();
        Ok(())
    }

    /// Removes the runs of an audit, or of one of its models; returns how many there were.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn delete_runs(&self, audit: &str, model: Option<&str>) -> Result<usize> {
        let runs = self.runs(audit, model)?;
        for run in &runs {
            self.delete_run(&run.id)?;
        }
        for run in self.unfinished(audit, model)? {
            self.drop_unfinished(&run.id)?;
        }
        Ok(runs.len())
    }

    /// Forgets what was computed from the runs of an audit; it is computed again when asked for.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn forget_diagnoses(&self, audit: &str) -> Result<()> {
        for run in self.runs(audit, None)? {
            self.drop_diagnosis(&run.id)?;
        }
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
