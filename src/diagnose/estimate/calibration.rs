//! The calibration of a run: how far an estimate is off, and how steeply a difference turns into a probability, both from
//! slices that had no part in the fit.

use super::assessment::{Assessment, assess};
use super::fixed::FixedFormula;
use super::level::{Lessons, LevelModel, Said};
use super::slice::{Slice, SliceKind};
use crate::stats::{between_variance, conformal_quantile, logistic_slope};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Slices without which nothing is calibrated.
pub const LEAST_SLICES: usize = 20;
/// Coverage of the interval of a level.
pub const LEVEL: f64 = 0.9;
/// Pairs of slices that the slope is fitted to.
const PAIRS: usize = 3000;
const SEED: u64 = 12;
/// Times the variance of the estimate's error is found anew with weights by the one before.
const ROUNDS: usize = 2;

/// How witnesses become a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// A witness counts by what it says beyond the same form of sentence about anything.
    pub own_form: bool,
    /// The level of a middling sentence is learnt from the slices; else it is the mean loss of all.
    pub learnt_centre: bool,
}

/// A fit to some slices, with the error that slices outside it show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceFit {
    pub model: LevelModel,
    /// Standard deviation of the estimate's own error, in the unit of the loss.
    pub error: f64,
    /// Multiple of the error within which nine in ten slices lie; none where there are too few parts to say.
    pub reach: Option<f64>,
    /// The same for the difference of two slices, in multiples of √2 the error.
    pub pair_reach: Option<f64>,
    /// `P(A harder) = σ(slope · difference / (√2 · error))`.
    pub slope: f64,
    /// Estimates of the fitted slices, each from a fit without it and whatever shares a part with it.
    #[serde(skip)]
    pub left_out: Vec<f64>,
}

impl SliceFit {
    /// Fits a level to some slices; `None` for fewer than [`LEAST_SLICES`] or where none is independent of another.
    #[must_use]
    pub fn of(slices: &[&Slice], said: &[&Said], overall: f64, recipe: Recipe) -> Option<Self> {
        if slices.len() < LEAST_SLICES {
            return None;
        }
        let errors: Vec<f64> = slices.iter().map(|slice| slice.se).collect();
        let means: Vec<f64> = slices.iter().map(|slice| slice.mean).collect();
        let families: BTreeSet<usize> = slices.iter().map(|slice| slice.kind.family()).collect();
        let apart = |a: &Slice, b: &Slice| !a.shares(b) && (families.len() < 2 || a.kind.family() != b.kind.family());
        let fit = |kept: &dyn Fn(usize) -> bool, between: f64| -> Option<LevelModel> {
            let places: Vec<usize> = (0..slices.len()).filter(|&at| kept(at)).collect();
            let of = |values: &[f64]| places.iter().map(|&at| values[at]).collect::<Vec<f64>>();
            let said = places.iter().map(|&at| said[at]).collect();
            let lessons = Lessons { said, means: of(&means), errors: of(&errors), overall };
            (places.len() >= LEAST_SLICES / 2).then(|| LevelModel::fit(&lessons, recipe, between))
        };
        let mut between = between_variance(&means.iter().map(|mean| mean - overall).collect::<Vec<_>>(), &errors) / 4.0;
        let mut left_out = Vec::new();
        for _ in 0..ROUNDS {
            let without = |at: usize| fit(&|other| apart(slices[at], slices[other]), between).map(|model| model.of(said[at]));
            left_out = (0..slices.len()).map(without).collect::<Option<Vec<f64>>>()?;
            between = family_variance(slices, &left_out);
        }
        let model = fit(&|_| true, between)?;
        let error = between.sqrt();
        let parts: BTreeSet<usize> = slices.iter().flat_map(|slice| slice.parts.iter().copied()).collect();
        let score = |residual: f64, se: f64| residual.abs() / (between + se * se).sqrt();
        let scores: Vec<f64> = (0..slices.len()).map(|at| score(means[at] - left_out[at], errors[at])).collect();
        let drawn = draw_pairs(slices.len(), PAIRS, SEED);
        let pair_scores: Vec<f64> = drawn
            .iter()
            .map(|&(a, b)| {
                let residual = (means[a] - means[b]) - (left_out[a] - left_out[b]);
                residual.abs() / (2.0 * between + errors[a].powi(2) + errors[b].powi(2)).sqrt()
            })
            .collect();
        let steps: Vec<f64> =
            drawn.iter().map(|&(a, b)| (left_out[a] - left_out[b]) / (2f64.sqrt() * error)).collect();
        let outcomes: Vec<bool> = drawn.iter().map(|&(a, b)| means[a] > means[b]).collect();
        Some(Self {
            model,
            error,
            reach: conformal_quantile(&scores, parts.len(), LEVEL),
            pair_reach: conformal_quantile(&pair_scores, parts.len(), LEVEL),
            slope: logistic_slope(&steps, &outcomes),
            left_out,
        })
    }

