//! What is kept between two starts: audits, embeddings, runs, prompt history.
//!
//! Files under the home folder are the truth; one sled database is their index and the cache of fresh embeddings, and
//! is made again from the files whenever it is missing or damaged. The layout is described in `docs/architecture.md`;
//! `SCHEMA` names its version.

mod audit_document;
mod audits;
mod codec;
mod delete;
mod digests;
mod embeddings;
mod history;
mod image_files;
mod index;
mod json_file;
mod link;
mod overview;
mod owner;
mod pack;
mod pack_file;
mod pack_set;
mod pack_sink;
mod packed_text;
mod packs;
mod phrases;
mod privacy;
mod queue;
mod reconcile;
mod records;
mod runs;
mod unfinished;

pub use crate::numbers::Precision;
pub use audits::{Ingested, image_folder, ingested_names};
pub use embeddings::{ContentHash, EmbeddingStats, bytes_hash, content_hash};
pub use history::HistoryEntry;
pub use image_files::FileFact;
pub use overview::TreeSize;
pub use pack_set::PackedRows;
pub use pack_sink::{PackSink, pack_words};
pub use privacy::Privacy;
pub use records::AuditRecord;
pub use runs::StoredRun;
pub use unfinished::StoredCheckpoint;

use index::{CLOSING, Closed, Index, settle};
use owner::{Owner, Refused};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Version of the layout; a store of a later version is refused, not guessed at.
const SCHEMA: &str = "2";
/// The layout before: runs that are not finished, history and what is shown were in the database alone.
const FIRST_SCHEMA: &str = "1";
/// Folder of the database.
const FOLDER: &str = "store";
/// Where a damaged database is kept, the newest only: it may hold embeddings that are in no file.
const DAMAGED: &str = "store.damaged";
/// What who only reads is told once the home could be written.
pub const FREE: &str = "reading only, though the other process has ended: quit and start again to write";

/// What can go wrong with the store.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("home {path} cannot be used: {problem}; give another with --home or LLM2LOSS_HOME")]
    Home { path: PathBuf, problem: String },
    #[error("the store in {path} is in use by {owner}; close that first, or give another --home")]
    Locked { path: PathBuf, owner: String },
    #[error("the store in {path} has layout {found}, this program reads {SCHEMA}; give another --home")]
    Schema { path: PathBuf, found: String },
    #[error("store: {what} is damaged ({problem})")]
    Damaged { what: String, problem: String },
    #[error("store: {}", sled_words(.0))]
    Sled(#[from] sled::Error),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    ReadOnly(String),
    #[error("there is no run '{wanted}'{hint}")]
    NoRun { wanted: String, hint: String },
}

impl StoreError {
    /// Whether the person can mend this by giving other input: exit code 2 rather than 1.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Home { .. } | Self::Locked { .. } | Self::ReadOnly(_) | Self::Schema { .. } | Self::NoRun { .. }
        )
    }
}

impl StoreError {
    /// Whether there is no room on the disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kind() == Some(std::io::ErrorKind::StorageFull)
    }

    /// Whether the rights of this user do not reach.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.kind() == Some(std::io::ErrorKind::PermissionDenied)
    }

    fn kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Sled(sled::Error::Io(error)) | Self::Io { source: error, .. } => Some(error.kind()),
            _ => None,
        }
    }
}

/// sled's own words are for its developers.
fn sled_words(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { .. } => {
            "the index is damaged; 'llm2loss doctor --rebuild' makes it again from the files".into()
        }
        sled::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::StorageFull => "the disk is full; nothing of what was kept before is lost".into(),
            _ => error.to_string(),
        },
        other => other.to_string(),
    }
}

/// Result of the store room.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The open store.
#[derive(Debug)]
pub struct Store {
    home: PathBuf,
    /// Closed before the home is let go.
    index: Index,
    access: Access,
    notes: Vec<String>,
    open_packs: packs::OpenPacks,
    /// Fresh embeddings in the database, by encoder, as far as they were counted.
    fresh: Mutex<BTreeMap<String, usize>>,
}

/// What this process may do with the home.
#[derive(Debug)]
enum Access {
    /// Read and write: nobody else writes until the store is dropped.
    Write {
        owner: Owner,
        /// What tells the folder that was opened from another one of its path.
        identity: Option<(u64, u64)>,
    },
    /// Read: somebody else writes, or nobody may. The index is this process's own.
    Read { why: String, locked: bool, _folder: tempfile::TempDir },
}

