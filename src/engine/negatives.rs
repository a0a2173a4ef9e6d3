//! Negatives of the OOD head: what an encoder says of things that are not the data.

use crate::audit::{HyperParameters, Negatives};
use crate::data;
use crate::encoder::{Encoder, EncoderError, random_direction};
use crate::heads::Rows;
use crate::heads::StepRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// Words of a random vocabulary text.
const FOREIGN_WORDS: std::ops::RangeInclusive<usize> = 1..=8;
/// Share of the negatives that are texts, where the source has texts.
const TEXT_SHARE: (usize, usize) = (2, 3);
/// Random texts a slow encoder reads for a whole run.
const POOL: usize = 1024;
/// Items a phrase is compared with before it counts as foreign.
const COMPARED: usize = 512;
/// A phrase nearer to the items than this share of item pairs are to each other is no negative.
const NEAR: f64 = 0.95;

/// Where a run's negatives come from, with what was worked out once.
pub struct NegativeSource<'a> {
    encoder: &'a dyn Encoder,
    kind: Negatives,
    /// Embeddings of foreign texts, `[texts, d]`: the phrases that are foreign to the items, or random texts where
    /// the encoder is too slow to read fresh ones at every step.
    pool: Vec<f32>,
}

impl<'a> NegativeSource<'a> {
    /// Prepares a source for the items at some positions of `rows`.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn new(
        encoder: &'a dyn Encoder,
        hyper: &HyperParameters,
        rows: Rows<'_>,
        train: &[usize],
    ) -> Result<Self, EncoderError> {
        let encode = |texts: &[String]| {
            let known = texts.iter().map(String::as_str).filter(|text| encoder.knows(text));
            encoder.encode(&known.collect::<Vec<_>>())
        };
        let pool = match hyper.negatives {
            Negatives::Phrases => foreign(&encode(&data::phrases())?, rows, train, encoder.dimension()),
            Negatives::Vocabulary | Negatives::Auto if !encoder.is_cheap() && !encoder.words().is_empty() => {
                let mut rng = ChaCha8Rng::seed_from_u64(hyper.seed);
                encode(&(0..POOL).map(|_| foreign_text(encoder.words(), &mut rng)).collect::<Vec<_>>())?
            }
            _ => Vec::new(),
        };
        Ok(Self { encoder, kind: hyper.negatives, pool })
    }

    /// `count` fresh negatives, `[count, d]`.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn draw(&self, count: usize, rng: &mut StepRng) -> Result<Vec<f32>, EncoderError> {
        let dimension = self.encoder.dimension();
        let texts = count * TEXT_SHARE.0 / TEXT_SHARE.1;
        let mut rows = match self.kind {
            Negatives::Gaussian => return Ok(gaussian(count * dimension, dimension, rng)),
            Negatives::Sphere => Vec::with_capacity(count * dimension),
            Negatives::Vocabulary | Negatives::Auto if self.encoder.words().is_empty() => Vec::new(),
            Negatives::Vocabulary | Negatives::Auto if self.pool.is_empty() => {
                let foreign: Vec<String> = (0..texts).map(|_| foreign_text(self.encoder.words(), rng)).collect();
                let foreign: Vec<&str> = foreign.iter().map(String::as_str).collect();
                self.encoder.encode(&foreign)?
            }
            Negatives::Vocabulary | Negatives::Auto | Negatives::Phrases => {
                let bank: Vec<&[f32]> = self.pool.chunks_exact(dimension).collect();
                (0..texts).filter_map(|_| bank.choose(rng)).flat_map(|row| row.iter().copied()).collect()
            }
        };
        while rows.len() < count * dimension {
            rows.extend(random_direction(dimension, rng));
        }
        Ok(rows)
    }
}

/// Normal values whose rows have an expected squared length of one.
fn gaussian(count: usize, dimension: usize, rng: &mut impl Rng) -> Vec<f32> {
    let deviation = (1.0 / dimension.max(1) as f32).sqrt();
    match Normal::new(0f32, deviation) {
        Ok(normal) => normal.sample_iter(rng).take(count).collect(),
        // A deviation between zero and one is always accepted.
        Err(_) => vec![0.0; count],
    }
}

/// A few random words: text, but about nothing.
fn foreign_text(words: &[&str], rng: &mut impl Rng) -> String {
    let count = rng.random_range(FOREIGN_WORDS);
    let chosen: Vec<&str> = (0..count).filter_map(|_| words.choose(rng).copied()).collect();
    chosen.join(" ")
}

/// The phrases that are further from every item compared than 95 % of item pairs are from each other; all of them
/// if that leaves none.
fn foreign(phrases: &[f32], rows: Rows<'_>, train: &[usize], dimension: usize) -> Vec<f32> {
    let mut sample = train.to_vec();
    // The same phrases for every seed of a run: which are foreign is a fact about the data.
    sample.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
    sample.truncate(COMPARED);
    let sample = rows.gather(&sample, dimension);
    let sample: Vec<&[f32]> = sample.chunks_exact(dimension).collect();
    let cosine = |a: &[f32], b: &[f32]| f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>());
    let mut pairs: Vec<f64> =
        sample.iter().enumerate().flat_map(|(row, a)| sample[row + 1..].iter().map(move |b| cosine(a, b))).collect();
    pairs.sort_by(f64::total_cmp);
    if pairs.is_empty() {
        return phrases.to_vec();
    }
    let limit = crate::stats::quantile_sorted(&pairs, NEAR);
    let is_foreign = |phrase: &&[f32]| sample.iter().all(|row| cosine(phrase, row) < limit);
    let kept: Vec<f32> = phrases.chunks_exact(dimension).filter(is_foreign).flatten().copied().collect();
    if kept.is_empty() { phrases.to_vec() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_near_the_items_are_no_negatives() {
        let rows: Vec<Vec<f32>> = (0..20)
            .map(|i| vec![(f64::from(i) * 0.03).cos() as f32, (f64::from(i) * 0.03).sin() as f32, 0.0])
            .collect();
        let rows = rows.concat();
        let train: Vec<usize> = (0..20).collect();
        // The first is one of the items, the second at right angles to them all.
        let phrases = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(foreign(&phrases, Rows::Dense(&rows), &train, 3), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_gaussian_row_has_length_one_on_average() {
        let rows = gaussian(200 * 64, 64, &mut ChaCha8Rng::seed_from_u64(1));
        let square: f32 = rows.iter().map(|value| value * value).sum::<f32>() / 200.0;
        assert!((square - 1.0).abs() < 0.05, "{square}");
    }
}
