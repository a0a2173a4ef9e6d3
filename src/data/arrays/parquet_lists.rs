//! Parquet: a column of lists of numbers, beside a column of ids.

use super::{MOST_VALUES, Matrix};
use crate::data::table::{Table, file_name, open_parquet};
use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, DoubleType, FloatType};
use parquet::file::reader::FileReader;
use std::path::Path;

/// Values read at a time.
const CHUNK: usize = 1 << 20;
/// Columns that name the rows.
const IDS: [&str; 5] = ["id", "key", "image_path", "item_id", "image_id"];

/// Reads the column of lists of numbers of this name, or the first, as a matrix.
///
/// # Errors
/// What is wrong with the file, or a row of another length.
pub fn read_lists(path: &Path, name: &str) -> Result<Matrix, String> {
    let reader = open_parquet(path, &file_name(path)).map_err(|error| error.to_string())?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let is_list = |at: usize| {
        let column = schema.column(at);
        column.max_rep_level() == 1 && matches!(column.physical_type(), Physical::FLOAT | Physical::DOUBLE)
    };
    let named = |at: &usize| schema.column(*at).path().parts().first().is_some_and(|root| root == name);
    let lists: Vec<usize> = (0..schema.num_columns()).filter(|at| is_list(*at)).collect();
    let column = lists.iter().copied().find(named).or_else(|| lists.first().copied());
    let column = column.ok_or("no column holds lists of float or double")?;
    let (mut values, mut lengths) = (Vec::new(), Vec::new());
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(|error| error.to_string())?;
        let full = schema.column(column).max_def_level();
        match group.get_column_reader(column).map_err(|error| error.to_string())? {
            ColumnReader::FloatColumnReader(mut column) => {
                read_column::<FloatType>(&mut column, full, &mut values, &mut lengths, |value| value)?;
            }
            ColumnReader::DoubleColumnReader(mut column) => {
                read_column::<DoubleType>(&mut column, full, &mut values, &mut lengths, |value| value as f32)?;
            }
            _ => return Err("the column holds no numbers".into()),
        }
    }
    let columns = lengths.first().copied().unwrap_or(0);
    if let Some(row) = lengths.iter().position(|length| *length != columns) {
        return Err(format!("row {}: {} numbers where the first row has {columns}", row + 1, lengths[row]));
    }
    let ids = match Table::read(path) {
        Ok(table) => IDS
            .iter()
            .find_map(|name| table.position(name))
            .map(|at| table.columns[at].cells().map(String::from).collect()),
        Err(_) => None,
    };
    Matrix::new(values, &[lengths.len(), columns], ids)
}

/// Appends a column chunk: its numbers, and how many each row has.
fn read_column<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    full: i16,
    values: &mut Vec<f32>,
    lengths: &mut Vec<usize>,
    number: impl Fn(T::T) -> f32,
) -> Result<(), String> {
    loop {
        let (mut defined, mut repeated, mut chunk) = (Vec::new(), Vec::new(), Vec::new());
        let (_, read, levels) = column
            .read_records(CHUNK / 512, Some(&mut defined), Some(&mut repeated), &mut chunk)
            .map_err(|error| error.to_string())?;
        if levels == 0 && read == 0 {
            return Ok(());
        }
        for (defined, repeated) in defined.iter().zip(&repeated) {
            if *repeated == 0 {
                lengths.push(0);
            }
            let there = *defined == full;
            if !there && lengths.last() != Some(&0) {
                return Err(format!("row {}: a number is missing", lengths.len()));
            }
            if let Some(length) = lengths.last_mut().filter(|_| there) {
                *length += 1;
            }
        }
        values.extend(chunk.into_iter().map(&number));
        if values.len() > MOST_VALUES {
            return Err("it is too large".into());
        }
    }
}