    /// Probability that the first of two levels is the higher one in truth. `wider` multiplies the error, for sentences
    /// that are unlike every slice.
    #[must_use]
    pub fn probability(&self, a: f64, b: f64, wider: f64) -> f64 {
        if self.error <= 0.0 || a == b {
            return 0.5;
        }
        crate::stats::sigmoid(self.slope * (a - b) / (2f64.sqrt() * self.error * wider))
    }
}

/// Variance of the estimate's own error: of several families the worst, since a typed sentence may be like that one.
fn family_variance(slices: &[&Slice], estimates: &[f64]) -> f64 {
    let mut by_family: BTreeMap<usize, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (slice, estimate) in slices.iter().zip(estimates) {
        let (residuals, errors) = by_family.entry(slice.kind.family()).or_default();
        residuals.push(slice.mean - estimate);
        errors.push(slice.se);
    }
    by_family.values().map(|(residuals, errors)| between_variance(residuals, errors)).fold(0.0, f64::max)
}

/// Random pairs of different things out of `count`, first and second in either order.
pub fn draw_pairs(count: usize, pairs: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if count < 2 {
        return Vec::new();
    }
    let mut draw = || {
        let a = rng.random_range(0..count);
        let b = rng.random_range(0..count - 1);
        (a, if b >= a { b + 1 } else { b })
    };
    (0..pairs).map(|_| draw()).collect()
}

/// A slice beside what was estimated of it without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceOutcome {
    pub text: String,
    pub kind: SliceKind,
    pub n: usize,
    /// Mean loss of its test items, and the standard error.
    pub mean: f64,
    pub se: f64,
    /// The estimate, from a fit without the slice and whatever shares a part with it.
    pub estimate: f64,
    /// What each witness said: regressor, ranker, words, nearest.
    pub witnesses: [f64; 4],
}

/// What turns witnesses into an estimate: a fit to the audit's own slices, or a fixed formula where there are too few.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Slices it rests on, and the attributes, words or clusters they are made of.
    pub slices: usize,
    pub parts: usize,
    /// Mean loss of the test items, and how many there are.
    pub overall: f64,
    pub test_items: usize,
    /// Training items whose losses the witnesses are over.
    pub evidence_items: usize,
    pub fit: Option<SliceFit>,
    pub fixed: FixedFormula,
    pub assessment: Option<Assessment>,
    pub outcomes: Vec<SliceOutcome>,
    /// Most content words of a slice's sentence: a longer one is unlike all of them.
    pub longest: usize,
    /// What witnesses say of the forms met so far, by form.
    pub forms: BTreeMap<String, [f64; 4]>,
}

impl Calibration {
    /// Calibrates on slices, `said` being what the witnesses say of each one's sentence.
    #[must_use]
    pub fn of(slices: &[Slice], said: &[Said], grounds: Grounds) -> Self {
        let recipe = grounds.recipe;
        let of: Vec<&Slice> = slices.iter().collect();
        let heard: Vec<&Said> = said.iter().collect();
        let fit = SliceFit::of(&of, &heard, grounds.overall, recipe);
        let assessment = fit.as_ref().and_then(|_| assess(slices, said, grounds.overall, recipe));
        let left_out = fit.as_ref().map(|fit| fit.left_out.clone()).unwrap_or_default();
        let outcome = |((slice, said), estimate): ((&Slice, &Said), f64)| SliceOutcome {
            text: slice.text.clone(),
            kind: slice.kind,
            n: slice.n,
            mean: slice.mean,
            se: slice.se,
            estimate,
            witnesses: said.raw,
        };
        let parts: BTreeSet<usize> = slices.iter().flat_map(|slice| slice.parts.iter().copied()).collect();
        Self {
            slices: slices.len(),
            parts: parts.len(),
            overall: grounds.overall,
            test_items: grounds.test_items,
            evidence_items: grounds.evidence_items,
            outcomes: slices.iter().zip(said).zip(left_out).map(outcome).collect(),
            fit,
            fixed: grounds.fixed,
            assessment,
            longest: grounds.longest,
            forms: grounds.forms,
        }
    }
}

/// What a calibration is over beside the slices.
pub struct Grounds {
    pub recipe: Recipe,
    pub overall: f64,
    pub test_items: usize,
    pub evidence_items: usize,
    pub fixed: FixedFormula,
    pub longest: usize,
    pub forms: BTreeMap<String, [f64; 4]>,
}
