//! The two sides of an attribute and the gap of a metric between them.

use serde::{Deserialize, Serialize};

use super::distribution::{normal_quantile, two_sided_z};
use super::gap_law::GapLaw;
use super::interval::Interval;
use super::undefined::{Stat, Undefined};

/// Where an item stands on an attribute, or which side of it fares worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The attribute holds.
    With,
    /// It does not.
    Without,
    /// Unknown, or no difference.
    Neither,
}

impl From<bool> for Side {
    fn from(has: bool) -> Self {
        if has { Self::With } else { Self::Without }
    }
}

impl From<Option<bool>> for Side {
    fn from(has: Option<bool>) -> Self {
        has.map_or(Self::Neither, Self::from)
    }
}

/// Which end of a metric is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// AUROC, accuracy.
    Higher,
    /// Loss, error.
    Lower,
}

/// A metric on both sides of an attribute, in the metric's unit (method.md, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The metric where the attribute holds (GT-True).
    pub with: f64,
    /// The metric where it does not (GT-False).
    pub without: f64,
    /// `with − without`.
    pub signed: f64,
    /// The Rawlsian gap, best minus worst: `|signed|`.
    pub rmm: f64,
    /// The side that fares worse; `Neither` for an exact tie.
    pub worse: Side,
}

impl Gap {
    /// The gap between two values of a metric.
    ///
    /// # Errors
    /// `NotFinite` if either value is NaN or infinite.
    pub fn new(with: f64, without: f64, better: Better) -> Stat<Self> {
        let signed = with - without;
        if !signed.is_finite() {
            return Err(Undefined::NotFinite);
        }
        let worse = match (signed > 0.0, signed < 0.0, better) {
            (false, false, _) => Side::Neither,
            (true, _, Better::Lower) | (_, true, Better::Higher) => Side::With,
            _ => Side::Without,
        };
        Ok(Self { with, without, signed, rmm: signed.abs(), worse })
    }
}

/// A gap with its sampling variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredGap {
    /// The gap itself.
    pub gap: Gap,
    /// Variance of `gap.signed`.
    pub variance: f64,
    /// Items with the attribute.
    pub n_with: usize,
    /// Items without it.
    pub n_without: usize,
    /// What interval and p follow.
    pub law: GapLaw,
}

impl MeasuredGap {
    /// Interval of the signed gap, for |gap| of noise can never reach 0; see [`GapLaw`].
    ///
    /// It wants some 30 items a side. NaN ends when `level` is not in (0, 1).
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        self.law.interval(&self.gap, self.variance, level)
    }

    /// Two-sided p of "no gap", by the law of the interval.
    ///
    /// # Errors
    /// `Constant` when the variance is 0, but for two means whose sides are each of one value: chance deals values out so
    /// with a probability that can be counted.
    pub fn p(&self) -> Stat<f64> {
        if self.variance > 0.0 {
            // Squares of tiny losses vanish.
            return finite(self.law.p(&self.gap, self.variance));
        }
        self.law.p_of_alike(&self.gap).ok_or(Undefined::Constant)
    }

    /// Variance of `gap.signed` for a test of one's own: a side that varies less than all items do is given what they do.
    #[must_use]
    pub fn careful_variance(&self) -> f64 {
        match self.law {
            GapLaw::Student { pooled: Some(pooled), .. } => pooled.most_variance(self.variance),
            _ => self.variance,
        }
    }

    /// The smallest true gap that this many items would resolve with probability `power` (0.8 is usual).
    ///
    /// # Errors
    /// `NotFinite` when `level` or `power` is not in (0, 1).
    pub fn detectable(&self, level: f64, power: f64) -> Stat<f64> {
        finite(reach(level, power) * self.variance.sqrt())
    }

    /// How many items in all, at the same shares of groups and classes, would resolve a true gap of this size
    /// with probability `power`: `n · ((z_level + z_power) · se / gap)²`, for the variance falls as 1/n.
    ///
    /// # Errors
    /// `NotFinite` for a gap of 0 (no number suffices) or when `level` or `power` is not in (0, 1).
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn items_needed(&self, level: f64, power: f64) -> Stat<usize> {
        let ratio = reach(level, power).powi(2) * self.variance / self.gap.signed.powi(2);
        let needed = finite((self.n_with + self.n_without) as f64 * ratio)?.ceil();
        if needed < 2_f64.powi(53) { Ok(needed as usize) } else { Err(Undefined::NotFinite) }
    }
}

/// How many standard errors a true gap must span to be resolved at `level` with probability `power`.
fn reach(level: f64, power: f64) -> f64 {
    two_sided_z(level) + normal_quantile(power)
}

fn finite(value: f64) -> Stat<f64> {
    if value.is_finite() { Ok(value) } else { Err(Undefined::NotFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(with: f64, without: f64, variance: f64) -> MeasuredGap {
        let gap = Gap::new(with, without, Better::Higher).unwrap();
        MeasuredGap { gap, variance, n_with: 400, n_without: 600, law: GapLaw::Normal }
    }

    #[test]
    fn the_worse_side_depends_on_which_end_is_good() {
        let worse = |a, b, better| Gap::new(a, b, better).unwrap().worse;
        assert_eq!(worse(0.9, 0.8, Better::Higher), Side::Without);
        assert_eq!(worse(0.9, 0.8, Better::Lower), Side::With);
        assert_eq!(worse(0.8, 0.8, Better::Lower), Side::Neither);
        assert_eq!(Gap::new(f64::NAN, 0.0, Better::Lower), Err(Undefined::NotFinite));
    }

    #[test]
    fn four_times_the_items_see_half_the_gap() {
        let needed = |gap: f64| measured(gap, 0.0, 1e-4).items_needed(0.95, 0.8).unwrap();
        // (1.95996 + 0.84162)² = 7.84888 standard errors squared, textbook.
        assert_eq!(needed(0.01), 7_849);
        assert!(needed(0.005).abs_diff(4 * 7_849) < 4);
    }

    #[test]
    fn a_detectable_gap_needs_the_items_at_hand() {
        let mut m = measured(0.0, 0.0, 1e-4);
        m.gap = Gap::new(m.detectable(0.95, 0.8).unwrap(), 0.0, Better::Higher).unwrap();
        assert!(m.items_needed(0.95, 0.8).unwrap().abs_diff(1_000) <= 1);
    }

    #[test]
    fn no_number_of_items_resolves_nothing() {
        assert_eq!(measured(0.5, 0.5, 1e-4).items_needed(0.95, 0.8), Err(Undefined::NotFinite));
        assert!(measured(0.5, 0.4, 1e-4).items_needed(2.0, 0.8).is_err());
        assert_eq!(measured(0.5, 0.4, 0.0).p(), Err(Undefined::Constant));
    }
}
