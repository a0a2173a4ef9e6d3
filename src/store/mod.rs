//! What is kept between two starts: embeddings, losses, runs, prompt history.
//!
//! One sled database under the home folder, and one folder a run for its weights. The layout is described in
//! `docs/architecture.md`; `SCHEMA` names its version.

mod audits;
mod codec;
mod delete;
mod embeddings;
mod history;
mod overview;
mod owner;
mod records;
mod runs;
mod unfinished;

pub use audits::{Ingested, ingested_names};
pub use embeddings::{ContentHash, EmbeddingStats, FileFact, bytes_hash, content_hash};
pub use history::HistoryEntry;
pub use overview::TreeSize;
pub use records::AuditRecord;
pub use runs::StoredRun;
pub use unfinished::StoredCheckpoint;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Version of the layout; a store of another version is refused, not guessed at.
const SCHEMA: &str = "1";
/// sled's page cache: enough for a scan of the built-in audit, little beside the data in memory.
const CACHE_BYTES: u64 = 64 << 20;
/// Longest wait for a store that is being closed.
const CLOSING: Duration = Duration::from_secs(1);

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
    #[error("there is no run '{wanted}'{hint}")]
    NoRun { wanted: String, hint: String },
}

impl StoreError {
    /// Whether the person can mend this by giving other input: exit code 2 rather than 1.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Home { .. } | Self::Locked { .. } | Self::Schema { .. } | Self::NoRun { .. })
    }
}

/// sled's own words are for its developers.
fn sled_words(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { .. } => {
            "the database is damaged; move its folder 'store' away and start again (the folder 'runs' keeps the weights)".into()
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

/// The open store; it holds a lock on its folder until dropped.
#[derive(Debug)]
pub struct Store {
    home: PathBuf,
    // Dropped before the database: the file must be gone before another process can take the lock.
    _owner: owner::Owner,
    db: sled::Db,
}

impl Store {
    /// Opens the store under `home`, making the folder if need be.
    ///
    /// # Errors
    /// If `home` cannot be a folder or be written, another process holds the store, or its layout is unknown.
    pub fn open(home: &Path) -> Result<Self> {
        let home_fault = |problem: String| StoreError::Home { path: home.to_owned(), problem };
        if home.exists() && !home.is_dir() {
            return Err(home_fault("it is a file, not a folder".into()));
        }
        std::fs::create_dir_all(home).map_err(|error| home_fault(error.to_string()))?;
        let path = home.join("store");
        let deadline = Instant::now() + CLOSING;
        let db = loop {
            let opened = sled::Config::new().path(&path).cache_capacity(CACHE_BYTES).open();
            break match opened {
                Ok(db) => db,
                // Locked, and nobody says to have it: who had it is closing, on threads of its own.
                Err(error) if owner::is_lock_error(&error) && owner::is_none(home) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
                Err(error) if owner::is_lock_error(&error) => {
                    return Err(StoreError::Locked { path: home.to_owned(), owner: owner::describe(home) });
                }
                Err(sled::Error::Io(error)) => return Err(home_fault(error.to_string())),
                Err(error) => return Err(StoreError::Sled(error)),
            };
        };
        match db.insert_if_new("schema", SCHEMA)? {
            Some(found) if found != SCHEMA => {
                return Err(StoreError::Schema { path, found: String::from_utf8_lossy(&found).into_owned() });
            }
            _ => {}
        }
        let owner = owner::Owner::claim(home).map_err(|error| home_fault(error.to_string()))?;
        let store = Self { home: home.to_owned(), _owner: owner, db };
        store.finish_deletions()?;
        Ok(store)
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
        Ok(self.db.size_on_disk()?)
    }

    /// Writes everything to disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&self) -> Result<()> {
        self.db.flush()?;
        Ok(())
    }
}

trait InsertIfNew {
    fn insert_if_new(&self, key: &str, value: &str) -> Result<Option<sled::IVec>>;
}

impl InsertIfNew for sled::Db {
    /// The value already there, or `None` after inserting.
    fn insert_if_new(&self, key: &str, value: &str) -> Result<Option<sled::IVec>> {
        match self.compare_and_swap(key, None::<&[u8]>, Some(value))? {
            Ok(()) => Ok(None),
            Err(found) => Ok(found.current),
        }
    }
}
