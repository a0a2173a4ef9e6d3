//! Parquet: columns of plain values, those within structures by their path; column by column, page by page.

mod values;

pub use values::{Bytes as Written, Number, Writer, int96, writer};

use super::pages::Claims;
use super::source::{Seekable, most_rows, most_unpacked};
use super::{Column, Kind, LARGEST_CELL, MOST_COLUMNS, Table, too_large};
use crate::data::DataError;
use crate::data::damage::decoded;
use crate::guard::guarded;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{AsBytes, DataType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;
use rayon::prelude::*;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Values taken from a page at a time: their bytes stay in the page.
const BATCH: usize = 4096;
/// Bytes of cells that a column takes from the budget at a time.
const SPENT: usize = 1 << 16;

/// Whether a file begins as Parquet does, or is called so.
#[must_use]
pub fn is_parquet(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    let begins = path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && &magic == b"PAR1";
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
    let mut claims = Claims::new(length, most_unpacked(length));
    for column in groups(reader.metadata()).flat_map(|at| reader.metadata().row_group(at).columns()) {
        let dictionary = column.dictionary_page_offset().filter(|offset| *offset > 0);
        let start = dictionary.unwrap_or(i64::MAX).min(column.data_page_offset());
        let (start, size) = (u64::try_from(start).unwrap_or(0), u64::try_from(column.compressed_size()).unwrap_or(0));
        let end = start.saturating_add(size).min(length);
        claims
            .add(&mut pages, start, end)
            .map_err(|problem| fault(format!("column '{}': {problem}", column.column_path().string())))?;
    }
    Ok(reader)
}

/// The row groups that hold rows. One without is written for no rows, and says wrong places of its columns.
pub fn groups(metadata: &ParquetMetaData) -> impl Iterator<Item = usize> {
    (0..metadata.num_row_groups()).filter(|at| metadata.row_group(*at).num_rows() != 0)
}

/// Reads the columns of plain values as text; lists and bytes are named and not read.
///
/// # Errors
/// If the file or a page is damaged, or it unpacks to too much.
pub fn read(place: &Seekable, name: String) -> Result<Table, DataError> {
    let reader = open(&place.path, &name)?;
    let mut table = Table::new(name, 1);
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let (file, leaves) = (Leaves { path: &place.path, metadata }, schema.num_columns());
    if leaves > MOST_COLUMNS {
        return Err(table.problem(format!("has {leaves} columns; at most {MOST_COLUMNS} are taken")));
    }
    let counts = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
    let rows = counts.sum::<Option<u64>>().ok_or_else(|| table.problem("claims fewer than no rows"))?;
    let length = std::fs::metadata(&place.path).map_or(0, |metadata| metadata.len());
    let budget = Budget { used: AtomicU64::new(0), most: most_unpacked(length) };
    // A byte a cell at least is what the table takes.
    if rows.saturating_mul(leaves as u64) > budget.most || rows > most_rows(length) {
        return Err(table.problem(format!("claims {rows} rows of {leaves} columns in {length} bytes")));
    }
    table.rows = usize::try_from(rows).map_err(|_| table.problem("has too many rows"))?;
    let names = names(metadata);
    let read = |leaf: usize| match &names[leaf] {
        Leaf::Plain(name) => file.column(leaf, name, table.rows, &budget),
        Leaf::Bytes(name) => Ok(Column::empty(name, Kind::Binary, table.rows)),
        Leaf::List(name) => Ok(Column::empty(name, Kind::List, table.rows)),
        Leaf::Again => Ok(Column::default()),
    };
    // A decoder that panics does so on the thread it runs on.
    let read = |leaf| guarded(|| read(leaf)).unwrap_or_else(|problem| Err(format!("is damaged: {problem}")));
    let columns = (0..leaves).into_par_iter().map(read).collect::<Result<Vec<Column>, String>>();
    let columns = columns.map_err(|problem| table.problem(problem))?;
    let again = |(_, leaf): &(Column, &Leaf)| !matches!(leaf, Leaf::Again);
    table.columns = columns.into_iter().zip(&names).filter(again).map(|(column, _)| column).collect();
    Ok(table)
}

/// Calls `take` with every cell of a binary column, in order, `None` where there is none: images, for example. `path`
/// is what [`Table::read`] takes, `column` a column of [`Kind::Binary`] by its name.
///
/// # Errors
/// If there is no such column, it is damaged, or what `take` says.
pub fn each_binary(
    path: &Path,
    column: &str,
    mut take: impl FnMut(usize, Option<&[u8]>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    decoded(path, || each_of(path, column, &mut take))
}

fn each_of(
    path: &Path,
    column: &str,
    take: &mut impl FnMut(usize, Option<&[u8]>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let files = super::files(path)?.unwrap_or_else(|| vec![path.to_owned()]);
    let mut row = 0;
    for file in files {
        let name = super::file_name(&file);
        let fault = |problem: String| DataError::File { file: name.clone(), problem };
        let reader = open(&file, &name)?;
        let metadata = reader.metadata();
        let schema = metadata.file_metadata().schema_descr();
        if groups(metadata).next().is_none() {
            continue;
        }
        let wanted = |leaf: &usize| schema.column(*leaf).path().parts().join(".") == column;
        let leaf = (0..schema.num_columns()).find(wanted);
        let leaf = leaf.ok_or_else(|| fault(format!("there is no column '{column}'")))?;
        let mut refused = None;
        let mut one = |cell: Option<&[u8]>| {
            let taken = take(row, cell);
            row += 1;
            let goes_on = taken.is_ok();
            refused = taken.err();
            goes_on
        };
        for group in groups(metadata) {
            let full = schema.column(leaf).max_def_level();
            match (Leaves { path: &file, metadata }).reader(group, leaf).map_err(fault)? {
                ColumnReader::ByteArrayColumnReader(mut reader) => {
                    each(&mut reader, full, |cell| one(cell.map(AsBytes::as_bytes))).map_err(fault)?;
                }
                _ => return Err(fault(format!("column '{column}' holds no bytes"))),
            }
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
    }
    Ok(())
}

/// What a leaf of the schema becomes.
enum Leaf {
    Plain(String),
    Bytes(String),
    List(String),
    /// A further leaf of a list that is named already.
    Again,
}

/// The columns that the leaves of a schema become: `doc.question` within a structure, a list once as a whole.
fn names(metadata: &ParquetMetaData) -> Vec<Leaf> {
    let schema = metadata.file_metadata().schema_descr();
    let path = |leaf: usize| schema.column(leaf).path().parts().join(".");
    let mut seen = std::collections::HashSet::new();
    let paths: std::collections::HashSet<String> = (0..schema.num_columns()).map(path).collect();
    let name = |leaf: usize| {
        let column = schema.column(leaf);
        let mut name = path(leaf);
        if column.max_rep_level() > 0 {
            // The name up to what repeats, without the levels that only say so.
            let parts = column.path().parts();
            let levels = ["list", "array", "bag", "element", "item", "key_value", "key", "value", "array_element"];
            let shown = parts.iter().skip(1).take_while(|part| !levels.contains(&part.as_str()));
            name = parts.iter().take(1).chain(shown).cloned().collect::<Vec<_>>().join(".");
            return if seen.insert(name.clone()) { Leaf::List(name) } else { Leaf::Again };
        }
        // An image of Hugging Face: its bytes beside its path.
        let beside = name.strip_suffix(".bytes").is_some_and(|root| paths.contains(&format!("{root}.path")));
        if beside && column.physical_type() == Physical::BYTE_ARRAY { Leaf::Bytes(name) } else { Leaf::Plain(name) }
    };
    (0..schema.num_columns()).map(name).collect()
}

/// How much text a file may become, over all columns.
struct Budget {
    used: AtomicU64,
    most: u64,
}

impl Budget {
    fn take(&self, bytes: usize) -> Result<(), String> {
        let used = self.used.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if used > self.most { Err(format!("its cells unpack to more than {} bytes", self.most)) } else { Ok(()) }
    }
}

/// A file whose columns are read one by one, each through a handle of its own.
struct Leaves<'a> {
    path: &'a Path,
    metadata: &'a ParquetMetaData,
}

impl Leaves<'_> {
    fn reader(&self, group: usize, leaf: usize) -> Result<ColumnReader, String> {
        let group = self.metadata.row_group(group);
        let rows = usize::try_from(group.num_rows()).map_err(|_| "claims fewer than no rows".to_owned())?;
        let file = Arc::new(File::open(self.path).map_err(|error| error.to_string())?);
        let pages =
            SerializedPageReader::new(file, group.column(leaf), rows, None).map_err(|error| error.to_string())?;
        Ok(get_column_reader(self.metadata.file_metadata().schema_descr().column(leaf), Box::new(pages)))
    }

    fn column(&self, leaf: usize, name: &str, rows: usize, budget: &Budget) -> Result<Column, String> {
        let description = self.metadata.file_metadata().schema_descr().column(leaf);
        let mut filling =
            Filling { column: Column::new(name), cell: String::new(), binary: false, budget, spent: 0, over: None };
        let place = |problem: String| format!("column '{name}': {problem}");
        for group in groups(self.metadata) {
            let reader = self.reader(group, leaf).map_err(place)?;
            fill(&description, reader, &mut filling)
                .map_err(|problem| place(format!("row {}: {problem}", filling.column.len() + 1)))?;
            if let Some(problem) = filling.over.take() {
                return Err(problem);
            }
            if filling.binary {
                return Ok(Column::empty(name, Kind::Binary, rows));
            }
        }
        if filling.column.len() != rows {
            return Err(place(format!("has {} cells where the file has {rows} rows", filling.column.len())));
        }
        Ok(filling.column)
    }
}

/// A column on its way in.
struct Filling<'a> {
    column: Column,
    cell: String,
    /// A cell was no text, in a column that does not claim to be.
    binary: bool,
    budget: &'a Budget,
    /// Bytes not yet taken from the budget, which all columns share.
    spent: usize,
    /// The budget is spent.
    over: Option<String>,
}

impl Filling<'_> {
    /// Appends the cell that `write` makes; says whether to go on.
    fn push(&mut self, write: impl FnOnce(&mut String)) -> bool {
        self.cell.clear();
        write(&mut self.cell);
        self.column.push(&self.cell);
        self.spend(self.cell.len())
    }

    /// Appends a number whose cell `write` makes, if it is wanted.
    fn push_number(&mut self, value: f64, write: impl FnOnce(&mut String)) -> bool {
        let text = || {
            let mut cell = String::new();
            write(&mut cell);
            cell
        };
        self.column.push_number(value, text);
        self.spend(size_of::<f64>())
    }

    fn spend(&mut self, bytes: usize) -> bool {
        self.spent += bytes;
        if self.spent > SPENT {
            self.over = self.budget.take(std::mem::take(&mut self.spent)).err();
        }
        self.over.is_none()
    }

    /// Appends text; `sure` if the schema says that it is.
    fn text(&mut self, bytes: &[u8], sure: bool) -> bool {
        if bytes.len() > LARGEST_CELL && sure {
            self.column.spoil(self.column.len(), too_large(bytes.len()));
            return self.push(|_| ());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= LARGEST_CELL => self.push(|cell| cell.push_str(text)),
            Err(_) if sure => {
                self.column.spoil(self.column.len(), "not UTF-8");
                self.push(|_| ())
            }
            _ => {
                self.binary = true;
                false
            }
        }
    }
}

