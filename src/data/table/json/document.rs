//! A JSON document that is a table: an array of objects; the tables of wandb, MLflow and pandas.

use super::flatten::Array;
use super::rows::Rows;
use crate::data::DataError;
use crate::data::table::source::RowLimit;
use crate::data::table::{Table, brief, forms};
use crate::guard::check_values;
use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

/// Largest document that is no array of objects, in bytes: it is held whole.
const LARGEST: usize = 256 << 20;
/// Names under which documents keep their rows.
const ROWS: [&str; 6] = ["data", "rows", "records", "items", "examples", "results"];

/// Reads a document.
///
/// # Errors
/// If it is not JSON, or holds no table.
pub fn read(text: &[u8], file: String, array: bool, limit: RowLimit) -> Result<Table, DataError> {
    let mut rows = Rows::new(file.clone(), limit);
    check_values(text, array).map_err(|problem| rows.problem(problem))?;
    if array {
        let text = rows.mend(text);
        let mut reader = serde_json::Deserializer::from_slice(&text);
        let read = Array(&mut rows).deserialize(&mut reader).and_then(|()| reader.end());
        read.map_err(|error| rows.unread(error))?;
        return rows.finish();
    }
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    if text.len() > LARGEST {
        return Err(fault(format!(
            "is one JSON document of more than {LARGEST} bytes; write one object a line (JSON lines)"
        )));
    }
    let text = rows.mend(text);
    let mut reader = serde_json::Deserializer::from_slice(&text);
    let value: Map<String, Value> = serde::Deserialize::deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| fault(format!("row 1: not a JSON object ({error})")))?;
    if value.get("samples").is_some_and(Value::is_array) && file.starts_with("samples") {
        return Err(fault(forms::fiftyone(&file)));
    }
    table(&value, &mut rows).map_err(|problem| rows.problem(problem))?;
    rows.finish()
}

/// The rows of a document by what its members are.
fn table(value: &Map<String, Value>, rows: &mut Rows) -> Result<(), String> {
    if let (Some(Value::Array(names)), Some(Value::Array(data))) = (value.get("columns"), value.get("data")) {
        return split(names, data, rows);
    }
    if let Some((name, data)) = ROWS.iter().find_map(|name| Some((name, value.get(*name)?.as_array()?)))
        && data.iter().all(Value::is_object)
    {
        rows.note(format!("rows are those of '{name}'"));
        return data.iter().try_for_each(|row| object(row, rows));
    }
    let all = |is: fn(&Value) -> bool| !value.is_empty() && value.values().all(is);
    if all(Value::is_object) {
        // pandas' own default keeps a column an object, orient="index" a row.
        let numbered = value.keys().all(|key| key.parse::<u64>().is_ok());
        return match numbered {
            true => value.values().try_for_each(|row| object(row, rows)),
            false => by_column(value, rows),
        };
    }
    if all(Value::is_array) {
        return by_list(value, rows);
    }
    // Whatever else it is, it is one object: one row.
    object(&Value::Object(value.clone()), rows)
}

fn object(row: &Value, rows: &mut Rows) -> Result<(), String> {
    let Value::Object(row) = row else { return Err("is no object".into()) };
    row.iter().try_for_each(|(key, value)| rows.set_value(key, value))?;
    rows.end_row()
}

/// `{"columns": ["a"], "data": [[1]]}`.
fn split(names: &[Value], data: &[Value], rows: &mut Rows) -> Result<(), String> {
    let names: Vec<String> =
        names.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), String::from)).collect();
    for row in data {
        let Value::Array(cells) = row else { return Err("is no array of cells".into()) };
        if cells.len() != names.len() {
            return Err(format!("{} cells where there are {} columns", cells.len(), names.len()));
        }
        names.iter().zip(cells).try_for_each(|(name, cell)| rows.set_value(name, cell))?;
        rows.end_row()?;
    }
    Ok(())
}

/// `{"a": {"0": 1}}`.
fn by_column(value: &Map<String, Value>, rows: &mut Rows) -> Result<(), String> {
    let columns: Vec<(&String, &Map<String, Value>)> =
        value.iter().filter_map(|(name, cells)| Some((name, cells.as_object()?))).collect();
    let Some((first, index)) = columns.first() else { return Ok(()) };
    if let Some((name, _)) = columns.iter().find(|(_, cells)| cells.len() != index.len()) {
        return Err(format!("'{}' and '{}' have different rows; write an array of objects", brief(first), brief(name)));
    }
    for key in index.keys() {
        for (name, cells) in &columns {
            let cell = cells.get(key).ok_or_else(|| format!("'{}' has no row '{}'", brief(name), brief(key)))?;
            rows.set_value(name, cell)?;
        }
        rows.end_row()?;
    }
    Ok(())
}

/// `{"a": [1]}`.
fn by_list(value: &Map<String, Value>, rows: &mut Rows) -> Result<(), String> {
    let columns: Vec<(&String, &Vec<Value>)> =
        value.iter().filter_map(|(name, cells)| Some((name, cells.as_array()?))).collect();
    let count = columns.first().map_or(0, |(_, cells)| cells.len());
    if let Some((name, cells)) = columns.iter().find(|(_, cells)| cells.len() != count) {
        return Err(format!("'{}' has {} cells where the first has {count}", brief(name), cells.len()));
    }
    for row in 0..count {
        columns.iter().try_for_each(|(name, cells)| rows.set_value(name, &cells[row]))?;
        rows.end_row()?;
    }
    Ok(())
}
