//! What a check of rules needs of the open audit.

use super::comparing::nothing_shared;
use super::rows::{fingerprint, test_set_digest};
use super::{EngineError, PromptBank, Session, Tracker};
use crate::audit::{HeadKind, HyperParameters};
use crate::diagnose::{
    BASELINE_SCHEMA, Baseline, BaselinePrompt, ModelStanding, PairedStanding, paired_standing, standing,
};

impl Session {
    /// Where a model stands on its test items.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn standing(&self, model: &str) -> Result<ModelStanding, EngineError> {
        let audit = self.audit()?;
        Ok(standing(&audit, audit.model(model)?, audit.clusters.as_deref()))
    }

    /// Where two models stand on the test items they share, and what changed item by item.
    ///
    /// # Errors
    /// If there is no such model, or no test item has a loss of both.
    pub fn paired_standing(&self, before: &str, after: &str) -> Result<PairedStanding, EngineError> {
        let audit = self.audit()?;
        let found = paired_standing(&audit, audit.model(before)?, audit.model(after)?, audit.clusters.as_deref());
        if found.change.n == 0 { Err(nothing_shared(&audit.name, before, after)) } else { Ok(found) }
    }

    /// Digest of what the audit's models are tested on.
    ///
    /// # Errors
    /// If the audit cannot be read.
    pub fn test_set(&self) -> Result<String, EngineError> {
        Ok(test_set_digest(&*self.audit()?))
    }

    /// Digest of what a model was measured on, and of what it lost.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn data_fingerprint(&self, model: &str) -> Result<String, EngineError> {
        let audit = self.audit()?;
        Ok(fingerprint(&audit, audit.model(model)?))
    }

    /// Predicted loss of prompts, one value a member, from heads trained or found with these hyper-parameters.
    ///
    /// # Errors
    /// As [`Session::train`], or if the encoder fails.
    pub fn predicted_losses(
        &self,
        model: &str,
        hyper: &HyperParameters,
        bank: &PromptBank,
        tracker: &Tracker,
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        if bank.prompts.is_empty() {
            return Ok(Vec::new());
        }
        let run = self.load(self.train_or_find(model, hyper, tracker)?)?;
        let scorer = self.scorer(&run)?;
        let members = |prompt: &String| -> Result<Vec<f64>, EngineError> {
            let scores = scorer.score(prompt)?;
            Ok(scores.head(HeadKind::Regressor).map(|head| head.members.clone()).unwrap_or_default())
        };
        bank.prompts.iter().map(members).collect()
    }

    /// A model's figures as a file to be pinned.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn baseline(
        &self,
        model: &str,
        hyper: &HyperParameters,
        bank: &PromptBank,
        members: Vec<Vec<f64>>,
    ) -> Result<Baseline, EngineError> {
        let audit = self.audit()?;
        let losses = audit.model(model)?;
        let prompts = bank.prompts.iter().cloned().zip(members);
        Ok(Baseline {
            schema: BASELINE_SCHEMA.into(),
            audit: audit.name.clone(),
            model: model.to_owned(),
            data_fingerprint: fingerprint(&audit, losses),
            encoder: self.encoder.fingerprint().to_owned(),
            heads: if bank.prompts.is_empty() { String::new() } else { hyper.summary() },
            standing: standing(&audit, losses, audit.clusters.as_deref()),
            prompts: prompts.map(|(text, members)| BaselinePrompt { text, members }).collect(),
        })
    }
}
