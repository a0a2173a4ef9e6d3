//! Text to embedding. Items and prompts go through the same encoder, so they share one space.

mod builtin;

pub use builtin::StaticEncoder;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use thiserror::Error;

/// What can go wrong while encoding.
#[derive(Debug, Error)]
pub enum EncoderError {
    #[error("encoder {encoder}: {problem}")]
    Unusable { encoder: &'static str, problem: String },
}

/// How a text falls into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Pieces of the whole text; those over the limit are not read.
    pub pieces: usize,
    /// Pieces that the vocabulary does not know, which all look the same to the encoder.
    pub unknown: usize,
}

/// Embeddings of texts, row-major `[n, dimension]`; every row has length one, or is zero for empty texts.
pub trait Encoder: Send + Sync {
    /// The name shown to people.
    fn name(&self) -> &str;

    /// Names weights and preprocessing: equal fingerprints give equal embeddings.
    fn fingerprint(&self) -> &str;

    fn dimension(&self) -> usize;

    /// Most pieces of a text that are read; the rest is cut.
    fn piece_limit(&self) -> usize;

    /// How the encoder reads a text.
    fn reading(&self, text: &str) -> Reading;

    /// Encodes texts on all threads of the current pool.
    ///
    /// # Errors
    /// If the encoder's model fails.
    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError>;

    /// Whole words of the encoder's vocabulary: what random foreign texts are made of.
    fn words(&self) -> &[&str];
}

/// A random direction: a standard normal vector scaled to length one, as embeddings are.
pub fn random_direction(dimension: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mut row: Vec<f32> = (0..dimension).map(|_| StandardNormal.sample(rng)).collect();
    let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    row.iter_mut().for_each(|value| *value /= norm);
    row
}
