//! The guard of sentences about items without words, such as images: a plane in the encoder's own space between sentences
//! put together from the audit's prompts and the same sentences with words by chance in them. It learns what the encoder
//! makes of foreign words, which no list of words knows.

use crate::audit::Audit;
use crate::data::{is_function_word, words};
use crate::diagnose::DiagnoseError;
use crate::encoder::Encoder;
use crate::stats::{logistic_regression, quantile_sorted, sigmoid};
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Sentences of the audit's prompts to learn from; as many with foreign words, half as many of foreign words alone.
const SENTENCES: usize = 2000;
/// Fresh sentences that place the threshold.
const FRESH: usize = 1000;
/// Share of these that is refused.
const REFUSED: f64 = 0.02;
/// Prompts in a sentence, and foreign words in one, at most.
const MOST: usize = 3;
/// Weight of the ridge, for points at a distance of one from their mean.
const PENALTY: f64 = 0.01;
const SEED: u64 = 40;

/// Tells sentences made of an audit's prompts from others by their embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentenceGuard {
    weights: Vec<f32>,
    intercept: f64,
    /// Least figure of a sentence that data speak of: 2 % of fresh sentences of the audit's prompts lie below.
    pub threshold: f64,
    /// Sentences it was fitted on.
    pub sentences: usize,
}

impl SentenceGuard {
    /// Fits the plane to the audit's prompts; `foreign` are words to draw from. None where either is empty.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn fit(
        audit: &Audit,
        generic: &BTreeSet<String>,
        encoder: &dyn Encoder,
        foreign: &[&str],
    ) -> Result<Option<Self>, DiagnoseError> {
        let maker = Maker::new(audit, generic, foreign);
        if maker.parts.is_empty() || maker.foreign.is_empty() {
            return Ok(None);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut texts: Vec<String> = (0..SENTENCES).map(|_| maker.own(&mut rng)).collect();
        texts.extend((0..SENTENCES).map(|_| maker.corrupted(&mut rng)));
        texts.extend((0..SENTENCES / 2).map(|_| maker.foreign(&mut rng)));
        let fresh: Vec<String> = (0..FRESH).map(|_| maker.own(&mut rng)).collect();
        let dimension = encoder.dimension().max(1);
        let mut rows = encoder.encode_prompts(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        let (mean, scale) = centre(&mut rows, dimension);
        let outcomes: Vec<bool> = (0..texts.len()).map(|at| at < SENTENCES).collect();
        let fit = logistic_regression(&rows, dimension, &outcomes, PENALTY);
        // The plane for embeddings as they come.
        let weights: Vec<f64> = fit.weights.iter().map(|weight| weight / scale).collect();
        let intercept = fit.intercept - weights.iter().zip(&mean).map(|(weight, mean)| weight * mean).sum::<f64>();
        let weights = weights.iter().map(|weight| *weight as f32).collect();
        let mut guard = Self { weights, intercept, threshold: 0.0, sentences: texts.len() };
        let fresh = encoder.encode_prompts(&fresh.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut figures: Vec<f64> = fresh.chunks_exact(dimension).map(|row| guard.figure(row)).collect();
        figures.sort_by(f64::total_cmp);
        guard.threshold = quantile_sorted(&figures, REFUSED);
        Ok(Some(guard))
    }

    /// How much a sentence is like one of the audit's prompts, from 0 to 1; no probability.
    #[must_use]
    pub fn figure(&self, embedding: &[f32]) -> f64 {
        let along = self.weights.iter().zip(embedding).map(|(weight, value)| f64::from(*weight) * f64::from(*value));
        sigmoid(along.sum::<f64>() + self.intercept)
    }
}

/// Moves points to their mean and brings them to a distance of one from it, on average; returns the mean and the distance.
fn centre(rows: &mut [f32], dimension: usize) -> (Vec<f64>, f64) {
    let count = (rows.len() / dimension).max(1) as f64;
    let mut mean = vec![0.0; dimension];
    for row in rows.chunks_exact(dimension) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / count);
    }
    let squared =
        |row: &[f32]| row.iter().zip(&mean).map(|(value, mean)| (f64::from(*value) - mean).powi(2)).sum::<f64>();
    let scale = (rows.chunks_exact(dimension).map(squared).sum::<f64>() / count).sqrt();
    let scale = if scale > 0.0 { scale } else { 1.0 };
    for row in rows.chunks_exact_mut(dimension) {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value = ((f64::from(*value) - mean) / scale) as f32);
    }
    (mean, scale)
}

