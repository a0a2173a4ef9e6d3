//! An audit on its way in: read and checked, not yet kept.

use super::arrays::{is_array, read_vector};
use super::attribute_columns::drop_prefix;
use super::class_scores::{ClassScores, ScoreFiles, no_classes};
use super::contents::{content_keys, stamp};
use super::facts::{Facts, listed};
use super::join::{Items, Rows, join};
use super::losses::{Labels, LossKind};
use super::{AttributeFile, DataError, Mapping, Matrix, read_losses};
use crate::audit::{Attribute, Audit, Content, Item, ModelLosses, Split, clusters};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One column of 0/1 values before it has prompts.
#[derive(Debug, Clone)]
pub struct Flags {
    pub name: String,
    pub values: Vec<Option<bool>>,
}

/// Why an item cannot be taken in as it stands.
#[derive(Debug)]
pub enum Why {
    /// Its text, image or embedding is not there.
    Content(DataError),
    Split,
    Label,
}

/// What becomes of items that lack something, or whose content the heads would have seen.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Leave out items whose content is missing, rather than refuse.
    pub drop_missing: bool,
    /// Leave out test items whose content stands in training.
    pub drop_leaked: bool,
    /// Loss to make of labels and scores.
    pub loss: Option<LossKind>,
    /// Added to every loss.
    pub loss_offset: Option<f64>,
}

/// Where images lie as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedImages {
    /// What was read as a table.
    pub file: PathBuf,
    /// The column of bytes.
    pub column: String,
}

/// Everything an importer finds.
#[derive(Debug, Default)]
pub struct Draft {
    pub ids: Vec<String>,
    /// The ids are row numbers made up here.
    pub numbered: bool,
    /// Texts, or captions; empty strings where an item has none.
    pub texts: Vec<String>,
    /// Paths of image files, as they are to be opened.
    pub images: Option<Vec<String>>,
    /// Images that lie as bytes in the table: to be written out before the audit is made.
    pub packed_images: Option<PackedImages>,
    /// Embeddings that came with the data, row-major, and their dimension.
    pub embeddings: Option<(Vec<f32>, usize)>,
    /// `None` where the data have no splits: they are drawn.
    pub splits: Option<Vec<Split>>,
    pub groups: Option<Vec<String>>,
    pub label: Option<Labels>,
    pub flags: Vec<Flags>,
    pub models: Vec<ModelLosses>,
    /// Scores of models without losses, and what the only model answered.
    pub scores: Vec<(String, Vec<f64>)>,
    pub predictions: Option<(String, Vec<String>)>,
    /// A model and the scores of its classes.
    pub class_scores: Option<(String, ClassScores)>,
    /// Items that lack something.
    pub absent: Vec<(usize, Why)>,
    pub policy: Policy,
    /// What the file of rows is called, for errors, and the number of its first row.
    pub file: String,
    pub first_row: usize,
    /// Columns a person named that no file read so far has.
    pub lacking: Vec<String>,
    /// Decisions taken while reading, as sentences.
    pub notes: Vec<String>,
}

