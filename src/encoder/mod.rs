//! Text to embedding. Items and prompts go through the same encoder, so they share one space.

mod batch;
mod builtin;
mod choice;
mod clip;
mod files;
mod growth;
mod hub;
mod modules;
mod open;
mod ops;
mod patterns;
mod phrases;
mod picture;
mod processor;
mod prompts;
mod resize;
mod room;
mod sentence;
mod server;
mod siglip;
mod tokens;
mod transformer;
mod weights;

pub use builtin::StaticEncoder;
pub use choice::EncoderChoice;
pub use clip::ClipEncoder;
pub use hub::{DownloadObserver, HubSettings, Token};
pub use open::{OpenOptions, caution, open, open_with};
pub use phrases::{PhraseEncoder, TwoVectors};
pub use picture::{ImageProblem, MOST_BYTES, MOST_PIXELS, Picture};
pub use sentence::SentenceEncoder;
pub use server::{ServerEncoder, ServerSettings};
pub use siglip::SiglipEncoder;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;
use thiserror::Error;

/// What can go wrong while encoding.
#[derive(Debug, Error)]
pub enum EncoderError {
    #[error("encoder {encoder}: {problem}")]
    Unusable { encoder: String, problem: String },
    /// There is none of this name, or its files are not what can be read: no try will mend that.
    #[error("encoder {encoder}: {problem}")]
    Unopened { encoder: String, problem: String },
    #[error("encoder {encoder} reads text only; images need a CLIP or SigLIP encoder")]
    TextOnly { encoder: String },
    #[error(transparent)]
    Image(#[from] ImageProblem),
    #[error(
        "no vector is given for {text}: {known} phrases are known, such as {like}; 'llm2loss score AUDIT --phrases' lists them"
    )]
    NoVector { text: String, known: usize, like: String },
}

/// How a text falls into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Pieces of the whole text; those over the limit are not read.
    pub pieces: usize,
    /// Pieces that the vocabulary does not know, which all look the same to the encoder.
    pub unknown: usize,
}

/// An image as an encoder's vision tower takes it: normalised, channels first, `[3, height, width]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels(pub Vec<f32>);

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

    /// Encodes prompts: as [`Encoder::encode`], but for encoders that read prompts behind other words than items.
    ///
    /// # Errors
    /// If the encoder's model fails.
    fn encode_prompts(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        self.encode(texts)
    }

    /// Encodes one prompt that somebody is typing, `[dimension]`; encoders that can go on from what the last texts
    /// began with do so. What it gives differs from [`Encoder::encode_prompts`] by rounding alone.
    ///
    /// # Errors
    /// If the encoder's model fails.
    fn encode_prompt(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        self.encode_prompts(&[text])
    }

    /// Whether it reads thousands of texts a second, so that fresh ones can be made at every step of a training.
    fn is_cheap(&self) -> bool {
        false
    }

    /// Whether images have a place in this encoder's space.
    fn reads_images(&self) -> bool {
        false
    }

    /// Decodes an image file's bytes and brings them to the pixels the encoder wants; safe to call from any
    /// number of threads.
    ///
    /// # Errors
    /// What is wrong with the image, or that this encoder reads text only.
    fn prepare_image(&self, _bytes: &[u8]) -> Result<Pixels, EncoderError> {
        Err(EncoderError::TextOnly { encoder: self.name().to_owned() })
    }

    /// Encodes prepared images, row-major `[n, dimension]`, every row of length one.
    ///
    /// # Errors
    /// If the encoder's model fails or this encoder reads text only.
    fn encode_images(&self, _images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        Err(EncoderError::TextOnly { encoder: self.name().to_owned() })
    }

    /// Whole words of the encoder's vocabulary: what random foreign texts are made of.
    fn words(&self) -> &[&str];

    /// The list of phrases that have a vector, where no other text has one.
    fn phrases(&self) -> Option<&PhraseEncoder> {
        None
    }

    /// Whether a text has a vector: sentences that are made up, and not typed, are left out where they have none.
    fn knows(&self, text: &str) -> bool {
        self.phrases().is_none_or(|list| list.holds(text))
    }

    /// The same encoder under the fingerprint that an audit was taken in with, where a fingerprint holds within
    /// rounding only; none where it is exact.
    ///
    /// # Errors
    /// If it is another encoder than the one that is kept.
    fn recognise(&self, _kept: &str) -> Result<Option<Arc<dyn Encoder>>, EncoderError> {
        Ok(None)
    }
}

/// A random direction: a standard normal vector scaled to length one, as embeddings are.
pub fn random_direction(dimension: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mut row: Vec<f32> = (0..dimension).map(|_| StandardNormal.sample(rng)).collect();
    let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    row.iter_mut().for_each(|value| *value /= norm);
    row
}
