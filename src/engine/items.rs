//! A list of the open audit's items: ordered once, materialised page by page.

use super::thumbnail::thumbnail_of;
use super::{EngineError, LoadedRun, Session, Tracker};
use crate::audit::{Audit, Content, HeadKind, ModelLosses, RunId};
use crate::diagnose::{
    ItemFilter, ItemHead, ItemOrder, ListedItem, NearItem, WorstWords, known, nearest_rows, shown_text, similarities,
    sort_rows, worst_words,
};
use crate::heads::{Ensemble, Rows};
use crate::stats;
use image::RgbImage;
use rayon::prelude::*;
use std::sync::Arc;

/// Items near one that are told with it.
const NEIGHBOURS: usize = 6;
/// Rows whose losses one task predicts.
const PART: usize = 4096;

/// Which items, in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemsQuestion {
    pub model: String,
    pub filter: ItemFilter,
    pub order: ItemOrder,
    pub ascending: bool,
    /// Prompt whose similarity with each item is told.
    pub near: Option<String>,
    /// Item, by its position in the audit, that takes the prompt's place.
    pub like: Option<u32>,
    /// Model that the change is measured against.
    pub against: Option<String>,
    pub hide_text: bool,
}

/// Predicted losses of one run, an item of the audit each; NaN where none was asked for yet.
#[derive(Default)]
pub struct Risks {
    run: Option<RunId>,
    values: Vec<f64>,
}

/// Positions of the items that were asked for, in order; everything else is read when a page is shown.
pub struct ItemList {
    audit: Arc<Audit>,
    question: ItemsQuestion,
    run: Option<Arc<LoadedRun>>,
    /// Embedding of the prompt.
    prompt: Option<Vec<f32>>,
    rows: Vec<u32>,
    /// What `rows` are ordered by; NaN comes last.
    figures: Vec<f64>,
}

impl Session {
    /// Opens a list. Heads are needed only to order by what they predict, embeddings of all items only for that and to
    /// order by similarity; items that have none yet are embedded then.
    ///
    /// # Errors
    /// If a name is unknown, the order needs what was not given, or data cannot be read.
    pub fn list_items(
        &self,
        question: ItemsQuestion,
        run: Option<Arc<LoadedRun>>,
        risks: &mut Risks,
        tracker: &Tracker,
    ) -> Result<ItemList, EngineError> {
        let audit = self.audit()?;
        let model = audit.model(&question.model)?;
        let against = question.against.as_deref().map(|name| audit.model(name)).transpose()?;
        let rows = question.filter.rows(&audit, model)?;
        let prompt = match (question.like, question.near.as_deref()) {
            (Some(row), _) => {
                let lacking = || usage("the item has no embedding: it could not be read");
                Some(self.embedding_of(&audit, row)?.ok_or_else(lacking)?)
            }
            (None, near) => near.map(|prompt| self.encoder.encode_prompt(prompt)).transpose()?,
        };
        let loss = |row: &u32| model.losses[*row as usize];
        let figures: Vec<f64> = match question.order {
            ItemOrder::Loss => rows.par_iter().map(loss).collect(),
            ItemOrder::Change => {
                let against = against.ok_or_else(|| usage("change needs a model to compare with: --against"))?;
                rows.par_iter().map(|row| change(model, against, *row)).collect()
            }
            ItemOrder::Similarity => {
                let prompt = prompt.as_ref().ok_or_else(|| usage("similarity needs a prompt: --near"))?;
                let embeddings = self.embeddings(tracker)?;
                similarities(embeddings.rows(), &rows, prompt).into_iter().map(f64::from).collect()
            }
            ItemOrder::Risk | ItemOrder::Surprise => {
                let run = run.as_ref().ok_or_else(|| usage("the model has no trained heads to predict losses"))?;
                let risk = risks.of(run, self.embeddings(tracker)?.rows(), &rows, audit.items.len())?;
                let is_risk = question.order == ItemOrder::Risk;
                rows.iter().zip(risk).map(|(row, risk)| if is_risk { risk } else { loss(row) - risk }).collect()
            }
        };
        let (mut rows, mut figures) = sort_rows(&rows, &figures, question.ascending);
        // An item without the figure has no place in the order; one that is named is shown all the same.
        if question.filter.ids.is_empty() {
            let placed = figures.partition_point(|figure| !figure.is_nan());
            rows.truncate(placed);
            figures.truncate(placed);
        }
        Ok(ItemList { question, run, prompt, rows, figures, audit })
    }