/// Reads a column of a row group.
fn fill(description: &ColumnDescPtr, reader: ColumnReader, filling: &mut Filling) -> Result<(), String> {
    let full = description.max_def_level();
    let write = values::writer(description);
    macro_rules! plain {
        ($reader:ident, $value:ident => $number:expr) => {
            each(&mut { $reader }, full, |cell| match cell {
                None => filling.push(|_| ()),
                Some($value) => filling.push(|text| write.number(text, $number)),
            })
        };
    }
    match reader {
        ColumnReader::BoolColumnReader(reader) => plain!(reader, value => values::Number::Flag(*value)),
        ColumnReader::Int32ColumnReader(reader) => plain!(reader, value => values::Number::Whole(i64::from(*value))),
        ColumnReader::Int64ColumnReader(reader) => plain!(reader, value => values::Number::Whole(*value)),
        ColumnReader::Int96ColumnReader(reader) => {
            plain!(reader, value => values::Number::Nanoseconds(values::int96(value)))
        }
        ColumnReader::FloatColumnReader(reader) => plain!(reader, value => values::Number::Real(f64::from(*value))),
        ColumnReader::DoubleColumnReader(mut reader) => each(&mut reader, full, |cell| match cell {
            None => filling.push(|_| ()),
            Some(value) => filling.push_number(*value, |text| write.number(text, values::Number::Real(*value))),
        }),
        ColumnReader::ByteArrayColumnReader(mut reader) => {
            each(&mut reader, full, |cell| bytes(&write, cell.map(AsBytes::as_bytes), filling))
        }
        ColumnReader::FixedLenByteArrayColumnReader(mut reader) => {
            each(&mut reader, full, |cell| bytes(&write, cell.map(AsBytes::as_bytes), filling))
        }
    }
}

