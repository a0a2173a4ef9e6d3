//! CSV and TSV.

use super::{Column, LARGEST_CELL, Table};
use crate::data::DataError;
use csv::{ByteRecord, ReaderBuilder};

/// Reads delimited text with a header; the delimiter of a file that is not TSV is the comma or, where the header
/// has none, the semicolon or the tab.
pub fn read(bytes: &[u8], file: String, tab: bool) -> Result<Table, DataError> {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = match tab {
        true => b'\t',
        false => b",;\t".iter().copied().find(|delimiter| header.contains(delimiter)).unwrap_or(b','),
    };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes);
    let mut table = Table { file, columns: Vec::new(), rows: 0, first_row: 2 };
    let mut record = ByteRecord::new();
    let fault = |problem: String, file: &str| DataError::File { file: file.to_owned(), problem };
    while reader.read_byte_record(&mut record).map_err(|error| fault(error.to_string(), &table.file))? {
        if table.columns.is_empty() {
            for (at, cell) in record.iter().enumerate() {
                let name = std::str::from_utf8(cell)
                    .map_err(|_| fault(format!("row 1: the name of column {} is not UTF-8", at + 1), &table.file))?
                    .trim();
                // pandas leaves its index column without a name.
                let name = if name.is_empty() { format!("column {}", at + 1) } else { name.to_owned() };
                if table.position(&name).is_some() {
                    return Err(fault(format!("row 1: two columns are named '{}'", super::brief(&name)), &table.file));
                }
                table.columns.push(Column::new(&name));
            }
            continue;
        }
        if record.len() != table.columns.len() {
            let problem = format!(
                "row {}: {} cells where the header has {}; is a quote left open, or a delimiter not quoted?",
                table.rows + 2,
                record.len(),
                table.columns.len()
            );
            return Err(fault(problem, &table.file));
        }
        for (at, cell) in record.iter().enumerate() {
            let name = &table.columns[at].name;
            if cell.len() > LARGEST_CELL {
                let problem = format!("the cell has {} bytes; at most {LARGEST_CELL} are taken", cell.len());
                return Err(table.fault(table.rows, name, problem));
            }
            let text = std::str::from_utf8(cell)
                .map_err(|_| table.fault(table.rows, name, "not UTF-8; save the file in one encoding, UTF-8"))?;
            table.columns[at].push(text);
        }
        table.rows += 1;
    }
    Ok(table)
}
