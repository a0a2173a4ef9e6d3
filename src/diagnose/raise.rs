//! Words that raise a prompt's estimate most: one at a time, and one after the other.

use super::estimate::Estimator;
use super::{DiagnoseError, MatchingItems, MeasuredMean};
use crate::audit::{Audit, ModelLosses};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Words that are tried: those whose own training items lose most.
pub const TRIED: usize = 200;
/// Training items that hold a word at least, for it to be tried.
const LEAST: usize = 30;
/// Words that are told one at a time.
const TOLD: usize = 8;
/// Words that are added one after the other.
const TOGETHER: usize = 3;
/// Words between two looks at whether the answer is still wanted.
const PART: usize = 25;

/// A prompt with a word more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaisedBy {
    pub word: String,
    pub text: String,
    /// The estimate with it, in the unit of the loss.
    pub estimate: f64,
    /// What the test items lose that hold the words looked for and this one; `None` where there are none.
    pub measured: Option<MeasuredMean>,
}

/// What raises a prompt's estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raised {
    pub text: String,
    /// Its content words, as they are read and looked for.
    pub words: Vec<String>,
    /// The estimate as it is.
    pub estimate: f64,
    pub measured: Option<MeasuredMean>,
    /// How many words were tried.
    pub tried: usize,
    /// One word more: those that test items hold beside the others come first, of either the highest estimate; none that does
    /// not raise it.
    pub single: Vec<RaisedBy>,
    /// The best word, then the best beside it, and so on: each text holds the words before.
    pub together: Vec<RaisedBy>,
}

/// What is searched in.
pub struct RaiseMaterial<'a> {
    pub audit: &'a Audit,
    pub model: &'a ModelLosses,
    pub estimator: &'a Estimator,
    pub items: &'a MatchingItems,
}

/// Searches; `None` as soon as `wanted` says that nobody waits for it, or where nothing can be estimated: the items have
/// no words.
///
/// # Errors
/// If an encoder or the heads fail.
pub fn raise(
    material: &RaiseMaterial<'_>,
    text: &str,
    wanted: &dyn Fn() -> bool,
) -> Result<Option<Raised>, DiagnoseError> {
    let search = Search { material, candidates: material.estimator.costly_words(LEAST, TRIED), wanted };
    let Some(Some(estimate)) = search.estimates(&[text.to_owned()])?.map(|found| found.first().copied().flatten())
    else {
        return Ok(None);
    };
    let Some(mut single) = search.best(text, estimate)? else { return Ok(None) };
    let mut together: Vec<RaisedBy> = single.first().cloned().into_iter().collect();
    while let Some(last) = together.last().filter(|_| together.len() < TOGETHER) {
        let Some(next) = search.best(&last.text, last.estimate)? else { return Ok(None) };
        match next.into_iter().next() {
            Some(next) => together.push(next),
            None => break,
        }
    }
    single.truncate(TOLD);
    Ok(Some(Raised {
        text: text.to_owned(),
        words: search.words_of(text),
        estimate,
        measured: search.measured(text),
        tried: search.candidates.len(),
        single: single.into_iter().map(|found| search.with_loss(found)).collect(),
        together: together.into_iter().map(|found| search.with_loss(found)).collect(),
    }))
}

struct Search<'a> {
    material: &'a RaiseMaterial<'a>,
    candidates: Vec<String>,
    wanted: &'a dyn Fn() -> bool,
}

impl Search<'_> {
    /// The estimates of texts; `None` once nobody waits for them.
    fn estimates(&self, texts: &[String]) -> Result<Option<Vec<Option<f64>>>, DiagnoseError> {
        let mut values = Vec::with_capacity(texts.len());
        for part in texts.chunks(PART) {
            if !(self.wanted)() {
                return Ok(None);
            }
            let part: Vec<&str> = part.iter().map(String::as_str).collect();
            let told = self.material.estimator.tell_all(&part)?;
            values.extend(told.into_iter().map(|told| told.estimate.map(|found| found.value)));
        }
        Ok(Some(values))
    }

    /// Every word that raises the estimate of a text: what test items bear out goes before what is estimate alone, then the
    /// highest goes first, and equal ones by the alphabet.
    fn best(&self, text: &str, estimate: f64) -> Result<Option<Vec<RaisedBy>>, DiagnoseError> {
        let held = self.words_of(text);
        let longer = |word: &String| format!("{} {word}", text.trim());
        let can_be_told = |word: &&String| !held.contains(word) && self.material.estimator.knows(&longer(word));
        let words: Vec<&String> = self.candidates.iter().filter(can_be_told).collect();
        let texts: Vec<String> = words.iter().map(|word| longer(word)).collect();
        let Some(values) = self.estimates(&texts)? else { return Ok(None) };
        let mut found: Vec<RaisedBy> = (words.iter().zip(texts).zip(values))
            .filter_map(|((word, text), value)| {
                let value = value.filter(|value| *value > estimate)?;
                Some(RaisedBy { word: (*word).clone(), text, estimate: value, measured: None })
            })
            .collect();
        let borne: BTreeSet<&String> = words.into_iter().filter(|word| self.is_held(&held, word)).collect();
        found.sort_by(|a, b| {
            let by_items = borne.contains(&b.word).cmp(&borne.contains(&a.word));
            by_items.then(b.estimate.total_cmp(&a.estimate)).then(a.word.cmp(&b.word))
        });
        Ok(Some(found))
    }

    /// Whether a test item that the model has a loss for holds some words and one more.
    fn is_held(&self, words: &[String], word: &str) -> bool {
        let RaiseMaterial { model, items, .. } = self.material;
        let all: Vec<String> = words.iter().cloned().chain([word.to_owned()]).collect();
        items.rows(&all).into_iter().any(|row| !model.losses[row as usize].is_nan())
    }

    fn measured(&self, text: &str) -> Option<MeasuredMean> {
        let RaiseMaterial { audit, model, items, .. } = self.material;
        items.loss(audit, model, &self.words_of(text))
    }

    fn words_of(&self, text: &str) -> Vec<String> {
        self.material.items.words_of(text, Some(self.material.estimator))
    }

    fn with_loss(&self, found: RaisedBy) -> RaisedBy {
        RaisedBy { measured: self.measured(&found.text), ..found }
    }
}
