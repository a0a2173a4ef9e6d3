//! Random draws of a training run: each purpose, epoch and step has a stream of its own, so that a resumed run
//! draws what an uninterrupted one draws, on any number of threads.

use crate::audit::HyperParameters;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// What draws a step's negatives: millions of normal values a second, which a cipher would take too long for.
pub type StepRng = Xoshiro256PlusPlus;

/// Purposes of random streams.
#[derive(Clone, Copy)]
pub enum Draw {
    Initial = 1,
    Bootstrap = 2,
    Order = 3,
    Negatives = 5,
}

/// The random stream of a purpose; `index` is the epoch, the member or the track.
pub fn stream(seed: u64, draw: Draw, index: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((draw as u64) << 32) | index as u64);
    rng
}

/// The draws of one part of one step of an epoch, begun from the place that part has in the epoch's stream.
pub fn step_stream(seed: u64, draw: Draw, epoch: usize, step: usize, part: usize) -> StepRng {
    let mut rng = stream(seed, draw, epoch);
    rng.set_word_pos(((step as u128) << 48) | ((part as u128) << 36));
    StepRng::from_rng(&mut rng)
}

/// How often each member's bootstrap resample holds each training row; without a resample, once.
#[derive(Debug, Clone)]
pub struct Resample {
    /// `[M, n]`, member after member; `None` without a resample.
    counts: Option<Vec<u8>>,
    rows: usize,
}

impl Resample {
    pub fn draw(rows: usize, hyper: &HyperParameters) -> Self {
        let counts = hyper.bootstrap.then(|| {
            let mut counts = vec![0u8; rows * hyper.members];
            for member in 0..hyper.members {
                let mut rng = stream(hyper.seed, Draw::Bootstrap, member);
                let mine = &mut counts[member * rows..(member + 1) * rows];
                for _ in 0..rows {
                    let count = &mut mine[rng.random_range(0..rows)];
                    *count = count.saturating_add(1);
                }
            }
            counts
        });
        Self { counts, rows }
    }

    /// Whether every member holds every row once.
    pub fn is_whole(&self) -> bool {
        self.counts.is_none()
    }

    /// How often a member holds a row.
    pub fn weight(&self, member: usize, row: u32) -> f32 {
        self.counts.as_ref().map_or(1.0, |counts| f32::from(counts[member * self.rows + row as usize]))
    }
}
