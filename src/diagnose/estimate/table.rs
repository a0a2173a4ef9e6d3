//! The calibration as a table: what it rests on, what it weighs, and how it did on slices held out.

use super::assessment::Assessment;
use super::calibration::{Calibration, LEVEL, Noise, Recipe, SliceOutcome};
use super::level::WITNESSES;
use serde::Serialize;

/// A witness's part in the estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WitnessWeight {
    pub name: &'static str,
    /// What a step of the witness by one moves the estimate by.
    pub coefficient: f64,
    /// Share of the estimate's movement over the slices.
    pub share: f64,
}

/// The calibration of a run, for `table NAME calibration`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationTable {
    pub calibrated: bool,
    pub slices: usize,
    /// Attributes, words and clusters that the slices are made of.
    pub parts: usize,
    pub test_items: usize,
    pub evidence_items: usize,
    /// Mean loss of the test items.
    pub overall: f64,
    pub recipe: Option<Recipe>,
    pub weights: Vec<WitnessWeight>,
    /// The estimate's own error, and half the width of the interval of a level at the mean loss of all.
    pub noise: Option<Noise>,
    pub half_width: Option<f64>,
    pub level: f64,
    /// `P(A harder) = σ(slope · difference / √(error_A² + error_B²))`.
    pub slope: Option<f64>,
    /// How it did on slices held out; `null` where halves are too small.
    pub held_out: Option<Assessment>,
    pub outcomes: Vec<SliceOutcome>,
}

impl CalibrationTable {
    /// Lays a calibration out.
    #[must_use]
    pub fn of(calibration: &Calibration) -> Self {
        let fit = calibration.fit.as_ref();
        let weight = |fit: &super::SliceFit| {
            let parts = WITNESSES.into_iter().zip(fit.model.weights).zip(fit.model.shares());
            parts.map(|((name, coefficient), share)| WitnessWeight { name, coefficient, share }).collect()
        };
        Self {
            calibrated: fit.is_some(),
            slices: calibration.slices,
            parts: calibration.parts,
            test_items: calibration.test_items,
            evidence_items: calibration.evidence_items,
            overall: calibration.overall,
            recipe: fit.map(|fit| fit.model.recipe),
            weights: fit.map(weight).unwrap_or_default(),
            noise: fit.map(|fit| fit.noise),
            half_width: fit.and_then(|fit| fit.half_width(calibration.overall)),
            level: LEVEL,
            slope: fit.map(|fit| fit.slope),
            held_out: calibration.assessment.clone(),
            outcomes: calibration.outcomes.clone(),
        }
    }
}
