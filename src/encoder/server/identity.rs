//! Whether a server's model is the one it was: fixed texts, and some numbers made of their embeddings.
//!
//! Servers round by what else they compute at the time, so a digest of the numbers themselves would change from one
//! day to the next. Kept are random projections of all probes' embeddings, each of about unit variance: what moves the
//! embeddings by a share of their length moves every projection by about that share.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The texts a server is known by: several lengths, scripts and subjects.
pub const PROBES: [&str; 6] = [
    "a photo of a smiling woman",
    "The committee rejected the loan application because the applicant had no regular income.",
    "12 + 30 = 42",
    "Der Fluss trat nach dem Regen über die Ufer.",
    "def read(path): return open(path).read()",
    "東京は日本の首都です。",
];
/// Projections kept.
const COUNT: usize = 12;
const SEED: u64 = 0x6c6c_6d32_6c6f_7373;
/// Steps of a kept projection that are 1; 16 bits hold eight standard deviations.
const STEPS: f64 = 4096.0;
/// Share of their length that embeddings may move by rounding: half precision and other batches stay below.
const MOST_APART: f64 = 5e-3;

/// What is kept of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity([i16; COUNT]);

impl Identity {
    /// Of the probes' embeddings, each of length one.
    pub fn of(rows: &[Vec<f32>]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let scale = (rows.len().max(1) as f64).sqrt();
        Self(std::array::from_fn(|_| {
            let signed = |value: &f32| if rng.random::<bool>() { f64::from(*value) } else { -f64::from(*value) };
            let sum: f64 = rows.iter().flatten().map(signed).sum();
            // The cast saturates.
            (sum / scale * STEPS).round() as i16
        }))
    }

    /// Reads what [`Self::words`] wrote.
    pub fn read(words: &str) -> Option<Self> {
        let fits = words.len() == COUNT * 4 && words.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = |at: usize| u16::from_str_radix(&words[at * 4..at * 4 + 4], 16).unwrap_or(0).cast_signed();
        fits.then(|| Self(std::array::from_fn(number)))
    }

    /// As part of a fingerprint.
    pub fn words(&self) -> String {
        self.0.iter().map(|value| format!("{:04x}", value.cast_unsigned())).collect()
    }

    /// About how far the embeddings lie apart, as a share of their length.
    pub fn apart(&self, other: &Self) -> f64 {
        let squares = self.0.iter().zip(other.0).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2));
        (squares.sum::<f64>() / COUNT as f64).sqrt() / STEPS
    }

    /// Whether both are of one model, within rounding.
    pub fn is_that_of(&self, other: &Self) -> bool {
        self.apart(other) < MOST_APART
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::batch::normalise;
    use crate::encoder::random_direction;

    /// Probes' embeddings, and the same moved by a share of their length.
    fn moved(dimension: usize, share: f32) -> (Identity, Identity) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let rows: Vec<Vec<f32>> = PROBES.iter().map(|_| random_direction(dimension, &mut rng)).collect();
        let near = rows.iter().map(|row| {
            let noise = random_direction(dimension, &mut rng);
            let mut row: Vec<f32> = row.iter().zip(noise).map(|(a, b)| a + b * share).collect();
            normalise(&mut row);
            row
        });
        (Identity::of(&rows), Identity::of(&near.collect::<Vec<_>>()))
    }

    #[test]
    fn rounding_is_passed_over_and_another_model_is_not() {
        for dimension in [8, 384, 4096] {
            for (share, same) in [(0.0, true), (1e-5, true), (1e-3, true), (0.02, false), (2.0, false)] {
                let (a, b) = moved(dimension, share);
                assert_eq!(a.is_that_of(&b), same, "{dimension} {share}: {}", a.apart(&b));
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let (identity, _) = moved(32, 0.0);
        assert_eq!(Identity::read(&identity.words()), Some(identity.clone()));
        assert_eq!(Identity::read(&identity.words()[1..]), None);
        assert_eq!(Identity::read(&"é".repeat(24)), None);
    }
}
