//! The calibration of a run: how far an estimate is off, and how steeply a difference turns into a probability, both from
//! slices that had no part in the fit.

use super::assessment::{Assessment, assess};
use super::fixed::FixedFormula;
use super::level::{Lessons, LevelModel, Said};
use super::sentence_guard::SentenceGuard;
use super::slice::{Slice, SliceKind};
use crate::stats::{between_variance, careful_between_variance, conformal_quantile, logistic_slope};
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
    pub noise: Noise,
    /// Multiple of the error within which nine in ten slices lie; none where there are too few parts to say.
    pub reach: Option<f64>,
    /// The same for the difference of two slices, in multiples of the root of the sum of their squared errors.
    pub pair_reach: Option<f64>,
    /// `P(A harder) = σ(slope · difference / √(error_A² + error_B²))`.
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
        let fit = |kept: &dyn Fn(usize) -> bool, noise: &Noise, levels: &[f64]| -> Option<LevelModel> {
            let places: Vec<usize> = (0..slices.len()).filter(|&at| kept(at)).collect();
            let variances = places.iter().map(|&at| noise.variance(levels[at]) + errors[at].powi(2)).collect();
            let means = places.iter().map(|&at| means[at]).collect();
            let lessons = Lessons { said: places.iter().map(|&at| said[at]).collect(), means, variances, overall };
            (places.len() >= LEAST_SLICES / 2).then(|| LevelModel::fit(&lessons, recipe))
        };
        let parts: BTreeSet<usize> = slices.iter().flat_map(|slice| slice.parts.iter().copied()).collect();
        let spread = between_variance(&means.iter().map(|mean| mean - overall).collect::<Vec<_>>(), &errors);
        let mut noise = Noise { error: spread.sqrt() / 2.0, power: 0.0, unit: overall };
        let mut left_out = vec![overall; slices.len()];
        for _ in 0..ROUNDS {
            let without = |at: usize| {
                fit(&|other| apart(slices[at], slices[other]), &noise, &left_out).map(|model| model.of(said[at]))
            };
            let next = (0..slices.len()).map(without).collect::<Option<Vec<f64>>>()?;
            left_out = next;
            noise = Noise::of(slices, &left_out, overall, parts.len());
        }
        let model = fit(&|_| true, &noise, &left_out)?;
        let own = |at: usize| noise.variance(left_out[at]);
        let score = |at: usize| (means[at] - left_out[at]).abs() / (own(at) + errors[at].powi(2)).sqrt();
        let scores: Vec<f64> = (0..slices.len()).map(score).collect();
        let drawn = draw_pairs(slices.len(), PAIRS, SEED);
        let pair_score = |&(a, b): &(usize, usize)| {
            let residual = (means[a] - means[b]) - (left_out[a] - left_out[b]);
            residual.abs() / (own(a) + own(b) + errors[a].powi(2) + errors[b].powi(2)).sqrt()
        };
        let pair_scores: Vec<f64> = drawn.iter().map(pair_score).collect();
        let steps: Vec<f64> = drawn.iter().map(|&(a, b)| noise.step(left_out[a], left_out[b])).collect();
        let outcomes: Vec<bool> = drawn.iter().map(|&(a, b)| means[a] > means[b]).collect();
        Some(Self {
            model,
            noise,
            reach: conformal_quantile(&scores, parts.len(), LEVEL),
            pair_reach: conformal_quantile(&pair_scores, parts.len(), LEVEL),
            slope: logistic_slope(&steps, &outcomes),
            left_out,
        })
    }

    /// Probability that the first of two levels is the higher one in truth.
    #[must_use]
    pub fn probability(&self, a: f64, b: f64) -> f64 {
        self.probability_of(a - b, self.noise.variance(a) + self.noise.variance(b))
    }

    /// Probability that a difference whose error has this variance is above 0 in truth.
    #[must_use]
    pub fn probability_of(&self, difference: f64, variance: f64) -> f64 {
        if variance > 0.0 { crate::stats::sigmoid(self.slope * difference / variance.sqrt()) } else { 0.5 }
    }

    /// Half the interval of a level, in the unit of the loss.
    #[must_use]
    pub fn half_width(&self, level: f64) -> Option<f64> {
        self.reach.map(|reach| reach * self.noise.variance(level).sqrt())
    }

    /// Half the interval of a difference whose error has this variance.
    #[must_use]
    pub fn half_difference(&self, variance: f64) -> Option<f64> {
        self.pair_reach.map(|reach| reach * variance.sqrt())
    }
}

