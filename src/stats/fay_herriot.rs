//! Small-area estimation: the mean of a group with few labels, combined with what a prediction says of it.

use serde::{Deserialize, Serialize};

use super::distribution::two_sided_student;
use super::interval::Interval;
use super::moments::{count, sum};
use super::undefined::{Stat, Undefined, require_count, require_finite};

/// Halvings that pin τ² to the last bit.
const HALVINGS: usize = 200;
/// Fewer areas tell the spread between them badly (Prasad & Rao 1990 is for many).
const FEW_AREAS: usize = 20;

/// Groups' means under Fay & Herriot's (1979) model: truth = `xᵀβ` + a deviation of variance τ².
#[derive(Debug, Clone, PartialEq)]
pub struct FayHerriot {
    /// Shape `p`.
    pub beta: Vec<f64>,
    pub tau_squared: f64,
    /// In the order given.
    pub areas: Vec<SmallArea>,
    /// There are fewer than 20 areas: τ², and so every interval, is known badly.
    pub few_areas: bool,
}

/// One group's combined mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SmallArea {
    /// `γ·direct + (1 − γ)·xᵀβ`.
    pub value: f64,
    /// `γ = τ²/(τ² + s²)`: the direct mean's share.
    pub weight: f64,
    /// `xᵀβ`.
    pub predicted: f64,
    /// Mean squared error by Prasad & Rao (1990): `g₁ + g₂ + 2 g₃`.
    pub mse: f64,
    /// Areas less coefficients.
    pub df: f64,
}

impl SmallArea {
    /// `value ± t·√mse`; NaN ends when `level` is not in (0, 1).
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        let reach = two_sided_student(level, self.df) * self.mse.sqrt();
        Interval { low: self.value - reach, high: self.value + reach, level }
    }
}

/// Combines `direct` means (shape `m`) of sampling `variances` (shape `m`) with predictions from `covariates` (`[m][p]`, the
/// intercept among them).
///
/// β by weighted least squares with weights `1/(τ² + s²)`; τ² by the moment equation `Σ w r² = m − p`, 0 where even τ² = 0
/// leaves less. The variance of τ² in `g₃` is `2m/(Σ w)²`.
///
/// # Errors
/// `Empty`, `LengthMismatch`, `NotFinite` (also for a variance that is not positive), `TooFew` areas for the coefficients,
/// `Constant` where covariates depend on each other.
pub fn fay_herriot(direct: &[f64], variances: &[f64], covariates: &[Vec<f64>]) -> Stat<FayHerriot> {
    let columns = covariates.first().map_or(0, Vec::len);
    if variances.len() != direct.len() || covariates.len() != direct.len() {
        return Err(Undefined::LengthMismatch);
    }
    require_finite(direct)?;
    require_finite(variances)?;
    for row in covariates {
        require_finite(row)?;
        if row.len() != columns {
            return Err(Undefined::LengthMismatch);
        }
    }
    if variances.iter().any(|&variance| variance <= 0.0) {
        return Err(Undefined::NotFinite);
    }
    require_count(direct.len(), columns + 2)?;
    let areas = Areas { direct, variances, covariates };
    let tau_squared = areas.spread()?;
    let fit = areas.fit(tau_squared)?;
    let total = sum(variances.iter().map(|variance| 1.0 / (tau_squared + variance)));
    let of_tau = 2.0 * count(direct.len()) / (total * total);
    let one = |area: usize| {
        let (x, noise) = (&covariates[area], variances[area]);
        let weight = tau_squared / (tau_squared + noise);
        let predicted = dot(x, &fit.beta);
        let g1 = weight * noise;
        let g2 = (1.0 - weight).powi(2) * quadratic(&fit.inverse, x);
        let g3 = noise * noise / (tau_squared + noise).powi(3) * of_tau;
        SmallArea {
            value: weight * direct[area] + (1.0 - weight) * predicted,
            weight,
            predicted,
            mse: g1 + g2 + 2.0 * g3,
            df: count(direct.len() - columns),
        }
    };
    let areas = (0..direct.len()).map(one).collect();
    Ok(FayHerriot { tau_squared, areas, few_areas: direct.len() < FEW_AREAS, beta: fit.beta })
}

/// Points of the integral over τ, closer together near 0.
const POINTS: usize = 120;
/// Its end, in standard deviations of what is measured.
const REACH: f64 = 4.0;

