//! A shard of rows on its way through a worker: read window by window, cut into parts, written with its embeddings.
//! Columns that are no content go through as they are, whatever they hold.

mod archive;
mod cells;
mod choose;
mod digest;
mod folder;
mod footer;
mod layout;
mod lines;
mod parquet_rows;
mod part;
mod records;
mod to_lines;
mod to_parquet;

pub use digest::NumbersDigest;
pub use footer::{Footer, footer_of, footer_of_shard, same_encoder, whole_cuts};
pub use part::Part;
pub use to_lines::LineSink;
pub use to_parquet::ParquetSink;

use super::DataError;
use cells::Cells;
use parquet::schema::types::TypePtr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tempfile::TempDir;

/// Name of the column of embeddings, and of that of ids.
const EMBEDDING: &str = "embedding";
const ID: &str = "id";

/// What is embedded of a row.
#[derive(Debug, PartialEq)]
pub enum RowContent {
    Text(String),
    /// Bytes of an image file.
    Image(Vec<u8>),
    /// Why there is nothing to embed.
    Bad(String),
}

/// A row without its columns.
pub struct Row {
    pub file: Arc<str>,
    /// Number of the row in its file, from 1 (after a header from 2).
    pub number: u64,
    pub id: String,
    pub content: RowContent,
}

/// Some rows with their columns.
pub struct Window {
    pub rows: Vec<Row>,
    cells: Vec<Cells>,
}

impl Window {
    /// Keeps some of the rows.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut stays = keep.iter();
        self.rows.retain(|_| stays.next().copied().unwrap_or(false));
        self.cells.iter_mut().for_each(|cells| cells.retain(keep));
    }
}

/// What a person says of an input.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub id: Option<String>,
    pub text: Option<String>,
    pub image: Option<String>,
    /// Columns that are not written.
    pub ignore: Vec<String>,
    /// Folder that image paths are relative to [the input's].
    pub images_root: Option<PathBuf>,
    /// Take image paths that lead out of that folder.
    pub allow_outside: bool,
    pub part: Option<Part>,
}

impl Wishes {
    /// Takes in `ROLE=COLUMN`.
    ///
    /// # Errors
    /// If the role is unknown here.
    pub fn set(&mut self, given: &str) -> Result<(), DataError> {
        let pair = given.split_once('=').filter(|(_, column)| !column.is_empty());
        match pair.map(|(role, column)| (role, column.to_owned())) {
            Some(("id", column)) => self.id = Some(column),
            Some(("text", column)) => self.text = Some(column),
            Some(("image", column)) => self.image = Some(column),
            Some(("ignore", column)) => self.ignore.push(column),
            _ => {
                return Err(DataError::Usage(format!(
                    "--column {given}: give id, text, image or ignore, '=' and a column; all others go through as they are"
                )));
            }
        }
        Ok(())
    }

    /// What of the wishes makes another output, in a word.
    fn words(&self) -> String {
        let one = |role: &str, column: &Option<String>| column.as_ref().map(|column| format!("{role}={column}"));
        let named = [one("id", &self.id), one("text", &self.text), one("image", &self.image)];
        let ignored = self.ignore.iter().map(|column| format!("ignore={column}"));
        named.into_iter().flatten().chain(ignored).collect::<Vec<_>>().join(" ")
    }
}

/// A shard that is open.
pub struct Shard {
    /// Its name, for people.
    pub name: String,
    /// Digest of the names and bytes of its files.
    pub digest: String,
    /// Columns that go through, without that of embeddings.
    fields: Vec<TypePtr>,
    /// Rows there are in it, or in the part of it.
    pub rows: u64,
    pub has_images: bool,
    /// Decisions taken, as sentences.
    pub notes: Vec<String>,
    /// Which part, and what was said of the columns: as the output's metadata say it.
    pub part: String,
    pub columns: String,
    /// Rows left out before and after, where a part of the rows is meant.
    first: u64,
    at: u64,
    reader: Box<dyn Reader>,
    /// Its files, and what each was before it was read.
    stamps: Vec<(PathBuf, Stamp)>,
    /// Holds a copy of a pipe, removed with this value.
    copy: Option<TempDir>,
}

/// Gives rows in order.
trait Reader {
    /// At most so many of the rows that follow; none at the end.
    fn next(&mut self, most: usize) -> Result<Option<Window>, DataError>;
}

impl Shard {
    fn new(reader: Box<dyn Reader>, fields: Vec<TypePtr>, rows: u64, has_images: bool, notes: Vec<String>) -> Self {
        let empty = String::new;
        let (name, digest, part, columns) = (empty(), empty(), empty(), empty());
        Self {
            name,
            digest,
            fields,
            rows,
            has_images,
            notes,
            part,
            columns,
            first: 0,
            at: 0,
            reader,
            stamps: Vec::new(),
            copy: None,
        }
    }

    /// Opens a file, a pattern or folder of files, or a folder of images; looks through it once where its columns are
    /// not written in front.
    ///
    /// # Errors
    /// If it cannot be read, or its texts or images are not found.
    pub fn open(path: &Path, wishes: &Wishes) -> Result<Self, DataError> {
        part::open(path, wishes)
    }

    /// Refuses what was changed since it was opened: what was read may be of no moment.
    ///
    /// # Errors
    /// The file.
    pub fn check_unchanged(&self) -> Result<(), DataError> {
        match self.stamps.iter().find(|(path, before)| stamp(path) != *before) {
            Some((path, _)) => {
                Err(fault(&records::label(path), "was changed while it was read; run it again when it is whole"))
            }
            None => Ok(()),
        }
    }

    /// At most so many of the rows that follow; none at the end.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn next(&mut self, most: usize) -> Result<Option<Window>, DataError> {
        loop {
            let end = self.first + self.rows;
            let left = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            // Windows lie at fixed places of the part.
            let skip = usize::try_from(self.first.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let most = if skip > 0 { most.min(skip) } else { most.min(left) };
            let Some(window) = self.reader.next(most)? else { return Ok(None) };
            self.at += window.rows.len() as u64;
            if skip == 0 {
                return Ok(Some(window));
            }
        }
    }
}

/// Length and time of change of a file.
type Stamp = Option<(u64, SystemTime)>;

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// The error of a file.
fn fault(file: &str, problem: impl Into<String>) -> DataError {
    DataError::File { file: file.to_owned(), problem: problem.into() }
}
