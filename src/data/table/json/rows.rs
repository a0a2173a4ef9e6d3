//! Rows built cell by cell, with columns as they come up.

use super::super::source::RowLimit;
use super::super::{Column, LARGEST_CELL, MOST_COLUMNS, Table, brief, too_large};
use super::flatten::Node;
use super::tolerant::{HALF, mended};
use crate::data::DataError;
use crate::guard::check_values;
use serde::de::DeserializeSeed;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Empty cells that may be there, and how many for each that is not: beyond it every row has keys of its own.
const EMPTY: usize = 20_000_000;
const EMPTY_EACH: usize = 30;

/// Whether so many cells have so few that are not empty that every row has keys of its own.
#[must_use]
pub fn is_too_sparse(cells: usize, filled: usize) -> bool {
    cells.saturating_sub(filled) > EMPTY + EMPTY_EACH * filled
}

/// Longest name of a column, in bytes: that of a key is part of all below it.
pub const LONGEST_NAME: usize = 4096;

/// A table in the making.
pub struct Rows {
    table: Table,
    at: HashMap<String, usize>,
    /// The column after the one that was filled last: most often the next.
    next: usize,
    filled: usize,
    /// The text read now had something in it that JSON does not know.
    mended: bool,
    /// Why the rows are refused though they are JSON.
    refusal: Option<String>,
    limit: RowLimit,
}

impl Rows {
    #[must_use]
    pub fn new(file: String, limit: RowLimit) -> Self {
        Self::from(file, 1, limit)
    }

    /// The same, counting from a row that is not the first.
    #[must_use]
    pub fn from(file: String, first_row: usize, limit: RowLimit) -> Self {
        let table = Table::new(file, first_row);
        Self { table, at: HashMap::new(), next: 0, filled: 0, mended: false, refusal: None, limit }
    }

    /// The error of the row that is being read.
    pub fn problem(&self, problem: impl std::fmt::Display) -> DataError {
        self.table.problem(format!("row {}: {problem}", self.table.number(self.table.rows)))
    }

    /// The error of JSON that could not be read, or of rows that were refused.
    pub fn unread(&mut self, error: impl std::fmt::Display) -> DataError {
        match self.refusal.take() {
            Some(refusal) => self.problem(refusal),
            None => self.problem(format!("not a JSON object ({error})")),
        }
    }

    pub fn note(&mut self, note: String) {
        self.table.notes.push(note);
    }

    /// Counts a blank line.
    pub fn skip_line(&mut self) {
        self.table.blank.push(self.table.rows);
    }

    /// JSON that can be read, of what Python wrote.
    pub fn mend<'a>(&mut self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let text = mended(text, HALF);
        self.mended = matches!(text, Cow::Owned(_));
        text
    }

    /// Appends a row that is one JSON object.
    ///
    /// # Errors
    /// If it is none, or names a key twice, or there are too many.
    pub fn object(&mut self, text: &[u8]) -> Result<(), DataError> {
        check_values(text, false).map_err(|problem| self.problem(problem))?;
        let text = self.mend(text);
        let mut reader = serde_json::Deserializer::from_slice(&text);
        let mut path = String::new();
        let read = Node { rows: self, path: &mut path }.deserialize(&mut reader).and_then(|()| reader.end());
        read.map_err(|error| self.unread(error))?;
        self.end_row().map_err(|problem| self.problem(problem))
    }

    /// Sets the cell of the row that is being read.
    ///
    /// # Errors
    /// If it is set already, or there are too many columns.
    pub fn set(&mut self, path: &str, cell: &str) -> Result<(), String> {
        let at = self.column(path).inspect_err(|problem| self.refusal = Some(problem.clone()))?;
        let row = self.table.rows;
        let column = &mut self.table.columns[at];
        if column.len() > row {
            let problem = format!("the key '{}' is there twice", brief(path));
            self.refusal = Some(problem.clone());
            return Err(problem);
        }
        column.pad(row);
        if cell.len() > LARGEST_CELL {
            column.spoil(row, too_large(cell.len()));
            column.push("");
        } else if self.mended && cell.contains(HALF) {
            column.spoil(row, "holds half of a surrogate pair, which is no character; write the text as UTF-8");
            column.push(&cell.replace(HALF, "\u{fffd}"));
        } else {
            column.push(cell);
        }
        self.next = at + 1;
        self.filled += usize::from(!cell.is_empty());
        Ok(())
    }

    /// Sets a cell, or the cells of an object's keys.
    ///
    /// # Errors
    /// As [`Rows::set`].
    pub fn set_value(&mut self, path: &str, value: &Value) -> Result<(), String> {
        match value {
            Value::Null => self.set(path, ""),
            Value::String(text) => self.set(path, text),
            Value::Object(map) => {
                map.iter().try_for_each(|(key, value)| self.set_value(&format!("{path}.{key}"), value))
            }
            other => self.set(path, &other.to_string()),
        }
    }

    /// The column of a path; a new one where there is none.
    fn column(&mut self, path: &str) -> Result<usize, String> {
        if self.table.columns.get(self.next).is_some_and(|column| column.name == path) {
            return Ok(self.next);
        }
        if let Some(at) = self.at.get(path) {
            return Ok(*at);
        }
        let at = self.table.columns.len();
        if at == MOST_COLUMNS {
            return Err(format!("there are more than {MOST_COLUMNS} different keys; at most so many become columns"));
        }
        if path.len() > LONGEST_NAME {
            let (shown, length) = (brief(path), path.len());
            return Err(format!("the key '{shown}' has {length} bytes; at most {LONGEST_NAME} are taken"));
        }
        self.table.columns.push(Column::new(path));
        self.at.insert(path.to_owned(), at);
        Ok(at)
    }

    /// Ends the row that is being read.
    ///
    /// # Errors
    /// If nearly every row has keys of its own.
    pub fn end_row(&mut self) -> Result<(), String> {
        self.table.rows += 1;
        self.limit.check(self.table.rows)?;
        self.next = 0;
        if is_too_sparse(self.table.columns.len() * self.table.rows, self.filled) {
            return Err(format!(
                "the rows so far have {} different keys, most of them in few rows; name what varies in values, not in keys",
                self.table.columns.len()
            ));
        }
        Ok(())
    }

    /// The table, with empty cells where keys were lacking.
    ///
    /// # Errors
    /// If there is no row.
    pub fn finish(mut self) -> Result<Table, DataError> {
        if self.table.rows == 0 {
            return Err(self.table.problem("has no rows"));
        }
        let rows = self.table.rows;
        self.table.columns.iter_mut().for_each(|column| column.pad(rows));
        Ok(self.table)
    }
}
