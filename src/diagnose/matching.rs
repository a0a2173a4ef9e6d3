//! The test items that hold a sentence's words, and what models lose on them: measured, no heads.

use super::Estimator;
use crate::audit::{Audit, ModelLosses, Split};
use crate::data::{content_words, generic_words, words};
use crate::stats::{self, Clusters, Interval, Side, Units};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Level of the intervals, as that of measured gaps.
const LEVEL: f64 = 0.95;

/// Which test items hold which content words.
pub struct MatchingItems {
    /// Positions in the audit of the test items with each word, ascending.
    rows: HashMap<String, Vec<u32>>,
    generic: BTreeSet<String>,
}

/// A mean over items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredMean {
    pub n: usize,
    pub mean: f64,
    /// 95 %, of items or of the groups they belong to; none for fewer than two.
    pub interval: Option<Interval>,
}

impl MeasuredMean {
    /// The mean of losses: none is below 0, so that the interval does not go there either.
    #[must_use]
    pub fn of_losses(self) -> Self {
        let above = |ends: Interval| Interval { low: ends.low.max(0.0), ..ends };
        Self { interval: self.interval.map(above), ..self }
    }
}

/// Two models over the test items that hold a sentence's words, each of which both have a loss for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BothModels {
    pub text: String,
    /// Content words of the sentence, as they were looked for.
    pub words: Vec<String>,
    pub models: [String; 2],
    pub means: [f64; 2],
    /// Loss of the first less loss of the second, item by item.
    pub difference: MeasuredMean,
}

impl MatchingItems {
    /// Reads the texts of the test items.
    #[must_use]
    pub fn new(audit: &Audit) -> Self {
        let generic = generic_words(audit.attributes.iter().map(|attribute| attribute.prompts.generic.as_str()));
        let mut rows: HashMap<String, Vec<u32>> = HashMap::new();
        for row in audit.rows(Split::Test) {
            for word in words(audit.items[row].text.as_str()) {
                let held = rows.entry(word).or_default();
                // A word said twice in an item counts once.
                if held.last() != Some(&(row as u32)) {
                    held.push(row as u32);
                }
            }
        }
        Self { rows, generic }
    }

    /// The content words of a sentence, each as an estimator reads it where there is one; what it leaves out is left out.
    #[must_use]
    pub fn words_of(&self, text: &str, estimator: Option<&Estimator>) -> Vec<String> {
        match estimator.and_then(|estimator| estimator.support(text).ok()) {
            Some(support) => support.words.into_iter().map(|reading| reading.read_as.unwrap_or(reading.word)).collect(),
            None => content_words(text, &self.generic),
        }
    }

    /// Positions in the audit of the test items that hold every one of some words, ascending; none for no words.
    #[must_use]
    pub fn rows(&self, words: &[String]) -> Vec<u32> {
        let Some(mut held) = words.iter().map(|word| self.rows.get(word)).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        held.sort_by_key(|rows| rows.len());
        let Some((first, others)) = held.split_first() else { return Vec::new() };
        let in_all = |row: &&u32| others.iter().all(|rows| rows.binary_search(row).is_ok());
        first.iter().filter(in_all).copied().collect()
    }

    /// What a model loses on the test items with some words; `None` where there are none that it has a loss for.
    #[must_use]
    pub fn loss(&self, audit: &Audit, model: &ModelLosses, words: &[String]) -> Option<MeasuredMean> {
        let rows: Vec<u32> = self.rows(words).into_iter().filter(|&row| !model.losses[row as usize].is_nan()).collect();
        let losses: Vec<f64> = rows.iter().map(|&row| model.losses[row as usize]).collect();
        mean(audit, &rows, &losses)
    }

    /// Compares two models on the test items with these words of a sentence; `None` where there are none that both have a loss for.
    #[must_use]
    pub fn compare(
        &self,
        audit: &Audit,
        models: [&ModelLosses; 2],
        text: &str,
        words: Vec<String>,
    ) -> Option<BothModels> {
        let known = |row: &u32| models.iter().all(|model| !model.losses[*row as usize].is_nan());
        let rows: Vec<u32> = self.rows(&words).into_iter().filter(known).collect();
        let of = |model: &ModelLosses| rows.iter().map(|&row| model.losses[row as usize]).collect::<Vec<f64>>();
        let [first, second] = models.map(of);
        let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
        let difference = mean(audit, &rows, &differences)?;
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        Some(BothModels {
            text: text.to_owned(),
            words,
            models: models.map(|model| model.name.clone()),
            means: [mean_of(&first), mean_of(&second)],
            difference,
        })
    }
}

/// The mean of values (one a row) over items, which depend on each other where the audit says so.
#[must_use]
pub fn mean(audit: &Audit, rows: &[u32], values: &[f64]) -> Option<MeasuredMean> {
    let everybody = vec![Side::With; values.len()];
    let labels = |of: &Vec<usize>| rows.iter().map(|&row| of[row as usize]).collect::<Vec<usize>>();
    let clusters = audit.clusters.as_ref().map(|of| Clusters::from_labels(&labels(of)));
    let units = clusters.as_ref().map_or(Units::Items(values.len()), Units::Clusters);
    let measured = stats::mean_against_zero(values, &everybody, Side::With, units).ok();
    let n = values.len();
    (n > 0).then(|| MeasuredMean {
        n,
        mean: values.iter().sum::<f64>() / n as f64,
        interval: measured.map(|found| found.interval(LEVEL)),
    })
}