    /// Whether every item that can be read has its embedding, so that nothing need be encoded.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn is_embedded(&self) -> Result<bool, EngineError> {
        if self.embeddings.try_lock().is_ok_and(|slot| slot.is_some()) {
            return Ok(true);
        }
        let audit = self.audit()?;
        let readable = audit.items.iter().filter(|item| item.content != Content::Unreadable);
        let hashes = readable.map(|item| self.content_hash(item)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.store.embeddings_present(self.encoder.fingerprint(), &hashes)? == hashes.len())
    }

    /// The embedding of the item at a position, if it has one.
    fn embedding_of(&self, audit: &Audit, row: u32) -> Result<Option<Vec<f32>>, EngineError> {
        if row as usize >= audit.items.len() {
            return Err(EngineError::Internal(format!("there is no item at position {row}")));
        }
        let (values, there) = self.embeddings_of(audit, &[row])?;
        Ok((there == [true]).then_some(values))
    }

    /// Embeddings of some items, row-major, and whether each is there; nothing is encoded.
    fn embeddings_of(&self, audit: &Audit, rows: &[u32]) -> Result<(Vec<f32>, Vec<bool>), EngineError> {
        let dimension = self.encoder.dimension();
        let hashes = rows.iter().map(|row| self.content_hash(&audit.items[*row as usize]));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        let (values, missing) = self.store.embeddings(self.encoder.fingerprint(), &hashes, dimension)?;
        let mut there = vec![true; rows.len()];
        missing.into_iter().for_each(|at| there[at] = false);
        Ok((values, there))
    }
}

fn usage(problem: &str) -> EngineError {
    EngineError::Usage(problem.to_owned())
}

fn change(model: &ModelLosses, against: &ModelLosses, row: u32) -> f64 {
    model.losses[row as usize] - against.losses[row as usize]
}

impl Risks {
    /// Predicted losses of some rows; those predicted before are not predicted again.
    fn of(&mut self, run: &LoadedRun, all: Rows<'_>, rows: &[u32], items: usize) -> Result<Vec<f64>, EngineError> {
        if self.run.as_ref() != Some(&run.record.id) || self.values.len() != items {
            *self = Self { run: Some(run.record.id.clone()), values: vec![f64::NAN; items] };
        }
        let fresh: Vec<u32> = rows.iter().copied().filter(|row| self.values[*row as usize].is_nan()).collect();
        for (row, risk) in fresh.iter().zip(predicted(&run.ensemble, all, &fresh)?) {
            self.values[*row as usize] = risk;
        }
        Ok(rows.iter().map(|row| self.values[*row as usize]).collect())
    }
}

/// The regressor's mean over members for the rows at some positions.
fn predicted(ensemble: &Ensemble, all: Rows<'_>, rows: &[u32]) -> Result<Vec<f64>, EngineError> {
    let part = |rows: &[u32]| -> Result<Vec<f64>, EngineError> {
        let positions: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        Ok(ensemble.predict(&all.gather(&positions, ensemble.dimension()))?.mean(HeadKind::Regressor))
    };
    let parts = rows.par_chunks(PART).map(part).collect::<Result<Vec<_>, EngineError>>()?;
    Ok(parts.concat())
}

impl ItemList {
    /// Items in the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no item is what was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[must_use]
    pub fn question(&self) -> &ItemsQuestion {
        &self.question
    }

    /// The run whose heads predict, if any.
    #[must_use]
    pub fn run(&self) -> Option<&LoadedRun> {
        self.run.as_deref()
    }

    /// A sentence on why items have no content to show, where they have none.
    #[must_use]
    pub fn no_content(&self) -> Option<String> {
        let shows_nothing = |row: &u32| {
            let item = &self.audit.items[*row as usize];
            item.text.is_empty() && matches!(item.content, Content::Embedded(_))
        };
        let is_bare = !self.rows.is_empty() && self.rows.iter().all(shows_nothing);
        is_bare.then(|| {
            "the data of this audit are embeddings alone: items have ids and attributes, but no text or picture to show".into()
        })
    }

    /// Some items of the list; texts are copied for these alone. Predictions and similarity are told where an item has
    /// its embedding.
    ///
    /// # Errors
    /// If data cannot be read.
    pub fn page(&self, session: &Session, offset: usize, count: usize) -> Result<Vec<ListedItem>, EngineError> {
        let start = offset.min(self.rows.len());
        let end = start.saturating_add(count).min(self.rows.len());
        self.items(session, &self.rows[start..end])
    }

