//! What further files say of the items of a draft: losses, attributes, scores, embeddings.

use super::arrays::{Array, Origin, is_array, read_vector};
use super::class_scores::{ClassScores, ScoreFiles};
use super::draft::{Draft, Flags, Why, has_both};
use super::facts::Facts;
use super::join::{Rows, join};
use super::{DataError, Embeddings, Footer, Mapping, read_losses};
use crate::audit::ModelLosses;
use std::path::Path;
use std::sync::atomic::AtomicBool;

impl Draft {
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

    /// Gives the items embeddings that came with the data: joined by id where the array has ids, else row by row.
    ///
    /// # Errors
    /// If the rows do not join the items.
    pub fn embed(&mut self, looked: LookedAt) -> Result<(), DataError> {
        let LookedAt { mut embeddings, notes, ids, file, made } = looked;
        self.made = made;
        let (count, file) = (embeddings.len(), file.as_str());
        self.notes.extend(notes);
        if self.ids.is_empty() {
            // The array is all there is: its ids name the items.
            self.numbered = ids.is_none();
            self.ids = ids.unwrap_or_else(|| (1..=count).map(|row| row.to_string()).collect());
            (self.file, self.first_row) = (file.to_owned(), 1);
            self.embeddings = Some(embeddings);
            return Ok(());
        }
        let rows = Rows {
            file,
            what: "embeddings",
            ids: ids.as_deref(),
            count,
            first_row: 1,
            way: "give them with --embedding-ids FILE, one a line",
        };
        let joined = join(self.items(), rows)?;
        self.notes.extend(joined.notes);
        for (item, _) in joined.rows.iter().enumerate().filter(|(_, row)| row.is_none()) {
            let id = super::table::brief(&self.ids[item]);
            let problem = format!("has no embedding of item '{id}'");
            self.absent.push((item, Why::Content(DataError::File { file: file.to_owned(), problem })));
        }
        embeddings.arrange(&joined.rows);
        self.embeddings = Some(embeddings);
        Ok(())
    }
}

/// An array whose rows were looked at.
#[derive(Debug)]
pub struct LookedAt {
    embeddings: Embeddings,
    /// Decisions taken while reading, as sentences.
    notes: Vec<String>,
    ids: Option<Vec<String>>,
    /// What shards of `llm2loss encode` say of themselves.
    made: Option<Footer>,
    file: String,
}

impl LookedAt {
    /// Looks at every row, unless `stopped` says meanwhile that nobody wants it any more.
    ///
    /// # Errors
    /// As [`Embeddings::new`]; `file` is what the array is called.
    pub fn new(array: Array, file: String, stopped: &AtomicBool) -> Result<Self, DataError> {
        let origin = Origin { file: &file, parts: &array.parts };
        let (embeddings, scaled) = Embeddings::unless(stopped, vec![array.numbers], &origin)?;
        let notes = array.notes.into_iter().chain(scaled).collect();
        Ok(Self { embeddings, notes, ids: array.ids, made: array.made, file })
    }
}
