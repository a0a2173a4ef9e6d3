//! Words the items use, and how a word they do not use is read: as the nearest of them.

use crate::diagnose::DiagnoseError;
use crate::encoder::Encoder;
use std::collections::{HashMap, HashSet};

/// Most words whose vectors are kept; the most frequent ones.
const MOST_WORDS: usize = 20_000;
/// A word is read as another one only above this cosine of the built-in static vectors.
pub const READ_AS: f64 = 0.5;
/// Item words left out one by one to find how alike words of one audit are.
const LEFT_OUT: usize = 400;
/// Share of an audit's own words that would be refused if they were not known: where the guard's threshold lies.
const REFUSED: f64 = 0.25;

/// The words of an audit's items with their vectors.
pub struct Lexicon {
    words: Vec<String>,
    places: HashMap<String, usize>,
    /// `[words, d]`, of length one.
    vectors: Vec<f32>,
    dimension: usize,
    threshold: f64,
}

/// How a word of a prompt was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The item word it was read as; none where nothing is like it.
    pub read_as: Option<String>,
    /// Cosine with the nearest item word; 1 for a word the items use.
    pub cosine: f64,
}

impl Lexicon {
    /// Takes words of items, most frequent first, and `encoder`, whose vectors of single words say how alike they are.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn new(words: &[&str], encoder: &dyn Encoder) -> Result<Self, DiagnoseError> {
        let kept: Vec<&str> = words.iter().copied().take(MOST_WORDS).collect();
        let vectors = encoder.encode(&kept)?;
        let words: Vec<String> = kept.into_iter().map(str::to_owned).collect();
        let places = words.iter().cloned().enumerate().map(|(at, word)| (word, at)).collect();
        let mut lexicon = Self { words, places, vectors, dimension: encoder.dimension().max(1), threshold: READ_AS };
        lexicon.threshold = lexicon.own_quantile(REFUSED);
        Ok(lexicon)
    }

    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether an item uses this word.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        self.places.contains_key(word)
    }

    /// The vector of length one of a word that the items use.
    fn row(&self, at: usize) -> &[f32] {
        &self.vectors[at * self.dimension..(at + 1) * self.dimension]
    }

    /// The greatest cosine of `vector` with an item word other than those left out, and that word's place.
    fn greatest(&self, vector: &[f32], leave_out: Option<usize>) -> Option<(usize, f64)> {
        let cosine = |at: usize| self.row(at).iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
        let others = (0..self.words.len()).filter(|at| Some(*at) != leave_out);
        let best = others.map(|at| (at, cosine(at))).max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((best.0, f64::from(best.1)))
    }

    /// How a word is read; `vector` is the word's own, of length one.
    #[must_use]
    pub fn read(&self, word: &str, vector: &[f32]) -> Reading {
        if self.holds(word) {
            return Reading { read_as: Some(word.to_owned()), cosine: 1.0 };
        }
        match self.greatest(vector, None) {
            Some((at, cosine)) => {
                Reading { read_as: (cosine > READ_AS).then(|| self.words[at].clone()), cosine: cosine.max(0.0) }
            }
            None => Reading { read_as: None, cosine: 0.0 },
        }
    }

    /// Cosine below which a word counts as like nothing in the data: the 25 % quantile of the greatest cosine of item
    /// words left out one by one. No label is needed for it.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    fn own_quantile(&self, share: f64) -> f64 {
        let lettered: Vec<usize> = (0..self.words.len())
            .filter(|&at| {
                self.words[at].chars().any(char::is_alphabetic) && self.row(at).iter().any(|value| *value != 0.0)
            })
            .collect();
        // Spread evenly over the frequencies, the same ones each time.
        let step = lettered.len().div_ceil(LEFT_OUT).max(1);
        let greatest = |at: &usize| self.greatest(self.row(*at), Some(*at)).map(|(_, cosine)| cosine);
        let mut figures: Vec<f64> = lettered.iter().step_by(step).filter_map(greatest).collect();
        if figures.is_empty() {
            return READ_AS;
        }
        figures.sort_by(f64::total_cmp);
        crate::stats::quantile_sorted(&figures, share)
    }

    /// Words that occur in no item, among those given; each once.
    pub fn unknown<'a>(&self, words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut seen = HashSet::new();
        words.filter(|word| !self.holds(word) && seen.insert(*word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::StaticEncoder;

    #[test]
    fn an_unknown_word_is_read_as_the_nearest_item_word_or_not_at_all() {
        let encoder = StaticEncoder::new().unwrap();
        let lexicon = Lexicon::new(&["retired", "driver", "married", "widowed", "farmer"], &encoder).unwrap();
        let read = |word: &str| lexicon.read(word, &encoder.encode(&[word]).unwrap());
        assert_eq!(read("driver"), Reading { read_as: Some("driver".into()), cosine: 1.0 });
        let drivers = read("drivers");
        assert!(drivers.read_as.as_deref() == Some("driver") && drivers.cosine > 0.5);
        let ballet = read("ballet");
        assert!(ballet.read_as.is_none() && ballet.cosine < 0.5, "{ballet:?}");
        assert_eq!(lexicon.unknown(["driver", "ballet", "ballet"].into_iter()), ["ballet"]);
        assert!((-1.0..=1.0).contains(&lexicon.threshold()));
    }
}
