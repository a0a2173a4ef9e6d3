//! Embeddings and scores that somebody else computed: npy, npz, safetensors, Parquet. Never pickle. Arrays stay where
//! they lie; what is packed or lies column by column is unpacked into a file without a name.

mod budget;
mod npy;
mod parquet_lists;
mod tensors;
mod vector;

pub use npy::open_npy;
pub use vector::{is_array, read_vector};

use super::DataError;
use super::damage::decoded;
use super::shard::Footer;
use super::table::{check_plain, file_name, files, is_parquet};
use crate::numbers::NumberArray;
use npy::open_npz;
use parquet_lists::open_lists;
use std::path::{Path, PathBuf};
use tensors::open_tensors;

/// Most values of a matrix in memory: 16 GB of them.
const MOST_VALUES: usize = 4 << 30;
/// Bytes of what is unpacked that stay in memory.
const UNPACKED_IN_MEMORY: usize = 32 << 20;

/// Name of the array, tensor or column of embeddings.
const EMBEDDINGS: &str = "embeddings";

/// An array with names for its rows, if the file has them.
#[derive(Debug)]
pub struct Array {
    pub numbers: NumberArray,
    pub ids: Option<Vec<String>>,
    /// What shards of `llm2loss encode` say of themselves.
    pub made: Option<Footer>,
    /// Files that the rows come from, each with its first row, where there are several.
    pub parts: Vec<(usize, String)>,
    /// Decisions taken while reading, as sentences.
    pub notes: Vec<String>,
}

impl Array {
    /// An array with rows and columns.
    ///
    /// # Errors
    /// If a side is zero, or the ids are not as many as the rows.
    fn new(numbers: NumberArray, ids: Option<Vec<String>>) -> Result<Self, String> {
        let shape = [numbers.rows(), numbers.columns()];
        check_shape(&shape, numbers.rows() * numbers.columns(), ids.as_deref())?;
        Ok(Self { numbers, ids, made: None, parts: Vec::new(), notes: Vec::new() })
    }

    /// All of it in memory.
    fn into_matrix(self) -> Result<Matrix, String> {
        let count = self.numbers.rows() * self.numbers.columns();
        if count > MOST_VALUES {
            return Err("it is too large".into());
        }
        let mut values = vec![0.0; count];
        let (columns, mut bytes) = (self.numbers.columns(), Vec::new());
        for (at, block) in values.chunks_mut(self.numbers.block() * columns).enumerate() {
            self.numbers.read(at * self.numbers.block(), block, &mut bytes).map_err(|error| error.to_string())?;
        }
        Ok(Matrix { values, columns, ids: self.ids })
    }
}

/// What arrays are called, and the files that their rows come from, each with its first row, where there are several.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub file: &'a str,
    pub parts: &'a [(usize, String)],
}

impl<'a> Origin<'a> {
    /// The file of a row and its number there, from 1.
    #[must_use]
    pub fn place(&self, row: usize) -> (&'a str, usize) {
        let part = self.parts.iter().rev().find(|(first, _)| *first <= row);
        part.map_or((self.file, row + 1), |(first, name)| (name, row - first + 1))
    }

    /// The error of a row.
    #[must_use]
    pub fn fault(&self, row: usize, problem: &str) -> DataError {
        let (file, row) = self.place(row);
        DataError::File { file: file.to_owned(), problem: format!("row {row} is {problem}") }
    }
}

/// The two sides of what can be a matrix.
fn two_sides(shape: &[usize]) -> Result<[usize; 2], String> {
    <[usize; 2]>::try_from(shape)
        .map_err(|_| format!("the array has shape {shape:?}; embeddings have two sides, items and dimensions"))
}

fn check_shape(shape: &[usize], values: usize, ids: Option<&[String]>) -> Result<[usize; 2], String> {
    let [rows, columns] = two_sides(shape)?;
    if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(values) {
        return Err(format!("an array of shape {shape:?} with {values} values"));
    }
    if let Some(ids) = ids.filter(|ids| ids.len() != rows) {
        return Err(format!("{} ids for {rows} rows", ids.len()));
    }
    Ok([rows, columns])
}

/// Where bytes go that a file does not hold as they are needed.
fn spool() -> tempfile::SpooledTempFile {
    tempfile::spooled_tempfile(UNPACKED_IN_MEMORY)
}

/// A matrix in memory, with names for its rows, if the file has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Row-major, `[rows, columns]`.
    pub values: Vec<f32>,
    pub columns: usize,
    pub ids: Option<Vec<String>>,
}

