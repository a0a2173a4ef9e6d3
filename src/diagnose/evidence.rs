//! What the tables of a run are computed from.

use super::{DiagnoseError, EstimatorMaterial};
use crate::audit::{Audit, Contrast, HeadKind, ModelLosses, Split};
use crate::encoder::Encoder;
use crate::heads::{Ensemble, HeadPredictions, Picked};
use std::collections::HashMap;

/// What is known of a run before anything is computed; embeddings are row-major `[n, d]`.
pub struct Material<'a> {
    pub audit: &'a Audit,
    pub model: &'a ModelLosses,
    pub encoder: &'a dyn Encoder,
    /// The encoder as it is, where `encoder` moves prompts to the images' side.
    pub unmoved: Option<&'a dyn Encoder>,
    pub ensemble: &'a Ensemble,
    /// Embeddings of the test items, in order.
    pub test: Picked<'a>,
    /// Embeddings and losses of the rows the heads were trained on.
    pub train: &'a [f32],
    pub train_losses: Vec<f64>,
    /// Their positions in the audit.
    pub train_rows: &'a [usize],
    /// What estimates are made of: every training item.
    pub evidence: EstimatorMaterial<'a>,
}

/// A run's heads beside the test items and every prompt the tables need.
pub struct Evidence<'a> {
    pub audit: &'a Audit,
    pub model: &'a ModelLosses,
    /// Positions of the test items in the audit.
    pub rows: Vec<usize>,
    /// Embeddings of the test items, `[n, d]`.
    pub embeddings: Picked<'a>,
    pub dimension: usize,
    /// Heads' outputs for the test items.
    pub items: HeadPredictions,
    /// True losses of the test items.
    pub losses: Vec<f64>,
    /// Test items without a loss: positions in the audit, and the regressor's mean prediction.
    pub unlabelled: Vec<(usize, f64)>,
    prompt_rows: HashMap<String, usize>,
    prompt_embeddings: Vec<f32>,
    /// The same as the encoder itself has them.
    unmoved_embeddings: Option<Vec<f32>>,
    prompts: HeadPredictions,
}

impl<'a> Evidence<'a> {
    /// Scores the test items and the audit's prompts once.
    ///
    /// # Errors
    /// If the encoder or the heads fail.
    pub fn gather(material: &Material<'a>) -> Result<Self, DiagnoseError> {
        let Material { audit, model, encoder, ensemble, test: embeddings, .. } = *material;
        let rows = audit.rows_of(model, Split::Test);
        let mut prompt_rows = HashMap::new();
        let mut texts: Vec<String> = Vec::new();
        for text in every_prompt(audit).filter(|text| encoder.knows(text)) {
            if !prompt_rows.contains_key(&text) {
                prompt_rows.insert(text.clone(), texts.len());
                texts.push(text);
            }
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let prompt_embeddings = encoder.encode_prompts(&texts)?;
        let unmoved_embeddings = material.unmoved.map(|encoder| encoder.encode_prompts(&texts)).transpose()?;
        let mut without = audit.rows(Split::Test);
        without.retain(|&row| model.losses[row].is_nan());
        let outputs = ensemble.predict(&material.evidence.embeddings.gather(&without, encoder.dimension()))?;
        let unlabelled = without.into_iter().zip(outputs.mean(HeadKind::Regressor)).collect();
        Ok(Self {
            audit,
            model,
            unlabelled,
            embeddings,
            dimension: encoder.dimension(),
            items: ensemble.predict_picked(&embeddings)?,
            losses: rows.iter().map(|&row| model.losses[row]).collect(),
            prompts: ensemble.predict(&prompt_embeddings)?,
            rows,
            prompt_rows,
            prompt_embeddings,
            unmoved_embeddings,
        })
    }

    /// Embedding of a prompt that [`Evidence::gather`] has seen.
    #[must_use]
    pub fn prompt_embedding(&self, text: &str) -> Option<&[f32]> {
        let row = *self.prompt_rows.get(text)?;
        self.prompt_embeddings.get(row * self.dimension..(row + 1) * self.dimension)
    }

    /// The same, not moved to the images' side: what the encoder itself knows.
    #[must_use]
    pub fn unmoved_embedding(&self, text: &str) -> Option<&[f32]> {
        let row = *self.prompt_rows.get(text)?;
        let all = self.unmoved_embeddings.as_ref().unwrap_or(&self.prompt_embeddings);
        all.get(row * self.dimension..(row + 1) * self.dimension)
    }

    /// Every prompt that the audit itself gives for its items and that has an embedding: those said to describe them,
    /// and its attributes'.
    pub fn own_prompts(&self) -> Vec<&str> {
        let attributes = self.audit.attributes.iter().flat_map(|attribute| {
            [Contrast::Antonym, Contrast::Generic].into_iter().filter_map(|contrast| attribute.prompts.pair(contrast))
        });
        let mut texts: Vec<&str> = attributes.flat_map(|(phrase, other)| [phrase, other]).collect();
        texts.extend(self.audit.prompts.in_distribution.iter().map(String::as_str));
        texts.retain(|text| self.prompt_rows.contains_key(*text));
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    /// Risk of a prompt, one value a member.
    #[must_use]
    pub fn prompt_risk(&self, head: HeadKind, text: &str) -> Option<Vec<f64>> {
        let row = *self.prompt_rows.get(text)?;
        Some(self.prompts.row(head, row).into_iter().map(|output| head.risk_sign() * output).collect())
    }
}

/// A foreign name as a noun phrase: "a dog", "an apple".
#[must_use]
pub fn with_article(name: &str) -> String {
    let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}

fn every_prompt(audit: &Audit) -> impl Iterator<Item = String> + '_ {
    let attributes = audit.attributes.iter().flat_map(|attribute| {
        Contrast::ALL
            .into_iter()
            .filter_map(|contrast| attribute.prompts.pair(contrast))
            .flat_map(|(a, b)| [a.to_owned(), b.to_owned()])
    });
    let foreign =
        audit.prompts.foreign.iter().flat_map(|set| &set.words).flat_map(|name| [name.clone(), with_article(name)]);
    attributes.chain(audit.prompts.in_distribution.iter().cloned()).chain(foreign)
}
