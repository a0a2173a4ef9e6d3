//! Runs that are not finished: stopped ones with a checkpoint to go on from, diverged ones as a record alone.

use super::{Result, Store, StoreError, codec, json_file, write_atomically};
use crate::audit::{RunId, RunRecord};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the index, and a file in the run's folder, keep of such a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Unfinished {
    pub(super) record: RunRecord,
    /// File of the checkpoint in the run's folder; none where there is nothing to go on from.
    file: Option<String>,
}

/// A stopped run and the bytes of its checkpoint.
#[derive(Debug, Clone)]
pub struct StoredCheckpoint {
    pub record: RunRecord,
    pub bytes: Vec<u8>,
    pub path: PathBuf,
}

impl Store {
    /// Keeps a checkpoint: the file is written beside, synced and renamed, then named by the
    /// run's own file; the checkpoint before it goes last. `record.weights_digest` must be that of `bytes`.
    ///
    /// # Errors
    /// If the disk refuses; the checkpoint before is then still there.
    pub fn put_checkpoint(&self, record: &RunRecord, bytes: &[u8]) -> Result<()> {
        self.writes()?;
        let folder = self.run_folder(&record.id);
        crate::files::private_folder(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
        let before = self.unfinished_entry(&record.id)?.and_then(|entry| entry.file);
        let file = format!("checkpoint-{}.safetensors", record.weights_digest);
        write_atomically(&folder.join(&file), bytes)?;
        let entry = Unfinished { record: record.clone(), file: Some(file.clone()) };
        self.keep_unfinished(&entry)?;
        if let Some(before) = before.filter(|before| *before != file) {
            // A checkpoint too many is no harm, and goes with the run.
            let _ = std::fs::remove_file(folder.join(before));
        }
        Ok(())
    }

    /// Keeps the record of a run that has no weights worth keeping.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_unfinished(&self, record: &RunRecord) -> Result<()> {
        self.writes()?;
        self.drop_unfinished(&record.id)?;
        self.keep_unfinished(&Unfinished { record: record.clone(), file: None })
    }

    fn keep_unfinished(&self, entry: &Unfinished) -> Result<()> {
        let folder = self.run_folder(&entry.record.id);
        crate::files::private_folder(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
        write_atomically(&folder.join(NOTE), &json_file::text(entry, "the unfinished run")?)?;
        let key = entry.record.id.0.as_bytes();
        self.tree(UNFINISHED)?.insert(key, codec::seal_json(entry, "the unfinished run")?)?;
        self.flush()
    }

    /// The checkpoint of a stopped run, if it has one and it is whole.
    ///
    /// # Errors
    /// If the database cannot be read, or the file is missing or not what was written.
    pub fn checkpoint(&self, id: &RunId) -> Result<Option<StoredCheckpoint>> {
        let Some(Unfinished { record, file: Some(file) }) = self.unfinished_entry(id)? else { return Ok(None) };
        let path = self.run_folder(id).join(file);
        let bytes = std::fs::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        if Self::weights_digest(&bytes) != record.weights_digest {
            let problem = format!("{} is not what was written", path.display());
            return Err(StoreError::Damaged { what: format!("the checkpoint of run {id}"), problem });
        }
        Ok(Some(StoredCheckpoint { record, bytes, path }))
    }

    /// Records of the unfinished runs of an audit (and of a model, if given), oldest first.
    ///
    /// # Errors
    /// If the store cannot be read; damaged records are left out.
    pub fn unfinished(&self, audit: &str, model: Option<&str>) -> Result<Vec<RunRecord>> {
        let mut runs = self.all_unfinished()?;
        runs.retain(|run| run.audit == audit && model.is_none_or(|model| run.model == model));
        Ok(runs)
    }

    /// Records of all unfinished runs, oldest first.
    ///
    /// # Errors
    /// If the store cannot be read; damaged records are left out.
    pub fn all_unfinished(&self) -> Result<Vec<RunRecord>> {
        let mut runs = Vec::new();
        for pair in &self.tree(UNFINISHED)? {
            let (key, value) = pair?;
            if let Ok(entry) = codec::unseal_json::<Unfinished>(&value, "a run")
                && *entry.record.id.0.as_bytes() == *key
            {
                runs.push(entry.record);
            }
        }
        runs.sort_by(|a, b| (a.finished_at, &a.id).cmp(&(b.finished_at, &b.id)));
        Ok(runs)
    }

    /// Forgets an unfinished run and its checkpoint; nothing happens if there is none.
    ///
    /// # Errors
    /// If the disk refuses or another process holds the home.
    pub fn drop_unfinished(&self, id: &RunId) -> Result<()> {
        self.writes()?;
        let file = self.unfinished_entry(id)?.and_then(|entry| entry.file);
        let folder = self.run_folder(id);
        let _ = std::fs::remove_file(folder.join(NOTE));
        self.tree(UNFINISHED)?.remove(id.0.as_bytes())?;
        self.flush()?;
        if let Some(file) = file {
            let _ = std::fs::remove_file(folder.join(file));
        }
        if folder.exists() {
            // Only if nothing else is in it.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }

    fn unfinished_entry(&self, id: &RunId) -> Result<Option<Unfinished>> {
        let value = self.tree(UNFINISHED)?.get(id.0.as_bytes())?;
        // A damaged entry is none: there is nothing to go on from.
        let entry = value.and_then(|value| codec::unseal_json::<Unfinished>(&value, "the run").ok());
        // So is one that names another run, or a file that is none of this run's checkpoints.
        let own = |file: &String| file.starts_with("checkpoint-") && !file.contains(['/', '\\']);
        Ok(entry.filter(|entry| entry.record.id == *id && entry.file.as_ref().is_none_or(own)))
    }
}

pub(super) const UNFINISHED: &str = "unfinished";
/// What makes a folder an unfinished run, where no finished one is in it.
pub(super) const NOTE: &str = "unfinished.json";