/// Makes sentences by chance.
struct Maker<'a> {
    /// Prompts of the audit, each once.
    parts: Vec<&'a str>,
    /// What stands for anybody.
    anybody: Vec<&'a str>,
    generic: &'a BTreeSet<String>,
    foreign: Vec<&'a str>,
}

impl<'a> Maker<'a> {
    fn new(audit: &'a Audit, generic: &'a BTreeSet<String>, foreign: &[&'a str]) -> Self {
        let attributes = audit.attributes.iter().map(|attribute| &attribute.prompts);
        let own = attributes.clone().flat_map(|own| std::iter::once(own.phrase.as_str()).chain(own.antonym.as_deref()));
        let parts: BTreeSet<&str> = own.chain(audit.prompts.in_distribution.iter().map(String::as_str)).collect();
        let anybody: BTreeSet<&str> = attributes.map(|own| own.generic.as_str()).collect();
        let known: BTreeSet<String> = parts.iter().chain(&anybody).flat_map(|text| words(text)).collect();
        let foreign =
            foreign.iter().copied().filter(|word| !known.contains(*word) && !is_function_word(word)).collect();
        Self { parts: parts.into_iter().collect(), anybody: anybody.into_iter().collect(), generic, foreign }
    }

    /// One to three of the audit's prompts.
    fn own(&self, rng: &mut ChaCha8Rng) -> String {
        let count = rng.random_range(1..=MOST.min(self.parts.len()));
        let parts = self.parts.iter().copied().choose_multiple(rng, count);
        let between = [" ", ", ", " and ", " with "].choose(rng).unwrap_or(&" ");
        self.said(&parts.join(between), rng)
    }

    /// The same with one to three content words in other words' places.
    fn corrupted(&self, rng: &mut ChaCha8Rng) -> String {
        let own = self.own(rng);
        let mut pieces: Vec<&str> = own.split_whitespace().collect();
        let content = |piece: &str| words(piece).any(|word| !is_function_word(&word) && !self.generic.contains(&word));
        let places: Vec<usize> = (0..pieces.len()).filter(|&at| content(pieces[at])).collect();
        let count = rng.random_range(1..=MOST);
        for at in places.into_iter().choose_multiple(rng, count) {
            pieces[at] = self.foreign.choose(rng).unwrap_or(&"");
        }
        pieces.join(" ")
    }

    /// One to three foreign words.
    fn foreign(&self, rng: &mut ChaCha8Rng) -> String {
        let count = rng.random_range(1..=MOST);
        let drawn: Vec<&str> = (0..count).filter_map(|_| self.foreign.choose(rng).copied()).collect();
        self.said(&drawn.join(" "), rng)
    }

    /// Something said in one of the ways that people say it.
    fn said(&self, what: &str, rng: &mut ChaCha8Rng) -> String {
        let anybody = self.anybody.choose(rng).copied().unwrap_or_default();
        let noun = words(anybody).filter(|word| !is_function_word(word)).collect::<Vec<_>>().join(" ");
        match rng.random_range(0..6) {
            0 => what.to_owned(),
            1 => format!("a {what}"),
            2 => format!("a photo of {what}"),
            3 => format!("{anybody} with {what}"),
            4 => format!("a {what} {noun}"),
            _ => format!("a photo of a {what} {noun}"),
        }
    }
}
