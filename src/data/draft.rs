//! An audit on its way in: read and checked, not yet kept.

use super::attribute_columns::drop_prefix;
use super::class_scores::{ClassScores, no_classes};
use super::contents::{content_keys, stamp};
use super::facts::{Facts, listed};
use super::identity::GroupBy;
use super::join::Items;
use super::losses::{Labels, LossKind};
use super::{AttributeFile, DataError, Embeddings, Footer};
use crate::audit::{Attribute, Audit, Content, Item, ModelLosses, Split, clusters};
use crate::numbers::all_differ;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

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
    /// What items are put into groups by, where no column is the group.
    pub group_by: Option<GroupBy>,
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
    /// Embeddings that came with the data.
    pub embeddings: Option<Embeddings>,
    /// What they say of who made them.
    pub made: Option<Footer>,
    /// They are those of the texts, which are the items then.
    pub of_texts: bool,
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

    /// # Errors
    /// If two items have the same id, or one has none.
    fn check_ids(&self) -> Result<(), DataError> {
        let digest = |id: &String| xxh3_64(id.as_bytes());
        if all_differ(self.ids.par_iter().map(digest)) && !self.ids.iter().any(String::is_empty) {
            return Ok(());
        }
        let mut rows = HashMap::with_capacity(self.ids.len());
        for (row, id) in self.ids.iter().enumerate() {
            let problem = match rows.insert(id.as_str(), row) {
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
        Ok(())
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

    /// The audit, whole and checked. Attributes without prompts in `prompts` get some made from their names.
    ///
    /// # Errors
    /// If ids repeat, there is no loss at all, or a split has no items.
    pub fn into_audit(mut self, name: &str, prompts: &AttributeFile) -> Result<(Audit, Rest), DataError> {
        self.check_ids()?;
        if let Some(column) = self.lacking.first() {
            return Err(DataError::File { file: self.file, problem: format!("no file has the column '{column}'") });
        }
        self.complete_losses()?;
        let loss_offset = self.shift_losses()?;
        self.leave_out_absent()?;
        self.group_by_ids()?;
        if self.texts.is_empty() {
            self.texts = vec![String::new(); self.ids.len()];
        }
        let keys = content_keys(&self);
        self.draw_splits(&keys)?;
        let keys = self.look_for_leaks(keys)?;
        self.notes.extend(drop_prefix(&mut self.flags));
        let embedded = self.embeddings.is_some() && !self.of_texts;
        let digests = embedded.then(|| keys.iter().map(|key| key.to_be_bytes()).collect::<Vec<_>>());
        let splits = self.splits.take().unwrap_or_default();
        let content = |row: usize| match (&digests, &self.images) {
            (Some(digests), _) => Content::Embedded(digests[row]),
            (None, Some(paths)) => Content::Image { path: paths[row].as_str().into(), stamp: stamp(&paths[row]) },
            (None, None) => Content::Text,
        };
        let (ids, texts) = (std::mem::take(&mut self.ids), std::mem::take(&mut self.texts));
        let items = ids.into_par_iter().zip(texts).zip(splits);
        let items: Vec<Item> = items
            .enumerate()
            .map(|(row, ((id, text), split))| Item { id: id.into(), text: text.into(), split, content: content(row) })
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

pub(super) fn has_both(splits: &[Option<Split>]) -> bool {
    [Split::Train, Split::Test].iter().all(|split| splits.contains(&Some(*split)))
}

/// What is kept beside an audit.
#[derive(Debug, Default)]
pub struct Rest {
    pub embeddings: Option<Embeddings>,
    /// Digest of each row of the embeddings, where they are what the items are.
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
