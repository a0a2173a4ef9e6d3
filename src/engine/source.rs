//! Fresh fragments and negatives for a run: texts made on the fly and encoded like the items.

use super::negatives::NegativeSource;
use super::{EngineError, Stage, Tracker};
use crate::audit::{EpochMetrics, HeadKind, HyperParameters};
use crate::data;
use crate::encoder::{Encoder, EncoderError};
use crate::heads::{Checkpoint, Observer, StepRng};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Stream of fragments; those of the heads' own draws are smaller.
const FRAGMENTS: u64 = 16 << 32;
/// Places in the stream between the fragments of one row and the next: more than one fragment ever draws.
const PLACES: u128 = 1 << 12;

/// Texts encoded between two questions whether the job is cancelled.
const CHUNK: usize = 256;

/// Fragments of the training rows: fresh ones in every epoch where the encoder is cheap, else one a row for the
/// whole run, encoded before it begins.
pub struct Fragments<'a> {
    encoder: &'a dyn Encoder,
    seed: u64,
    texts: Vec<&'a str>,
    /// `[n, d]`, for an encoder that is not cheap.
    once: Option<Vec<f32>>,
}

impl<'a> Fragments<'a> {
    /// Prepares the fragments of texts, in the order of the training rows.
    ///
    /// # Errors
    /// If the encoder fails or the job is cancelled.
    pub fn new(
        encoder: &'a dyn Encoder,
        hyper: &HyperParameters,
        texts: Vec<&'a str>,
        tracker: &Tracker,
    ) -> Result<Self, EngineError> {
        let mut fragments = Self { encoder, seed: hyper.seed, texts, once: None };
        if hyper.fragments && !encoder.is_cheap() {
            let mut all = Vec::with_capacity(fragments.texts.len() * encoder.dimension());
            let rows: Vec<u32> = (0..fragments.texts.len() as u32).collect();
            tracker.stage(Stage::Fragments, rows.len() as u64);
            for chunk in rows.chunks(CHUNK) {
                tracker.done((all.len() / encoder.dimension()) as u64);
                if tracker.is_cancelled() {
                    return Err(EngineError::Cancelled);
                }
                all.extend(fragments.encode(0, chunk)?);
            }
            fragments.once = Some(all);
        }
        Ok(fragments)
    }

    fn encode(&self, epoch: usize, rows: &[u32]) -> Result<Vec<f32>, EncoderError> {
        let fragment = |&row: &u32| {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(FRAGMENTS | epoch as u64);
            rng.set_word_pos(u128::from(row) * PLACES);
            data::fragment(self.texts[row as usize], &mut rng)
        };
        let fragments: Vec<String> = rows.iter().map(fragment).collect();
        let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
        self.encoder.encode(&fragments)
    }

    /// One fragment of each row, `[rows, d]`.
    fn of(&self, epoch: usize, rows: &[u32]) -> Result<Vec<f32>, EncoderError> {
        let Some(once) = &self.once else { return self.encode(epoch, rows) };
        let dimension = self.encoder.dimension();
        Ok(rows.iter().flat_map(|&row| &once[row as usize * dimension..][..dimension]).copied().collect())
    }
}

/// Feeds a run and hands its reports to the tracker.
pub struct Source<'a> {
    pub fragments: Fragments<'a>,
    pub negatives: NegativeSource<'a>,
    pub tracker: &'a Tracker,
    /// Where checkpoints go.
    pub keep: &'a (dyn Fn(&Checkpoint) + Sync),
}

impl Observer for Source<'_> {
    fn fragments(&self, epoch: usize, rows: &[u32]) -> Result<Option<Vec<f32>>, String> {
        self.fragments.of(epoch, rows).map(Some).map_err(|error| error.to_string())
    }

    fn negatives(&self, count: usize, rng: &mut StepRng) -> Result<Vec<f32>, String> {
        self.negatives.draw(count, rng).map_err(|error| error.to_string())
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

    fn checkpoint(&self, checkpoint: &Checkpoint) {
        (self.keep)(checkpoint);
    }

    fn notice(&self, message: &str) {
        self.tracker.notice(message);
    }
}
