//! Phrases with vectors that somebody else computed: a table with a column of phrases and one of lists, or an array and
//! its phrases, one a line, beside it.

use super::DataError;
use super::arrays::{is_array, read_matrix_named};
use super::table::{Table, brief, file_name, files, is_parquet, read_text};
use crate::numbers::{is_unit, to_unit};
use std::path::Path;

/// Columns of phrases and of vectors, best first.
const PHRASES: [&str; 6] = ["phrase", "text", "prompt", "sentence", "caption", "name"];
const VECTORS: [&str; 4] = ["embedding", "embeddings", "vector", "vectors"];

/// Phrases and their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct PhraseVectors {
    pub phrases: Vec<String>,
    /// Row-major, `[phrases, dimension]`, brought to length one.
    pub vectors: Vec<f32>,
    pub dimension: usize,
    /// Name of the file, and the row of each phrase as an editor or a reader counts.
    pub file: String,
    pub rows: Vec<usize>,
    /// A sentence if the vectors were not of length one.
    pub scaled: Option<String>,
}

impl PhraseVectors {
    /// Reads Parquet, CSV, TSV or JSON with a column of phrases and a column of lists of numbers; npz and safetensors with
    /// their `ids`; npy with a text file of the same name beside it.
    ///
    /// # Errors
    /// What is wrong with the file, and in which row: an empty phrase, a vector of another length, of zeros or of what is
    /// no number.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let read = if is_array(path) {
            of_array(path)?
        } else if is_parquet(path) || files(path)?.is_some() {
            of_parquet(path)?
        } else {
            of_table(path)?
        };
        read.checked()
    }

    fn fault(&self, at: usize, problem: &str) -> DataError {
        DataError::File { file: self.file.clone(), problem: format!("row {}: {problem}", self.rows[at]) }
    }

    /// The same with vectors of length one.
    fn checked(mut self) -> Result<Self, DataError> {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        let mut vectors = std::mem::take(&mut self.vectors);
        for (at, row) in vectors.chunks_exact_mut(self.dimension.max(1)).enumerate() {
            if self.phrases[at].trim().is_empty() {
                return Err(self.fault(at, "the phrase is empty"));
            }
            if row.iter().any(|value| !value.is_finite()) {
                return Err(self.fault(at, "the vector holds what is no finite number"));
            }
            let norm = to_unit(row, false);
            if norm == 0.0 {
                return Err(self.fault(at, "the vector is all zeros"));
            }
            (least, most) = (least.min(norm), most.max(norm));
        }
        self.scaled = (!is_unit(least, most)).then(|| {
            format!("vectors of phrases had lengths from {least:.4} to {most:.4}; each is scaled to length 1")
        });
        Ok(Self { vectors, ..self })
    }
}

fn of_array(path: &Path) -> Result<PhraseVectors, DataError> {
    let file = file_name(path);
    let matrix = read_matrix_named(path, None, VECTORS[0])?;
    let (count, dimension) = (matrix.rows(), matrix.columns);
    let phrases = match matrix.ids {
        Some(phrases) => phrases,
        None => {
            let beside = path.with_extension("txt");
            if !beside.exists() {
                let problem = format!("has no phrases; write them, one a line, into {} beside it", file_name(&beside));
                return Err(DataError::File { file, problem });
            }
            let lines: Vec<String> = read_text(&beside)?.lines().map(str::to_owned).collect();
            if lines.len() != count {
                let problem = format!("has {} lines for the {count} rows of {file}", lines.len());
                return Err(DataError::File { file: file_name(&beside), problem });
            }
            lines
        }
    };
    Ok(PhraseVectors { phrases, vectors: matrix.values, dimension, file, rows: (1..=count).collect(), scaled: None })
}

/// The column of phrases.
fn phrases_of(table: &Table) -> Result<Vec<String>, DataError> {
    let at = PHRASES.iter().find_map(|name| table.position(name));
    let column = match at {
        Some(at) => &table.columns[at],
        None => table.column(PHRASES[0])?,
    };
    table.check(column)?;
    Ok(column.cells().map(str::to_owned).collect())
}

