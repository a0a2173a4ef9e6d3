//! The form of a sentence: its function words in place, and how many content words it has. What a sentence scores depends
//! on its form, whatever it is about; so a sentence is held against the same sentence about anything.

use crate::data::{is_function_word, words};
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Sentences about anything that stand for a form.
const FILLINGS: usize = 100;
/// Where a content word stood.
const PLACE: &str = "_";
/// Content places that are told apart; a longer sentence is cut.
const LONGEST: usize = 60;

/// The form of a text, as words with a mark for each content word: "a _ person with a _ _".
#[must_use]
pub fn form(text: &str, generic: &BTreeSet<String>) -> String {
    let mark = |word: String| match word.as_str() {
        "an" => "a".to_owned(),
        _ if is_function_word(&word) || generic.contains(&word) => word,
        _ => PLACE.to_owned(),
    };
    words(text).take(LONGEST).map(mark).collect::<Vec<_>>().join(" ")
}

/// Words to fill a form with: drawn independently, as often as items hold them.
pub struct Filler {
    words: Vec<String>,
    weights: Option<WeightedIndex<f64>>,
}

impl Filler {
    /// Takes words with the number of items that hold each.
    #[must_use]
    pub fn new(words: &[(&str, usize)]) -> Self {
        let weights = WeightedIndex::new(words.iter().map(|(_, count)| *count as f64)).ok();
        Self { words: words.iter().map(|(word, _)| (*word).to_owned()).collect(), weights }
    }

    /// Sentences of this form about anything, always the same ones. Forms with as many places share their words in
    /// order, so that chance does not come between them.
    #[must_use]
    pub fn fill(&self, form: &str) -> Vec<String> {
        let places = form.split(' ').filter(|word| *word == PLACE).count();
        let Some(weights) = self.weights.as_ref().filter(|_| places > 0) else { return vec![form.to_owned()] };
        let mut rng = ChaCha8Rng::seed_from_u64(places as u64);
        let mut sentence = || {
            let word = |word: &str, rng: &mut ChaCha8Rng| {
                if word == PLACE { self.words[weights.sample(rng)].clone() } else { word.to_owned() }
            };
            form.split(' ').map(|each| word(each, &mut rng)).collect::<Vec<_>>().join(" ")
        };
        (0..FILLINGS).map(|_| sentence()).collect()
    }

    /// A few sentences of one to three words about anything.
    #[must_use]
    pub fn anything(&self, count: usize) -> Vec<String> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let Some(weights) = &self.weights else { return Vec::new() };
        let mut sentence = || {
            let length = rng.random_range(1..=3);
            (0..length).map(|_| self.words[weights.sample(&mut rng)].as_str()).collect::<Vec<_>>().join(" ")
        };
        (0..count).map(|_| sentence()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_grammar_and_counts_content() {
        let generic = BTreeSet::from(["person".to_owned()]);
        assert_eq!(form("An elderly person, with a master's degree.", &generic), "a _ person with a _ _");
        assert_eq!(form("a person", &generic), "a person");
    }

    #[test]
    fn fillings_follow_the_frequencies_and_repeat() {
        let filler = Filler::new(&[("common", 900), ("rare", 100)]);
        let filled = filler.fill("a _ _");
        assert_eq!(filled.len(), FILLINGS);
        assert_eq!(filled, filler.fill("a _ _"));
        let rare: usize = filled.iter().map(|text| text.matches("rare").count()).sum();
        assert!((8..45).contains(&rare), "{rare} of 200 at a share of .1");
        assert_eq!(filler.fill("a person"), ["a person"]);
        assert_eq!(Filler::new(&[]).fill("a _"), ["a _"]);
    }
}