impl Draft {
    /// What rows of other files are joined to.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items { ids: &self.ids, numbered: self.numbered }
    }

    /// Gives the items image files, one each; an empty path is an item without.
    pub fn set_images(&mut self, paths: Vec<String>, column: &str) {
        let lacking = paths.iter().enumerate().filter(|(_, path)| path.is_empty());
        let absent = lacking.map(|(row, _)| {
            let problem = "the image is empty".into();
            let (file, column) = (self.file.clone(), column.to_owned());
            (row, Why::Content(DataError::Cell { file, row: row + self.first_row, column, problem }))
        });
        self.absent.extend(absent);
        self.images = Some(paths);
    }

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

    /// Takes in what a table says of the items. What is there already stays, and the sentence about a further file
    /// (`source`) says so.
    pub fn take(&mut self, facts: Facts, source: Option<&str>) {
        self.notes.extend(facts.notes);
        let mut unused = if source.is_some() { facts.ignored } else { Vec::new() };
        self.models.extend(facts.models);
        self.scores.extend(facts.scores);
        if self.predictions.is_none() {
            self.predictions = facts.predictions;
        }
        match (facts.label, &self.label) {
            (Some(_), Some(_)) => unused.push("the label".into()),
            (Some(label), None) => self.label = Some(label),
            _ => {}
        }
        match (facts.splits, &self.splits) {
            (Some(_), Some(_)) => unused.push("the split".into()),
            // An evaluation says "test" of everything it ran on: nothing would be left to train on.
            (Some(splits), None) if source.is_some() && !has_both(&splits) => {
                unused.push("the split, which leaves nothing to train or to test on".into());
            }
            (Some(splits), None) => {
                let missing = splits.iter().enumerate().filter(|(_, split)| split.is_none());
                self.absent.extend(missing.map(|(row, _)| (row, Why::Split)));
                self.splits = Some(splits.into_iter().map(|split| split.unwrap_or(Split::Train)).collect());
            }
            _ => {}
        }
        match (facts.groups, &self.groups) {
            (Some(_), Some(_)) => unused.push("the group".into()),
            (Some(groups), None) => self.groups = Some(groups),
            _ => {}
        }
        for flags in facts.flags {
            if self.flags.iter().any(|known| known.name == flags.name) {
                unused.push(flags.name);
            } else {
                self.flags.push(flags);
            }
        }
        if let Some(source) = source
            && !unused.is_empty()
        {
            self.notes.push(format!("of the {source} not used: {}", listed(&unused)));
        }
    }

    /// Adds what a file of losses says, joined to the items.
    ///
    /// # Errors
    /// As [`read_losses`], or if a model is there twice.
    pub fn add_losses(&mut self, path: &Path, mapping: &Mapping, model: &str) -> Result<(), DataError> {
        // What shall be left out is said of the manifest: of this file the same name may be the very loss.
        let mapping = Mapping { ignore: Vec::new(), ..mapping.clone() };
        let facts = read_losses(path, &mapping, model, self.items())?;
        let file = super::table::file_name(path);
        let known = |model: &&ModelLosses| self.models.iter().any(|known| known.name == model.name);
        if let Some(twice) = facts.models.iter().find(known) {
            return Err(DataError::Usage(format!(
                "losses of model '{}' are there twice, in {} and in {file}; leave the first out with --column ignore=COLUMN, or name its model with --column loss:NAME=COLUMN",
                twice.name, self.file
            )));
        }
        self.contradicts(&facts, &file)?;
        self.lacking.retain(|column| facts.lacking.contains(column));
        self.take(facts, Some("file of losses"));
        Ok(())
    }

    /// Refuses rows that were taken in their order where what they say of the items is not what is known of them.
    ///
    /// # Errors
    /// If texts, labels, splits or attributes of both sides differ.
    pub fn contradicts(&self, facts: &Facts, file: &str) -> Result<(), DataError> {
        if !facts.by_row {
            return Ok(());
        }
        let splits = facts.splits.as_ref().zip(self.splits.as_ref());
        let differs = |what: &str| DataError::File {
            file: file.to_owned(),
            problem: format!(
                "has no ids, and its rows do not stand in the order of the items: the {what} differ; name a column of ids with --column id=COLUMN"
            ),
        };
        let texts = facts.texts.as_ref().filter(|_| !self.texts.is_empty());
        if texts.is_some_and(|texts| texts.iter().zip(&self.texts).any(|(a, b)| a.trim() != b.trim())) {
            return Err(differs("texts"));
        }
        if self.label.as_ref().is_some_and(|label| label.is_like(&facts.label)) && facts.label != self.label {
            return Err(differs("labels"));
        }
        if splits.is_some_and(|(a, b)| a.iter().zip(b).any(|(a, b)| a.is_some_and(|a| a != *b)))
            && has_both(facts.splits.as_deref().unwrap_or_default())
        {
            return Err(differs("splits"));
        }
        let known = |flags: &Flags| self.flags.iter().find(|known| known.name == flags.name).map(|known| &known.values);
        if let Some(other) = facts.flags.iter().find(|flags| known(flags).is_some_and(|known| *known != flags.values)) {
            return Err(differs(&format!("values of '{}'", other.name)));
        }
        Ok(())
    }

    /// Adds attributes, splits, labels and losses of a table to items that come from elsewhere.
    ///
    /// # Errors
    /// As [`read_losses`].
    pub fn add_table(&mut self, path: &Path, mapping: &Mapping, model: &str) -> Result<(), DataError> {
        let facts = super::loss_file::read_joined(path, mapping, model, self.items(), "rows of the manifest")?;
        self.lacking = facts.lacking.clone();
        self.take(facts, Some("manifest"));
        Ok(())
    }

    /// Adds the scores of a model's classes: of the model named, or of the only one there is.
    ///
    /// # Errors
    /// As [`ClassScores::read`], or if it is not clear which model is meant.
    pub fn add_scores(&mut self, files: &ScoreFiles, model: &str) -> Result<(), DataError> {
        let name = match self.models.as_slice() {
            [only] => only.name.clone(),
            [] => model.to_owned(),
            models if models.iter().any(|known| known.name == model) => model.to_owned(),
            models => {
                let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
                return Err(DataError::Usage(format!(
                    "--scores: say with --model whose they are; the models are: {}",
                    known.join(", ")
                )));
            }
        };
        if self.add_score_vector(files, &name)? {
            return Ok(());
        }
        let mut scores = ClassScores::read(files, self.items())?;
        self.notes.append(&mut scores.notes);
        self.class_scores = Some((name, scores));
        Ok(())
    }

    /// Adds an array of one score an item, the positive class's; says whether the file is one.
    fn add_score_vector(&mut self, files: &ScoreFiles, model: &str) -> Result<bool, DataError> {
        if !is_array(&files.scores) {
            return Ok(false);
        }
        let Ok((values, own)) = read_vector(&files.scores, &["scores", "score"]) else { return Ok(false) };
        let ids = match &files.ids {
            Some(path) => Some(super::table::read_text(path)?.lines().map(|line| line.trim().to_owned()).collect()),
            None => own,
        };
        let file = super::table::file_name(&files.scores);
        let rows = Rows {
            file: &file,
            what: "scores",
            ids: ids.as_deref(),
            count: values.len(),
            first_row: 1,
            way: "give them with --score-ids FILE, one a line",
        };
        let joined = join(self.items(), rows)?;
        self.notes.extend(joined.notes);
        let score = |row: &Option<usize>| row.and_then(|row| values.get(row).copied()).unwrap_or(f64::NAN);
        self.scores.push((model.to_owned(), joined.rows.iter().map(score).collect()));
        Ok(true)
    }

    /// Gives the items embeddings that came with the data: joined by id where the matrix has ids, else row by row.
    ///
    /// # Errors
    /// If the rows do not join the items.
    pub fn embed(&mut self, mut matrix: Matrix, file: &str) -> Result<(), DataError> {
        let scaled = matrix.normalise(file)?;
        self.notes.extend(scaled);
        let columns = matrix.columns;
        if self.ids.is_empty() {
            // The matrix is all there is: its ids name the items.
            self.numbered = matrix.ids.is_none();
            self.ids = matrix.ids.take().unwrap_or_else(|| (1..=matrix.rows()).map(|row| row.to_string()).collect());
            (self.file, self.first_row) = (file.to_owned(), 1);
            self.embeddings = Some((matrix.values, columns));
            return Ok(());
        }
        let rows = Rows {
            file,
            what: "embeddings",
            ids: matrix.ids.as_deref(),
            count: matrix.rows(),
            first_row: 1,
            way: "give them with --embedding-ids FILE, one a line",
        };
        let joined = join(self.items(), rows)?;
        self.notes.extend(joined.notes);
        if joined.rows.iter().enumerate().all(|(item, row)| *row == Some(item)) {
            matrix.values.truncate(joined.rows.len() * columns);
            self.embeddings = Some((matrix.values, columns));
            return Ok(());
        }
        let mut values = Vec::with_capacity(self.ids.len() * columns);
        for (item, row) in joined.rows.iter().enumerate() {
            match row {
                Some(row) => values.extend_from_slice(&matrix.values[row * columns..(row + 1) * columns]),
                None => {
                    let id = super::table::brief(&self.ids[item]);
                    let problem = format!("has no embedding of item '{id}'");
                    self.absent.push((item, Why::Content(DataError::File { file: file.to_owned(), problem })));
                    values.resize(values.len() + columns, 0.0);
                }
            }
        }
        self.embeddings = Some((values, columns));
        Ok(())
    }

    /// The audit, whole and checked. Attributes without prompts in `prompts` get some made from their names.
    ///
    /// # Errors
    /// If ids repeat, there is no loss at all, or a split has no items.
    pub fn into_audit(mut self, name: &str, prompts: &AttributeFile) -> Result<(Audit, Rest), DataError> {
        self.positions()?;
        if let Some(column) = self.lacking.first() {
            return Err(DataError::File { file: self.file, problem: format!("no file has the column '{column}'") });
        }
        self.complete_losses()?;
        let loss_offset = self.shift_losses()?;
        self.leave_out_absent()?;
        if self.texts.is_empty() {
            self.texts = vec![String::new(); self.ids.len()];
        }
        let keys = content_keys(&self);
        self.draw_splits(&keys)?;
        let keys = self.look_for_leaks(keys)?;
        self.notes.extend(drop_prefix(&mut self.flags));
        let digests = self.embeddings.is_some().then(|| keys.iter().map(|key| key.to_be_bytes()).collect::<Vec<_>>());
        let splits = self.splits.take().unwrap_or_default();
        let content = |row: usize| match (&digests, &self.images) {
            (Some(digests), _) => Content::Embedded(digests[row]),
            (None, Some(paths)) => Content::Image { path: paths[row].clone(), stamp: stamp(&paths[row]) },
            (None, None) => Content::Text,
        };
        let items = std::mem::take(&mut self.ids).into_iter().zip(std::mem::take(&mut self.texts)).zip(splits);
        let items: Vec<Item> = items
            .enumerate()
            .map(|(row, ((id, text), split))| Item { id, text, split, content: content(row) })
            .collect();
        let attributes: Vec<Attribute> =
            self.flags.into_iter().map(|flags| prompts.attribute(flags.name, flags.values)).collect();
        let prompt_sets = prompts.sets(&attributes)?;
        self.notes.extend(prompts.unmatched(&attributes)?);
        if let (Some(Labels::Classes(_, names)), None) = (&self.label, &self.class_scores) {
            self.notes.push(format!(
                "the labels have {} classes: AUROC needs the scores of all of them (--scores), gaps of the loss do not",
                names.len()
            ));
        }
        let (labels, classes) = self.label.map_or((None, None), Labels::into_columns);
        let mut audit = Audit {
            name: name.to_owned(),
            items,
            labels,
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
            let of = classes.as_deref().or(self.groups.as_deref()).ok_or_else(no_classes)?;
            let measured = scores.measure(&audit, audit.model(&name)?, of)?;
            if let Some(model) = audit.models.iter_mut().find(|model| model.name == name) {
                model.class_aurocs = Some(measured);
            }
        }
        let rest = Rest {
            embeddings: self.embeddings,
            digests,
            groups: self.groups,
            classes,
            numbered: self.numbered,
            loss_offset,
            notes: self.notes,
        };
        Ok((audit, rest))
    }
}

fn has_both(splits: &[Option<Split>]) -> bool {
    [Split::Train, Split::Test].iter().all(|split| splits.contains(&Some(*split)))
}

/// What is kept beside an audit.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    pub embeddings: Option<(Vec<f32>, usize)>,
    /// Digest of each row of the embeddings.
    pub digests: Option<Vec<[u8; 16]>>,
    pub groups: Option<Vec<String>>,
    pub classes: Option<Vec<String>>,
    /// The ids are row numbers made up here.
    pub numbered: bool,
    /// What was added to every loss.
    pub loss_offset: f64,
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
                    "there are no {split} items; map the split column's values in a --columns file ([splits] VALUE = \"{split}\"), or have a split drawn with --column ignore=COLUMN"
                )
            } else {
                format!("model '{}' has no loss on any of the {of_all} {split} items", model.name)
            };
            return Err(DataError::Usage(problem));
        }
    }
    Ok(())
}
