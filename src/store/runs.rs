//! Finished runs: a folder each with weights, tables and the record, which the index knows for fast answers.

use super::unfinished::UNFINISHED;
use super::{Result, Store, StoreError, codec, json_file, write_atomically};
use crate::audit::{RunId, RunRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A run as it is kept; `D` is whatever was computed from its heads.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun<D> {
    pub record: RunRecord,
    pub diagnosis: Option<D>,
    /// Bytes of the weights file.
    pub weights: Vec<u8>,
    pub weights_path: PathBuf,
}

const WEIGHTS: &str = "heads.safetensors";
/// What makes a folder a finished run.
pub(super) const RECORD: &str = "run.json";
/// What was computed from its heads.
const TABLES: &str = "tables.json";
/// Most runs that are named where a beginning fits several.
const CANDIDATES: usize = 8;

impl Store {
    pub(super) fn run_folder(&self, id: &RunId) -> PathBuf {
        self.home.join("runs").join(&id.0)
    }

    /// Keeps a finished run: weights, tables, then the record, which is what makes the run exist; each file is written
    /// beside, synced and renamed. The index follows, and is made again from these files where it falls behind.
    ///
    /// # Errors
    /// If the disk refuses or another process holds the home; nothing of the run is then visible.
    pub fn put_run(&self, record: &RunRecord, weights: &[u8], diagnosis: &impl Serialize) -> Result<()> {
        self.writes()?;
        let folder = self.run_folder(&record.id);
        crate::files::private_folder(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
        write_atomically(&folder.join(WEIGHTS), weights)?;
        write_atomically(&folder.join(TABLES), &json_file::text(diagnosis, "the tables")?)?;
        write_atomically(&folder.join(RECORD), &json_file::text(record, "the run")?)?;
        let key = record.id.0.as_bytes();
        self.tree("diagnoses")?.insert(key, codec::seal_json(diagnosis, "the tables")?)?;
        self.tree("runs")?.insert(key, codec::seal_json(record, "the run")?)?;
        self.flush()?;
        // The run is finished now: what it could have gone on from has served.
        self.drop_unfinished(&record.id)
    }

    /// Replaces what was computed from a run's heads; the run itself stays as it is. Where another process holds
    /// the home it is known to this one alone.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_diagnosis(&self, id: &RunId, diagnosis: &impl Serialize) -> Result<()> {
        let value = codec::seal_json(diagnosis, "the tables")?;
        if self.writes().is_ok() {
            write_atomically(&self.run_folder(id).join(TABLES), &json_file::text(diagnosis, "the tables")?)?;
        }
        self.tree("diagnoses")?.insert(id.0.as_bytes(), value)?;
        self.flush()
    }

    /// Forgets what was computed from a run's heads.
    pub(super) fn drop_diagnosis(&self, id: &RunId) -> Result<()> {
        let path = self.run_folder(id).join(TABLES);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path, source });
            }
            _ => {}
        }
        self.tree("diagnoses")?.remove(id.0.as_bytes())?;
        Ok(())
    }

    /// Writes damaged tables again from the index; where that has none they are filled again when they are needed.
    pub(super) fn mend_tables(&self, id: &RunId) -> Result<()> {
        match self
            .tree("diagnoses")?
            .get(id.0.as_bytes())?
            .map(|value| codec::unseal_json::<serde_json::Value>(&value, "the tables"))
        {
            Some(Ok(tables)) => {
                write_atomically(&self.run_folder(id).join(TABLES), &json_file::text(&tables, "the tables")?)
            }
            _ => self.drop_diagnosis(id),
        }
    }

    /// Whether the file of a run's tables is there and not what was written.
    pub(super) fn has_damaged_tables(&self, id: &RunId) -> bool {
        let text = std::fs::read(self.run_folder(id).join(TABLES));
        text.is_ok_and(|text| json_file::value::<serde_json::Value>(&text).is_none())
    }

    /// Digest of a weights file.
    #[must_use]
    pub fn weights_digest(weights: &[u8]) -> String {
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(weights))
    }

    /// A run's weights, whole and unchanged.
    ///
    /// # Errors
    /// If they are missing or not what was written.
    pub fn weights(&self, record: &RunRecord) -> Result<Vec<u8>> {
        let path = self.run_folder(&record.id).join(WEIGHTS);
        let weights = std::fs::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        if record.weights_digest.is_empty() || Self::weights_digest(&weights) == record.weights_digest {
            return Ok(weights);
        }
        let problem = format!("{} is not what was written; train it again", path.display());
        Err(StoreError::Damaged { what: format!("run {}", record.id), problem })
    }

    /// Every run of an audit (and of a model, if given), oldest first.
    ///
    /// # Errors
    /// If the store cannot be read; damaged records are left out.
    pub fn runs(&self, audit: &str, model: Option<&str>) -> Result<Vec<RunRecord>> {
        let mut runs = self.all_runs()?;
        runs.retain(|run| run.audit == audit && model.is_none_or(|model| run.model == model));
        Ok(runs)
    }

    /// Every run of every audit, oldest first.
    ///
    /// # Errors
    /// If the store cannot be read; damaged records are left out.
    pub fn all_runs(&self) -> Result<Vec<RunRecord>> {
        let mut runs = Vec::new();
        for pair in &self.tree("runs")? {
            let (key, value) = pair?;
            // A record under another name would lead to another folder.
            if let Ok(record) = codec::unseal_json::<RunRecord>(&value, "a run")
                && *record.id.0.as_bytes() == *key
            {
                runs.push(record);
            }
        }
        runs.sort_by(|a, b| (a.finished_at, &a.id).cmp(&(b.finished_at, &b.id)));
        Ok(runs)
    }

    /// The name of the run that begins with `wanted`, even if its record is damaged.
    ///
    /// # Errors
    /// If there is none, or more than one; those are named.
    pub fn find_run_id(&self, wanted: &str) -> Result<RunId> {
        let no_run = |hint: String| StoreError::NoRun { wanted: wanted.to_owned(), hint };
        if wanted.is_empty() {
            return Err(no_run("; give the beginning of a run's name".into()));
        }
        let tree = self.tree("runs")?;
        let mut found = Vec::new();
        let unfinished = self.tree(UNFINISHED)?;
        for pair in [&tree, &unfinished].into_iter().flat_map(|tree| tree.scan_prefix(wanted.to_ascii_lowercase())) {
            found.push(String::from_utf8_lossy(&pair?.0).into_owned());
        }
        // A run whose record is damaged is not in the index, and can be removed all the same.
        for entry in std::fs::read_dir(self.home.join("runs")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&wanted.to_ascii_lowercase()) && entry.path().join(RECORD).exists() {
                found.push(name);
            }
        }
        found.sort();
        found.dedup();
        match found.as_slice() {
            [id] => Ok(RunId(id.clone())),
            [] => Err(no_run(format!("; number of runs kept: {}, see 'llm2loss runs'", tree.len()))),
            several => {
                let named = several.iter().take(CANDIDATES).map(String::as_str).collect::<Vec<_>>().join(", ");
                let more = several.len().saturating_sub(CANDIDATES);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                Err(no_run(format!(" alone: {named}{more} begin so; give more of its name")))
            }
        }
    }

    /// The run whose name begins with `wanted`.
    ///
    /// # Errors
    /// If there is none, or more than one, or its record is damaged.
    pub fn find_run(&self, wanted: &str) -> Result<RunRecord> {
        let id = self.find_run_id(wanted)?;
        match self.tree("runs")?.get(id.0.as_bytes())? {
            Some(value) => {
                let record = codec::unseal_json::<RunRecord>(&value, &format!("run {id}"))?;
                if record.id == id {
                    return Ok(record);
                }
                let problem = "its record is that of another; train it again".into();
                Err(StoreError::Damaged { what: format!("run {id}"), problem })
            }
            None => match self.all_unfinished()?.into_iter().find(|run| run.id == id) {
                Some(record) => Ok(record),
                None if self.run_folder(&id).join(RECORD).exists() => {
                    let problem = "its record cannot be read; train it again".into();
                    Err(StoreError::Damaged { what: format!("run {id}"), problem })
                }
                None => Err(StoreError::NoRun { wanted: wanted.to_owned(), hint: "; it was just deleted".into() }),
            },
        }
    }

    /// Everything kept of a run. `diagnosis` is `None` where what was computed from its heads is missing,
    /// damaged or of an older form: it can be computed again.
    ///
    /// # Errors
    /// If its weights cannot be read.
    pub fn run<D: DeserializeOwned>(&self, record: RunRecord) -> Result<StoredRun<D>> {
        let value = self.tree("diagnoses")?.get(record.id.0.as_bytes())?;
        let kept = value.and_then(|value| codec::unseal_json(&value, "the tables").ok());
        let file = || json_file::value(&std::fs::read(self.run_folder(&record.id).join(TABLES)).ok()?);
        let diagnosis = kept.or_else(file);
        let weights_path = self.run_folder(&record.id).join(WEIGHTS);
        let weights = self.weights(&record)?;
        Ok(StoredRun { record, diagnosis, weights, weights_path })
    }
}

/// A value as it is written for people and other programs.
pub(super) fn json(value: &impl Serialize, what: &str) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::Damaged { what: what.to_owned(), problem: error.to_string() })
}