fn of_parquet(path: &Path) -> Result<PhraseVectors, DataError> {
    let matrix = read_matrix_named(path, None, VECTORS[0])?;
    let table = Table::read(path)?;
    let phrases = phrases_of(&table)?;
    if phrases.len() != matrix.rows() {
        return Err(table.problem(format!("{} phrases for {} vectors", phrases.len(), matrix.rows())));
    }
    let rows = (0..phrases.len()).map(|row| table.number(row)).collect();
    let (dimension, vectors) = (matrix.columns, matrix.values);
    Ok(PhraseVectors { phrases, vectors, dimension, file: table.file, rows, scaled: None })
}

fn of_table(path: &Path) -> Result<PhraseVectors, DataError> {
    let table = Table::read(path)?;
    let phrases = phrases_of(&table)?;
    let at = VECTORS.iter().find_map(|name| table.position(name));
    let column = match at {
        Some(at) => &table.columns[at],
        None => table.column(VECTORS[0])?,
    };
    table.check(column)?;
    let (mut vectors, mut dimension) = (Vec::new(), 0);
    for (row, cell) in column.cells().enumerate() {
        let fault = |problem: &str| table.fault(row, &column.name, format!("'{}' {problem}", brief(cell)));
        let numbers: Vec<f64> =
            serde_json::from_str(cell).map_err(|_| fault("is no list of numbers, such as [0.1, -0.2]"))?;
        if row == 0 {
            dimension = numbers.len();
        }
        if numbers.len() != dimension || numbers.is_empty() {
            let first = table.number(0);
            return Err(fault(&format!("has {} numbers, row {first} has {dimension}", numbers.len())));
        }
        vectors.extend(numbers.into_iter().map(|number| number as f32));
    }
    if vectors.is_empty() {
        return Err(table.problem("holds no row"));
    }
    let rows = (0..phrases.len()).map(|row| table.number(row)).collect();
    Ok(PhraseVectors { phrases, vectors, dimension, file: table.file, rows, scaled: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<PhraseVectors, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        PhraseVectors::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_are_read_and_their_vectors_brought_to_length_one() {
        let json = "{\"text\": \"a dog\", \"embedding\": [3, 4]}\n{\"text\": \"a cat\", \"embedding\": [0.0, -2.0]}\n";
        let csv = "phrase,vector\na dog,\"[3, 4]\"\na cat,\"[0, -2]\"\n";
        for found in [read("p.jsonl", json), read("p.csv", csv)] {
            let found = found.unwrap();
            assert_eq!(found.phrases, ["a dog", "a cat"]);
            assert_eq!((found.vectors, found.dimension), (vec![0.6, 0.8, 0.0, -1.0], 2));
            assert!(found.scaled.unwrap().contains("from 2.0000 to 5.0000"));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_row() {
        for (text, words) in [
            ("phrase,vector\na dog,\"[3, 4]\"\n  ,\"[0, -2]\"\n", "p.csv: row 3: the phrase is empty"),
            ("phrase,vector\na dog,\"[3, 4]\"\na cat,\"[0, 0]\"\n", "p.csv: row 3: the vector is all zeros"),
            ("phrase,vector\na dog,\"[3, 4]\"\na cat,\"[0, 1e39]\"\n", "row 3: the vector holds what is no finite"),
            ("phrase,vector\na dog,\"[3, 4]\"\na cat,\"[0, NaN]\"\n", "row 3, column 'vector': '[0, NaN]' is no list"),
            ("phrase,vector\na dog,\"[3, 4]\"\na cat,\"[1]\"\n", "'[1]' has 1 numbers, row 2 has 2"),
            ("what,vector\na dog,\"[3, 4]\"\n", "there is no column 'phrase'; it has: what, vector"),
            ("phrase,numbers\na dog,\"[3, 4]\"\n", "there is no column 'embedding'"),
        ] {
            let said = read("p.csv", text).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
