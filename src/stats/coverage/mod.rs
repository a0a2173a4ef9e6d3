//! Whether a "95 %" interval covers in 95 % of simulated audits; slow, so run by name:
//! `cargo test --lib stats::coverage -- --ignored --nocapture`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::distribution::normal_quantile;
use super::undefined::Stat;

mod auroc;
mod decision;
mod gap;
mod other;

/// Audits simulated for each figure; its standard error is then 0.35 points.
const AUDITS: u64 = 4_000;
const LEVEL: f64 = 0.95;

struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn uniform(&mut self) -> f64 {
        self.0.random_range(1e-12..1.0)
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }
}

/// The share of audits whose interval held the truth, in percent; audits without an interval count as missed.
fn coverage<const K: usize>(audit: impl Fn(&mut Draw) -> [Stat<bool>; K] + Sync) -> [f64; K] {
    let tally = |mut sums: [f64; K], held: [Stat<bool>; K]| {
        for (sum, held) in sums.iter_mut().zip(held) {
            *sum += f64::from(held == Ok(true));
        }
        sums
    };
    let all: Vec<[Stat<bool>; K]> = (0..AUDITS).into_par_iter().map(|seed| audit(&mut Draw::new(seed))).collect();
    let sums = all.into_iter().fold([0.0; K], tally);
    sums.map(|sum| 100.0 * sum / AUDITS as f64)
}

/// Prints each figure and insists on 93–97 %.
fn report(title: &str, names: &[&str], figures: &[f64]) {
    for (name, figure) in names.iter().zip(figures) {
        println!("{title:<44} {name:<12} {figure:5.1} %");
    }
    for (name, figure) in names.iter().zip(figures) {
        assert!((93.0..=97.0).contains(figure), "{title}, {name}: {figure} %");
    }
}
