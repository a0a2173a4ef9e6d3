//! From what witnesses say to one level of loss: a ridge on their deviations.

use super::calibration::Recipe;
use crate::stats::nonnegative_ridge;
use serde::{Deserialize, Serialize};

/// Witnesses of a level, in this order: regressor, ranker, words, nearest.
pub const WITNESSES: [&str; 4] = ["regressor", "ranker", "words", "nearest"];
/// Weights without slices: the witnesses on the scale of the loss, words counting as much as the two others together.
const PRIOR: [f64; 4] = [0.25, 0.0, 0.5, 0.25];
/// How hard the weights are drawn to these, in units of the mean square of a witness. Where few slices vary, this keeps
/// the estimate sane; with hundreds that do, it costs little (`docs/benchmarks.md`).
const PENALTY: f64 = 0.2;

/// How far past the slices' means an estimate may go, as a share of their range.
const BEYOND: f64 = 0.5;

/// What each witness says of one sentence, and what it says on average of sentences of the same form about anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub raw: [f64; 4],
    pub form: [f64; 4],
}

impl Said {
    fn figures(&self, recipe: Recipe) -> [f64; 4] {
        std::array::from_fn(|at| self.raw[at] - if recipe.own_form { self.form[at] } else { 0.0 })
    }
}

/// `level + Σ wᵢ (witnessᵢ − centreᵢ)`, held within what slices lose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LevelModel {
    pub recipe: Recipe,
    pub level: f64,
    pub centre: [f64; 4],
    pub weights: [f64; 4],
    /// Root mean square of each witness's deviation over the slices: with the weight, how much it moves the level.
    pub spread: [f64; 4],
    /// The estimate stays within these: the range of the slices' means and half of it more to either side, not below 0.
    pub range: (f64, f64),
}

/// Slices a level is fitted to.
pub struct Lessons<'a> {
    pub said: Vec<&'a Said>,
    pub means: Vec<f64>,
    /// Variance of each mean about its estimate: the estimate's own error and that of the mean.
    pub variances: Vec<f64>,
    /// Mean loss of all test items.
    pub overall: f64,
}

impl LevelModel {
    /// Fits the weights; a slice counts by the inverse of its variance.
    #[must_use]
    pub fn fit(lessons: &Lessons<'_>, recipe: Recipe) -> Self {
        let figures: Vec<[f64; 4]> = lessons.said.iter().map(|said| said.figures(recipe)).collect();
        let weights: Vec<f64> =
            lessons.variances.iter().map(|variance| 1.0 / variance.max(f64::MIN_POSITIVE)).collect();
        let total: f64 = weights.iter().sum();
        let mean = |of: &dyn Fn(usize) -> f64| (0..figures.len()).map(|at| weights[at] * of(at)).sum::<f64>() / total;
        let (level, centre) = if recipe.learnt_centre {
            (mean(&|at| lessons.means[at]), std::array::from_fn(|j| mean(&|at| figures[at][j])))
        } else {
            // A witness less its own form is a deviation already.
            (lessons.overall, [0.0; 4])
        };
        let rows: Vec<Vec<f64>> =
            figures.iter().map(|row| row.iter().zip(&centre).map(|(value, centre)| value - centre).collect()).collect();
        let target: Vec<f64> = lessons.means.iter().map(|mean| mean - level).collect();
        let spread: [f64; 4] = std::array::from_fn(|j| mean(&|at| rows[at][j].powi(2)).sqrt());
        // A silent witness (words, where items have none) leaves its part to the others.
        let live: f64 = (0..4).filter(|&j| spread[j] > 0.0).map(|j| PRIOR[j]).sum();
        let prior = PRIOR.map(|weight| if live > 0.0 { weight / live } else { 0.0 });
        let found = nonnegative_ridge(&rows, &target, &weights, &prior, PENALTY);
        let fold = |start: f64, pick: fn(f64, f64) -> f64| lessons.means.iter().copied().fold(start, pick);
        Self {
            recipe,
            level,
            centre,
            weights: std::array::from_fn(|j| found.get(j).copied().unwrap_or(0.0)),
            spread,
            range: beyond(fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max)),
        }
    }

    /// The level of a sentence.
    #[must_use]
    pub fn of(&self, said: &Said) -> f64 {
        let figures = said.figures(self.recipe);
        let moved: f64 = (0..4).map(|j| self.weights[j] * (figures[j] - self.centre[j])).sum();
        let (low, high) = self.range;
        // No range at all only without slices, and then nothing is asked.
        if low <= high { (self.level + moved).clamp(low, high) } else { self.level + moved }
    }

    /// How much each witness moves the level, as shares that add up to one; all nought where none does.
    #[must_use]
    pub fn shares(&self) -> [f64; 4] {
        let moves: [f64; 4] = std::array::from_fn(|j| self.weights[j] * self.spread[j]);
        let total: f64 = moves.iter().sum();
        moves.map(|moved| if total > 0.0 { moved / total } else { 0.0 })
    }
}

/// A range and half of it more to either side, not below 0.
fn beyond(low: f64, high: f64) -> (f64, f64) {
    let more = BEYOND * (high - low);
    ((low - more).max(0.0), high + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: f64, form: f64) -> Said {
        Said { raw: [0.0, 0.0, words, 0.0], form: [0.0, 0.0, form, 0.0] }
    }

    #[test]
    fn a_level_follows_the_witness_that_is_right_and_stays_in_range() {
        let all: Vec<Said> = (0..50).map(|at| said(f64::from(at) / 10.0, 0.0)).collect();
        let means: Vec<f64> = all.iter().map(|said| 1.0 + 2.0 * said.raw[2]).collect();
        let lessons = Lessons { said: all.iter().collect(), variances: vec![0.1; 50], means, overall: 3.0 };
        let model = LevelModel::fit(&lessons, Recipe { own_form: false, learnt_centre: true });
        // Alone it has the whole prior: (2 + .2) / 1.2.
        assert!((model.weights[2] - 2.2 / 1.2).abs() < 1e-6);
        assert_eq!(model.shares(), [0.0, 0.0, 1.0, 0.0]);
        assert!((model.of(&said(2.45, 0.0)) - 5.9).abs() < 0.05, "the middle stays");
        assert!(
            (model.of(&said(99.0, 0.0)) - (10.8 + 4.9)).abs() < 1e-9,
            "half the range past the greatest slice mean"
        );
    }

    #[test]
    fn a_sentence_that_says_what_its_form_says_anyway_is_at_the_overall_mean() {
        let all = [said(2.0, 1.0), said(1.0, 2.0)];
        let lessons =
            Lessons { said: all.iter().collect(), variances: vec![0.1; 2], means: vec![4.0, 2.0], overall: 3.0 };
        let model = LevelModel::fit(&lessons, Recipe { own_form: true, learnt_centre: false });
        assert_eq!(model.of(&said(5.0, 5.0)), 3.0);
        assert!(model.of(&said(5.4, 5.0)) > 3.3);
    }
}
