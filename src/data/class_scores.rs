//! Scores of a model that tells many classes apart: a matrix is read, joined and checked, then reduced to one AUROC a
//! class and group, which is all that tables need of it.

use super::DataError;
use super::arrays::{Matrix, read_matrix_named};
use super::table::{brief, file_name, read_file};
use crate::audit::{Audit, ClassAuroc, ClassAurocs, ModelLosses, Split};
use crate::stats::{Negatives, OneVsRest};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Name of the array, tensor or column that scores are looked for under.
const NAME: &str = "scores";
/// File beside the matrix that names its columns.
const CLASSES: &str = "classes.txt";
/// Columns that are brought into their own order at a time.
const BLOCK: usize = 32;
/// Fewest classes: with two, the score of one says all.
const LEAST_CLASSES: usize = 3;

/// Where a matrix of scores is found, and what names its rows and columns.
#[derive(Debug, Clone)]
pub struct ScoreFiles {
    /// npy, npz, safetensors or Parquet, `[items, classes]`.
    pub scores: PathBuf,
    /// Ids of the rows, one a line, where the file has none.
    pub ids: Option<PathBuf>,
    /// Names of the columns, one a line [`classes.txt` beside the matrix; else columns are numbered from 0].
    pub classes: Option<PathBuf>,
}

/// A matrix of scores whose columns have names.
#[derive(Debug, Clone)]
pub struct ClassScores {
    matrix: Matrix,
    /// Column of every class.
    columns: HashMap<String, usize>,
    file: String,
}

impl ClassScores {
    /// Reads the matrix and the names of its classes.
    ///
    /// # Errors
    /// What is wrong with a file, or a class that is named twice.
    pub fn read(files: &ScoreFiles) -> Result<Self, DataError> {
        let file = file_name(&files.scores);
        let matrix = read_matrix_named(&files.scores, files.ids.as_deref(), NAME)?;
        let beside = files.scores.with_file_name(CLASSES);
        let names = match files.classes.clone().or_else(|| beside.is_file().then_some(beside)) {
            Some(path) => class_names(&path, &file, matrix.columns)?,
            None => (0..matrix.columns).map(|column| column.to_string()).collect(),
        };
        if names.len() < LEAST_CLASSES {
            let problem = format!(
                "has {} classes; of two classes, give the score of the positive one in a column 'score'",
                names.len()
            );
            return Err(DataError::File { file, problem });
        }
        let columns = names.into_iter().enumerate().map(|(column, name)| (name, column)).collect();
        Ok(Self { matrix, columns, file })
    }

    /// One-vs-rest AUROC of every class within either group of every attribute, over the test items that the model
    /// has a loss for. `classes` names the class of each item.
    ///
    /// # Errors
    /// If a test item has no row, no class, a class without a column, or a score that is not finite.
    pub fn measure(&self, audit: &Audit, model: &ModelLosses, classes: &[String]) -> Result<ClassAurocs, DataError> {
        let items = audit.rows_of(model, Split::Test);
        let rows = self.rows_of(audit, &items)?;
        let class_of = self.columns_of(audit, &items, classes)?;
        let sides: Vec<[Vec<bool>; 2]> = audit
            .attributes
            .iter()
            .map(|attribute| {
                [true, false].map(|side| items.iter().map(|&item| attribute.values[item] == Some(side)).collect())
            })
            .collect();
        let groups: Vec<&[bool]> = sides.iter().flatten().map(Vec::as_slice).collect();
        let blocks: Vec<usize> = (0..self.matrix.columns).step_by(BLOCK).collect();
        let block = |&start: &usize| self.block(start, &rows, &class_of, &groups);
        let blocks: Vec<Vec<Vec<ClassAuroc>>> = blocks.par_iter().map(block).collect::<Result<_, _>>()?;
        let mut found = vec![Vec::new(); groups.len()];
        for block in blocks {
            found.iter_mut().zip(block).for_each(|(all, some)| all.extend(some));
        }
        let mut found = found.into_iter();
        let pairs = std::iter::from_fn(|| Some([found.next()?, found.next()?]));
        Ok(ClassAurocs { classes: self.matrix.columns, items: items.len(), attributes: pairs.collect() })
    }