/// Powers of the level that the error may grow with.
const POWERS: [f64; 3] = [0.0, 0.5, 1.0];
/// Level, as a share of the mean loss of all, below which the error shrinks no further.
const FLOOR: f64 = 0.1;

/// The estimate's own error, which may grow with the level: `error · ((level + .1 unit) / 1.1 unit)^power`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Standard deviation at the mean loss of all, in the unit of the loss.
    pub error: f64,
    pub power: f64,
    /// Mean loss of all test items.
    pub unit: f64,
}

impl Noise {
    /// Variance of the error at a level.
    #[must_use]
    pub fn variance(&self, level: f64) -> f64 {
        (self.error * self.factor(level)).powi(2)
    }

    fn factor(&self, level: f64) -> f64 {
        if self.unit <= 0.0 {
            return 1.0;
        }
        ((level.max(0.0) + FLOOR * self.unit) / ((1.0 + FLOOR) * self.unit)).powf(self.power)
    }

    /// The difference of two levels over the error of a difference; 0 without an error.
    fn step(&self, a: f64, b: f64) -> f64 {
        let error = (self.variance(a) + self.variance(b)).sqrt();
        if error > 0.0 { (a - b) / error } else { 0.0 }
    }

    /// The power and error under which the residuals of slices are likeliest (normal, variance error² + se²).
    fn of(slices: &[&Slice], estimates: &[f64], overall: f64, units: usize) -> Self {
        let candidate = |power: f64| {
            let shape = Self { error: 1.0, power, unit: overall };
            let factors: Vec<f64> = estimates.iter().map(|estimate| shape.factor(*estimate)).collect();
            let noise = Self { error: family_variance(slices, estimates, &factors, units).sqrt(), ..shape };
            let unlikely = slices.iter().zip(estimates).map(|(slice, estimate)| {
                let variance = (noise.variance(*estimate) + slice.se.powi(2)).max(f64::MIN_POSITIVE);
                variance.ln() + (slice.mean - estimate).powi(2) / variance
            });
            (unlikely.sum::<f64>(), noise)
        };
        let all = POWERS.map(candidate);
        all.into_iter()
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(Self { error: 0.0, power: 0.0, unit: overall }, |best| best.1)
    }
}

/// Squared error at the mean loss of all: of several families the worst, since a typed sentence may be like that one.
fn family_variance(slices: &[&Slice], estimates: &[f64], factors: &[f64], units: usize) -> f64 {
    let mut by_family: BTreeMap<usize, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for ((slice, estimate), factor) in slices.iter().zip(estimates).zip(factors) {
        let (residuals, errors) = by_family.entry(slice.kind.family()).or_default();
        residuals.push((slice.mean - estimate) / factor);
        errors.push(slice.se / factor);
    }
    let variance = |(residuals, errors): &(Vec<f64>, Vec<f64>)| careful_between_variance(residuals, errors, units);
    by_family.values().map(variance).fold(0.0, f64::max)
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
    /// Their mean loss.
    pub evidence_mean: f64,
    pub fit: Option<SliceFit>,
    pub fixed: FixedFormula,
    pub assessment: Option<Assessment>,
    pub outcomes: Vec<SliceOutcome>,
    /// Most content words of a slice's sentence: a longer one is unlike all of them.
    pub longest: usize,
    /// What witnesses say of the forms met so far, by form.
    pub forms: BTreeMap<String, [f64; 4]>,
    /// What judges sentences about items without words.
    #[serde(default)]
    pub guard: Option<SentenceGuard>,
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
            evidence_mean: grounds.evidence_mean,
            outcomes: slices.iter().zip(said).zip(left_out).map(outcome).collect(),
            fit,
            fixed: grounds.fixed,
            assessment,
            longest: grounds.longest,
            forms: grounds.forms,
            guard: grounds.guard,
        }
    }
}

/// What a calibration is over beside the slices.
pub struct Grounds {
    pub guard: Option<SentenceGuard>,
    pub recipe: Recipe,
    pub overall: f64,
    pub test_items: usize,
    pub evidence_items: usize,
    pub evidence_mean: f64,
    pub fixed: FixedFormula,
    pub longest: usize,
    pub forms: BTreeMap<String, [f64; 4]>,
}
