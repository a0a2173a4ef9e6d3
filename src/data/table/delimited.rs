//! CSV and TSV, row by row.

use super::source::Source;
use super::{Column, LARGEST_CELL, MOST_COLUMNS, Table, brief};
use crate::data::DataError;
use csv::{ByteRecord, ReaderBuilder};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{BufRead, Read};
use std::rc::Rc;

/// Delimiters looked for, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Longest row, in bytes: beyond it a quote was left open. A row that is unpacked may be as long as what any file may
/// unpack to, so that a bomb is called one.
const LONGEST_ROW: u64 = 288 << 20;

/// Reads delimited text with a header; the delimiter is the one a first line `sep=;` names, the tab in TSV, else the
/// one that the header has most of.
///
/// # Errors
/// The first row, cell or name that is wrong.
pub fn read(source: Source) -> Result<Table, DataError> {
    let name = source.name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let tab = name.ends_with(".tsv") || name.ends_with(".tab");
    let (delimiter, said) = delimiter(&source.head, tab);
    let mut table = Table::new(source.name.clone(), 2);
    let limit = source.rows.clone();
    let mut reader = source.into_reader();
    if said {
        reader.skip_until(b'\n').map_err(|error| table.problem(error.to_string()))?;
        table.first_row += 1;
    }
    let row_bytes = Rc::new(Cell::new(0));
    let bounded = Bounded { inner: reader, read: Rc::clone(&row_bytes) };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bounded);
    let mut record = ByteRecord::new();
    loop {
        row_bytes.set(0);
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(table.problem(format!("row {}: {error}", table.number(table.rows)))),
        }
        if table.columns.is_empty() {
            header(&mut table, &record)?;
        } else {
            row(&mut table, &record)?;
            limit.check(table.rows).map_err(|problem| table.problem(problem))?;
        }
    }
    if table.columns.is_empty() {
        return Err(table.problem("is empty"));
    }
    Ok(table)
}

/// The delimiter, and whether the first line only names it.
fn delimiter(head: &[u8], tab: bool) -> (u8, bool) {
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    // Excel writes and reads such a line.
    if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] = first {
        return (*delimiter, true);
    }
    if first.eq_ignore_ascii_case(b"sep=") && head.starts_with(b"sep=\t") {
        return (b'\t', true);
    }
    if tab {
        return (b'\t', false);
    }
    let mut quoted = false;
    let mut counts = [0usize; DELIMITERS.len()];
    for byte in first {
        quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|delimiter| delimiter == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    (DELIMITERS[counts.iter().position(|count| *count == most).unwrap_or(0)], false)
}

fn header(table: &mut Table, record: &ByteRecord) -> Result<(), DataError> {
    let number = table.first_row - 1;
    if record.len() > MOST_COLUMNS {
        let problem = format!("row {number}: has {} columns; at most {MOST_COLUMNS} are taken", record.len());
        return Err(table.problem(problem));
    }
    let mut seen = HashSet::with_capacity(record.len());
    for (at, cell) in record.iter().enumerate() {
        let name = std::str::from_utf8(cell)
            .map_err(|_| table.problem(format!("row {number}: the name of column {} is not UTF-8", at + 1)))?
            .trim();
        // pandas leaves its index column without a name.
        let name = if name.is_empty() { format!("column {}", at + 1) } else { name.to_owned() };
        table.columns.push(Column::new(&name));
        if let Some(name) = seen.replace(name) {
            return Err(table.problem(format!("row {number}: two columns are named '{}'", brief(&name))));
        }
    }
    Ok(())
}

fn row(table: &mut Table, record: &ByteRecord) -> Result<(), DataError> {
    if record.len() != table.columns.len() {
        let problem = format!(
            "row {}: {} cells where the header has {}; is a quote left open, or a delimiter not quoted?",
            table.number(table.rows),
            record.len(),
            table.columns.len()
        );
        return Err(table.problem(problem));
    }
    for (at, cell) in record.iter().enumerate() {
        let name = &table.columns[at].name;
        if cell.len() > LARGEST_CELL {
            return Err(table.fault(table.rows, name, super::too_large(cell.len())));
        }
        let text = std::str::from_utf8(cell)
            .map_err(|_| table.fault(table.rows, name, "not UTF-8; save the file in one encoding, UTF-8"))?;
        table.columns[at].push(text);
    }
    table.rows += 1;
    Ok(())
}

/// Stops within a row that does not end.
struct Bounded<R> {
    inner: R,
    /// Bytes read since the row began.
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        if self.read.get() > LONGEST_ROW {
            return Err(std::io::Error::other(format!(
                "the row has more than {LONGEST_ROW} bytes; is a quote left open?"
            )));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::delimiter;

    #[test]
    fn the_delimiter_is_what_the_header_has_most_of() {
        assert_eq!(delimiter(b"id|text, long|loss\n", false), (b'|', false));
        assert_eq!(delimiter(b"\"a;b;c\",text\n1;2;3\n", false), (b',', false));
        assert_eq!(delimiter(b"id;text\n", true), (b'\t', false));
        assert_eq!(delimiter(b"SEP=|\r\nid|text\n", false), (b'|', true));
        assert_eq!(delimiter(b"sep=\t\r\nid\ttext\n", false), (b'\t', true));
        assert_eq!(delimiter(b"text\nsome words\n", false), (b',', false));
    }
}
