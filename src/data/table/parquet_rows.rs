//! Parquet: columns of plain values; lists and structures are passed over.

use super::pages::check_pages;
use super::{Column, LARGEST_CELL, Table};
use crate::data::DataError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Whether a file begins as Parquet does, or is called so.
#[must_use]
pub fn is_parquet(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    let begins = File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"PAR1";
    begins || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

/// Opens a Parquet file.
pub fn open(path: &Path, file: &str) -> Result<SerializedFileReader<File>, DataError> {
    let fault = |problem: String| DataError::File { file: file.to_owned(), problem };
    let opened = File::open(path).map_err(|error| fault(error.to_string()))?;
    let length = opened.metadata().map_err(|error| fault(error.to_string()))?.len();
    let mut pages = opened.try_clone().map_err(|error| fault(error.to_string()))?;
    let reader = SerializedFileReader::new(opened)
        .map_err(|error| fault(format!("not a Parquet file that can be read: {error}")))?;
    for column in reader.metadata().row_groups().iter().flat_map(|group| group.columns()) {
        let dictionary = column.dictionary_page_offset().filter(|offset| *offset > 0);
        let start = dictionary.unwrap_or(i64::MAX).min(column.data_page_offset());
        let (start, size) = (u64::try_from(start).unwrap_or(0), u64::try_from(column.compressed_size()).unwrap_or(0));
        let end = start.saturating_add(size).min(length);
        check_pages(&mut pages, start, end, super::most_unpacked(length))
            .map_err(|problem| fault(format!("column '{}': {problem}", column.column_path().string())))?;
    }
    Ok(reader)
}

/// Reads the columns of plain values.
pub fn read(path: &Path, file: String) -> Result<Table, DataError> {
    let reader = open(path, &file)?;
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    let schema = reader.metadata().file_metadata().schema();
    let plain: Vec<Arc<Type>> = schema.get_fields().iter().filter(|field| field.is_primitive()).cloned().collect();
    let mut columns: Vec<Column> = plain.iter().map(|field| Column::new(field.name())).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(plain).build();
    let projection = projection.map_err(|error| fault(error.to_string()))?;
    let rows = reader.get_row_iter(Some(projection)).map_err(|error| fault(error.to_string()))?;
    let mut table = Table { file: file.clone(), columns: Vec::new(), rows: 0, first_row: 1 };
    let most = super::most_unpacked(std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
    let mut unpacked = 0;
    for row in rows {
        let row = row.map_err(|error| fault(format!("row {}: {error}", table.rows + 1)))?;
        for (column, (_, field)) in columns.iter_mut().zip(row.get_column_iter()) {
            let cell = words(field).map_err(|problem| table.fault(table.rows, &column.name, problem))?;
            if cell.len() > LARGEST_CELL {
                let problem = format!("the cell has {} bytes; at most {LARGEST_CELL} are taken", cell.len());
                return Err(table.fault(table.rows, &column.name, problem));
            }
            column.push(&cell);
            unpacked += cell.len() as u64;
        }
        if unpacked > most {
            return Err(fault(format!("row {}: its cells unpack to more than {most} bytes", table.rows + 1)));
        }
        table.rows += 1;
    }
    table.columns = columns;
    Ok(table)
}

/// A plain value as text.
fn words(field: &Field) -> Result<String, String> {
    Ok(match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => {
            String::from_utf8(bytes.data().to_vec()).map_err(|_| "bytes that are not UTF-8 text".to_owned())?
        }
        Field::Float(value) => f64::from(*value).to_string(),
        Field::Double(value) => value.to_string(),
        other => other.to_string(),
    })
}
