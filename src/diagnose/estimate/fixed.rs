//! The formula where an audit has too few slices to calibrate on; what it gives is said to be uncalibrated.

use crate::stats::sigmoid;
use serde::{Deserialize, Serialize};

/// Weights of regressor, ranker, words and nearest: the mean of what other audits learnt, words being left out because
/// they are silent in audits without texts.
const WEIGHTS: [f64; 4] = [0.6, 0.6, 0.0, 0.5];

/// `P(A harder) = σ(.6 z_regressor + .6 z_ranker + .5 z_nearest)`, z being a difference over the witness's standard
/// deviation among the audit's own prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FixedFormula {
    pub sd: [f64; 4],
}

impl FixedFormula {
    /// Takes the spread of what the witnesses say of some prompts, `[prompts]`.
    #[must_use]
    pub fn of(said: &[[f64; 4]]) -> Self {
        let sd = |at: usize| {
            let values: Vec<f64> = said.iter().map(|said| said[at]).collect();
            crate::stats::summary(&values).map_or(0.0, |summary| summary.sd)
        };
        Self { sd: std::array::from_fn(sd) }
    }

    /// Probability that the first of two prompts is the harder one, uncalibrated.
    #[must_use]
    pub fn probability(&self, a: &[f64; 4], b: &[f64; 4]) -> f64 {
        let z = |at: usize| if self.sd[at] > 0.0 { (a[at] - b[at]) / self.sd[at] } else { 0.0 };
        sigmoid((0..4).map(|at| WEIGHTS[at] * z(at)).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_is_what_it_says() {
        let formula = FixedFormula::of(&[[0.0, 1.0, 5.0, 2.0], [2.0, 1.0, 6.0, 4.0]]);
        let sd = 2f64.sqrt();
        let found = formula.probability(&[2.0, 9.0, 0.0, 3.0], &[1.0, 0.0, 9.0, 2.0]);
        // The ranker never varied and the words do not count.
        assert!((found - 1.0 / (1.0 + (-1.1 / sd).exp())).abs() < 1e-12);
        assert_eq!(formula.probability(&[1.0; 4], &[1.0; 4]), 0.5);
    }
}