/// Each area's mean and variance with τ² not known: averaged over all τ² by how well they go with the data, under a flat prior
/// (Morris & Tang 2011). Prasad & Rao's mean squared error is too small where the moment equation says τ² = 0 by chance.
///
/// # Errors
/// As [`fay_herriot`], whose input it shares.
pub fn fay_herriot_over_all_spreads(
    direct: &[f64],
    variances: &[f64],
    covariates: &[Vec<f64>],
) -> Stat<Vec<(f64, f64)>> {
    let areas = Areas { direct, variances, covariates };
    let mean = sum(direct.iter().copied()) / count(direct.len().max(1));
    let spread = sum(direct.iter().map(|value| (value - mean).powi(2))) + sum(variances.iter().copied());
    let top = REACH * (spread / count(direct.len().max(1))).sqrt();
    let mut points = Vec::with_capacity(POINTS);
    for point in 0..POINTS {
        let u = (count(point) + 0.5) / count(POINTS);
        let tau_squared = (top * u * u).powi(2);
        let fit = areas.fit(tau_squared)?;
        // dτ² = 4 top² u³ du.
        points.push((areas.log_likelihood(tau_squared, &fit)? + 3.0 * u.ln(), tau_squared, fit));
    }
    let most = points.iter().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = points.iter().map(|point| (point.0 - most).exp()).collect();
    let all = sum(shares.iter().copied());
    let one = |area: usize| {
        let (x, noise) = (&covariates[area], variances[area]);
        let at = points.iter().map(|(_, tau_squared, fit)| {
            let weight = tau_squared / (tau_squared + noise);
            let value = weight * direct[area] + (1.0 - weight) * dot(x, &fit.beta);
            (value, weight * noise + (1.0 - weight).powi(2) * quadratic(&fit.inverse, x))
        });
        let at: Vec<(f64, f64)> = at.collect();
        let value = sum(at.iter().zip(&shares).map(|(at, share)| share * at.0)) / all;
        (value, sum(at.iter().zip(&shares).map(|(at, share)| share * (at.1 + (at.0 - value).powi(2)))) / all)
    };
    let found: Vec<(f64, f64)> = (0..direct.len()).map(one).collect();
    require_finite(&found.iter().map(|area| area.1).collect::<Vec<f64>>())?;
    Ok(found)
}

struct Areas<'a> {
    direct: &'a [f64],
    variances: &'a [f64],
    covariates: &'a [Vec<f64>],
}

/// Weighted least squares.
struct Fit {
    beta: Vec<f64>,
    /// `(Xᵀ W X)⁻¹`.
    inverse: Vec<Vec<f64>>,
}

impl Areas<'_> {
    fn fit(&self, tau_squared: f64) -> Stat<Fit> {
        let columns = self.covariates[0].len();
        let weight = |area: usize| 1.0 / (tau_squared + self.variances[area]);
        let areas = 0..self.direct.len();
        let product = |i: usize, of: &dyn Fn(usize) -> f64| {
            sum(areas.clone().map(|area| weight(area) * self.covariates[area][i] * of(area)))
        };
        let gram: Vec<Vec<f64>> = (0..columns)
            .map(|i| (0..columns).map(|j| product(i, &|area| self.covariates[area][j])).collect())
            .collect();
        let target: Vec<f64> = (0..columns).map(|i| product(i, &|area| self.direct[area])).collect();
        let inverse = inverse(gram).ok_or(Undefined::Constant)?;
        Ok(Fit { beta: inverse.iter().map(|row| dot(row, &target)).collect(), inverse })
    }

    /// Restricted log-likelihood of τ², less a constant.
    fn log_likelihood(&self, tau_squared: f64, fit: &Fit) -> Stat<f64> {
        let terms = (0..self.direct.len()).map(|area| {
            let variance = tau_squared + self.variances[area];
            variance.ln() + (self.direct[area] - dot(&self.covariates[area], &fit.beta)).powi(2) / variance
        });
        Ok(0.5 * (determinant(fit.inverse.clone()).ok_or(Undefined::Constant)?.ln() - sum(terms)))
    }

    /// The root of `Σ r²/(τ² + s²) = m − p`, whose left side falls with τ².
    fn spread(&self) -> Stat<f64> {
        let free = count(self.direct.len() - self.covariates[0].len());
        let excess = |tau_squared: f64| -> Stat<f64> {
            let beta = self.fit(tau_squared)?.beta;
            let terms = (0..self.direct.len()).map(|area| {
                (self.direct[area] - dot(&self.covariates[area], &beta)).powi(2) / (tau_squared + self.variances[area])
            });
            Ok(sum(terms) - free)
        };
        if excess(0.0)? <= 0.0 {
            return Ok(0.0);
        }
        let mut high = self.variances.iter().copied().fold(0.0, f64::max);
        while excess(high)? > 0.0 {
            high *= 2.0;
            require_finite(&[high])?;
        }
        let mut low = 0.0;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if excess(middle)? > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(f64::midpoint(low, high))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(a.iter().zip(b).map(|(a, b)| a * b))
}

