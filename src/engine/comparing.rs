//! Two models of the open audit, compared: heads trained alike for both where prompts are to be asked.

use super::{EngineError, LoadedRun, Session, Tracker};
use crate::audit::HyperParameters;
use crate::diagnose::{ComparisonQuestion, HeadsOf, ModelComparison, add_predicted, compare_heads, compare_models};

/// Sentences whose predicted loss is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptBank {
    pub prompts: Vec<String>,
    /// Where they came from, in words.
    pub source: String,
}

impl PromptBank {
    /// These prompts and others that are not among them; `name` says where those came from.
    #[must_use]
    pub fn with(mut self, others: &[String], name: &str) -> Self {
        let before = self.prompts.len();
        for other in others {
            if !self.prompts.contains(other) {
                self.prompts.push(other.clone());
            }
        }
        if self.prompts.len() > before {
            self.source = format!("{} and {name}", self.source);
        }
        self
    }
}

pub(super) fn nothing_shared(audit: &str, before: &str, after: &str) -> EngineError {
    EngineError::Usage(format!("no test item of audit '{audit}' has a loss of both '{before}' and '{after}'"))
}

impl Session {
    /// Compares the losses of two models over the test items they share. Nothing is embedded or trained.
    ///
    /// # Errors
    /// If there is no such model or attribute, or no item has a loss of both.
    pub fn compare_losses(
        &self,
        before: &str,
        after: &str,
        question: &ComparisonQuestion,
    ) -> Result<ModelComparison, EngineError> {
        let audit = self.audit()?;
        let (first, second) = (audit.model(before)?, audit.model(after)?);
        question.attributes.iter().try_for_each(|name| audit.attribute(name).map(|_| ()))?;
        let clusters = match &question.clusters {
            Some(clusters) => Some(clusters.clone()),
            None => audit.clusters.clone(),
        };
        let found = compare_models(&audit, first, second, &ComparisonQuestion { clusters, ..question.clone() });
        if found.n == 0 {
            return Err(nothing_shared(&audit.name, before, after));
        }
        Ok(found)
    }

    /// Heads of two models, trained with the same hyper-parameters on the same splits, seeds and pairs, or found.
    ///
    /// # Errors
    /// As [`Session::train`].
    pub fn heads_of_both(
        &self,
        models: [&str; 2],
        hyper: &HyperParameters,
        tracker: &Tracker,
    ) -> Result<[LoadedRun; 2], EngineError> {
        let run = |model: &str| self.load(self.train_or_find(model, hyper, tracker)?);
        Ok([run(models[0])?, run(models[1])?])
    }

    /// Adds to a comparison what heads of both models say of its attributes and of other prompts.
    ///
    /// # Errors
    /// As [`Session::train`], or if the encoder fails.
    pub fn add_heads(
        &self,
        comparison: &mut ModelComparison,
        hyper: &HyperParameters,
        bank: &PromptBank,
        top: usize,
        tracker: &Tracker,
    ) -> Result<(), EngineError> {
        let runs = self.heads_of_both([&comparison.before, &comparison.after], hyper, tracker)?;
        let [before, after] = &runs;
        self.add_runs(comparison, [before, after], bank, top)
    }

    /// Adds to a comparison what two finished runs, trained alike, say of its attributes and of other prompts.
    ///
    /// # Errors
    /// If the runs differ in more than the model, or the encoder fails.
    pub fn add_runs(
        &self,
        comparison: &mut ModelComparison,
        runs: [&LoadedRun; 2],
        bank: &PromptBank,
        top: usize,
    ) -> Result<(), EngineError> {
        let [before, after] = runs;
        if !before.record.trained_like(&after.record) {
            return Err(EngineError::Usage(format!(
                "runs {} and {} were not trained alike, so their members cannot be paired",
                before.record.id, after.record.id
            )));
        }
        add_predicted(&mut comparison.attributes, &before.diagnosis.tables, &after.diagnosis.tables);
        let heads = |run: &LoadedRun| -> Result<Vec<_>, EngineError> {
            let scorer = self.scorer(run)?;
            Ok(bank.prompts.iter().map(|prompt| scorer.score(prompt)).collect::<Result<_, _>>()?)
        };
        let first = HeadsOf { diagnosis: &before.diagnosis, prompts: heads(before)? };
        let second = HeadsOf { diagnosis: &after.diagnosis, prompts: heads(after)? };
        comparison.predicted = Some(compare_heads(&first, &second, top, bank.source.clone()));
        Ok(())
    }

    /// The sentences that the audit itself gives for its items and attributes, once each.
    #[must_use]
    pub fn own_prompts(&self) -> PromptBank {
        let record = self.record();
        let attributes = record.attributes.iter().flat_map(|(_, prompts)| {
            [Some(&prompts.phrase), prompts.antonym.as_ref(), Some(&prompts.generic)].into_iter().flatten()
        });
        let mut prompts: Vec<String> = attributes.filter(|text| self.encoder.knows(text)).cloned().collect();
        prompts.sort_unstable();
        prompts.dedup();
        PromptBank { source: "the audit's own prompts".into(), prompts }
    }
}

#[cfg(test)]
mod tests {
    use super::PromptBank;

    #[test]
    fn a_bank_says_where_its_prompts_came_from() {
        let bank = || PromptBank { prompts: vec!["a nurse".into()], source: "the audit's own prompts".into() };
        assert_eq!(bank().with(&["a nurse".into()], "pinned ones"), bank());
        let more = bank().with(&["a pilot".into()], "pinned ones");
        assert_eq!((more.prompts.len(), more.source.as_str()), (2, "the audit's own prompts and pinned ones"));
    }
}
