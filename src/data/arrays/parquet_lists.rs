//! Parquet: a column of lists of numbers, beside a column of ids.

use super::{Array, Origin, spool};
use crate::data::shard::{Footer, NumbersDigest, footer_of_shard, same_encoder, whole_cuts};
use crate::data::table::{Table, file_name, files, groups, is_parquet, most_unpacked, open_parquet};
use crate::numbers::{NumberArray, Precision};
use half::f16;
use parquet::basic::{LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType, DoubleType, FixedLenByteArrayType, FloatType};
use parquet::file::reader::FileReader;
use parquet::schema::types::ColumnDescriptor;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::SpooledTempFile;

/// Records read at a time.
const BATCH: usize = 2048;
/// Columns that name the rows.
const IDS: [&str; 5] = ["id", "key", "image_path", "item_id", "image_id"];

/// Unpacks the column of lists of numbers of this name, or the first; of a folder or a pattern of files, one after the
/// other.
///
/// # Errors
/// What is wrong with the file, or a row of another length.
pub fn open_lists(path: &Path, name: &str) -> Result<Array, String> {
    let parts = files(path).map_err(|error| error.to_string())?.unwrap_or_else(|| vec![path.to_owned()]);
    let is_array = |part: &PathBuf| !is_parquet(part) && super::is_array(part);
    if parts.len() > 1 && parts.iter().all(is_array) {
        return Err("stands for several arrays; several files are read of Parquet alone: write one array".into());
    }
    let footers = parts.iter().map(|part| footer_of_shard(part)).collect::<Result<Vec<_>, _>>();
    // What is wrong with a single file is said below.
    let footers = if parts.len() == 1 { footers.unwrap_or_else(|_| vec![(None, true)]) } else { footers? };
    let of_files = || parts.iter().map(PathBuf::as_path).zip(footers.iter().map(|(footer, _)| footer));
    // What holds no rows is of no encoder.
    let with_rows = of_files().zip(&footers).filter(|(_, (footer, rows))| *rows || footer.is_some());
    let made = same_encoder(with_rows.map(|((part, footer), _)| (part, footer.clone())))?;
    if parts.len() > 1 {
        whole_cuts(of_files().filter_map(|(part, footer)| Some((part, footer.as_ref()?))))?;
    }
    let mut lists = Lists { spool: spool(), count: 0, lengths: Vec::new() };
    let mut firsts = Vec::new();
    for (part, footer) in of_files() {
        firsts.push((lists.lengths.len(), file_name(part)));
        let told = |problem: String| {
            if parts.len() == 1 { problem } else { format!("{}: {problem}", file_name(part)) }
        };
        lists.read(part, name, footer.as_ref()).map_err(told)?;
    }
    let columns = lists.lengths.first().copied().unwrap_or(0);
    let firsts = if parts.len() > 1 { firsts } else { Vec::new() };
    if let Some(row) = lists.lengths.iter().position(|length| *length != columns) {
        let (file, own) = Origin { file: "", parts: &firsts }.place(row);
        let file = if file.is_empty() { String::new() } else { format!("{file}: ") };
        return Err(format!("{file}row {own}: {} numbers where the first row has {columns}", lists.lengths[row]));
    }
    let ids = match Table::read(path) {
        Ok(table) => ids(&table)?,
        Err(_) => None,
    };
    let shape = [lists.lengths.len(), columns];
    let numbers = NumberArray::spooled(lists.spool.into_inner(), path, shape, Precision::F32);
    Ok(Array { made, parts: firsts, ..Array::new(numbers, ids)? })
}

/// The column that names the rows.
fn ids(table: &Table) -> Result<Option<Vec<String>>, String> {
    let Some(at) = IDS.iter().find_map(|name| table.position(name)) else { return Ok(None) };
    table.check_parts(&table.columns[at])?;
    Ok(Some(table.columns[at].cells().map(String::from).collect()))
}

/// Lists on their way in: their numbers, as f32, and how many each has.
struct Lists {
    spool: SpooledTempFile,
    count: usize,
    lengths: Vec<usize>,
}

