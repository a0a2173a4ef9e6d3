//! Logistic regression of many columns, for telling two kinds of points of a space apart.

use super::sigmoid;
use rayon::prelude::*;

/// Newton steps; the loss is convex and settles within a dozen.
const STEPS: usize = 50;
/// Steps of conjugate gradients within one of Newton's.
const INNER_STEPS: usize = 200;
/// Length of the gradient, a row, below which nothing more is gained.
const SETTLED: f64 = 1e-9;
/// Rows that are summed at once: sums are the same on any number of threads.
const CHUNK: usize = 256;

/// A plane between two kinds of points.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticFit {
    /// One for each column.
    pub weights: Vec<f64>,
    pub intercept: f64,
}

/// The plane that makes `Σ log(1 + exp(∓(w·x + b))) + λ/2 |w|²` least; the intercept has no penalty. Newton's method, each
/// step by conjugate gradients (Nocedal & Wright 2006, algorithm 7.1).
///
/// `rows` is `[n, columns]`, row by row; `outcomes` has `n` values of both kinds; `penalty` is positive.
#[must_use]
pub fn logistic_regression(rows: &[f32], columns: usize, outcomes: &[bool], penalty: f64) -> LogisticFit {
    let problem = Problem { rows, columns: columns.max(1), outcomes, penalty };
    let mut at = vec![0.0; problem.columns + 1];
    let mut loss = problem.loss(&at);
    for _ in 0..STEPS {
        let logits = problem.logits(&at);
        let gradient = problem.gradient(&at, &logits);
        let length = dot(&gradient, &gradient).sqrt();
        if length <= SETTLED * outcomes.len() as f64 {
            break;
        }
        let step = problem.newton_step(&gradient, &logits, length);
        let slope = dot(&gradient, &step);
        let mut share = 1.0;
        let moved = loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + share * step).collect();
            let next_loss = problem.loss(&next);
            if next_loss <= loss + 1e-4 * share * slope {
                break Some((next, next_loss));
            }
            share /= 2.0;
            if share < 1e-8 {
                break None;
            }
        };
        let Some((next, next_loss)) = moved else { break };
        (at, loss) = (next, next_loss);
    }
    let intercept = at.pop().unwrap_or_default();
    LogisticFit { weights: at, intercept }
}

struct Problem<'a> {
    rows: &'a [f32],
    columns: usize,
    outcomes: &'a [bool],
    penalty: f64,
}

