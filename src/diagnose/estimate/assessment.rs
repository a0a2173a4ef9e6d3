//! How good the calibration is on slices that no part of it has seen: fitted on one half, held against the other.

use super::calibration::{LEAST_SLICES, LEVEL, Recipe, SliceFit, draw_pairs};
use super::level::Said;
use super::slice::Slice;
use crate::stats::{ReliabilityBin, reliability};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Halvings, and pairs of held-out slices that are asked in each.
const HALVINGS: usize = 40;
const PAIRS: usize = 1000;
const SEED: u64 = 13;
/// Probability from which the verdict is `worse`.
pub const SURE: f64 = 0.9;

/// One halving: what the slices of one half, never fitted, show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    pub fitted: usize,
    pub held_out: usize,
    pub pairs: usize,
    pub ece: f64,
    pub brier: f64,
    /// Share of held-out slices within the interval, the error of their own means counted in.
    pub coverage: f64,
}

/// Figures over all halvings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Held-out slices and pairs of them, summed over the halvings.
    pub slices: usize,
    pub pairs: usize,
    pub ece: f64,
    pub brier: f64,
    /// Share within the interval, whose nominal coverage is `level`.
    pub coverage: f64,
    pub level: f64,
    /// Mean width of the interval, in the unit of the loss.
    pub width: f64,
    /// Share of pairs whose estimated order is the measured one.
    pub order_right: f64,
    /// Share of pairs called `worse`, and how many of them are right.
    pub worse_share: f64,
    pub worse_right: Option<f64>,
    /// Mean absolute error of the level, and of the regressor's.
    pub mean_error: f64,
    pub regressor_error: f64,
    /// Reliability of P(A harder) over all pairs.
    pub bins: Vec<ReliabilityBin>,
    pub folds: Vec<Fold>,
}

/// Places of slices to fit and to hold out.
struct Halving {
    fitted: Vec<usize>,
    held_out: Vec<usize>,
    /// Held-out slices one of which each pair must hold: those of the family left out.
    asked: Option<usize>,
}

/// Halves the slices by their parts: no slice of one half shares a part with one of the other, and slices across both are
/// left out. Where there are several families, one of them in turn is held out whole beside its half of the others.
fn halvings(slices: &[Slice]) -> Vec<Halving> {
    let parts: BTreeSet<usize> = slices.iter().flat_map(|slice| slice.parts.iter().copied()).collect();
    let families: Vec<usize> =
        slices.iter().map(|slice| slice.kind.family()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut order: Vec<usize> = parts.into_iter().collect();
    (0..HALVINGS)
        .map(|turn| {
            order.shuffle(&mut rng);
            let first: BTreeSet<usize> = order[..order.len() / 2].iter().copied().collect();
            let asked = (families.len() > 1).then(|| families[turn % families.len()]);
            let inside = |slice: &Slice| slice.parts.iter().all(|part| first.contains(part));
            let outside = |slice: &Slice| !slice.parts.iter().any(|part| first.contains(part));
            let of_asked = |slice: &Slice| Some(slice.kind.family()) == asked;
            let places = |keep: &dyn Fn(&Slice) -> bool| (0..slices.len()).filter(|&at| keep(&slices[at])).collect();
            Halving {
                fitted: places(&|slice| inside(slice) && !of_asked(slice)),
                held_out: places(&|slice| outside(slice)),
                asked,
            }
        })
        .collect()
}

/// What one halving shows, kept apart until all are joined.
#[derive(Default)]
struct Tally {
    said: Vec<f64>,
    came: Vec<bool>,
    ordered: usize,
    covered: usize,
    slices: usize,
    widths: f64,
    errors: f64,
    regressor_errors: f64,
}

fn one(
    slices: &[Slice],
    said: &[Said],
    overall: f64,
    recipe: Recipe,
    halving: &Halving,
    seed: u64,
) -> Option<(Tally, Fold)> {
    let of: Vec<&Slice> = halving.fitted.iter().map(|&at| &slices[at]).collect();
    let heard: Vec<&Said> = halving.fitted.iter().map(|&at| &said[at]).collect();
    let fit = SliceFit::of(&of, &heard, overall, recipe)?;
    let reach = fit.reach?;
    if halving.held_out.len() < LEAST_SLICES / 2 {
        return None;
    }
    let levels: Vec<f64> = halving.held_out.iter().map(|&at| fit.model.of(&said[at])).collect();
    let mut tally = Tally { slices: halving.held_out.len(), ..Tally::default() };
    for (&at, level) in halving.held_out.iter().zip(&levels) {
        let slice = &slices[at];
        let off = (slice.mean - level).abs();
        tally.covered += usize::from(off <= reach * (fit.noise.variance(*level) + slice.se.powi(2)).sqrt());
        tally.widths += 2.0 * reach * fit.noise.variance(*level).sqrt();
        tally.errors += off;
        tally.regressor_errors += (slice.mean - said[at].raw[0]).abs();
    }
    for (a, b) in draw_pairs(levels.len(), PAIRS, seed) {
        let (first, second) = (&slices[halving.held_out[a]], &slices[halving.held_out[b]]);
        let apart = |slice: &Slice| halving.asked.is_none_or(|family| slice.kind.family() == family);
        if !apart(first) && !apart(second) {
            continue;
        }
        tally.said.push(fit.probability(levels[a], levels[b]));
        tally.came.push(first.mean > second.mean);
        tally.ordered += usize::from((levels[a] > levels[b]) == (first.mean > second.mean));
    }
    let found = reliability(&tally.said, &tally.came).ok()?;
    let fold = Fold {
        fitted: halving.fitted.len(),
        held_out: tally.slices,
        pairs: tally.said.len(),
        ece: found.ece,
        brier: found.brier,
        coverage: tally.covered as f64 / tally.slices as f64,
    };
    Some((tally, fold))
}

/// Holds the calibration against slices it was not fitted to; `None` where halves are too small.
#[must_use]
pub fn assess(slices: &[Slice], said: &[Said], overall: f64, recipe: Recipe) -> Option<Assessment> {
    let mut all = Tally::default();
    let mut folds = Vec::new();
    for (seed, halving) in (SEED..).zip(halvings(slices)) {
        let Some((tally, fold)) = one(slices, said, overall, recipe, &halving, seed) else { continue };
        folds.push(fold);
        all.said.extend(tally.said);
        all.came.extend(tally.came);
        all.ordered += tally.ordered;
        all.covered += tally.covered;
        all.slices += tally.slices;
        all.widths += tally.widths;
        all.errors += tally.errors;
        all.regressor_errors += tally.regressor_errors;
    }
    let found = reliability(&all.said, &all.came).ok()?;
    let sure = all.said.iter().zip(&all.came).filter(|(p, _)| p.max(1.0 - **p) >= SURE);
    let (called, right) =
        sure.fold((0_u32, 0_u32), |(called, right), (p, came)| (called + 1, right + u32::from((*p > 0.5) == *came)));
    let (pairs, slices) = (all.said.len() as f64, all.slices as f64);
    Some(Assessment {
        slices: all.slices,
        pairs: all.said.len(),
        ece: found.ece,
        brier: found.brier,
        coverage: all.covered as f64 / slices,
        level: LEVEL,
        width: all.widths / slices,
        order_right: all.ordered as f64 / pairs,
        worse_share: f64::from(called) / pairs,
        worse_right: (called > 0).then(|| f64::from(right) / f64::from(called)),
        mean_error: all.errors / slices,
        regressor_error: all.regressor_errors / slices,
        bins: found.bins,
        folds,
    })
}
