//! Scales of inputs and targets, fitted on the training rows only.

use super::{HeadsError, Result};
use crate::audit::Target;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// Rows that one thread sums at a time.
const PART: usize = 4096;

/// `(e − mean) / scale`, with one scale for all dimensions: some encoders have constant dimensions, which a
/// scale of their own would divide by zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputScale {
    pub mean: Vec<f32>,
    pub scale: f32,
}

impl InputScale {
    /// Fits on `count` rows of `dimension` values each, which `row` copies out, on all threads of the current pool; parts of fixed size are
    /// summed in their order, so the scale is the same on any number of threads.
    ///
    /// # Errors
    /// If there are no rows.
    pub fn fit(count: usize, row: impl Fn(usize, &mut [f32]) + Sync, dimension: usize) -> Result<Self> {
        if count == 0 || dimension == 0 {
            return Err(HeadsError::Unusable("there are no training embeddings".into()));
        }
        let mean: Vec<f64> =
            sums(count, &row, dimension, |value, _| value).into_iter().map(|sum| sum / count as f64).collect();
        let squares = sums(count, &row, dimension, |value, at| (value - mean[at]).powi(2));
        let scale = (squares.iter().sum::<f64>() / (count * dimension) as f64).sqrt();
        let scale = if scale > 1e-12 { scale as f32 } else { 1.0 };
        Ok(Self { mean: mean.into_iter().map(|value| value as f32).collect(), scale })
    }

    /// One row scaled into another place.
    pub fn apply_to(&self, source: &[f32], target: &mut [f32]) {
        for ((value, mean), target) in source.iter().zip(&self.mean).zip(target) {
            *target = (value - mean) / self.scale;
        }
    }

    /// Scales row-major embeddings in place.
    pub fn apply(&self, embeddings: &mut [f32]) {
        for row in embeddings.chunks_exact_mut(self.mean.len()) {
            for (value, mean) in row.iter_mut().zip(&self.mean) {
                *value = (*value - mean) / self.scale;
            }
        }
    }
}

/// Sum of a term over the rows, for each dimension.
fn sums(
    count: usize,
    row: &(impl Fn(usize, &mut [f32]) + Sync),
    dimension: usize,
    term: impl Fn(f64, usize) -> f64 + Sync,
) -> Vec<f64> {
    let part = |part: usize| {
        // One sum a dimension: a single one would wait for each addition before the next.
        let (mut sums, mut values) = (vec![0f64; dimension], vec![0f32; dimension]);
        for at in part * PART..count.min((part + 1) * PART) {
            row(at, &mut values);
            for (at, (sum, value)) in sums.iter_mut().zip(&values).enumerate() {
                *sum += term(f64::from(*value), at);
            }
        }
        sums
    };
    let parts: Vec<Vec<f64>> = (0..count.div_ceil(PART)).into_par_iter().map(part).collect();
    let mut total = vec![0f64; dimension];
    parts.iter().for_each(|part| total.iter_mut().zip(part).for_each(|(sum, value)| *sum += value));
    total
}

/// What the regressor is fitted to, and the way back to the loss scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetScale {
    pub target: Target,
    pub mean: f64,
    pub sd: f64,
    /// For [`Target::Rank`]: quantiles of the training losses at even steps of probability.
    pub quantiles: Vec<f64>,
}

const QUANTILE_STEPS: usize = 1000;

impl TargetScale {
    /// Fits on the training losses and returns the standardised targets beside the scale.
    ///
    /// # Errors
    /// If there are no losses, or all are equal and nothing can be learnt from them.
    pub fn fit(target: Target, losses: &[f64]) -> Result<(Self, Vec<f32>)> {
        let mut sorted = losses.to_vec();
        sorted.sort_by(f64::total_cmp);
        match (sorted.first(), sorted.last()) {
            (None, _) | (_, None) => return Err(HeadsError::Unusable("there are no training losses".into())),
            (Some(low), Some(high)) if low == high => {
                return Err(HeadsError::Unusable(format!(
                    "all {} training losses are {low}; there is nothing to learn from them",
                    losses.len()
                )));
            }
            _ => {}
        }
        let raw: Vec<f64> = match target {
            Target::Raw => losses.to_vec(),
            Target::Log1p => losses.iter().map(|loss| loss.ln_1p()).collect(),
            Target::Rank => normal_scores(losses)?,
        };
        let mean = raw.iter().sum::<f64>() / raw.len() as f64;
        let variance = raw.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (raw.len().max(2) - 1) as f64;
        let sd = variance.sqrt().max(1e-12);
        let quantiles = if target == Target::Rank {
            (0..=QUANTILE_STEPS)
                .map(|step| crate::stats::quantile_sorted(&sorted, step as f64 / QUANTILE_STEPS as f64))
                .collect()
        } else {
            Vec::new()
        };
        let targets = raw.iter().map(|value| ((value - mean) / sd) as f32).collect();
        Ok((Self { target, mean, sd, quantiles }, targets))
    }

    /// A head output on the loss scale.
    #[must_use]
    pub fn to_loss(&self, output: f64) -> f64 {
        let value = output * self.sd + self.mean;
        match self.target {
            Target::Raw => value,
            Target::Log1p => value.exp_m1(),
            Target::Rank => {
                let share = Normal::standard().cdf(value).clamp(0.0, 1.0);
                crate::stats::quantile_sorted(&self.quantiles, share)
            }
        }
    }
}

/// `Φ⁻¹(rank / (n + 1))` of each value, with mid-ranks for ties.
fn normal_scores(values: &[f64]) -> Result<Vec<f64>> {
    let ranks = crate::stats::mid_ranks(values)
        .map_err(|undefined| HeadsError::Unusable(format!("losses cannot be ranked: {undefined}")))?;
    let normal = Normal::standard();
    Ok(ranks.into_iter().map(|rank| normal.inverse_cdf(rank / (values.len() as f64 + 1.0))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_comes_back_to_the_loss_scale() {
        let losses: Vec<f64> = (0..200).map(|i| f64::from(i % 50) * 0.1).collect();
        for target in [Target::Raw, Target::Log1p, Target::Rank] {
            let (scale, targets) = TargetScale::fit(target, &losses).unwrap();
            for (loss, value) in losses.iter().zip(&targets) {
                let back = scale.to_loss(f64::from(*value));
                assert!((back - loss).abs() < 0.06, "{target:?}: {loss} came back as {back}");
            }
        }
    }

    #[test]
    fn equal_losses_are_refused_with_their_value() {
        let said = TargetScale::fit(Target::Raw, &[0.5; 9]).unwrap_err().to_string();
        assert!(said.contains("all 9") && said.contains("0.5"), "{said}");
    }

    #[test]
    fn inputs_are_centred_and_a_constant_dimension_stays_finite() {
        let mut rows = vec![1.0, 5.0, 3.0, 5.0];
        let scale = InputScale::fit(2, |at, out| out.copy_from_slice(&rows[2 * at..2 * at + 2]), 2).unwrap();
        scale.apply(&mut rows);
        assert_eq!(rows, vec![-std::f32::consts::SQRT_2, 0.0, std::f32::consts::SQRT_2, 0.0]);
    }
}
