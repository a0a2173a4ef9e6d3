//! What image files turned out to be: a line of JSON each in a file, which the index knows by the files' stamps.

use super::embeddings::{ContentHash, keep};
use super::{Result, Store, StoreError, codec};
use serde::{Deserialize, Serialize};
use sled::Batch;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

/// What is known of image files, by their stamp.
pub(super) const FILES: &str = "files";
/// The same, where another index can be made from it.
const LINES: &str = "images.jsonl";
/// Lines taken into the index together.
const WINDOW: usize = 1 << 14;

/// What an image file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFact {
    /// Its content.
    Content(ContentHash),
    /// It cannot be decoded, for this reason.
    Unreadable(String),
}

/// A file's entry as it is kept: one of the two.
#[derive(Serialize, Deserialize)]
struct FileEntry {
    content: Option<ContentHash>,
    unreadable: Option<String>,
}

impl From<&FileFact> for FileEntry {
    fn from(fact: &FileFact) -> Self {
        match fact {
            FileFact::Content(hash) => Self { content: Some(*hash), unreadable: None },
            FileFact::Unreadable(why) => Self { content: None, unreadable: Some(why.clone()) },
        }
    }
}

impl From<FileEntry> for FileFact {
    fn from(entry: FileEntry) -> Self {
        match entry.content {
            Some(hash) => Self::Content(hash),
            None => Self::Unreadable(entry.unreadable.unwrap_or_default()),
        }
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    stamp: ContentHash,
    #[serde(flatten)]
    entry: FileEntry,
}

impl Store {
    fn image_lines(&self) -> PathBuf {
        self.home.join(LINES)
    }

    /// What is known of the image file with this stamp.
    ///
    /// # Errors
    /// If the store cannot be read; a damaged entry counts as none.
    pub fn file_fact(&self, stamp: &ContentHash) -> Result<Option<FileFact>> {
        let value = self.tree(FILES)?.get(stamp)?;
        Ok(value.and_then(|value| codec::unseal_json::<FileEntry>(&value, "a file's entry").ok()).map(FileFact::from))
    }

    /// Remembers what image files turned out to be, in one atomic batch.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_file_facts(&self, facts: &[(ContentHash, FileFact)]) -> Result<()> {
        if self.writes().is_ok() {
            let mut text = Vec::new();
            facts.iter().try_for_each(|(stamp, fact)| write_line(&mut text, *stamp, FileEntry::from(fact)))?;
            let path = self.image_lines();
            let file = crate::files::private().append(true).create(true).open(&path);
            file.and_then(|mut file| file.write_all(&text)).map_err(|source| StoreError::Io { path, source })?;
        }
        self.index_facts(facts)?;
        self.flush()
    }

    fn index_facts(&self, facts: &[(ContentHash, FileFact)]) -> Result<()> {
        let mut batch = Batch::default();
        for (stamp, fact) in facts {
            batch.insert(stamp, codec::seal_json(&FileEntry::from(fact), "a file's entry")?);
        }
        Ok(self.tree(FILES)?.apply_batch(batch)?)
    }

    /// Fills an index that knows no image files. A line cut off by a crash is none: the image is looked at again.
    pub(super) fn read_file_facts(&self) -> Result<()> {
        let path = self.image_lines();
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        if !self.tree(FILES)?.is_empty() {
            return Ok(());
        }
        let mut facts = Vec::with_capacity(WINDOW);
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|source| StoreError::Io { path: path.clone(), source })?;
            if let Ok(Line { stamp, entry }) = serde_json::from_slice(&line) {
                facts.push((stamp, FileFact::from(entry)));
            }
            if facts.len() == WINDOW {
                self.index_facts(&std::mem::take(&mut facts))?;
            }
        }
        self.index_facts(&facts)
    }

    /// Writes what the index knows of image files to their file.
    pub(super) fn write_file_facts(&self) -> Result<()> {
        let (path, tree) = (self.image_lines(), self.tree(FILES)?);
        let written = crate::files::write_private_with(&path, |file| {
            let mut out = BufWriter::new(file);
            for pair in &tree {
                let (key, value) = pair.map_err(std::io::Error::other)?;
                let entry = codec::unseal_json::<FileEntry>(&value, "a file's entry");
                if let (Ok(stamp), Ok(entry)) = (ContentHash::try_from(key.as_ref()), entry) {
                    write_line(&mut out, stamp, entry).map_err(std::io::Error::other)?;
                }
            }
            out.flush()
        });
        written.map_err(|source| StoreError::Io { path, source })
    }

    /// Drops what is known of image files whose stamps are not among `used`; returns how many.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_files(&self, used: &BTreeSet<ContentHash>) -> Result<usize> {
        let dropped = keep(&self.tree(FILES)?, used)?;
        if dropped > 0 {
            self.write_file_facts()?;
        }
        self.flush()?;
        Ok(dropped)
    }
}

fn write_line(out: &mut impl Write, stamp: ContentHash, entry: FileEntry) -> Result<()> {
    let damaged =
        |error: serde_json::Error| StoreError::Damaged { what: "a file's entry".into(), problem: error.to_string() };
    serde_json::to_writer(&mut *out, &Line { stamp, entry }).map_err(damaged)?;
    out.write_all(b"\n")
        .map_err(|error| StoreError::Damaged { what: "a file's entry".into(), problem: error.to_string() })
}