    /// AUROCs of the classes from `start` on, a list a group.
    fn block(
        &self,
        start: usize,
        rows: &[usize],
        class_of: &[usize],
        groups: &[&[bool]],
    ) -> Result<Vec<Vec<ClassAuroc>>, DataError> {
        let width = BLOCK.min(self.matrix.columns - start);
        let mut columns = vec![Vec::with_capacity(rows.len()); width];
        for &row in rows {
            let scores = &self.matrix.values[row * self.matrix.columns + start..][..width];
            columns.iter_mut().zip(scores).for_each(|(column, score)| column.push(*score));
        }
        let fault = |problem: String| DataError::File { file: self.file.clone(), problem };
        let mut measured =
            OneVsRest::new(class_of, groups, Negatives::Group).map_err(|error| fault(error.to_string()))?;
        for (column, scores) in columns.iter().enumerate() {
            if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
                let problem =
                    format!("row {}, class {}: the score is {}", rows[at] + 1, start + column + 1, scores[at]);
                return Err(fault(problem));
            }
            measured.push(start + column, scores).map_err(|error| fault(error.to_string()))?;
        }
        let plain = |class: &crate::stats::ClassAuroc| ClassAuroc {
            class: class.class,
            auroc: class.value,
            positives: class.positives,
        };
        Ok((0..groups.len()).map(|group| measured.classes(group).iter().map(plain).collect()).collect())
    }

    /// Row of the matrix of each of some items.
    fn rows_of(&self, audit: &Audit, items: &[usize]) -> Result<Vec<usize>, DataError> {
        let fault = |problem: String| DataError::File { file: self.file.clone(), problem };
        let Some(ids) = &self.matrix.ids else {
            if self.matrix.rows() != audit.items.len() {
                return Err(fault(format!(
                    "has {} rows for {} items and no ids to join by; give them with --score-ids FILE, one a line",
                    self.matrix.rows(),
                    audit.items.len()
                )));
            }
            return Ok(items.to_vec());
        };
        let mut row_of = HashMap::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            if let Some(before) = row_of.insert(id.as_str(), row) {
                return Err(fault(format!(
                    "id '{}' is there twice, in rows {} and {}",
                    brief(id),
                    before + 1,
                    row + 1
                )));
            }
        }
        let row = |&item: &usize| {
            let id = &audit.items[item].id;
            row_of.get(id.as_str()).copied().ok_or_else(|| fault(format!("has no scores of test item '{}'", brief(id))))
        };
        items.iter().map(row).collect()
    }

    /// Column of the class of each of some items.
    fn columns_of(&self, audit: &Audit, items: &[usize], classes: &[String]) -> Result<Vec<usize>, DataError> {
        let column = |&item: &usize| {
            let class = classes[item].as_str();
            self.columns.get(class).copied().ok_or_else(|| DataError::File {
                file: self.file.clone(),
                problem: format!(
                    "has no column of class '{}', which test item '{}' is of; a model scores the classes it was trained on (for CelebA: --split within-identity:SHARE)",
                    brief(class),
                    brief(&audit.items[item].id)
                ),
            })
        };
        items.iter().map(column).collect()
    }
}

/// Names of the columns, one a line, none twice.
fn class_names(path: &Path, matrix: &str, columns: usize) -> Result<Vec<String>, DataError> {
    let fault = |problem: String| DataError::File { file: file_name(path), problem };
    let text = String::from_utf8(read_file(path)?).map_err(|_| fault("is not UTF-8".into()))?;
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if names.len() != columns {
        return Err(fault(format!("names {} classes, {matrix} has {columns} columns", names.len())));
    }
    let mut seen = HashMap::with_capacity(names.len());
    for (line, name) in names.iter().enumerate() {
        if let Some(before) = seen.insert(name.as_str(), line) {
            let problem = format!("row {}: '{}' is there twice, first in row {}", line + 1, brief(name), before + 1);
            return Err(fault(problem));
        }
    }
    Ok(names)
}

/// What is said where scores come without the true class of each item.
pub fn no_classes() -> DataError {
    DataError::Usage(
        "scores of classes need the true class of each item: a column 'label' of more than two classes, or a 'group' (an identity)".into(),
    )
}
