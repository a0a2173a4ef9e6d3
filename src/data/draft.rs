//! An audit on its way in: read and checked, not yet kept.

use super::class_scores::{ClassScores, ScoreFiles, no_classes};
use super::{AttributeFile, DataError, Mapping, Matrix, read_losses};
use crate::audit::{Attribute, Audit, Content, Item, ModelLosses, Split, clusters};
use std::collections::HashMap;
use std::path::Path;

/// One column of 0/1 values before it has prompts.
#[derive(Debug, Clone)]
pub struct Flags {
    pub name: String,
    pub values: Vec<Option<bool>>,
}

/// Everything an importer finds.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub ids: Vec<String>,
    /// Texts, or captions; empty strings where an item has none.
    pub texts: Vec<String>,
    /// Paths of image files, as they are to be opened.
    pub images: Option<Vec<String>>,
    /// Embeddings that came with the data, row-major, and their dimension.
    pub embeddings: Option<(Vec<f32>, usize)>,
    /// `None` where the data have no splits: they are drawn.
    pub splits: Option<Vec<Split>>,
    pub groups: Option<Vec<String>>,
    pub labels: Option<Vec<bool>>,
    /// The label of each item where it has more than two classes.
    pub classes: Option<Vec<String>>,
    pub flags: Vec<Flags>,
    pub models: Vec<ModelLosses>,
    /// A model and the scores of its classes.
    pub class_scores: Option<(String, ClassScores)>,
    /// What the file of rows is called, for errors, and the number of its first row.
    pub file: String,
    pub first_row: usize,
    /// Decisions taken while reading, as sentences.
    pub notes: Vec<String>,
}

/// Share of the items that a drawn split trains on, in percent.
const TRAIN_SHARE: u128 = 70;

impl Draft {
    /// Position of every id.
    ///
    /// # Errors
    /// If two items have the same id, or one has none.
    pub fn positions(&self) -> Result<HashMap<&str, usize>, DataError> {
        let mut positions = HashMap::with_capacity(self.ids.len());
        for (row, id) in self.ids.iter().enumerate() {
            let problem = match positions.insert(id.as_str(), row) {
                _ if id.is_empty() => "is empty; every item needs one".to_owned(),
                Some(before) => {
                    format!("'{}' is there twice, first in row {}", super::table::brief(id), before + self.first_row)
                }
                None => continue,
            };
            return Err(DataError::Cell {
                file: self.file.clone(),
                row: row + self.first_row,
                column: "id".into(),
                problem,
            });
        }
        Ok(positions)
    }

    /// Adds the models of a file of losses, joined by id.
    ///
    /// # Errors
    /// As [`read_losses`], or if a model is there twice.
    pub fn add_losses(&mut self, path: &Path, model: &str) -> Result<(), DataError> {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let found = read_losses(path, &Mapping::default(), model, &ids)?;
        if found.unknown > 0 {
            self.notes.push(format!("{} rows of the losses belong to no item and were passed over", found.unknown));
        }
        for model in found.models {
            if self.models.iter().any(|known| known.name == model.name) {
                return Err(DataError::Usage(format!("losses of model '{}' are there twice", model.name)));
            }
            self.models.push(model);
        }
        Ok(())
    }

    /// Adds the scores of a model's classes: of the model named, or of the only one there is.
    ///
    /// # Errors
    /// As [`ClassScores::read`], or if it is not clear which model is meant.
    pub fn add_scores(&mut self, files: &ScoreFiles, model: &str) -> Result<(), DataError> {
        let name = match self.models.as_slice() {
            [only] => only.name.clone(),
            models if models.iter().any(|known| known.name == model) => model.to_owned(),
            models => {
                let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
                return Err(DataError::Usage(format!(
                    "--scores: say with --model whose they are; the models are: {}",
                    known.join(", ")
                )));
            }
        };
        self.class_scores = Some((name, ClassScores::read(files)?));
        Ok(())
    }