fn bytes(write: &values::Writer, cell: Option<&[u8]>, filling: &mut Filling) -> bool {
    match cell {
        None => filling.push(|_| ()),
        Some(bytes) => match write.bytes(bytes) {
            values::Bytes::Written(text) => filling.push(|cell| cell.push_str(&text)),
            values::Bytes::Text { sure } => filling.text(bytes, sure),
        },
    }
}

/// Calls `take` with every cell of a column of a row group, in order, until it says to stop.
fn each<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    full: i16,
    mut take: impl FnMut(Option<&T::T>) -> bool,
) -> Result<(), String> {
    let (mut defined, mut values) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    loop {
        defined.clear();
        values.clear();
        let levels = (full > 0).then_some(&mut defined);
        let (records, read, _) =
            reader.read_records(BATCH, levels, None, &mut values).map_err(|error| error.to_string())?;
        if records == 0 && read == 0 {
            return Ok(());
        }
        let mut left = values.iter();
        for row in 0..records {
            let there = full == 0 || defined.get(row).is_some_and(|level| *level == full);
            let value = if there { Some(left.next().ok_or("the page has fewer values than it says")?) } else { None };
            if !take(value) {
                return Ok(());
            }
        }
    }
}

/// What a column of bytes claims to hold.
pub fn claims_text(description: &ColumnDescPtr) -> bool {
    matches!(description.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
        || matches!(description.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
}
