//! Fresh fragments and negatives for a run: texts made on the fly and encoded like the items.

use super::Tracker;
use super::negatives::NegativeSource;
use crate::audit::{EpochMetrics, HeadKind};
use crate::data;
use crate::encoder::Encoder;
use crate::heads::{Checkpoint, Observer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Stream of fragments; those of the heads' own draws are smaller.
const FRAGMENTS: u64 = 16 << 32;
/// Places in the stream between the fragments of one row and the next: more than one fragment ever draws.
const PLACES: u128 = 1 << 12;

/// Feeds a run and hands its reports to the tracker.
pub struct Source<'a> {
    pub encoder: &'a dyn Encoder,
    pub seed: u64,
    /// Texts of the training rows, in their order.
    pub texts: Vec<&'a str>,
    pub negatives: NegativeSource<'a>,
    pub tracker: &'a Tracker,
    /// Where checkpoints go.
    pub keep: &'a (dyn Fn(&Checkpoint) + Sync),
}

impl Observer for Source<'_> {
    fn fragments(&self, epoch: usize, rows: &[u32]) -> Result<Option<Vec<f32>>, String> {
        let fragment = |&row: &u32| {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(FRAGMENTS | epoch as u64);
            rng.set_word_pos(u128::from(row) * PLACES);
            data::fragment(self.texts[row as usize], &mut rng)
        };
        let fragments: Vec<String> = rows.iter().map(fragment).collect();
        let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
        self.encoder.encode(&fragments).map(Some).map_err(|error| error.to_string())
    }

    fn negatives(&self, count: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, String> {
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