impl Store {
    /// Opens the store under `home` for writing, making the folder if need be. An index that is missing, damaged or
    /// of the first layout is made again from the files; [`Store::notes`] then says so.
    ///
    /// # Errors
    /// If `home` cannot be a folder or be written, another process holds the store, or its layout is unknown.
    pub fn open(home: &Path) -> Result<Self> {
        let home_fault = |problem: String| StoreError::Home { path: home.to_owned(), problem };
        if home.exists() && !home.is_dir() {
            return Err(home_fault("it is a file, not a folder".into()));
        }
        crate::files::private_folder(home).map_err(|error| home_fault(error.to_string()))?;
        let owner = Self::claim(home)?;
        let (index, damage) = match Self::open_index(home, &owner)? {
            Ok(index) => (index, None),
            Err(problem) => {
                set_aside(home).map_err(|error| home_fault(error.to_string()))?;
                (Self::open_index(home, &owner)?.map_err(home_fault)?, Some(problem))
            }
        };
        let mut store = Self {
            home: home.to_owned(),
            index,
            access: Access::Write { owner, identity: crate::files::identity(home) },
            notes: Vec::new(),
            open_packs: Mutex::default(),
            fresh: Mutex::default(),
        };
        let began = Instant::now();
        store.fill()?;
        if let Some(problem) = damage {
            let runs = store.tree("runs")?.len();
            store.notes.push(format!(
                "the index was damaged ({problem}) and was made again from the files in {:.1} s: {runs} runs; the damaged one is in {DAMAGED} until 'llm2loss cache gc'",
                began.elapsed().as_secs_f64()
            ));
        }
        Ok(store)
    }

    /// Makes an index that was opened just now say what the files say.
    fn fill(&self) -> Result<()> {
        let schema = self.db()?.get("schema")?;
        let found = schema.as_ref().map(|found| String::from_utf8_lossy(found).into_owned());
        match found.as_deref() {
            Some(FIRST_SCHEMA) => self.convert()?,
            None | Some(SCHEMA) => {}
            Some(later) => {
                return Err(StoreError::Schema { path: self.home.join(FOLDER), found: later.to_owned() });
            }
        }
        // Kept before, and read by nobody: the audit's file has them.
        self.db()?.drop_tree("losses")?;
        self.reconcile()?;
        if found.as_deref() != Some(SCHEMA) {
            self.flush()?;
            self.db()?.insert("schema", SCHEMA)?;
            self.flush()?;
        }
        Ok(())
    }

