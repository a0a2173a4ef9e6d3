//! Named slices of the open audit, found by themselves. Nothing is trained; sentences of a bank alone need embeddings.

use super::{EngineError, Session, Tracker};
use crate::audit::Audit;
use crate::data;
use crate::diagnose::{self, DiscoverError, DiscoverMaterial, DiscoverQuestion, Discovery, NewSlices, Watch};
use rayon::prelude::*;

/// Share of the items that count as near a sentence.
const NEAR: f64 = 0.1;
/// Items whose embeddings are in memory at once.
const WINDOW: usize = 4096;

/// Whose losses are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossesOf<'a> {
    Model(&'a str),
    /// How much the second model's are above the first one's, item by item.
    Change(&'a str, &'a str),
}

impl From<DiscoverError> for EngineError {
    fn from(error: DiscoverError) -> Self {
        match error {
            DiscoverError::Cancelled => Self::Cancelled,
            DiscoverError::Question(problem) => Self::Usage(problem),
        }
    }
}

impl Session {
    /// Finds what a model fails on, by name, on one half of the items, and tests it on the other. `sentences` are names
    /// besides words and attributes: items nearest to each make its group. Where items have neither words nor attributes,
    /// and none are given, a bank of the program's own is taken.
    ///
    /// # Errors
    /// If there is no such model, the question names what the audit has not, the encoder fails, or it was stopped.
    pub fn discover(
        &self,
        losses: LossesOf<'_>,
        question: &DiscoverQuestion,
        sentences: &[String],
        watch: &Watch<'_>,
    ) -> Result<Discovery, EngineError> {
        let audit = self.audit()?;
        let losses = match losses {
            LossesOf::Model(model) => audit.model(model)?.losses.clone(),
            LossesOf::Change(before, after) => {
                let (before, after) = (audit.model(before)?, audit.model(after)?);
                before.losses.iter().zip(&after.losses).map(|(before, after)| after - before).collect()
            }
        };
        let nameless = audit.attributes.is_empty() && audit.items.iter().all(|item| item.text.is_empty());
        let near = match sentences {
            [] if nameless => self.near(&data::phrases(), &audit, watch)?,
            sentences => self.near(sentences, &audit, watch)?,
        };
        Ok(diagnose::discover(&DiscoverMaterial { audit: &audit, losses: &losses, near: &near }, question, watch)?)
    }

    /// Slices of a model tested for being new against another model of the audit.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn new_slices(&self, before: &str, after: &str) -> Result<NewSlices, EngineError> {
        let audit = self.audit()?;
        let (before, after) = (audit.model(before)?, audit.model(after)?);
        let question = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
        Ok(diagnose::new_slices(&audit, &before.losses, &after.losses, &question, &Watch::silent())?)
    }

    /// Each sentence with the tenth of all items that lies farthest in its direction: that of its embedding from the mean
    /// of all sentences, which takes away what all sentences share.
    fn near(
        &self,
        sentences: &[String],
        audit: &Audit,
        watch: &Watch<'_>,
    ) -> Result<Vec<(String, Vec<usize>)>, EngineError> {
        if sentences.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<&str> = sentences.iter().map(String::as_str).collect();
        let dimension = self.encoder.dimension();
        let mut directions = self.encoder.encode(&texts)?;
        if texts.len() > 1 {
            centre(&mut directions, dimension);
        }
        let embeddings = self.embeddings(&Tracker::silent())?;
        let rows: Vec<usize> = (0..audit.items.len()).collect();
        let mut cosines = vec![Vec::with_capacity(rows.len()); texts.len()];
        for window in rows.chunks(WINDOW) {
            if watch.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let values = embeddings.rows().gather(window, dimension);
            cosines.par_iter_mut().zip(directions.par_chunks_exact(dimension)).for_each(|(cosines, direction)| {
                let dot = |row: &[f32]| row.iter().zip(direction).map(|(a, b)| a * b).sum::<f32>();
                cosines.extend(values.chunks_exact(dimension).map(dot));
            });
        }
        let count = (rows.len() as f64 * NEAR) as usize;
        let nearest = |(sentence, cosines): (&String, Vec<f32>)| {
            let mut order = rows.clone();
            order.sort_unstable_by(|a, b| cosines[*b].total_cmp(&cosines[*a]).then(a.cmp(b)));
            order.truncate(count);
            order.sort_unstable();
            (format!("near \"{sentence}\""), order)
        };
        Ok(sentences.par_iter().zip(cosines).map(nearest).collect())
    }
}

/// Takes the mean of all rows from each.
fn centre(rows: &mut [f32], dimension: usize) {
    let count = (rows.len() / dimension.max(1)).max(1) as f32;
    let mut mean = vec![0_f32; dimension];
    for row in rows.chunks_exact(dimension) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value / count);
    }
    for row in rows.chunks_exact_mut(dimension) {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
    }
}