    /// Gives the items embeddings that came with the data: joined by id where the matrix has ids, else row by row.
    ///
    /// # Errors
    /// If an item has none, or the numbers of rows differ where there are no ids.
    pub fn embed(&mut self, mut matrix: Matrix, file: &str) -> Result<(), DataError> {
        let fault = |problem: String| DataError::File { file: file.to_owned(), problem };
        let scaled = matrix.normalise(file)?;
        self.notes.extend(scaled);
        let columns = matrix.columns;
        if self.ids.is_empty() {
            // The matrix is all there is: its ids name the items.
            self.ids = matrix.ids.take().unwrap_or_else(|| (1..=matrix.rows()).map(|row| row.to_string()).collect());
            (self.file, self.first_row) = (file.to_owned(), 1);
            self.embeddings = Some((matrix.values, columns));
            return Ok(());
        }
        let Some(ids) = &matrix.ids else {
            if matrix.rows() != self.ids.len() {
                return Err(fault(format!(
                    "has {} rows for {} items and no ids to join by; give them with --embedding-ids FILE, one a line",
                    matrix.rows(),
                    self.ids.len()
                )));
            }
            self.notes
                .push("the embeddings have no ids: row by row they are taken for the items in their order".into());
            self.embeddings = Some((matrix.values, columns));
            return Ok(());
        };
        let mut row_of = HashMap::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            if let Some(before) = row_of.insert(id.as_str(), row) {
                return Err(fault(format!(
                    "id '{}' is there twice, in rows {} and {}",
                    super::table::brief(id),
                    before + 1,
                    row + 1
                )));
            }
        }
        let mut values = Vec::with_capacity(self.ids.len() * columns);
        let mut without = self.ids.iter().filter(|id| !row_of.contains_key(id.as_str()));
        if let Some(first) = without.next() {
            return Err(fault(format!(
                "has no embedding of item '{}', nor of {} others",
                super::table::brief(first),
                without.count()
            )));
        }
        for id in &self.ids {
            let row = row_of[id.as_str()];
            values.extend_from_slice(&matrix.values[row * columns..(row + 1) * columns]);
        }
        if ids.len() > self.ids.len() {
            self.notes.push(format!(
                "{} rows of the embeddings belong to no item and were passed over",
                ids.len() - self.ids.len()
            ));
        }
        self.embeddings = Some((values, columns));
        Ok(())
    }

    /// Draws splits by the digest of the group, or of the id: the same data always fall apart in the same way.
    pub fn draw_splits(&mut self) {
        if self.splits.is_some() {
            return;
        }
        let keys = self.groups.as_ref().unwrap_or(&self.ids);
        let draw = |(key, id): (&String, &String)| {
            // Who belongs to nobody is drawn alone.
            let key = if key.is_empty() { id } else { key };
            let digest = xxhash_rust::xxh3::xxh3_128(key.as_bytes());
            if digest % 100 < TRAIN_SHARE { Split::Train } else { Split::Test }
        };
        self.splits = Some(keys.iter().zip(&self.ids).map(draw).collect());
        let by = if self.groups.is_some() { "the group, so that none is in both" } else { "the id" };
        self.notes.push(format!(
            "no splits given: about {TRAIN_SHARE} % of the items are drawn for training, the rest for testing, by a digest of {by}"
        ));
    }

    /// The audit, whole and checked. Attributes without prompts in `prompts` get some made from their names.
    ///
    /// # Errors
    /// If ids repeat, there is no loss at all, or a split has no items.
    pub fn into_audit(mut self, name: &str, prompts: &AttributeFile) -> Result<(Audit, Rest), DataError> {
        self.positions()?;
        self.draw_splits();
        let file_fault = |problem: &str| DataError::File { file: self.file.clone(), problem: problem.into() };
        if self.models.is_empty() {
            return Err(file_fault(
                "no loss of any model; name a column 'loss' or 'loss:MODEL', or give --column loss=COLUMN or --losses FILE",
            ));
        }
        if self.texts.is_empty() {
            self.texts = vec![String::new(); self.ids.len()];
        }
        let digests = self.embeddings.as_ref().map(|(rows, dimension)| digests(rows, *dimension));
        let splits = self.splits.take().unwrap_or_default();
        let content = |row: usize| match (&digests, &self.images) {
            (Some(digests), _) => Content::Embedded(digests[row]),
            (None, Some(paths)) => Content::Image { path: paths[row].clone(), stamp: stamp(&paths[row]) },
            (None, None) => Content::Text,
        };
        let items: Vec<Item> = self
            .ids
            .iter()
            .zip(&self.texts)
            .zip(splits)
            .enumerate()
            .map(|(row, ((id, text), split))| Item { id: id.clone(), text: text.clone(), split, content: content(row) })
            .collect();
        let attributes: Vec<Attribute> =
            self.flags.into_iter().map(|flags| prompts.attribute(flags.name, flags.values)).collect();
        let prompt_sets = prompts.sets(&attributes)?;
        if let Some(unused) = prompts.unused(&attributes) {
            self.notes.push(format!("prompts of '{unused}' belong to no attribute of the data"));
        }
        let mut audit = Audit {
            name: name.to_owned(),
            items,
            labels: self.labels,
            clusters: self.groups.as_deref().map(clusters),
            attributes,
            models: self.models,
            prompts: prompt_sets,
        };
        audit.validate()?;
        for model in &audit.models {
            check_splits(&audit, model)?;
        }
        if let Some((name, scores)) = self.class_scores {
            // The label where it has more than two classes, else whom an item belongs to.
            let classes = self.classes.as_deref().or(self.groups.as_deref()).ok_or_else(no_classes)?;
            let measured = scores.measure(&audit, audit.model(&name)?, classes)?;
            if let Some(model) = audit.models.iter_mut().find(|model| model.name == name) {
                model.class_aurocs = Some(measured);
            }
        }
        Ok((
            audit,
            Rest {
                embeddings: self.embeddings,
                digests,
                groups: self.groups,
                classes: self.classes,
                notes: self.notes,
            },
        ))
    }
}

