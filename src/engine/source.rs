//! Fresh fragments and negatives for a run: texts made on the fly and encoded like the items.

use super::Tracker;
use crate::audit::{EpochMetrics, HeadKind, HyperParameters, Negatives};
use crate::data;
use crate::encoder::{Encoder, random_direction};
use crate::heads::Observer;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Words of a random vocabulary text.
const FOREIGN_WORDS: std::ops::RangeInclusive<usize> = 1..=8;
/// Stream of fragments; those of the heads' own draws are smaller.
const FRAGMENTS: u64 = 16 << 32;

/// Feeds a run and hands its reports to the tracker.
pub struct Source<'a> {
    pub encoder: &'a dyn Encoder,
    pub hyper: &'a HyperParameters,
    /// Texts of the training rows, in the order of the matrix.
    pub texts: Vec<&'a str>,
    pub tracker: &'a Tracker,
}

impl Observer for Source<'_> {
    fn fragments(&self, epoch: usize) -> Result<Option<Vec<f32>>, String> {
        if !self.hyper.fragments {
            return Ok(None);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.hyper.seed);
        rng.set_stream(FRAGMENTS | epoch as u64);
        let fragments: Vec<String> = self.texts.iter().map(|text| data::fragment(text, &mut rng)).collect();
        let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
        self.encoder.encode(&fragments).map(Some).map_err(|error| error.to_string())
    }

    fn negatives(&self, count: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, String> {
        let words = self.encoder.words();
        let texts = match self.hyper.negatives {
            Negatives::Gaussian => 0,
            Negatives::Vocabulary if words.is_empty() => 0,
            Negatives::Vocabulary => count * 2 / 3,
        };
        let foreign: Vec<String> = (0..texts).map(|_| foreign_text(words, rng)).collect();
        let foreign: Vec<&str> = foreign.iter().map(String::as_str).collect();
        let mut rows = self.encoder.encode(&foreign).map_err(|error| error.to_string())?;
        for _ in texts..count {
            rows.extend(random_direction(self.encoder.dimension(), rng));
        }
        Ok(rows)
    }

    fn steps(&self, head: HeadKind, done: usize, losses: &[f32]) {
        self.tracker.steps(head, done, losses);
    }

    fn epoch(&self, metrics: &[EpochMetrics]) {
        self.tracker.epoch(metrics);
    }

    fn cancelled(&self) -> bool {
        self.tracker.is_cancelled()
    }
}

/// A few random words: text, but about nothing.
fn foreign_text(words: &[&str], rng: &mut ChaCha8Rng) -> String {
    let count = rng.random_range(FOREIGN_WORDS);
    let chosen: Vec<&str> = (0..count).filter_map(|_| words.choose(rng).copied()).collect();
    chosen.join(" ")
}