impl Lists {
    fn read(&mut self, path: &Path, name: &str, footer: Option<&Footer>) -> Result<(), String> {
        let (before, mut digest) = (self.lengths.len(), NumbersDigest::default());
        let reader = open_parquet(path, &file_name(path)).map_err(|error| error.to_string())?;
        if groups(reader.metadata()).next().is_none() {
            return Ok(());
        }
        let schema = reader.metadata().file_metadata().schema_descr();
        let named = |at: &usize| schema.column(*at).path().parts().first().is_some_and(|root| root == name);
        let lists: Vec<usize> = (0..schema.num_columns()).filter(|at| is_list(&schema.column(*at))).collect();
        let column = lists.iter().copied().find(named).or_else(|| lists.first().copied());
        let column = column.ok_or("no column holds lists of float or double")?;
        let packed = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let most = self.count.saturating_add(usize::try_from(most_unpacked(packed) / 4).unwrap_or(usize::MAX));
        // Before anything is read: one list may claim to be as long as all memory.
        let claimed =
            reader.metadata().row_groups().iter().map(|group| group.column(column).num_values().max(0) as u64);
        if claimed.sum::<u64>() > (most - self.count) as u64 {
            return Err(too_many(most));
        }
        for group in groups(reader.metadata()) {
            let group = reader.get_row_group(group).map_err(|error| error.to_string())?;
            let full = schema.column(column).max_def_level();
            match group.get_column_reader(column).map_err(|error| error.to_string())? {
                ColumnReader::FloatColumnReader(mut column) => {
                    self.read_column::<FloatType>((&mut column, full), (most, before), |value| *value)?;
                }
                ColumnReader::DoubleColumnReader(mut column) => {
                    self.read_column::<DoubleType>((&mut column, full), (most, before), |value| *value as f32)?;
                }
                ColumnReader::FixedLenByteArrayColumnReader(mut column) => {
                    let number = |bytes: &[u8]| {
                        bytes.first_chunk::<2>().map_or(f32::NAN, |bytes| f16::from_le_bytes(*bytes).to_f32())
                    };
                    self.read_column::<FixedLenByteArrayType>((&mut column, full), (most, before), |value| {
                        digest.add(value.as_bytes());
                        number(value.as_bytes())
                    })?;
                }
                _ => return Err("the column holds no numbers".into()),
            }
        }
        match footer.filter(|footer| !footer.numbers.is_empty() && footer.numbers != digest.finish()) {
            Some(_) => Err("its embeddings are not the ones that were written; it is damaged, make it again".into()),
            None => Ok(()),
        }
    }

    /// Appends a column chunk of a file whose rows begin after `before`.
    fn read_column<T: DataType>(
        &mut self,
        (column, full): (&mut ColumnReaderImpl<T>, i16),
        (most, before): (usize, usize),
        mut number: impl FnMut(&T::T) -> f32,
    ) -> Result<(), String> {
        let Self { spool, count, lengths } = self;
        let mut bytes = Vec::new();
        let (mut defined, mut repeated, mut chunk) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            defined.clear();
            repeated.clear();
            chunk.clear();
            let (_, read, levels) = column
                .read_records(BATCH, Some(&mut defined), Some(&mut repeated), &mut chunk)
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
                    return Err(format!("row {}: a number is missing", lengths.len() - before));
                }
                if let Some(length) = lengths.last_mut().filter(|_| there) {
                    *length += 1;
                }
            }
            if *count + chunk.len() > most {
                return Err(too_many(most));
            }
            *count += chunk.len();
            bytes.clear();
            chunk.iter().for_each(|value| bytes.extend(number(value).to_le_bytes()));
            spool.write_all(&bytes).map_err(|error| error.to_string())?;
        }
    }
}

fn too_many(most: usize) -> String {
    format!("its lists hold more than {most} numbers, too many for its length")
}

/// Whether a column holds plain lists of numbers.
fn is_list(column: &ColumnDescriptor) -> bool {
    let half = column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY
        && column.logical_type_ref() == Some(&LogicalType::Float16);
    column.max_rep_level() == 1 && (half || matches!(column.physical_type(), Physical::FLOAT | Physical::DOUBLE))
}