/// What is kept beside an audit.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    pub embeddings: Option<(Vec<f32>, usize)>,
    /// Digest of each row of the embeddings.
    pub digests: Option<Vec<[u8; 16]>>,
    pub groups: Option<Vec<String>>,
    pub classes: Option<Vec<String>>,
    pub notes: Vec<String>,
}

/// Refuses a model that could not be trained or tested.
///
/// # Errors
/// Names the split without items.
pub fn check_splits(audit: &Audit, model: &ModelLosses) -> Result<(), DataError> {
    for split in [Split::Train, Split::Test] {
        if audit.rows_of(model, split).is_empty() {
            let of_all = audit.rows(split).len();
            let problem = if of_all == 0 {
                format!(
                    "there are no {split} items; map the split column's values in a --columns file: [splits] VALUE = \"{split}\""
                )
            } else {
                format!("model '{}' has no loss on any of the {of_all} {split} items", model.name)
            };
            return Err(DataError::Usage(problem));
        }
    }
    Ok(())
}

/// Digest of every row.
fn digests(rows: &[f32], dimension: usize) -> Vec<[u8; 16]> {
    let mut bytes = Vec::with_capacity(dimension * 4);
    let digest = |row: &[f32]| {
        bytes.clear();
        row.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        xxhash_rust::xxh3::xxh3_128(&bytes).to_be_bytes()
    };
    rows.chunks_exact(dimension).map(digest).collect()
}

/// What changes when a file does: its path, length and time of change.
fn stamp(path: &str) -> [u8; 16] {
    let metadata = std::fs::metadata(path).ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let nanoseconds = changed
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |duration| duration.as_nanos());
    let length = metadata.map_or(0, |metadata| metadata.len());
    xxhash_rust::xxh3::xxh3_128(format!("{path}\u{1f}{length}\u{1f}{nanoseconds}").as_bytes()).to_be_bytes()
}
