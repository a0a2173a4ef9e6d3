//! Pearson's, Spearman's and Kendall's correlations with SciPy's two-sided p-values.

use serde::{Deserialize, Serialize};

use super::distribution::student_two_sided;
use super::interval::Interval;
use super::moments::{count, mean, sum};
use super::rank::mid_ranks;
use super::undefined::{Stat, Undefined, require_count, require_finite, require_ordered};

pub use super::kendall::kendall;

/// Which correlation was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrelationMethod {
    /// Product-moment correlation.
    Pearson,
    /// Pearson's correlation of the mid-ranks.
    Spearman,
    /// Kendall's tau-b.
    Kendall,
}

/// A correlation coefficient and the p-value of "no association".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// The coefficient, in [−1, 1].
    pub value: f64,
    /// Two-sided p-value, as SciPy computes it.
    pub p: f64,
    /// Pairs of values.
    pub n: usize,
    /// Which coefficient.
    pub method: CorrelationMethod,
}

impl Correlation {
    /// Fisher-z interval: `tanh(atanh(r) ± z·√v)`.
    ///
    /// `v` is 1/(n−3) for Pearson, (1 + r²/2)/(n−3) for Spearman (Bonett & Wright 2000) and
    /// 0.437/(n−4) for Kendall (Fieller, Hartley & Pearson 1957). The last two assume few ties.
    ///
    /// # Errors
    /// `TooFew` below 4 pairs (5 for Kendall); `NotFinite` when `level` is not in (0, 1).
    pub fn interval(&self, level: f64) -> Stat<Interval> {
        let n = count(self.n);
        let variance = match self.method {
            CorrelationMethod::Pearson => {
                require_count(self.n, 4)?;
                1.0 / (n - 3.0)
            }
            CorrelationMethod::Spearman => {
                require_count(self.n, 4)?;
                (1.0 + self.value * self.value / 2.0) / (n - 3.0)
            }
            CorrelationMethod::Kendall => {
                require_count(self.n, 5)?;
                0.437 / (n - 4.0)
            }
        };
        let interval = Interval::normal(self.value.atanh(), variance.sqrt(), level).map(f64::tanh);
        if interval.low.is_nan() {
            return Err(Undefined::NotFinite);
        }
        Ok(interval)
    }
}

/// Pearson's r of `x` and `y` (shape `n` each); p from Student's t with n − 2 degrees of freedom.
///
/// The t form equals the beta form of `scipy.stats.pearsonr`; two pairs give ±1 with p = 1.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `TooFew` (one pair), `NotFinite`, `Constant`.
pub fn pearson(x: &[f64], y: &[f64]) -> Stat<Correlation> {
    require_pairs(x, y)?;
    require_finite(x)?;
    require_finite(y)?;
    let value = product_moment(x, y)?;
    Ok(Correlation { value, p: student_p(value, x.len()), n: x.len(), method: CorrelationMethod::Pearson })
}

/// Spearman's rho of `x` and `y` (shape `n` each) on mid-ranks; p from Student's t with n − 2 degrees of freedom.
///
/// `scipy.stats.spearmanr`, save that two pairs give p = 1 where SciPy has NaN. Infinities rank like any value.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `TooFew` (one pair), `NotFinite` (NaN), `Constant`.
pub fn spearman(x: &[f64], y: &[f64]) -> Stat<Correlation> {
    require_pairs(x, y)?;
    let value = product_moment(&mid_ranks(x)?, &mid_ranks(y)?)?;
    Ok(Correlation { value, p: student_p(value, x.len()), n: x.len(), method: CorrelationMethod::Spearman })
}

/// Equal lengths, at least two pairs, no NaN.
pub(crate) fn require_pairs(x: &[f64], y: &[f64]) -> Stat<()> {
    if x.len() != y.len() {
        return Err(Undefined::LengthMismatch);
    }
    require_ordered(x)?;
    require_ordered(y)?;
    require_count(x.len(), 2)
}

/// Whether all values are the same.
pub(crate) fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

fn product_moment(x: &[f64], y: &[f64]) -> Stat<f64> {
    if is_constant(x) || is_constant(y) {
        return Err(Undefined::Constant);
    }
    let (x, y) = (unit_deviations(x)?, unit_deviations(y)?);
    // Rounding may step over the bound by an ulp.
    Ok(sum(x.iter().zip(&y).map(|(a, b)| a * b)).clamp(-1.0, 1.0))
}

/// Deviations from the mean scaled to unit length, with no overflow on the way.
fn unit_deviations(values: &[f64]) -> Stat<Vec<f64>> {
    let scale = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let scaled: Vec<f64> = values.iter().map(|v| v / scale).collect();
    let centre = mean(&scaled);
    let spread = scaled.iter().fold(0.0_f64, |m, v| m.max((v - centre).abs()));
    if spread == 0.0 {
        return Err(Undefined::Constant);
    }
    let deviations: Vec<f64> = scaled.iter().map(|v| (v - centre) / spread).collect();
    let norm = sum(deviations.iter().map(|d| d * d)).sqrt();
    Ok(deviations.into_iter().map(|d| d / norm).collect())
}

/// p of a product-moment correlation by Student's t with n − 2 degrees of freedom; two pairs prove nothing.
fn student_p(r: f64, n: usize) -> f64 {
    if n <= 2 {
        return 1.0;
    }
    let df = count(n - 2);
    student_two_sided(r.abs() * (df / ((1.0 + r) * (1.0 - r))).sqrt(), df)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_correlates_fully() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]);
        for r in [pearson(&x, &y), spearman(&x, &y), kendall(&x, &y)] {
            assert!((r.unwrap().value - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn two_pairs_prove_nothing() {
        let r = pearson(&[1.0, 2.0], &[2.0, 1.0]).unwrap();
        assert_eq!((r.value.round(), r.p), (-1.0, 1.0));
        assert_eq!(spearman(&[1.0, 2.0], &[2.0, 1.0]).unwrap().p, 1.0);
    }

    #[test]
    fn huge_and_tiny_values_do_not_overflow() {
        let x = [1e308, -1e308, 5e307, 0.0];
        let y = [1e-300, -1e-300, 5e-301, 0.0];
        assert!((pearson(&x, &y).unwrap().value - 1.0).abs() < 1e-15);
    }

    #[test]
    fn bad_input_is_an_error_value() {
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0]), Err(Undefined::Constant));
        assert_eq!(pearson(&[1.0, f64::INFINITY], &[1.0, 2.0]), Err(Undefined::NotFinite));
        assert_eq!(spearman(&[1.0, f64::NAN], &[1.0, 2.0]), Err(Undefined::NotFinite));
        assert_eq!(spearman(&[1.0], &[]), Err(Undefined::LengthMismatch));
        assert_eq!(kendall(&[1.0], &[1.0]), Err(Undefined::TooFew { n: 1, need: 2 }));
    }

    #[test]
    fn fisher_intervals_need_enough_pairs_and_a_sane_level() {
        let r = Correlation { value: 0.5, p: 0.1, n: 40, method: CorrelationMethod::Pearson };
        let interval = r.interval(0.95).unwrap();
        assert!(interval.low > 0.22 && interval.high < 0.71);
        assert_eq!(r.interval(2.0), Err(Undefined::NotFinite));
        let few = Correlation { n: 3, ..r };
        assert_eq!(few.interval(0.95), Err(Undefined::TooFew { n: 3, need: 4 }));
    }
}
