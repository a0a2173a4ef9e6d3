//! Scores of a model that tells many classes apart: a matrix is read, joined and checked, then reduced to one AUROC a
//! class and group, which is all that tables need of it.

use super::DataError;
use super::arrays::Matrix;
use super::join::{Items, Rows, join};
use super::losses::{LossKind, Said, ScoreKind, Truth, kind_of_rows, shares, softmax, sums_to_one};
use super::score_matrix::{self, Read};
use super::table::{brief, file_name, read_file};
use crate::audit::{Audit, ClassAuroc, ClassAurocs, ModelLosses, Split};
use crate::stats::{Negatives, OneVsRest, macro_item_variance};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// File beside the matrix that names its columns.
const CLASSES: &str = "classes.txt";
/// Columns that are brought into their own order at a time.
const BLOCK: usize = 32;
/// From so many classes on they are the units of an interval, not the items.
const MANY_CLASSES: usize = 10;
/// Fewest classes: with two, the score of one says all.
const LEAST_CLASSES: usize = 3;

/// Where a matrix of scores is found, and what names its rows and columns.
#[derive(Debug, Clone)]
pub struct ScoreFiles {
    /// npy, npz, safetensors, Parquet or a table, `[items, classes]`.
    pub scores: PathBuf,
    /// Ids of the rows, one a line, where the file has none.
    pub ids: Option<PathBuf>,
    /// Names of the columns, one a line [`classes.txt` beside the matrix; else columns are numbered from 0].
    pub classes: Option<PathBuf>,
}

/// A matrix of scores, its rows joined to the items.
#[derive(Debug, Clone)]
pub struct ClassScores {
    matrix: Matrix,
    /// Names of the columns; `None` where nothing names them.
    names: Option<Vec<String>>,
    /// Row of every item.
    rows: Vec<Option<usize>>,
    file: String,
    /// What was decided on the way.
    pub notes: Vec<String>,
}

impl ClassScores {
    /// Reads the matrix and the names of its classes, and joins the rows to the items.
    ///
    /// # Errors
    /// What is wrong with a file, rows that do not join, or a class that is named twice.
    pub fn read(files: &ScoreFiles, items: Items<'_>) -> Result<Self, DataError> {
        let file = file_name(&files.scores);
        let Read { matrix, mut names, mut notes } = score_matrix::read(&files.scores, files.ids.as_deref(), items)?;
        let beside = files.scores.with_file_name(CLASSES);
        if let Some(path) = files.classes.clone().or_else(|| beside.is_file().then_some(beside)) {
            names = Some(class_names(&path, &file, matrix.columns)?);
        }
        let joined = join(
            items,
            Rows {
                file: &file,
                what: "scores",
                ids: matrix.ids.as_deref(),
                count: matrix.rows(),
                first_row: 1,
                way: "give them with --score-ids FILE, one a line",
            },
        )?;
        notes.extend(joined.notes);
        Ok(Self { matrix, names, rows: joined.rows, file, notes })
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.matrix.columns
    }

