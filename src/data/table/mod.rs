//! Files of rows and named columns: CSV, TSV, JSON lines, Parquet. All become the same table of texts.

mod delimited;
mod json_lines;
mod pages;
mod parquet_rows;

pub use parquet_rows::{is_parquet, open as open_parquet};

use super::DataError;
use super::damage::decoded;
use std::path::Path;

/// Largest cell that is taken, in bytes; a cell beyond it is most often an open quote.
pub const LARGEST_CELL: usize = 1 << 20;
/// Largest file that is read into memory.
const LARGEST_FILE: u64 = 8 << 30;
/// What may be unpacked of any file, and how many times a larger one's own length: beyond it is a bomb, not data.
const UNPACKED: u64 = 256 << 20;
const MOST_TIMES: u64 = 100;

/// How many bytes a packed file of this length may unpack to.
#[must_use]
pub fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MOST_TIMES).clamp(UNPACKED, LARGEST_FILE)
}

/// A column: its cells in one string, and where each ends.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub name: String,
    text: String,
    ends: Vec<usize>,
}

impl Column {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of a row, without blanks around it; empty where there is none.
    #[must_use]
    pub fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|&end| self.text.get(start..end)).unwrap_or_default().trim()
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|row| self.cell(row))
    }
}

/// Rows of a file, column by column.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name of the file, for people.
    pub file: String,
    pub columns: Vec<Column>,
    pub rows: usize,
    /// Number of the first row as an editor or a reader counts: after a header it is 2.
    pub first_row: usize,
}

impl Table {
    /// Reads a file by its ending and, where that says nothing, by its first bytes. Files ending in `.gz` are
    /// unpacked first.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or a row, a cell or an encoding is wrong; says where.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        // Before its first bytes are looked at: a pipe may wait for ever.
        crate::files::ordinary(path)
            .map_err(|error| DataError::File { file: path.display().to_string(), problem: error.to_string() })?;
        decoded(path, || Self::read_ordinary(path))
    }

    fn read_ordinary(path: &Path) -> Result<Self, DataError> {
        let file = file_name(path);
        if is_parquet(path) {
            return parquet_rows::read(path, file);
        }
        let bytes = read_file(path)?;
        let name = file.to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if name.ends_with(".jsonl") || name.ends_with(".ndjson") || first == Some(&b'{') {
            return json_lines::read(&bytes, file);
        }
        if first == Some(&b'[') {
            let problem = "is one JSON array; write one object a line (JSON lines)".into();
            return Err(DataError::File { file, problem });
        }
        delimited::read(&bytes, file, name.ends_with(".tsv") || name.ends_with(".tab"))
    }

    /// Adds the rows of a table with the same columns.
    ///
    /// # Errors
    /// The first column that one of them lacks.
    pub fn append(&mut self, other: &Self) -> Result<(), String> {
        if let Some(extra) = other.columns.iter().find(|column| self.position(&column.name).is_none()) {
            return Err(format!("column '{}' is not in the partitions before", extra.name));
        }
        for column in &mut self.columns {
            let more = other.columns.iter().find(|more| more.name == column.name);
            let more = more.ok_or_else(|| format!("there is no column '{}'", column.name))?;
            more.cells().for_each(|cell| column.push(cell));
        }
        self.rows += other.rows;
        Ok(())
    }

    /// Position of a column.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// A column that must be there.
    ///
    /// # Errors
    /// Names the columns there are.
    pub fn column(&self, name: &str) -> Result<&Column, DataError> {
        self.position(name).map(|at| &self.columns[at]).ok_or_else(|| self.no_column(name))
    }

    /// The error of a column that is not there.
    #[must_use]
    pub fn no_column(&self, name: &str) -> DataError {
        let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).take(40).collect();
        DataError::File {
            file: self.file.clone(),
            problem: format!("there is no column '{name}'; it has: {}", known.join(", ")),
        }
    }

    /// The error of a cell.
    pub fn fault(&self, row: usize, column: &str, problem: impl Into<String>) -> DataError {
        DataError::Cell {
            file: self.file.clone(),
            row: row + self.first_row,
            column: column.to_owned(),
            problem: problem.into(),
        }
    }

    /// The error of a cell, with its content.
    pub fn bad_cell(&self, row: usize, column: &Column, problem: &str) -> DataError {
        self.fault(row, &column.name, format!("'{}' {problem}", brief(column.cell(row))))
    }
}

/// A cell as an error shows it.
#[must_use]
pub fn brief(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The name of a file, for people.
#[must_use]
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Reads a file, unpacking gzip; refuses what is empty, too large or UTF-16.
pub fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    use std::io::Read;
    let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
    let length = crate::files::ordinary(path).map_err(|error| fault(error.to_string()))?.len();
    if length > LARGEST_FILE {
        return Err(fault(format!("has {length} bytes; at most {LARGEST_FILE} are read; use Parquet or split it")));
    }
    let mut bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let most = most_unpacked(length);
        let mut reader = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(most + 1);
        reader.read_to_end(&mut unpacked).map_err(|error| fault(format!("cannot be unpacked: {error}")))?;
        if unpacked.len() as u64 > most {
            return Err(fault(format!(
                "has {length} bytes that unpack to more than {most}; unpack it yourself if it is what you mean"
            )));
        }
        bytes = unpacked;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(fault("is UTF-16; save it as UTF-8".into()));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(fault("is empty".into()));
    }
    Ok(bytes)
}
