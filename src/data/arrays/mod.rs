//! Embeddings that somebody else computed: npy, npz, safetensors, Parquet. Never pickle.

mod budget;
mod npy;
mod parquet_lists;
mod tensors;
mod vector;

pub use npy::{read_npy, read_npz};
pub use parquet_lists::read_lists;
pub use tensors::read_tensors;
pub use vector::{is_array, read_vector};

use super::DataError;
use super::damage::decoded;
use super::table::{check_plain, file_name, files, is_parquet};
use std::path::Path;

/// Largest number of values of a matrix: 16 GB of them.
const MOST_VALUES: usize = 4 << 30;
/// A row's length may differ so much from one before it is scaled.
const UNIT: f64 = 1e-3;

/// A matrix with names for its rows, if the file has them.
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
        let [rows, columns] = *shape else {
            return Err(format!("the array has shape {shape:?}; embeddings have two sides, items and dimensions"));
        };
        if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(values.len()) {
            return Err(format!("an array of shape {shape:?} with {} values", values.len()));
        }
        if let Some(ids) = ids.as_ref().filter(|ids| ids.len() != rows) {
            return Err(format!("{} ids for {rows} rows", ids.len()));
        }
        Ok(Self { values, columns, ids })
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Scales every row to length one. Returns a sentence if they were not. Values of half precision stay of half
    /// precision, and rows of them that are of length one as far as that can say stay bit for bit as they are.
    ///
    /// # Errors
    /// The first row that is zero or not finite.
    pub fn normalise(&mut self, file: &str) -> Result<Option<String>, DataError> {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        let half = is_half(&self.values);
        let exact = if half { UNIT } else { 1e-6 };
        for (at, row) in self.values.chunks_exact_mut(self.columns).enumerate() {
            let norm = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            if !norm.is_finite() || norm == 0.0 {
                let problem = if norm == 0.0 { "all zeros" } else { "not finite" };
                return Err(DataError::File { file: file.to_owned(), problem: format!("row {} is {problem}", at + 1) });
            }
            (least, most) = (least.min(norm), most.max(norm));
            // Rows that are of length one already stay bit for bit as they are.
            if (norm - 1.0).abs() > exact {
                row.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
                if half {
                    row.iter_mut().for_each(|value| *value = half::f16::from_f32(*value).to_f32());
                }
            }
        }
        let unit = (least - 1.0).abs() <= UNIT && (most - 1.0).abs() <= UNIT;
        Ok((!unit).then(|| format!("embeddings had lengths from {least:.4} to {most:.4}; each is scaled to length 1")))
    }
}

/// Whether half precision holds every value exactly.
fn is_half(values: &[f32]) -> bool {
    values.iter().all(|value| half::f16::from_f32(*value).to_f32().to_bits() == value.to_bits())
}

/// Reads a matrix by the file's ending; ids come from the file itself or from `ids`, one a line.
///
/// # Errors
/// What is wrong with the file.
pub fn read_matrix(path: &Path, ids: Option<&Path>) -> Result<Matrix, DataError> {
    read_matrix_named(path, ids, "embeddings")
}

/// [`read_matrix`] for an array, tensor or column of another name, where the file holds several.
///
/// # Errors
/// What is wrong with the file.
pub fn read_matrix_named(path: &Path, ids: Option<&Path>, name: &str) -> Result<Matrix, DataError> {
    let file = file_name(path);
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let several = files(path)?.is_some();
    if !several && check_plain(path).map_err(fault)? == 0 {
        return Err(fault("is empty".into()));
    }
    let read = || match ending.as_str() {
        _ if several => read_lists(path, name),
        "npy" => read_npy(path),
        "npz" => read_npz(path, name),
        "safetensors" => read_tensors(path, name),
        _ if is_parquet(path) => budget::check_parquet(path).and_then(|()| read_lists(path, name)),
        "pkl" | "pickle" | "pt" | "pth" | "bin" => {
            Err("pickle can run any program and is never read; write npy, npz or safetensors".into())
        }
        _ => Err("is none of npy, npz, safetensors and Parquet, by its ending".into()),
    };
    let mut matrix = decoded(path, || read().map_err(fault))?;
    if let Some(ids) = ids {
        let text = super::table::read_text(ids)?;
        let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        if lines.len() != matrix.rows() {
            let problem = format!("has {} lines for the {} rows of {file}", lines.len(), matrix.rows());
            return Err(DataError::File { file: file_name(ids), problem });
        }
        matrix.ids = Some(lines);
    }
    Ok(matrix)
}