/// `xᵀ M x`.
fn quadratic(matrix: &[Vec<f64>], x: &[f64]) -> f64 {
    dot(x, &matrix.iter().map(|row| dot(row, x)).collect::<Vec<f64>>())
}

/// The determinant of a positive definite matrix of a handful of rows; `None` where it is not positive.
fn determinant(mut rows: Vec<Vec<f64>>) -> Option<f64> {
    let mut product = 1.0;
    for column in 0..rows.len() {
        let pivot = rows[column].clone();
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
        }
        product *= pivot[column];
    }
    (product > 0.0).then_some(product)
}

/// The inverse of a handful of rows by Gauss and Jordan, largest pivots first; `None` where there is none.
fn inverse(mut left: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let n = left.len();
    let scale = left.iter().flatten().fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut right: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| left[a][column].abs().total_cmp(&left[b][column].abs()))?;
        left.swap(column, pivot);
        right.swap(column, pivot);
        let head = left[column][column];
        if head.abs() <= scale * 1e-13 {
            return None;
        }
        for matrix in [&mut left, &mut right] {
            matrix[column].iter_mut().for_each(|value| *value /= head);
        }
        for row in (0..n).filter(|&row| row != column) {
            let factor = left[row][column];
            for matrix in [&mut left, &mut right] {
                let pivot_row = matrix[column].clone();
                matrix[row].iter_mut().zip(&pivot_row).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_common_mean_and_equal_noise_have_a_closed_form() {
        // Σ r²/(τ² + s²) = m − 1: τ² is the sample variance less s².
        let direct = [1.0, 2.0, 3.0, 6.0];
        let found = fay_herriot(&direct, &[0.5; 4], &vec![vec![1.0]; 4]).unwrap();
        let tau = 14.0 / 3.0 - 0.5;
        assert!((found.tau_squared - tau).abs() < 1e-12 && (found.beta[0] - 3.0).abs() < 1e-12);
        let gamma = tau / (tau + 0.5);
        assert!((found.areas[3].value - (gamma * 6.0 + (1.0 - gamma) * 3.0)).abs() < 1e-12);
        // g₃ with Σw = 4/(τ²+s²): .25/(τ²+s²)³ · 2·4·(τ²+s²)²/16.
        let g3 = 0.25 / (tau + 0.5) * 0.5;
        let mse = gamma * 0.5 + (1.0 - gamma).powi(2) * (tau + 0.5) / 4.0 + 2.0 * g3;
        assert!((found.areas[3].mse - mse).abs() < 1e-12 && found.few_areas);
    }

    #[test]
    fn a_prediction_that_is_right_takes_the_place_of_labels() {
        let x: Vec<Vec<f64>> = (0..30).map(|i| vec![1.0, f64::from(i)]).collect();
        let direct: Vec<f64> = (0..30).map(|i| 2.0 + 0.1 * f64::from(i) + 0.01 * f64::from(i * 7 % 5 - 2)).collect();
        let found = fay_herriot(&direct, &[0.5; 30], &x).unwrap();
        assert_eq!((found.tau_squared, found.areas[9].weight, found.few_areas), (0.0, 0.0, false));
        assert!((found.areas[9].value - 2.9).abs() < 0.01);
        let interval = found.areas[9].interval(0.95);
        assert!(interval.contains(2.9) && interval.width() < 2.0 * 1.96 * 0.5_f64.sqrt());
    }

    #[test]
    fn senseless_input_is_an_error_value() {
        let x = vec![vec![1.0]; 4];
        assert_eq!(fay_herriot(&[], &[], &[]), Err(Undefined::Empty));
        assert_eq!(fay_herriot(&[1.0; 4], &[1.0; 3], &x), Err(Undefined::LengthMismatch));
        assert_eq!(fay_herriot(&[1.0; 4], &[0.0; 4], &x), Err(Undefined::NotFinite));
        assert_eq!(fay_herriot(&[1.0; 2], &[1.0; 2], &x[..2]), Err(Undefined::TooFew { n: 2, need: 3 }));
        let twice = vec![vec![1.0, 1.0]; 6];
        assert_eq!(fay_herriot(&[1.0; 6], &[1.0; 6], &twice), Err(Undefined::Constant));
    }
}
