//! Files of rows and named columns: CSV, TSV, JSON, Parquet, and folders of them. All become the same table of texts.

mod column;
mod delimited;
mod forms;
pub mod json;
mod pages;
mod parquet;
mod shards;
mod source;

pub use column::{Column, Kind};
pub use parquet::{
    Number, Writer, Written, claims_text, each_binary, groups, int96, is_parquet, open as open_parquet, writer,
};
pub use shards::files;
pub use source::{
    Source, check_plain, file_name, folder_of, is_blank, most_unpacked, not_copied, read_file, read_text,
};

use super::DataError;
use super::damage::decoded;
use std::collections::HashMap;
use std::path::Path;

/// Largest cell that is taken, in bytes; a cell beyond it is most often an open quote.
pub const LARGEST_CELL: usize = 1 << 20;
/// Most columns of a table.
pub const MOST_COLUMNS: usize = 20_000;

/// Rows of a file, column by column.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Name of the file, for people.
    pub file: String,
    pub columns: Vec<Column>,
    pub rows: usize,
    /// Number of the first row as an editor or a reader counts: after a header it is 2.
    pub first_row: usize,
    /// Decisions taken while reading, as sentences.
    pub notes: Vec<String>,
    /// Rows before which a line was blank, once for each such line, ascending: editors count them.
    blank: Vec<usize>,
    /// Files that the rows come from, each with its first row and how its rows are numbered, where there are several.
    parts: Vec<(usize, Self)>,
}

impl Table {
    #[must_use]
    pub fn new(file: String, first_row: usize) -> Self {
        Self { file, first_row, ..Self::default() }
    }

    /// Reads a file, a pipe, or a folder or pattern of files with the same columns. The form is told by the first
    /// bytes and, where they say nothing, by the name; gzip is unpacked. Everything is opened and read once.
    ///
    /// # Errors
    /// If it cannot be read, is empty, is of a form that is not read, or a row, a cell or an encoding is wrong; says
    /// where.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        decoded(path, || match shards::files(path)? {
            None => Self::read_one(path),
            Some(files) => shards::read(path, &files),
        })
    }

    fn read_one(path: &Path) -> Result<Self, DataError> {
        let source = Source::open(path)?;
        let name = source.name.to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if source.head.starts_with(b"PAR1") {
            let name = source.name.clone();
            return parquet::read(&source.into_file()?, name);
        }
        source.refuse_other_forms()?;
        let lines = name.ends_with(".jsonl") || name.ends_with(".ndjson");
        match source.first() {
            _ if lines => json::read_lines(source),
            Some(b'{' | b'[') => json::read_any(source),
            _ if name.ends_with(".parquet") => {
                Err(Self::new(source.name, 1).problem("not a Parquet file that can be read: it does not begin as one"))
            }
            _ => delimited::read(source),
        }
    }

    /// Adds the rows of a table with the same columns.
    ///
    /// # Errors
    /// The first column that one of them lacks.
    pub fn append(&mut self, other: &Self) -> Result<(), String> {
        let known: HashMap<&str, usize> =
            other.columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).collect();
        for column in &mut self.columns {
            let at = known.get(column.name.as_str()).ok_or_else(|| format!("there is no column '{}'", column.name))?;
            column.extend(&other.columns[*at]);
        }
        if other.columns.len() > self.columns.len() {
            let extra = other.columns.iter().find(|column| self.position(&column.name).is_none());
            let extra = extra.map_or("", |column| &column.name);
            return Err(format!("column '{extra}' is not in the parts before"));
        }
        let numbering =
            |table: &Self| Self { blank: table.blank.clone(), ..Self::new(table.file.clone(), table.first_row) };
        if self.parts.is_empty() {
            self.parts.push((0, numbering(self)));
        }
        self.parts.push((self.rows, numbering(other)));
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
        self.problem(format!("there is no column '{name}'; it has: {}", known.join(", ")))
    }

    /// Refuses a column that somebody wants to use and that cannot be used: bytes, lists, a cell that is wrong.
    ///
    /// # Errors
    /// Why not, and where.
    pub fn check(&self, column: &Column) -> Result<(), DataError> {
        if let Some((row, problem)) = column.fault() {
            return Err(self.fault(row, &column.name, problem));
        }
        match column.kind {
            Kind::Text => Ok(()),
            Kind::Binary => Err(self.problem(format!("column '{}' holds bytes that are no text", column.name))),
            Kind::List => Err(self.problem(format!(
                "column '{}' holds lists; lists of numbers come with --embeddings FILE, others as text",
                column.name
            ))),
        }
    }

    /// The number of a row as an editor or a reader counts, in its own file.
    #[must_use]
    pub fn number(&self, row: usize) -> usize {
        row + self.first_row + self.blank.partition_point(|before| *before <= row)
    }

    /// Refuses a cell that is there twice in a column of names, where the rows come from several files.
    ///
    /// # Errors
    /// Which, and its two places.
    pub fn check_parts(&self, column: &Column) -> Result<(), String> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let mut first = HashMap::with_capacity(self.rows);
        let mut again = |(row, cell)| Some((row, first.insert(cell, row)?));
        let Some((row, before)) = column.cells().enumerate().find_map(&mut again) else { return Ok(()) };
        let (cell, (file, row), (other, before)) = (brief(column.cell(row)), self.place(row), self.place(before));
        let name = &column.name;
        Err(format!("{name} '{cell}' is there twice: in {other}, row {before}, and in {file}, row {row}"))
    }

    /// The file of a row, and its number there.
    #[must_use]
    pub fn place(&self, row: usize) -> (&str, usize) {
        match self.parts.iter().rev().find(|(first, _)| *first <= row) {
            Some((first, part)) => part.place(row - first),
            None => (&self.file, self.number(row)),
        }
    }

    /// The error of the file as a whole.
    #[must_use]
    pub fn problem(&self, problem: impl Into<String>) -> DataError {
        DataError::File { file: self.file.clone(), problem: problem.into() }
    }

    /// The error of a cell.
    pub fn fault(&self, row: usize, column: &str, problem: impl Into<String>) -> DataError {
        let (file, row) = self.place(row);
        DataError::Cell { file: file.to_owned(), row, column: column.to_owned(), problem: problem.into() }
    }

    /// The error of a cell, with its content.
    pub fn bad_cell(&self, row: usize, column: &Column, problem: &str) -> DataError {
        self.fault(row, &column.name, format!("'{}' {problem}", brief(column.cell(row))))
    }
}

fn too_large(bytes: usize) -> String {
    format!("the cell has {bytes} bytes; at most {LARGEST_CELL} are taken")
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
