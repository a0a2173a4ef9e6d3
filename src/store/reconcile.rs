//! Files are the truth, the database is their index: at every open the one is made to say what the others say.
//!
//! The same steps fill an empty index, mend one that a crash left behind, convert a home of the first layout, and
//! give a reader that may not touch the home an index of its own.

use super::history::{HISTORY, LINES};
use super::image_files::FILES;
use super::runs::{RECORD, json};
use super::unfinished::{NOTE, UNFINISHED, Unfinished};
use super::{Result, Store, StoreError, codec, json_file, write_atomically};
use crate::audit::{RunId, RunRecord};
use crate::files::UNFINISHED_ENDING;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// What a person looked at last, by audit and model.
const SHOWN: &str = "shown.json";

impl Store {
    /// Makes the index say what the files say.
    pub(super) fn reconcile(&self) -> Result<()> {
        if self.writes().is_ok() {
            self.sweep();
        }
        self.reconcile_runs()?;
        self.read_shown()?;
        self.read_file_facts()?;
        for entry in listed(&self.home.join(HISTORY))? {
            if let Some(audit) = name_of(&entry).as_deref().and_then(|name| name.strip_suffix(LINES)) {
                self.read_history(audit)?;
            }
        }
        Ok(())
    }

    /// Makes the index of who only reads say what another process has written since.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    pub fn follow(&self) -> Result<()> {
        if self.writes().is_ok() {
            return Ok(());
        }
        self.forget_all_packs();
        self.reconcile_runs()
    }

    fn reconcile_runs(&self) -> Result<()> {
        let (finished, unfinished) = (self.tree("runs")?, self.tree(UNFINISHED)?);
        let (mut there, mut stopped) = (BTreeSet::new(), BTreeSet::new());
        for entry in listed(&self.home.join("runs"))? {
            let Some(id) = name_of(&entry) else { continue };
            let (record, note) = (entry.path().join(RECORD), entry.path().join(NOTE));
            if record.exists() {
                if !finished.contains_key(&id)?
                    && let Some(record) = read_json::<RunRecord>(&record).filter(|record| record.id.0 == id)
                {
                    finished.insert(id.as_bytes(), codec::seal_json(&record, "the run")?)?;
                }
                there.insert(id);
            } else if note.exists() {
                // Who writes it knows it; it grows with every epoch.
                if (self.writes().is_err() || !unfinished.contains_key(&id)?)
                    && let Some(note) = read_json::<Unfinished>(&note).filter(|note| note.record.id.0 == id)
                {
                    unfinished.insert(id.as_bytes(), codec::seal_json(&note, "the unfinished run")?)?;
                }
                stopped.insert(id);
            } else if self.writes().is_ok() && is_ours(&entry.path()) {
                // A run that was not yet, or is no more: its folder only waited for this.
                self.remove_run_folder(&RunId(id))?;
            }
        }
        for key in finished.iter().keys() {
            let id = String::from_utf8_lossy(&key?).into_owned();
            if !there.contains(&id) {
                self.forget_run(&RunId(id))?;
            }
        }
        for key in unfinished.iter().keys() {
            let key = key?;
            if !stopped.contains(&*String::from_utf8_lossy(&key)) {
                unfinished.remove(key)?;
            }
        }
        Ok(())
    }

    /// Writes again the files of runs that are damaged and of which the index has a whole copy; says which, and which
    /// it has none of.
    pub(super) fn mend_runs(&self) -> Result<Vec<String>> {
        let mut said = Vec::new();
        for entry in listed(&self.home.join("runs"))? {
            let Some(id) = name_of(&entry).map(RunId) else { continue };
            let path = entry.path().join(RECORD);
            if path.exists() && read_json::<RunRecord>(&path).is_none() {
                match self.copy_of(&id)? {
                    Some(record) => {
                        write_atomically(&path, &json_file::text(&record, "the run")?)?;
                        said.push(format!("run {id}: its record was damaged and was written again"));
                    }
                    None => said.push(format!(
                        "run {id} is lost: {} is damaged and there is no copy; train it again, then 'llm2loss runs delete {id}'",
                        path.display()
                    )),
                }
            }
            if self.has_damaged_tables(&id) {
                self.mend_tables(&id)?;
            }
        }
        Ok(said)
    }

    /// A run's record as the index has it.
    fn copy_of(&self, id: &RunId) -> Result<Option<RunRecord>> {
        let value = self.tree("runs")?.get(id.0.as_bytes())?;
        let record = value.and_then(|value| codec::unseal_json::<RunRecord>(&value, "a run").ok());
        Ok(record.filter(|record| record.id == *id))
    }

    /// Runs whose files are not what was written, as sentences: what is damaged, what it costs, how to mend it.
    ///
    /// # Errors
    /// If the folder of runs cannot be listed.
    pub fn damaged_runs(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in listed(&self.home.join("runs"))? {
            let Some(id) = name_of(&entry).map(RunId) else { continue };
            let (record, note) = (entry.path().join(RECORD), entry.path().join(NOTE));
            if record.exists() {
                match read_json::<RunRecord>(&record) {
                    None if self.copy_of(&id)?.is_some() => found.push(format!(
                        "run {id}: {} is damaged; 'llm2loss doctor --rebuild' writes it again from the index",
                        record.display()
                    )),
                    None => found.push(format!(
                        "run {id}: {} is damaged; its weights cannot be used: train it again, then 'llm2loss runs delete {id}'",
                        record.display()
                    )),
                    Some(record) => found.extend(self.weights(&record).err().map(|error| error.to_string())),
                }
                if self.has_damaged_tables(&id) {
                    found.push(format!(
                        "run {id}: its tables are damaged; 'llm2loss doctor --rebuild' writes them again, or forgets them, and they are filled when they are needed"
                    ));
                }
            } else if note.exists()
                && let Err(error) = self.checkpoint(&id)
            {
                found.push(format!("{error}; the run begins again when it is next trained"));
            }
        }
        Ok(found)
    }

    /// Writes the files that a home of the first layout has in its database alone. Doing it twice does no harm.
    pub(super) fn convert(&self) -> Result<()> {
        for pair in &self.tree(UNFINISHED)? {
            let (key, value) = pair?;
            if let Ok(entry) = codec::unseal_json::<Unfinished>(&value, "a run")
                && *entry.record.id.0.as_bytes() == *key
                && Path::new(&entry.record.id.0).components().eq([Component::Normal(entry.record.id.0.as_ref())])
            {
                let folder = self.run_folder(&entry.record.id);
                crate::files::private_folder(&folder)
                    .map_err(|source| StoreError::Io { path: folder.clone(), source })?;
                write_atomically(&folder.join(NOTE), &json_file::text(&entry, "the unfinished run")?)?;
            }
        }
        // Runs that were being deleted have lost their record in the database, not yet their folder.
        for key in self.tree("deleted runs")?.iter().keys() {
            let id = RunId(String::from_utf8_lossy(&key?).into_owned());
            if !self.tree("runs")?.contains_key(id.0.as_bytes())? {
                self.remove_run_folder(&id)?;
            }
        }
        for name in self.db()?.tree_names() {
            if let Some(audit) = String::from_utf8_lossy(&name).strip_prefix(HISTORY) {
                self.write_history(audit)?;
            }
        }
        if !self.tree(FILES)?.is_empty() {
            self.write_file_facts()?;
        }
        self.keep_shown()
    }

    /// Writes what is shown where another start finds it.
    pub(super) fn keep_shown(&self) -> Result<()> {
        if self.writes().is_err() {
            return Ok(());
        }
        write_atomically(&self.home.join(SHOWN), &json(&self.shown_entries()?, "what is shown")?)
    }

    fn shown_entries(&self) -> Result<BTreeMap<String, String>> {
        let text = |bytes: sled::IVec| String::from_utf8_lossy(&bytes).into_owned();
        let tree = self.tree("shown")?;
        tree.iter().map(|pair| pair.map(|(key, value)| (text(key), text(value))).map_err(Into::into)).collect()
    }

    fn read_shown(&self) -> Result<()> {
        let Some(wanted) = read_json::<BTreeMap<String, String>>(&self.home.join(SHOWN)) else { return Ok(()) };
        if self.shown_entries()? != wanted {
            let tree = self.tree("shown")?;
            tree.clear()?;
            for (key, value) in &wanted {
                tree.insert(key.as_bytes(), value.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Removes what killed processes were writing. What cannot be removed now is no harm.
    fn sweep(&self) {
        self.sweep_images();
        let runs = listed(&self.home.join("runs")).unwrap_or_default();
        let folders = runs.iter().map(DirEntry::path);
        for folder in folders.chain([self.home.clone(), self.home.join("audits"), self.home.join(HISTORY)]) {
            for entry in listed(&folder).unwrap_or_default() {
                if name_of(&entry).is_some_and(|name| name.ends_with(UNFINISHED_ENDING)) {
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }
}

/// What is in a folder; nothing where there is none.
pub(super) fn listed(folder: &Path) -> Result<Vec<DirEntry>> {
    let io = |source| StoreError::Io { path: folder.to_owned(), source };
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.collect::<std::io::Result<_>>().map_err(io),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io(error)),
    }
}

pub(super) fn name_of(entry: &DirEntry) -> Option<String> {
    entry.file_name().to_str().map(str::to_owned)
}

/// A file's value; none where it is missing or damaged.
fn read_json<T: serde::de::DeserializeOwned>(path: &PathBuf) -> Option<T> {
    json_file::value(&std::fs::read(path).ok()?)
}

/// Whether a run's folder holds nothing but what this program writes there.
fn is_ours(folder: &Path) -> bool {
    let ours = |name: &str| {
        ["heads.safetensors", "tables.json"].contains(&name)
            || name.starts_with("checkpoint-")
            || name.ends_with(UNFINISHED_ENDING)
    };
    folder.is_dir()
        && listed(folder)
            .is_ok_and(|entries| entries.iter().all(|entry| name_of(entry).is_some_and(|name| ours(&name))))
}
