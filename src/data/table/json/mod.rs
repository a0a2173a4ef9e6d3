//! JSON: one object a line, an array of objects, or one of the documents that other programs write.

mod document;
mod flatten;
mod rows;
mod tolerant;

pub use rows::{LONGEST_NAME, is_too_sparse};
pub use tolerant::parse;

use super::source::{RowLimit, Source};
use super::{Table, json::rows::Rows};
use crate::data::DataError;
use std::io::{BufRead, Cursor, Read};

/// Longest line and largest document that are read, in bytes.
pub const LONGEST_LINE: u64 = 64 << 20;
const LARGEST_DOCUMENT: u64 = 1 << 30;

/// Reads one object a line; a key that an object lacks is an empty cell, a nested object's keys become columns by
/// their path (`doc.question`), an array stays JSON.
///
/// # Errors
/// The first line that is no object, is too long, or names a key twice.
pub fn read_lines(source: Source) -> Result<Table, DataError> {
    let mut rows = Rows::new(source.name.clone(), source.rows.clone());
    let mut reader = source.into_reader();
    lines(&mut reader, &mut rows)?;
    rows.finish()
}

/// Reads one object, which is the row of this number in its file, as [`read_lines`] reads a line.
///
/// # Errors
/// As [`read_lines`].
pub fn read_row(text: &[u8], file: &str, row: usize) -> Result<Table, DataError> {
    let mut rows = Rows::from(file.to_owned(), row, RowLimit::default());
    rows.object(text)?;
    rows.finish()
}

/// Reads JSON by what it is: lines of objects, an array of them, or a document that holds a table.
///
/// # Errors
/// As [`read_lines`], or if the document holds no table.
pub fn read_any(source: Source) -> Result<Table, DataError> {
    let (name, limit) = (source.name.clone(), source.rows.clone());
    let array = source.first() == Some(b'[');
    let mut reader = source.into_reader();
    let fault = |problem: String| DataError::File { file: name.clone(), problem };
    // Lines are told from a document by how the second line begins.
    let mut start = Vec::new();
    let mut next = None;
    if !array {
        while start.iter().all(u8::is_ascii_whitespace) {
            let read = reader.by_ref().take(LARGEST_DOCUMENT).read_until(b'\n', &mut start);
            if read.map_err(|error| fault(error.to_string()))? == 0 {
                break;
            }
        }
        next = next_byte(&mut reader, &mut start).map_err(|error| fault(error.to_string()))?;
    }
    if next == Some(b'{') {
        let mut rows = Rows::new(name, limit);
        lines(&mut Cursor::new(start).chain(reader), &mut rows)?;
        return rows.finish();
    }
    let read = reader.take(LARGEST_DOCUMENT + 1).read_to_end(&mut start);
    read.map_err(|error| fault(error.to_string()))?;
    if start.len() as u64 > LARGEST_DOCUMENT {
        return Err(fault(format!(
            "is one JSON document of more than {LARGEST_DOCUMENT} bytes; write one object a line (JSON lines)"
        )));
    }
    document::read(&start, name, array, limit)
}

/// The next byte that is not blank; blanks before it go to `start`.
fn next_byte(reader: &mut impl BufRead, start: &mut Vec<u8>) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        let Some(first) = buffer.first().copied() else { return Ok(None) };
        if !first.is_ascii_whitespace() {
            return Ok(Some(first));
        }
        // A line of a document that is indented is no line of its own.
        if first != b'\n' && first != b'\r' {
            return Ok(Some(b' '));
        }
        start.push(first);
        reader.consume(1);
    }
}

/// Reads objects line by line.
fn lines(reader: &mut impl BufRead, rows: &mut Rows) -> Result<(), DataError> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| rows.problem(error.to_string()))? as u64;
        if read == 0 {
            return Ok(());
        }
        if read > LONGEST_LINE {
            return Err(rows.problem(format!("the line has more than {LONGEST_LINE} bytes")));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            rows.skip_line();
            continue;
        }
        rows.object(&line)?;
    }
}
