//! JSON lines, an object at a time; other tables, which are read as a whole.

use super::fault;
use super::records::{Record, Records};
use crate::data::DataError;
use crate::data::table::json::{LONGEST_LINE, read_row};
use crate::data::table::{Source, Table, is_blank};
use std::io::{BufRead, Read};
use std::path::Path;

/// Whether a file holds JSON lines: by its name, or by an object in its first line.
pub fn is_lines(path: &Path) -> Result<bool, DataError> {
    let source = Source::begin(path)?;
    let name = source.name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    if name.ends_with(".jsonl") || name.ends_with(".ndjson") {
        return Ok(true);
    }
    let first = source.head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok() && first.trim_ascii_start().starts_with(b"{"))
}

struct Lines {
    file: String,
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
}

/// Opens a file of JSON lines.
pub fn open_lines(path: &Path, _wanted: bool) -> Result<Box<dyn Records>, DataError> {
    let source = Source::begin(path)?;
    let file = source.name.clone();
    Ok(Box::new(Lines { file, reader: Box::new(source.into_reader()), line: Vec::new(), number: 0 }))
}

impl Records for Lines {
    fn next(&mut self) -> Result<Option<Record>, DataError> {
        loop {
            self.line.clear();
            let read = self.reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| fault(&self.file, error.to_string()))? as u64;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read > LONGEST_LINE {
                let problem = format!("row {}: the line has more than {LONGEST_LINE} bytes", self.number);
                return Err(fault(&self.file, problem));
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(object(&self.line, &self.file, self.number)));
            }
        }
    }
}

/// A record of one JSON object; bad if it is none, or if a cell cannot be used.
pub fn object(text: &[u8], file: &str, number: u64) -> Record {
    let mut record = Record { number, ..Record::default() };
    match read_row(text, file, usize::try_from(number).unwrap_or(usize::MAX)) {
        Ok(table) => {
            let faults = table.columns.iter().filter_map(|column| Some((column, column.fault()?.1)));
            record.bad = faults.map(|(column, problem)| format!("column '{}': {problem}", column.name)).next();
            record.cells =
                table.columns.iter().map(|column| (column.name.clone(), column.cell(0).to_owned())).collect();
        }
        Err(DataError::File { problem, .. }) => record.bad = Some(problem),
        Err(error) => record.bad = Some(error.to_string()),
    }
    record
}

struct Rows {
    table: Table,
    next: usize,
}

/// Opens CSV, TSV or a JSON document.
pub fn open_table(path: &Path, _wanted: bool) -> Result<Box<dyn Records>, DataError> {
    let table = if is_blank(path) { Table::default() } else { Table::read(path)? };
    for column in &table.columns {
        if let Some((row, problem)) = column.fault() {
            return Err(table.fault(row, &column.name, problem));
        }
    }
    Ok(Box::new(Rows { table, next: 0 }))
}

impl Records for Rows {
    fn next(&mut self) -> Result<Option<Record>, DataError> {
        let row = self.next;
        if row == self.table.rows {
            return Ok(None);
        }
        self.next += 1;
        let cells = self.table.columns.iter().map(|column| (column.name.clone(), column.cell(row).to_owned()));
        Ok(Some(Record { number: self.table.number(row) as u64, cells: cells.collect(), ..Record::default() }))
    }
}
