//! The database: opened past what a full disk or a crash left in it, looked through, flushed with a time limit.

use super::{Result, StoreError, codec};
use crate::guard::guarded;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// sled's page cache: enough for a scan of the built-in audit, little beside the data in memory.
const CACHE_BYTES: u64 = 64 << 20;
/// A database smaller than this is not worth making smaller.
const LARGE: u64 = 16 << 20;
/// Longest wait for the database to say that all is on disk.
const FLUSHING: Duration = Duration::from_secs(60);
/// Longest wait for the database to close. What it could not write by then is in the files.
pub const CLOSING: Duration = Duration::from_secs(10);
/// What the database was writing when its process died or its disk was full. It does not pass over it by itself, and
/// then takes whole files for damaged.
const HALF_WRITTEN: &str = ".generating";

/// Why the database did not open.
pub enum Closed {
    /// Another process has it.
    Locked,
    /// The disk or the rights.
    Io(std::io::Error),
    /// It cannot be read, in its own words.
    Damaged(String),
}

/// The open database. Closing it may fail inside, or never end; that is kept inside.
#[derive(Debug)]
pub struct Index(Option<sled::Db>);

impl Drop for Index {
    fn drop(&mut self) {
        self.close();
    }
}

impl Index {
    /// Opens the database in a folder. Whoever calls this holds the home: no other process touches it.
    pub fn open(path: &Path) -> std::result::Result<Self, Closed> {
        if is_free(path) {
            sweep(path);
        }
        let index = Self::opened(path)?;
        match guarded(|| index.look_through()) {
            Ok(Ok(Some(live))) => index.compacted(path, live),
            Ok(Ok(None)) => Ok(index),
            Ok(Err(StoreError::Sled(error))) => Err(closed(error)),
            Ok(Err(error)) => Err(Closed::Damaged(error.to_string())),
            Err(words) => Err(Closed::Damaged(words)),
        }
    }

    fn opened(path: &Path) -> std::result::Result<Self, Closed> {
        if path.is_file() {
            return Err(Closed::Damaged("it is a file, not a folder".into()));
        }
        // Made by us, so that its rights are ours: the database would leave them to the system.
        let _ = crate::files::private_folder(path);
        match guarded(|| sled::Config::new().path(path).cache_capacity(CACHE_BYTES).open()) {
            Ok(Ok(db)) => Ok(Self(Some(db))),
            Ok(Err(error)) => Err(closed(error)),
            Err(words) => Err(Closed::Damaged(words)),
        }
    }

    /// Closes the database; false if it was given up, which a failed write may have left without an end.
    pub fn close(&mut self) -> bool {
        self.0.take().is_none_or(|db| within(CLOSING, "sled close", move || drop(db)).is_ok())
    }

    /// A database of this process alone, gone with it.
    pub fn temporary(folder: &Path) -> Result<Self> {
        let open = || sled::Config::new().path(folder).temporary(true).cache_capacity(CACHE_BYTES).open();
        match guarded(open) {
            Ok(opened) => Ok(Self(Some(opened?))),
            Err(problem) => Err(StoreError::Damaged { what: "the index".into(), problem }),
        }
    }

    pub fn db(&self) -> Result<&sled::Db> {
        let closed = || StoreError::Damaged { what: "the index".into(), problem: "it is closed".into() };
        self.0.as_ref().ok_or_else(closed)
    }

    /// Reads every value but embeddings and what is known of image files: those are many, and checked when used.
    /// Returns the bytes of all there is, or nothing where those are among it.
    fn look_through(&self) -> Result<Option<u64>> {
        let db = self.db()?;
        let mut live = Some(0);
        for name in db.tree_names() {
            let tree = db.open_tree(&name)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            if name.starts_with("embeddings/") || name == "files" {
                live = live.filter(|_| tree.is_empty());
                continue;
            }
            let bare = ["shown", "__sled__default", "deleted runs"].contains(&name.as_str());
            for pair in &tree {
                let (key, value) = pair?;
                live = live.map(|live| live + (key.len() + value.len()) as u64);
                if !bare {
                    codec::check(&value, &name)?;
                }
            }
        }
        Ok(live)
    }

    /// The same database without the space of what it dropped, which it does not give back by itself: what it held
    /// of embeddings that were sealed since is most of it. If that fails, it stays as it is.
    fn compacted(mut self, path: &Path, live: u64) -> std::result::Result<Self, Closed> {
        let small = |db: &sled::Db| db.size_on_disk().is_ok_and(|size| size < LARGE || size < live * 4);
        let Some(db) = self.0.as_ref().filter(|db| !small(db)) else { return Ok(self) };
        let beside = path.with_extension("new");
        let _ = std::fs::remove_dir_all(&beside);
        let copy = || -> std::result::Result<(), sled::Error> {
            let _ = crate::files::private_folder(&beside);
            let fresh = sled::Config::new().path(&beside).cache_capacity(CACHE_BYTES).open()?;
            fresh.import(db.export());
            fresh.flush().map(|_| ())
        };
        let copied = matches!(guarded(copy), Ok(Ok(())));
        if copied {
            self.close();
            settle(path);
            settle(&beside);
            // Killed between the two, the index is missing and is made again from the files; so it is if they fail.
            let _ = std::fs::remove_dir_all(path).and_then(|()| std::fs::rename(&beside, path));
        }
        let _ = std::fs::remove_dir_all(&beside);
        if copied { Self::opened(path) } else { Ok(self) }
    }

    /// Waits until all is on disk, but not for ever.
    pub fn flush(&self) -> Result<()> {
        let db = self.db()?.clone();
        match within(FLUSHING, "sled flush", move || db.flush()) {
            Ok(flushed) => flushed.map(|_| ()).map_err(Into::into),
            Err(problem) => Err(StoreError::Damaged {
                what: "the index".into(),
                problem: format!("{problem}; start again: it is made again from the files"),
            }),
        }
    }
}

/// Does work on a thread of its own and waits for it, but not for ever: the database waits without an end for what a
/// failed write or a thread that stopped never brings.
fn within<T: Send + 'static>(
    limit: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::result::Result<T, String> {
    let (sender, receiver) = sync_channel(1);
    let work = move || drop(sender.send(guarded(work)));
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map_err(|error| format!("no thread could be started: {error}"))?;
    match receiver.recv_timeout(limit) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => Err(format!("it did not answer for {} s", limit.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err("its thread stopped".into()),
    }
}

/// sled's errors by what they ask of us.
fn closed(error: sled::Error) -> Closed {
    match error {
        // A held lock is an I/O error without a kind of its own; only its text tells.
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => Closed::Locked,
        sled::Error::Io(error)
            if !matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other
            ) =>
        {
            Closed::Io(error)
        }
        // Its own words name offsets and a trace.
        sled::Error::Corruption { .. } => Closed::Damaged("it is not what was written".into()),
        error => Closed::Damaged(error.to_string()),
    }
}

/// Whether no process has the database open: what is half written then stays so.
fn is_free(path: &Path) -> bool {
    File::options().read(true).write(true).open(path.join("db")).is_ok_and(|file| file.try_lock().is_ok())
}

/// Waits until a database that was closed is closed: its threads write by name for a moment still.
pub fn settle(path: &Path) {
    let deadline = Instant::now() + CLOSING;
    while path.join("db").exists() && !is_free(path) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn sweep(path: &Path) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with(HALF_WRITTEN) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