    /// Takes the home, so that no other process writes it.
    fn claim(home: &Path) -> Result<Owner> {
        Owner::claim(home).map_err(|refused| match refused {
            Refused::Taken(owner) => StoreError::Locked { path: home.to_owned(), owner },
            Refused::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                StoreError::Sled(sled::Error::Io(error))
            }
            Refused::Io(_) if crate::files::has_locks(home) == Some(false) => {
                let problem = "its file system has no locks, so that two processes could write it at once".into();
                StoreError::Home { path: home.to_owned(), problem }
            }
            Refused::Io(error) => StoreError::Home { path: home.to_owned(), problem: error.to_string() },
        })
    }

    /// Opens the store under `home` for reading where it cannot be opened for writing: another process has it, or
    /// the home is read-only. What is computed then is known to this process alone.
    ///
    /// # Errors
    /// As [`Store::open`], but for those two.
    pub fn open_reading(home: &Path) -> Result<Self> {
        let (why, locked) = match Self::open(home) {
            Err(error @ StoreError::Locked { .. }) => (error.to_string(), true),
            Err(StoreError::Home { problem, .. }) if home.is_dir() => {
                (format!("home {} cannot be written ({problem}); give another --home", home.display()), false)
            }
            opened => return opened,
        };
        let folder = tempfile::tempdir().map_err(|source| StoreError::Io { path: std::env::temp_dir(), source })?;
        let index = Index::temporary(&folder.path().join(FOLDER))?;
        let note = format!("reading only: {}", why.split(';').next().unwrap_or_default());
        let access = Access::Read { why, locked, _folder: folder };
        let store = Self {
            home: home.to_owned(),
            index,
            access,
            notes: vec![note],
            open_packs: Mutex::default(),
            fresh: Mutex::default(),
        };
        store.reconcile()?;
        Ok(store)
    }

    /// The database of a home that is held, or what is wrong with it; waits for one that is still being closed.
    fn open_index(home: &Path, _: &Owner) -> Result<std::result::Result<Index, String>> {
        let deadline = Instant::now() + CLOSING;
        loop {
            return match Index::open(&home.join(FOLDER)) {
                Ok(index) => Ok(Ok(index)),
                Err(Closed::Locked) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
                Err(Closed::Locked) => {
                    let owner = "another process, perhaps of an earlier version".into();
                    Err(StoreError::Locked { path: home.to_owned(), owner })
                }
                Err(Closed::Io(error)) if error.kind() == std::io::ErrorKind::StorageFull => {
                    Err(StoreError::Sled(sled::Error::Io(error)))
                }
                Err(Closed::Io(error)) => Err(StoreError::Home { path: home.to_owned(), problem: error.to_string() }),
                Err(Closed::Damaged(problem)) => Ok(Err(problem)),
            };
        }
    }

    /// Throws the index away and makes it again from the files.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn rebuild(home: &Path) -> Result<Self> {
        Self::open(home)?.rebuilt()
    }

    /// [`Store::rebuild`] of the store that is open: nobody else has it meanwhile.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn rebuilt(mut self) -> Result<Self> {
        // What is in the database alone moves into files first.
        self.writes()?;
        for encoder in self.embedding_encoders()? {
            self.seal_embeddings(&encoder)?;
        }
        let mended = self.mend_runs()?;
        let Access::Write { owner, .. } = &self.access else { return Ok(self) };
        self.index.close();
        set_aside(&self.home).map_err(|source| StoreError::Io { path: self.home.clone(), source })?;
        let opened = Self::open_index(&self.home, owner)?;
        self.index = opened.map_err(|problem| StoreError::Damaged { what: "the index".into(), problem })?;
        self.fresh = Mutex::default();
        self.fill()?;
        self.notes.extend(mended);
        Ok(self)
    }

    /// What was found and done while opening, as sentences.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// # Errors
    /// Who holds the home, or why it cannot be written, if this process may only read it; that the home was removed,
    /// if it is not the folder any more that was opened: what is written there would be lost, or another's.
    pub fn writes(&self) -> Result<()> {
        match &self.access {
            Access::Write { identity, .. } if *identity != crate::files::identity(&self.home) => {
                let problem = "it was removed or replaced while it was in use".into();
                Err(StoreError::Home { path: self.home.clone(), problem })
            }
            Access::Write { .. } => Ok(()),
            Access::Read { .. } if self.could_write() => Err(StoreError::ReadOnly(FREE.into())),
            Access::Read { why, .. } => Err(StoreError::ReadOnly(why.clone())),
        }
    }

    /// Whether this process only reads because another held the home, and nobody holds it any more.
    #[must_use]
    pub fn could_write(&self) -> bool {
        matches!(&self.access, Access::Read { locked: true, .. }) && Owner::is_free(&self.home)
    }

    fn db(&self) -> Result<&sled::Db> {
        self.index.db()
    }

    fn tree(&self, name: impl AsRef<[u8]>) -> Result<sled::Tree> {
        Ok(self.db()?.open_tree(name)?)
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Bytes of the database on disk.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn size_on_disk(&self) -> Result<u64> {
        Ok(self.db()?.size_on_disk()?)
    }

    /// Bytes of the database and of the packs on disk.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn bytes(&self) -> Result<u64> {
        let packs: u64 = self.pack_sizes()?.iter().map(|(_, _, bytes)| bytes).sum();
        Ok(self.size_on_disk()? + packs)
    }

    /// Writes everything to disk.
    ///
    /// # Errors
    /// If the disk refuses, or does not answer for a minute.
    pub fn flush(&self) -> Result<()> {
        self.index.flush()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Access::Write { owner, .. } = &self.access {
            owner.leave();
        }
        if self.index.close() && matches!(self.access, Access::Write { .. }) {
            settle(&self.home.join(FOLDER));
        }
    }
}

impl Store {
    /// Removes a database that was set aside.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn drop_set_aside(&self) -> Result<()> {
        let path = self.home.join(DAMAGED);
        match std::fs::remove_dir_all(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Io { path, source }),
            _ => Ok(()),
        }
    }
}

/// Moves the database out of the way, over one moved before.
fn set_aside(home: &Path) -> std::io::Result<()> {
    settle(&home.join(FOLDER));
    let aside = home.join(DAMAGED);
    let removed = if aside.is_file() { std::fs::remove_file(&aside) } else { std::fs::remove_dir_all(&aside) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::rename(home.join(FOLDER), aside)
}

/// A file of the home, whole or not at all.
fn write_atomically(path: &Path, data: &[u8]) -> Result<()> {
    crate::files::write_private(path, data).map_err(|source| StoreError::Io { path: path.to_owned(), source })
}
