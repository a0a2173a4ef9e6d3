//! Named slices of the open audit, found by themselves. Nothing is trained; sentences of a bank alone need embeddings.

use super::{EngineError, LoadedRun, Session};
use crate::diagnose::{self, DiscoverError, DiscoverMaterial, DiscoverQuestion, Discovery, NewSlices, Watch};

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
    /// besides words and attributes: items nearest to each make its group. Where items have no words and none are given, a
    /// bank of the program's own is taken.
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
        let changes = matches!(losses, LossesOf::Change(..));
        let losses = match losses {
            LossesOf::Model(model) => audit.model(model)?.losses.clone(),
            LossesOf::Change(before, after) => {
                let (before, after) = (audit.model(before)?, audit.model(after)?);
                before.losses.iter().zip(&after.losses).map(|(before, after)| after - before).collect()
            }
        };
        let names = self.names_of_space(sentences, &audit, watch)?;
        // Where items were embedded for it, images may have turned out unreadable.
        let audit = self.audit()?;
        let material = DiscoverMaterial { audit: &audit, losses: &losses, near: &names.groups };
        let mut found = diagnose::discover(&material, question, watch)?;
        if changes {
            found.keep_risen();
        }
        found.notes.extend(names.notes.iter().cloned());
        found.unembedded = names.unembedded;
        Ok(found)
    }

    /// Adds to a model's slices what heads make of few labels: those of `run`, else of its current run. Measured figures need no
    /// run: one that is not there or cannot be read takes nothing away.
    pub fn combine_slices(&self, found: &mut Discovery, model: &str, run: Option<&LoadedRun>) {
        if found.slices.is_empty() || !self.is_embedded().unwrap_or(false) {
            return;
        }
        let current = || self.current_run(model, |_| ()).ok().flatten().and_then(|record| self.load(record).ok());
        let current = if run.is_none() { current() } else { None };
        let Some(run) = run.or(current.as_ref()) else { return };
        let Ok(predictions) = self.predicted_items(run) else { return };
        let Ok(audit) = self.audit() else { return };
        let Ok(model) = audit.model(model) else { return };
        diagnose::combine_slices(found, model, &predictions);
        found.run = found.slices.iter().any(|slice| slice.combined.is_some()).then(|| run.record.id.clone());
    }

    /// Slices of a model tested for being new against another model of the audit.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn new_slices(&self, before: &str, after: &str) -> Result<NewSlices, EngineError> {
        let audit = self.audit()?;
        let (before, after) = (audit.model(before)?, audit.model(after)?);
        let question = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
        let names = self.names_of_space(&[], &audit, &Watch::silent())?;
        let material = DiscoverMaterial { audit: &audit, losses: &after.losses, near: &names.groups };
        Ok(diagnose::new_slices(&material, &before.losses, &question, &Watch::silent())?)
    }
}