impl Matrix {
    /// A matrix of this shape.
    ///
    /// # Errors
    /// If the shape and the number of values do not fit, or a side is zero.
    pub fn new(values: Vec<f32>, shape: &[usize], ids: Option<Vec<String>>) -> Result<Self, String> {
        let [_, columns] = check_shape(shape, values.len(), ids.as_deref())?;
        Ok(Self { values, columns, ids })
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }
}

/// Reads a matrix of embeddings into memory.
///
/// # Errors
/// What is wrong with the file.
pub fn read_matrix(path: &Path, ids: Option<&Path>) -> Result<Matrix, DataError> {
    read_matrix_named(path, ids, EMBEDDINGS)
}

/// [`read_matrix`] for an array, tensor or column of another name, where the file holds several.
///
/// # Errors
/// What is wrong with the file.
pub fn read_matrix_named(path: &Path, ids: Option<&Path>, name: &str) -> Result<Matrix, DataError> {
    let array = open_named(path, ids, name)?;
    array.into_matrix().map_err(|problem| DataError::File { file: file_name(path), problem })
}

/// Opens an array of embeddings by the file's ending; ids come from the file itself or from `ids`, one a line.
///
/// # Errors
/// What is wrong with the file.
pub fn open_array(path: &Path, ids: Option<&Path>) -> Result<Array, DataError> {
    open_named(path, ids, EMBEDDINGS)
}

/// The file of ids that a pack of `llm2loss encode` stands beside: its rows say nothing of whose they are.
fn names_beside(path: &Path, array: &Array) -> Result<Option<PathBuf>, String> {
    let beside = PathBuf::from(format!("{}.ids.txt", path.display()));
    match (&array.ids, &array.made, beside.exists()) {
        (None, _, true) => Ok(Some(beside)),
        (None, Some(_), false) if !is_parquet(path) => Err(format!(
            "was written with its ids in {}, which is not there; bring it, or make the pack again",
            file_name(&beside)
        )),
        _ => Ok(None),
    }
}

fn open_named(path: &Path, ids: Option<&Path>, name: &str) -> Result<Array, DataError> {
    // A pattern may stand for one array.
    let found = files(path)?.filter(|found| found.len() == 1 && is_array(&found[0]));
    let path = found.as_ref().map_or(path, |found| &found[0]);
    let file = file_name(path);
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let several = files(path)?.is_some();
    if !several && check_plain(path).map_err(fault)? == 0 {
        return Err(fault("is empty".into()));
    }
    let open = || match ending.as_str() {
        _ if several => open_lists(path, name),
        "npy" => open_npy(path),
        "npz" => open_npz(path, name),
        "safetensors" => open_tensors(path, name),
        _ if is_parquet(path) => budget::check_parquet(path).and_then(|()| open_lists(path, name)),
        "pkl" | "pickle" | "pt" | "pth" | "bin" => {
            Err("pickle can run any program and is never read; write npy, npz or safetensors".into())
        }
        _ => Err("is none of npy, npz, safetensors and Parquet, by its ending".into()),
    };
    let mut array = decoded(path, || open().map_err(fault))?;
    let beside = if ids.is_none() { names_beside(path, &array).map_err(fault)? } else { None };
    if let Some(ids) = ids.or(beside.as_deref()) {
        let text = super::table::read_text(ids)?;
        let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        let rows = array.numbers.rows();
        if lines.len() != rows {
            let problem = format!("has {} lines for the {rows} rows of {file}", lines.len());
            return Err(DataError::File { file: file_name(ids), problem });
        }
        if beside.is_some() {
            array.notes.push(format!("ids of the embeddings are those of {}", file_name(ids)));
        }
        array.ids = Some(lines);
    }
    Ok(array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Embeddings;
    use crate::numbers::Precision;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_fault_is_named_by_the_file_of_its_row_and_its_number_there() {
        let (folder, mut bytes) = (tempfile::tempdir().unwrap(), Vec::new());
        let path = folder.path().join("numbers");
        Precision::F32.encode(&[1.0, 0.0, 0.6, 0.8, 1.0, 0.0, 0.0, 0.0], &mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let refused = |parts: &[(usize, String)]| {
            let numbers = NumberArray::open(&path, 0, [4, 2], Precision::F32).unwrap();
            let origin = Origin { file: "all", parts };
            Embeddings::unless(&AtomicBool::new(false), vec![numbers], &origin).unwrap_err().to_string()
        };
        assert_eq!(refused(&[]), "all: row 4 is all zeros");
        // The second holds no rows.
        let parts = [(0, "a".to_owned()), (2, "b".to_owned()), (2, "c".to_owned())];
        assert_eq!(refused(&parts), "c: row 2 is all zeros");
    }
}