    /// Positions in the audit of every item of the list, in order.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    fn items(&self, session: &Session, rows: &[u32]) -> Result<Vec<ListedItem>, EngineError> {
        let audit = &self.audit;
        let model = audit.model(&self.question.model)?;
        let against = self.question.against.as_deref().map(|name| audit.model(name)).transpose()?;
        let mut items: Vec<ListedItem> =
            rows.iter().map(|row| ListedItem::of(audit, *row, self.question.hide_text)).collect();
        for item in &mut items {
            item.change = against.and_then(|against| known(change(model, against, item.row)));
        }
        if self.run.is_none() && self.prompt.is_none() || rows.is_empty() {
            return Ok(items);
        }
        let (embeddings, there) = session.embeddings_of(audit, rows)?;
        let places: Vec<u32> = (0..rows.len() as u32).collect();
        let dense = Rows::Dense(&embeddings);
        let risks = self.run.as_ref().map(|run| predicted(&run.ensemble, dense, &places)).transpose()?;
        let cosines = self.prompt.as_ref().map(|prompt| similarities(dense, &places, prompt));
        for (at, item) in items.iter_mut().enumerate().filter(|(at, _)| there[*at]) {
            item.risk = risks.as_ref().map(|risks| risks[at]);
            item.order_only = self.run.as_ref().is_some_and(|run| run.diagnosis.reference.fitted);
            item.surprise = item.risk.and_then(|risk| known(model.losses[item.row as usize] - risk));
            item.similarity = cosines.as_ref().and_then(|cosines| known(f64::from(cosines[at])));
        }
        Ok(items)
    }

    /// What the worst of the list have in common, by its own order; of a list by similarity by loss, since the nearest
    /// share the prompt's words. `None` where texts are hidden.
    ///
    /// # Errors
    /// If the model is gone.
    pub fn worst_words(&self) -> Result<Option<WorstWords>, EngineError> {
        if self.question.hide_text {
            return Ok(None);
        }
        if self.question.order != ItemOrder::Similarity && !self.question.ascending {
            return Ok(Some(worst_words(&self.audit, &self.rows, &self.figures)));
        }
        let model = self.audit.model(&self.question.model)?;
        let figures: Vec<f64> = if self.question.order == ItemOrder::Similarity {
            self.rows.iter().map(|row| model.losses[*row as usize]).collect()
        } else {
            self.figures.clone()
        };
        let (rows, figures) = sort_rows(&self.rows, &figures, false);
        Ok(Some(worst_words(&self.audit, &rows, &figures)))
    }

    /// One item in full: what each member of each head says of it, and the items nearest to it among all that the model
    /// has a loss for. `heads` is `None` without a run or the item's embedding, `nearest` until every item has one.
    ///
    /// # Errors
    /// If there is no item at this position, or data cannot be read.
    pub fn item(&self, session: &Session, row: u32) -> Result<ListedItem, EngineError> {
        if row as usize >= self.audit.items.len() {
            return Err(EngineError::Internal(format!("there is no item at position {row}")));
        }
        let items = self.items(session, &[row])?;
        let mut item = items.into_iter().next().ok_or_else(|| EngineError::Internal("an item is gone".into()))?;
        let Some(embedding) = session.embedding_of(&self.audit, row)? else { return Ok(item) };
        if let Some(run) = &self.run {
            let outputs = run.ensemble.predict(&embedding)?;
            let head = |head| {
                let members = outputs.row(head, 0);
                Some(ItemHead { head, summary: stats::summary(&members).ok()?, members })
            };
            item.heads = Some(HeadKind::ALL.into_iter().filter_map(head).collect());
        }
        if session.is_embedded()? {
            item.nearest = Some(self.near(session, row, &embedding)?);
        }
        Ok(item)
    }

    /// The image of the item at a position, made small; a sentence on why there is none to show.
    ///
    /// # Errors
    /// It is no image, or its file cannot be read.
    pub fn picture(&self, row: u32) -> Result<Arc<RgbImage>, String> {
        let found = thumbnail_of(&self.audit, row).filter(|_| !self.question.hide_text);
        found.unwrap_or_else(|| Err("there is no image to show".into())).map(Arc::new)
    }

    fn near(&self, session: &Session, row: u32, embedding: &[f32]) -> Result<Vec<NearItem>, EngineError> {
        let model = self.audit.model(&self.question.model)?;
        let others = ItemFilter::default().rows(&self.audit, model)?;
        let embeddings = session.embeddings(&Tracker::silent())?;
        let found = nearest_rows(embeddings.rows(), &others, embedding, NEIGHBOURS + 1);
        let others = found.into_iter().filter(|(other, _)| *other != row).take(NEIGHBOURS);
        Ok(others
            .map(|(row, cosine)| NearItem {
                row,
                id: self.audit.items[row as usize].id.to_string(),
                similarity: f64::from(cosine),
                loss: known(model.losses[row as usize]),
                text: shown_text(&self.audit, row, self.question.hide_text),
            })
            .collect())
    }
}
