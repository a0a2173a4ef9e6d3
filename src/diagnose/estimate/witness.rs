//! The witnesses of a prompt: heads, words, nearest items, attributes. All are over training items alone.

use super::answer::{Support, WitnessAnswer, WordReading, WordsOf};
use super::lexicon::{Lexicon, Reading};
use super::nearest::{NearestFinding, NearestItems};
use super::word_index::{WordFinding, WordIndex};
use crate::audit::HeadKind;
use crate::data::{content_words, words};
use crate::diagnose::{DiagnoseError, grouped};
use crate::encoder::Encoder;
use crate::heads::{Ensemble, HeadPredictions};
use crate::stats::{self, Interval};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Level of the witnesses' own intervals.
pub const WITNESS_LEVEL: f64 = 0.9;
/// A prompt is an attribute's phrase from this cosine on.
const SAME: f64 = 0.98;
/// Words that an audit's own prompts must hold to speak for items without words.
const LEAST_WORDS: usize = 20;

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
    /// Static vectors of single words.
    pub word_encoder: Arc<dyn Encoder>,
    /// Words that stand for anybody.
    pub generic: BTreeSet<String>,
    /// Words of the items and of the audit's own prompts.
    pub vocabulary: Arc<BTreeSet<String>>,
    /// None where items have no words.
    pub index: Option<WordIndex>,
    pub lexicon: Lexicon,
    pub nearest: NearestItems,
    pub attributes: Vec<AttributeGroup>,
    /// How unknown words were read, each worked out once.
    pub readings: Mutex<HashMap<String, Reading>>,
}

/// What the witnesses found of one prompt.
pub struct Heard {
    pub values: [f64; 4],
    pub words: Option<WordFinding>,
    pub nearest: Option<NearestFinding>,
}

impl Witnesses {
    /// How each content word of a text is read.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn read(&self, text: &str) -> Result<Vec<(String, Reading)>, DiagnoseError> {
        let content = content_words(text, &self.generic);
        let read = |word: String| -> Result<(String, Reading), DiagnoseError> {
            if self.lexicon.holds(&word) {
                let reading = Reading { read_as: Some(word.clone()), cosine: 1.0 };
                return Ok((word, reading));
            }
            let known = self.readings.lock().unwrap_or_else(PoisonError::into_inner).get(&word).cloned();
            let reading = match known {
                Some(reading) => reading,
                None => {
                    let reading = self.lexicon.read(&word, &self.word_encoder.encode(&[&word])?);
                    let mut kept = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.insert(word.clone(), reading.clone());
                    reading
                }
            };
            Ok((word, reading))
        };
        content.into_iter().map(read).collect()
    }

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
                let read = self.read(text)?;
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

    /// Whether data speak of a text: each content word must be used by an item or a prompt of the audit, or be like a word
    /// that an item uses. Items without words have the audit's own prompts speak for them; too few of these say nothing.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn support(&self, text: &str) -> Result<Support, DiagnoseError> {
        let judge = |(word, reading): (String, Reading)| {
            let own = self.vocabulary.contains(&word) || word.chars().all(|character| character.is_ascii_digit());
            let (read_as, cosine) = if own { (Some(word.clone()), 1.0) } else { (reading.read_as, reading.cosine) };
            WordReading { word, read_as, cosine }
        };
        let judged: Vec<WordReading> = self.read(text)?.into_iter().map(judge).collect();
        let words_of = if self.index.is_some() { WordsOf::Items } else { WordsOf::Prompts };
        if words_of == WordsOf::Prompts && self.lexicon.len() < LEAST_WORDS {
            return Ok(Support { supported: true, words_of, figure: None, threshold: None, words: Vec::new() });
        }
        let threshold = self.lexicon.threshold();
        // Nothing but function words and "anybody" is said of everybody; no words at all of nobody.
        let figure = judged.iter().map(|word| word.cosine).fold(1.0, f64::min);
        let any = words(text).next().is_some();
        Ok(Support {
            supported: any && figure >= threshold,
            words_of,
            figure: Some(figure),
            threshold: Some(threshold),
            words: judged,
        })
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
        let content: BTreeSet<String> = content_words(text, &self.generic).into_iter().collect();
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
