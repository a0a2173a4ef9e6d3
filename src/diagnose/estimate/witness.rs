//! The witnesses of a prompt: heads, words, nearest items, attributes. All are over training items alone.

use super::answer::WitnessAnswer;
use super::guard::Guard;
use super::nearest::{NearestFinding, NearestItems};
use super::word_index::{WordFinding, WordIndex};
use crate::audit::HeadKind;
use crate::data::content_words;
use crate::diagnose::{DiagnoseError, grouped};
use crate::encoder::Encoder;
use crate::heads::{Ensemble, HeadPredictions};
use crate::stats::{self, Interval};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Level of the witnesses' own intervals.
pub const WITNESS_LEVEL: f64 = 0.9;
/// A prompt is an attribute's phrase from this cosine on.
const SAME: f64 = 0.98;

/// The mean loss of an attribute's training items.
#[derive(Debug, Clone)]
pub struct AttributeGroup {
    pub name: String,
    /// Content words of its phrase.
    pub content: BTreeSet<String>,
    /// Embedding of the phrase, `[d]`.
    pub embedding: Vec<f32>,
    pub n: usize,
    pub mean: f64,
    /// Standard error of the mean.
    pub se: f64,
}

/// Everything that can be asked about a prompt's group.
pub struct Witnesses {
    pub encoder: Arc<dyn Encoder>,
    pub ensemble: Arc<Ensemble>,
    pub guard: Guard,
    /// None where items have no words.
    pub index: Option<WordIndex>,
    pub nearest: NearestItems,
    pub attributes: Vec<AttributeGroup>,
}

/// What the witnesses found of one prompt.
pub struct Heard {
    pub values: [f64; 4],
    pub words: Option<WordFinding>,
    pub nearest: Option<NearestFinding>,
}

impl Witnesses {
    /// What the witnesses find of some texts.
    ///
    /// # Errors
    /// If an encoder or the heads fail.
    pub fn hear(&self, texts: &[&str]) -> Result<Vec<Heard>, DiagnoseError> {
        let embeddings = self.encoder.encode_prompts(texts)?;
        let predictions = self.ensemble.predict(&embeddings)?;
        let rows: Vec<&[f32]> = embeddings.chunks_exact(self.encoder.dimension().max(1)).collect();
        let one = |(at, (text, row)): (usize, (&&str, &&[f32]))| self.hear_one(text, row, &predictions, at);
        texts.par_iter().zip(rows.par_iter()).enumerate().map(one).collect()
    }

    /// What the witnesses find of one text whose embedding and predictions are known, these in row `at`.
    ///
    /// # Errors
    /// If the encoder of words fails.
    pub fn hear_one(
        &self,
        text: &str,
        embedding: &[f32],
        predictions: &HeadPredictions,
        at: usize,
    ) -> Result<Heard, DiagnoseError> {
        let mean = |head: HeadKind| {
            let members = predictions.row(head, at);
            members.iter().sum::<f64>() / members.len().max(1) as f64
        };
        let words = match &self.index {
            Some(index) => {
                let read = self.guard.read(text)?;
                let wanted: Vec<(Option<&str>, f64)> =
                    read.iter().map(|(_, reading)| (reading.read_as.as_deref(), reading.cosine)).collect();
                Some(index.find(&wanted))
            }
            None => None,
        };
        let nearest = self.nearest.find(embedding);
        let said = |found: Option<f64>| found.unwrap_or(0.0);
        let values = [
            mean(HeadKind::Regressor),
            mean(HeadKind::Ranker),
            said(words.as_ref().map(|found| found.mean)),
            said(nearest.as_ref().map(|found| found.mean)),
        ];
        Ok(Heard { values, words, nearest })
    }

    /// What each witness says, for people and JSON; `weights` are shares of the estimate.
    #[must_use]
    pub fn answers(
        &self,
        heard: &Heard,
        embedding: &[f32],
        members: [&[f64]; 2],
        weights: Option<[f64; 4]>,
    ) -> Vec<WitnessAnswer> {
        let weight = |at: usize| weights.map(|weights| weights[at]);
        let mut answers: Vec<WitnessAnswer> = [("regressor", members[0]), ("ranker", members[1])]
            .into_iter()
            .enumerate()
            .map(|(at, (name, members))| WitnessAnswer {
                name: name.into(),
                value: heard.values[at],
                n: members.len(),
                interval: stats::mean_interval(members, WITNESS_LEVEL).ok(),
                weight: weight(at),
                over: "members".into(),
            })
            .collect();
        if let Some(found) = &heard.words {
            answers.push(WitnessAnswer {
                name: "words".into(),
                value: found.mean,
                n: found.rows,
                interval: found.interval(WITNESS_LEVEL),
                weight: weight(2),
                over: format!(
                    "training items with its words; {:.0} % of their weight found",
                    100.0 * found.found.abs()
                ),
            });
        }
        if let Some(found) = &heard.nearest {
            let se = found.sd / (found.rows as f64).sqrt();
            answers.push(WitnessAnswer {
                name: "nearest".into(),
                value: found.mean,
                n: found.rows,
                interval: Some(Interval::normal(found.mean, se, WITNESS_LEVEL)),
                weight: weight(3),
                over: format!(
                    "nearest of {} training items, cosine {:.2} to {:.2}",
                    grouped(self.nearest.len()),
                    found.cosines.0,
                    found.cosines.1
                ),
            });
        }
        answers.extend(self.attribute(embedding));
        answers
    }

    /// The attribute whose phrase a text is, word order and grammar apart.
    #[must_use]
    pub fn same(&self, text: &str) -> Option<&AttributeGroup> {
        let content: BTreeSet<String> = content_words(text, &self.guard.generic).into_iter().collect();
        self.attributes.iter().find(|group| !content.is_empty() && group.content == content)
    }

    /// The group's own mean where the prompt says what an attribute's phrase says.
    fn attribute(&self, embedding: &[f32]) -> Option<WitnessAnswer> {
        let cosine =
            |group: &AttributeGroup| group.embedding.iter().zip(embedding).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let nearest = self.attributes.iter().map(|group| (cosine(group), group)).max_by(|a, b| a.0.total_cmp(&b.0));
        let (_, group) = nearest.filter(|(cosine, _)| *cosine >= SAME)?;
        Some(WitnessAnswer {
            name: "attribute".into(),
            value: group.mean,
            n: group.n,
            interval: Some(Interval::normal(group.mean, group.se, WITNESS_LEVEL)),
            weight: None,
            over: format!("training items with {}", group.name),
        })
    }
}
