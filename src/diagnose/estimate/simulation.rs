//! Whether the 90 % interval covers in 90 % of simulated audits; slow, so run by name:
//! `cargo test --lib estimate::simulation -- --ignored --nocapture`.

use super::calibration::{Recipe, SliceFit};
use super::level::Said;
use super::slice::{Slice, SliceKind};
use crate::stats;
use rand::seq::index::sample;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

const AUDITS: u64 = 200;
const PARTS: usize = 40;
const FRESH: usize = 40;

struct World {
    rng: ChaCha8Rng,
    /// What each part adds to the loss, and what the witnesses make of it.
    effects: Vec<(f64, f64)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let effects = (0..PARTS + FRESH).map(|_| {
            let effect = 0.3 * normal(&mut rng);
            (effect, effect + 0.1 * normal(&mut rng))
        });
        let effects = effects.collect();
        Self { rng, effects }
    }

    /// A slice of some of the parts, what witnesses say of it, and its true mean.
    fn slice(&mut self, from: usize, to: usize) -> (Slice, Said, f64) {
        let count = self.rng.random_range(1..=3);
        let parts: Vec<usize> = sample(&mut self.rng, to - from, count).into_iter().map(|at| from + at).collect();
        let truth = 1.5 + parts.iter().map(|&part| self.effects[part].0).sum::<f64>() + 0.05 * normal(&mut self.rng);
        let heard = 1.2 + parts.iter().map(|&part| self.effects[part].1).sum::<f64>();
        let se = self.rng.random_range(0.02..0.15);
        let mean = truth + se * normal(&mut self.rng);
        let raw = [heard + 0.2 * normal(&mut self.rng), normal(&mut self.rng), heard, 0.5 * heard];
        let kind = if count == 1 { SliceKind::Attribute } else { SliceKind::Joint };
        (Slice { text: String::new(), kind, parts, n: 40, mean, se }, Said { raw, form: [0.0; 4] }, truth)
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Of one audit: fresh slices whose true mean the interval holds, slices, and P(worse) with what was true of fresh pairs.
fn audit(seed: u64) -> (usize, usize, Vec<(f64, bool)>) {
    let mut world = World::new(seed);
    let known: Vec<(Slice, Said, f64)> = (0..300).map(|_| world.slice(0, PARTS)).collect();
    let slices: Vec<&Slice> = known.iter().map(|(slice, _, _)| slice).collect();
    let said: Vec<&Said> = known.iter().map(|(_, said, _)| said).collect();
    let fit = SliceFit::of(&slices, &said, 1.5, Recipe { own_form: false, learnt_centre: true }).unwrap();
    let fresh: Vec<(f64, f64)> = (0..100)
        .map(|_| {
            let (_, said, truth) = world.slice(PARTS, PARTS + FRESH);
            (fit.model.of(&said), truth)
        })
        .collect();
    let held = fresh.iter().filter(|(level, truth)| (level - truth).abs() <= fit.half_width(*level).unwrap()).count();
    let pairs = fresh.windows(2).map(|two| {
        let p = fit.probability(two[0].0, two[1].0);
        (p, two[0].1 > two[1].1)
    });
    (held, fresh.len(), pairs.collect())
}

#[test]
#[ignore = "half a minute"]
fn intervals_and_probabilities_mean_what_they_say() {
    let found: Vec<_> = (0..AUDITS).into_par_iter().map(audit).collect();
    let (held, all) = found.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let (said, came): (Vec<f64>, Vec<bool>) = found.iter().flat_map(|one| one.2.iter().copied()).unzip();
    let reliability = stats::reliability(&said, &came).unwrap();
    let coverage = 100.0 * held as f64 / all as f64;
    println!(
        "coverage {coverage:.1} % of {all} slices, calibration error {:.3}, Brier {:.3}",
        reliability.ece, reliability.brier
    );
    assert!((88.0..=92.0).contains(&coverage), "{coverage}");
    assert!(reliability.ece < 0.05, "{}", reliability.ece);
}