    /// Leaves out the items that are not kept.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter();
        self.rows.retain(|_| kept.next().copied().unwrap_or(false));
    }

    /// Column of each class: by its name; by its number where nothing names the columns; else in the order of the
    /// sorted classes, as scikit-learn has them, and the sentence says so.
    ///
    /// # Errors
    /// The first class that has no column.
    pub fn columns_of_classes(&self, classes: &[String]) -> Result<(Vec<usize>, Option<String>), DataError> {
        let by_name: HashMap<&str, usize> =
            self.names.iter().flatten().enumerate().map(|(column, name)| (name.as_str(), column)).collect();
        let lower: HashMap<String, usize> =
            self.names.iter().flatten().enumerate().map(|(column, name)| (name.to_lowercase(), column)).collect();
        let one = |class: &String| match self.names {
            Some(_) => by_name.get(class.as_str()).or_else(|| lower.get(&class.to_lowercase())).copied(),
            None => class.parse().ok().filter(|column| *column < self.matrix.columns),
        };
        if let Some(columns) = classes.iter().map(one).collect::<Option<Vec<usize>>>() {
            return Ok((columns, None));
        }
        if self.names.is_none() && classes.len() == self.matrix.columns {
            let note = format!(
                "nothing names the {} columns of {}: they are taken for the classes in their order, {} first",
                classes.len(),
                self.file,
                classes.first().map_or("", String::as_str)
            );
            return Ok(((0..classes.len()).collect(), Some(note)));
        }
        let lacks = classes.iter().find(|class| one(class).is_none()).map_or("", String::as_str);
        Err(DataError::File {
            file: self.file.clone(),
            problem: format!(
                "has no column of class '{}'; its columns are: {}; a model scores the classes it was trained on, and --score-classes FILE names the columns (for CelebA: --split within-identity:SHARE)",
                brief(lacks),
                self.names
                    .as_deref()
                    .map_or_else(|| format!("numbers from 0 to {}", self.matrix.columns - 1), super::facts::listed)
            ),
        })
    }

    /// Leaves out the columns that no class is named by, where the others alone sum to one: a table may hold more than
    /// scores. Returns a sentence.
    pub fn narrow(&mut self, classes: &[String]) -> Option<String> {
        let names = self.names.as_ref()?;
        let wanted: Vec<usize> =
            classes.iter().filter_map(|class| names.iter().position(|name| name == class)).collect();
        if wanted.len() < classes.len() || wanted.len() == names.len() || wanted.len() < 2 {
            return None;
        }
        let picked = |row: &[f32]| wanted.iter().map(|column| row[*column]).collect::<Vec<f32>>();
        let rows = || self.matrix.values.chunks_exact(self.matrix.columns);
        let whole = rows().filter(|row| sums_to_one(row)).count();
        let narrowed = rows().filter(|row| sums_to_one(&picked(row))).count();
        if narrowed <= whole {
            return None;
        }
        let others: Vec<&str> =
            names.iter().enumerate().filter(|(at, _)| !wanted.contains(at)).map(|(_, name)| name.as_str()).collect();
        let note =
            format!("columns of {} that are no class of the label are not used: {}", self.file, others.join(", "));
        let values = rows().flat_map(picked).collect();
        self.matrix = Matrix { values, columns: wanted.len(), ids: None };
        self.names = Some(classes.to_vec());
        Some(note)
    }

    /// Losses of the items whose class is known, made from their scores. `class_of` is a column of the matrix.
    ///
    /// # Errors
    /// If a score is not finite, or the loss is not one of classes.
    pub fn losses(&self, kind: LossKind, class_of: &[Option<usize>]) -> Result<(Vec<f64>, Option<String>), DataError> {
        let row = |row: usize| &self.matrix.values[row * self.matrix.columns..][..self.matrix.columns];
        let fault = |problem: String| DataError::File { file: self.file.clone(), problem };
        let known = self.rows.iter().zip(class_of).enumerate().filter(|(_, (_, class))| class.is_some());
        let known = known.filter_map(|(item, (at, _))| at.map(|at| (item, row(at))));
        let logits = kind_of_rows(known.clone()).map_err(fault)? == ScoreKind::Logits;
        let scaled = if logits { 0 } else { known.filter(|(_, row)| !sums_to_one(row)).count() };
        let one = |(at, class): (&Option<usize>, &Option<usize>)| {
            let (Some(at), Some(class)) = (at, class) else { return Ok(f64::NAN) };
            let scores = row(*at);
            let fault = |problem: String| DataError::File {
                file: self.file.clone(),
                problem: format!("row {}: {problem}", at + 1),
            };
            if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
                return Err(fault(format!("a score is {score}")));
            }
            let probabilities = if logits { softmax(scores) } else { shares(scores) };
            kind.of(Truth::Class(*class), Said::Classes(&probabilities)).map_err(fault)
        };
        let losses = self.rows.iter().zip(class_of).map(one).collect::<Result<_, _>>()?;
        let note = match (logits, scaled) {
            (true, _) => {
                Some(format!("the rows of {} do not sum to 1: they are read as logits, through the softmax", self.file))
            }
            (false, 0) => None,
            (false, _) => Some(format!("{scaled} rows of {} do not sum to 1 and are scaled to it", self.file)),
        };
        Ok((losses, note))
    }

    /// Scores of one class, NaN where an item has none.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f64> {
        let one = |row: &Option<usize>| {
            row.map_or(f64::NAN, |row| f64::from(self.matrix.values[row * self.matrix.columns + column]))
        };
        self.rows.iter().map(one).collect()
    }

    /// One-vs-rest AUROC of every class within either group of every attribute, over the test items that the model
    /// has a loss for. `classes` names the class of each item.
    ///
    /// # Errors
    /// If a test item has no row, no class, a class without a column, or a score that is not finite.
    pub fn measure(&self, audit: &Audit, model: &ModelLosses, classes: &[String]) -> Result<ClassAurocs, DataError> {
        if self.matrix.columns < LEAST_CLASSES {
            let problem = format!(
                "has {} classes; of two classes, give the score of the positive one in a column 'score'",
                self.matrix.columns
            );
            return Err(DataError::File { file: self.file.clone(), problem });
        }
        let items = audit.rows_of(model, Split::Test);
        let rows = self.rows_of(audit, &items)?;
        let class_of = self.columns_of(&items, classes)?;
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
        // Few classes are no sample of classes: there the items are the units, unless they belong together.
        let by_items = self.matrix.columns < MANY_CLASSES && audit.clusters.is_none();
        let item_variances = if by_items { self.item_variances(&rows, &class_of, &sides) } else { Vec::new() };
        let attributes = pairs.collect();
        Ok(ClassAurocs { classes: self.matrix.columns, items: items.len(), attributes, item_variances })
    }

    /// Variance over items of the macro AUROC of both sides of every attribute.
    fn item_variances(&self, rows: &[usize], class_of: &[usize], sides: &[[Vec<bool>; 2]]) -> Vec<[Option<f64>; 2]> {
        let column = |class: usize| {
            rows.iter().map(|row| f64::from(self.matrix.values[row * self.matrix.columns + class])).collect()
        };
        let scores: Vec<Vec<f64>> = (0..self.matrix.columns).map(column).collect();
        let one = |side: &Vec<bool>| macro_item_variance(&scores, class_of, side).ok();
        sides.par_iter().map(|[with, without]| [one(with), one(without)]).collect()
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
        let row = |&item: &usize| {
            self.rows.get(item).copied().flatten().ok_or_else(|| DataError::File {
                file: self.file.clone(),
                problem: format!("has no scores of test item '{}'", brief(&audit.items[item].id)),
            })
        };
        items.iter().map(row).collect()
    }

    /// Column of the class of each of some items.
    fn columns_of(&self, items: &[usize], classes: &[String]) -> Result<Vec<usize>, DataError> {
        // Of the items measured alone: other classes may well be unknown to the model.
        let mut known: Vec<String> =
            items.iter().map(|&item| &classes[item]).collect::<HashSet<_>>().into_iter().cloned().collect();
        sort_classes(&mut known);
        let (columns, _) = self.columns_of_classes(&known)?;
        let place: HashMap<&str, usize> = known.iter().map(String::as_str).zip(columns).collect();
        Ok(items.iter().filter_map(|&item| place.get(classes[item].as_str()).copied()).collect())
    }
}

/// Sorts names of classes: as numbers where all are numbers.
pub fn sort_classes(classes: &mut [String]) {
    let number = |class: &String| class.parse::<f64>().ok();
    if classes.iter().all(|class| number(class).is_some()) {
        classes.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    } else {
        classes.sort();
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