impl Problem<'_> {
    /// `w·x + b` of every row; the intercept stands last.
    fn logits(&self, at: &[f64]) -> Vec<f64> {
        self.rows.par_chunks_exact(self.columns).map(|row| along(row, at)).collect()
    }

    fn loss(&self, at: &[f64]) -> f64 {
        let rows: f64 = self
            .logits(at)
            .iter()
            .zip(self.outcomes)
            .map(|(logit, outcome)| {
                let against = if *outcome { -logit } else { *logit };
                against.max(0.0) + (-against.abs()).exp().ln_1p()
            })
            .sum();
        rows + self.penalty / 2.0 * dot(&at[..self.columns], &at[..self.columns])
    }

    /// `Σ c·(x, 1) + λ(w, 0)` for one factor a row.
    fn combined(&self, factors: &[f64], at: &[f64]) -> Vec<f64> {
        let parts: Vec<Vec<f64>> = self
            .rows
            .par_chunks(CHUNK * self.columns)
            .zip(factors.par_chunks(CHUNK))
            .map(|(rows, factors)| {
                let mut sum = vec![0.0; self.columns + 1];
                for (row, factor) in rows.chunks_exact(self.columns).zip(factors) {
                    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * f64::from(*value));
                    sum[self.columns] += factor;
                }
                sum
            })
            .collect();
        let mut total: Vec<f64> = at.iter().map(|at| self.penalty * at).collect();
        total[self.columns] = 0.0;
        for part in parts {
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        total
    }

    fn gradient(&self, at: &[f64], logits: &[f64]) -> Vec<f64> {
        let residuals: Vec<f64> =
            logits.iter().zip(self.outcomes).map(|(logit, outcome)| sigmoid(*logit) - f64::from(*outcome)).collect();
        self.combined(&residuals, at)
    }

    /// `s` with `H s ≈ −g`.
    fn newton_step(&self, gradient: &[f64], logits: &[f64], length: f64) -> Vec<f64> {
        let curvature: Vec<f64> = logits.iter().map(|logit| sigmoid(*logit) * sigmoid(-logit)).collect();
        let mut step = vec![0.0; gradient.len()];
        let mut rest: Vec<f64> = gradient.iter().map(|value| -value).collect();
        let mut direction = rest.clone();
        let mut squared = dot(&rest, &rest);
        let enough = length * (length / self.outcomes.len() as f64).sqrt().min(0.1);
        for _ in 0..INNER_STEPS {
            if squared.sqrt() <= enough {
                break;
            }
            let bent: Vec<f64> =
                self.logits(&direction).iter().zip(&curvature).map(|(along, curvature)| along * curvature).collect();
            let image = self.combined(&bent, &direction);
            let denominator = dot(&direction, &image);
            if denominator <= 0.0 {
                break;
            }
            let reach = squared / denominator;
            step.iter_mut().zip(&direction).for_each(|(step, direction)| *step += reach * direction);
            rest.iter_mut().zip(&image).for_each(|(rest, image)| *rest -= reach * image);
            let next = dot(&rest, &rest);
            direction
                .iter_mut()
                .zip(&rest)
                .for_each(|(direction, rest)| *direction = rest + next / squared * *direction);
            squared = next;
        }
        if squared == dot(gradient, gradient) { gradient.iter().map(|value| -value).collect() } else { step }
    }
}

/// `w·x + b`, the intercept being last in `at`.
fn along(row: &[f32], at: &[f64]) -> f64 {
    row.iter().zip(at).map(|(value, at)| f64::from(*value) * at).sum::<f64>() + at[row.len()]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_constant_leaves_the_intercept_the_odds() {
        // Nothing but the intercept can tell: three in four, so b = ln 3.
        let outcomes: Vec<bool> = (0..400).map(|at| at % 4 != 0).collect();
        let found = logistic_regression(&[0.0; 400], 1, &outcomes, 1.0);
        assert!((found.intercept - 3f64.ln()).abs() < 1e-7 && found.weights == [0.0]);
    }

    #[test]
    fn what_can_be_told_apart_perfectly_stays_finite() {
        let rows = [1.0, 0.5, 2.0, -0.5, -1.0, 0.5, -2.0, -0.5];
        let found = logistic_regression(&rows, 2, &[true, true, false, false], 0.01);
        assert!(found.weights[0] > 1.0 && found.weights[0].is_finite());
        assert!(found.intercept.abs() < 1e-6, "what is symmetrical has no intercept");
    }

    /// Figures of scikit-learn: `tests/recipes/make_logistic_fixture.py`.
    #[test]
    fn weights_are_those_of_scikit_learn() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/logistic.json")).unwrap();
        let numbers = |name: &str| -> Vec<f64> {
            fixture[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
        };
        let rows: Vec<f32> = numbers("rows").iter().map(|value| *value as f32).collect();
        let outcomes: Vec<bool> = numbers("outcomes").iter().map(|value| *value > 0.5).collect();
        let weights = numbers("weights");
        let found = logistic_regression(&rows, weights.len(), &outcomes, fixture["penalty"].as_f64().unwrap());
        for (found, wanted) in found.weights.iter().zip(&weights) {
            assert!((found - wanted).abs() < 1e-5, "{found} is not {wanted}");
        }
        assert!((found.intercept - fixture["intercept"].as_f64().unwrap()).abs() < 1e-5);
    }
}
