//! JSON lines: one object a line.

use super::{Column, LARGEST_CELL, Table};
use crate::data::DataError;
use serde_json::{Map, Value};

/// Reads one object a line; a key that an object lacks is an empty cell.
pub fn read(bytes: &[u8], file: String) -> Result<Table, DataError> {
    let mut table = Table { file, columns: Vec::new(), rows: 0, first_row: 1 };
    for (line, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if text.iter().all(u8::is_ascii_whitespace) {
            // Only the last line may be blank: rows are counted by lines.
            if bytes.split(|byte| *byte == b'\n').skip(line).all(|rest| rest.iter().all(u8::is_ascii_whitespace)) {
                break;
            }
            return Err(DataError::File { file: table.file, problem: format!("row {}: the line is empty", line + 1) });
        }
        let object: Map<String, Value> = match serde_json::from_slice(text) {
            Ok(object) => object,
            Err(error) => {
                let problem = format!("row {}: not a JSON object ({error})", line + 1);
                return Err(DataError::File { file: table.file, problem });
            }
        };
        for (key, value) in &object {
            let cell = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if cell.len() > LARGEST_CELL {
                let problem = format!("the cell has {} bytes; at most {LARGEST_CELL} are taken", cell.len());
                return Err(table.fault(table.rows, key, problem));
            }
            let at = match table.position(key) {
                Some(at) => at,
                None => {
                    let mut column = Column::new(key);
                    column.ends = vec![0; table.rows];
                    table.columns.push(column);
                    table.columns.len() - 1
                }
            };
            table.columns[at].push(&cell);
        }
        table.rows += 1;
        for column in &mut table.columns {
            if column.ends.len() < table.rows {
                column.push("");
            }
        }
    }
    Ok(table)
}
