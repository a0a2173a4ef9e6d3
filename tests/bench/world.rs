//! A made world for the benchmarks of training: directions of length one and losses that can be learnt from them.

use llm2loss::audit::{EpochMetrics, HeadKind};
use llm2loss::heads::{Observer, StepRng};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Mutex;
use std::time::Instant;

pub const DIMENSION: usize = 512;
pub const VALIDATION: usize = 8_000;

/// Draws the paper's negatives, and notes when each epoch ended with what validation Spearman of the ranker.
pub struct Gaussian {
    started: Instant,
    pub epochs: Mutex<Vec<(f64, f64)>>,
}

impl Gaussian {
    pub fn new() -> Self {
        Self { started: Instant::now(), epochs: Mutex::default() }
    }
}

impl Observer for Gaussian {
    fn fragments(&self, _: usize, _: &[u32]) -> Result<Option<Vec<f32>>, String> {
        Ok(None)
    }

    fn negatives(&self, count: usize, rng: &mut StepRng) -> Result<Vec<f32>, String> {
        let scale = (1.0 / DIMENSION as f32).sqrt();
        Ok((0..count * DIMENSION)
            .map(|_| scale * <StandardNormal as Distribution<f32>>::sample(&StandardNormal, rng))
            .collect())
    }

    fn steps(&self, _: HeadKind, _: usize, _: &[f32]) {}

    fn epoch(&self, metrics: &[EpochMetrics]) {
        let ranker = metrics.iter().find(|metrics| metrics.head == HeadKind::Ranker).unwrap();
        let members = &ranker.validation_spearman;
        let mean = members.iter().sum::<f64>() / members.len() as f64;
        self.epochs.lock().unwrap().push((self.started.elapsed().as_secs_f64(), mean));
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// Directions of length one whose loss has a linear and a bent part, and noise.
pub fn world(rows: usize) -> (Vec<f32>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut matrix = vec![0f32; rows * DIMENSION];
    let mut losses = Vec::with_capacity(rows);
    for row in matrix.chunks_exact_mut(DIMENSION) {
        row.iter_mut().for_each(|value| *value = rng.random_range(-1.0..1.0));
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
        let signal = 8.0 * (row[0] + (row[1] * 20.0).abs() * row[2] * 3.0 + row[3]);
        losses.push(f64::from(signal.exp()) * rng.random_range(0.5..1.5));
    }
    (matrix, losses)
}
