//! What the interval and the p of a gap follow, so that they hold for sides of some 30 items and skewed losses.

use serde::{Deserialize, Serialize};

use super::auroc_interval::{hanley_mcneil, score_bounds};
use super::distribution::{normal_two_sided, student_deviate_of, student_two_sided, two_sided_student, two_sided_z};
use super::gap::Gap;
use super::interval::Interval;
use super::moments::count;
use super::pooled::Pooled;

/// How many items' worth of trust Hanley & McNeil's variance gets beside DeLong's, which is 0 or noise in a small class;
/// chosen by the simulations of `stats::coverage`.
const PRIOR_ITEMS: f64 = 10.0;
/// Halvings that pin a p.
const HALVINGS: usize = 60;
/// A p beyond so many standard errors is 0 in double precision.
const FARTHEST: f64 = 40.0;

/// The law of a gap's error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum GapLaw {
    /// Normal: `± z·se`.
    Normal,
    /// Two means: Student's t, plain and corrected for skew by `t' = t + g t²/3 + g² t³/27 + g/6` (Zhou & Dinh 2005), and the
    /// test by what all items vary by, the most careful of these at either end. The plain one alone covers too little where one side is small and skewed,
    /// the corrected one alone where both are small, for the skew is itself measured.
    Student {
        /// Welch's degrees of freedom, of units a side.
        df: f64,
        /// `g`: third moment of the gap over its variance to the power 3/2.
        skew: f64,
        /// What all items vary by: the more careful of it and of the sides' own is taken. A mean alone has none.
        pooled: Option<Pooled>,
    },
    /// Two AUROCs: the score interval of either side (Newcombe 2006, method 5), joined by squaring and adding (Zou & Donner
    /// 2008).
    Scores {
        with: AurocSide,
        without: AurocSide,
        /// Of the two AUROCs, where a unit has items on both sides.
        correlation: f64,
    },
}

/// One side of a gap of AUROCs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AurocSide {
    pub positives: usize,
    pub negatives: usize,
    /// The side's variance over Hanley & McNeil's, drawn towards 1 where a class is small.
    pub inflation: f64,
    /// Degrees of freedom of the variance; infinite for items.
    pub df: f64,
}

impl AurocSide {
    /// `variance` is DeLong's, or that of `units` clusters.
    pub(crate) fn new(value: f64, variance: f64, (positives, negatives): (usize, usize), units: Option<usize>) -> Self {
        let known = hanley_mcneil(value, positives, negatives);
        let weight = count(positives.min(negatives).min(units.unwrap_or(usize::MAX)));
        let ratio = if known > 0.0 { variance / known } else { 1.0 };
        let df = units.map_or(f64::INFINITY, |units| count(units.saturating_sub(1)));
        Self { positives, negatives, inflation: (ratio * weight + PRIOR_ITEMS) / (weight + PRIOR_ITEMS), df }
    }

    /// How far the true value may lie below and above `value`, `z` normal standard errors away.
    fn reach(&self, value: f64, z: f64) -> (f64, f64) {
        let squared = student_deviate_of(z, self.df).powi(2) * self.inflation;
        let (low, high) = score_bounds(value, self.positives, self.negatives, squared);
        (value - low, high - value)
    }
}

impl GapLaw {
    /// Interval of the signed gap; NaN ends when `level` is not in (0, 1).
    pub(crate) fn interval(&self, gap: &Gap, variance: f64, level: f64) -> Interval {
        let (signed, se) = (gap.signed, variance.sqrt());
        match *self {
            Self::Student { df, skew, pooled } if se > 0.0 => {
                let reach = two_sided_student(level, df);
                let (low, high) = (uncorrected(-reach, skew).min(-reach), uncorrected(reach, skew).max(reach));
                let own = Interval { low: signed - se * high, high: signed - se * low, level };
                let ends = pooled.map(|pooled| pooled.ends(signed, variance, level));
                ends.map_or(own, |(low, high)| Interval { low: own.low.min(low), high: own.high.max(high), level })
            }
            Self::Student { pooled: Some(pooled), .. } => pooled.ends_of_alike(signed, level),
            Self::Scores { .. } => {
                let (low, high) = self.joined(gap, two_sided_z(level));
                Interval { low, high, level }
            }
            Self::Normal | Self::Student { .. } => Interval::normal(signed, se, level),
        }
    }

    /// Two-sided p of "no gap", which falls below `1 − level` where the interval of that level leaves 0 out; `variance > 0`.
    pub(crate) fn p(&self, gap: &Gap, variance: f64) -> f64 {
        let t = gap.signed / variance.sqrt();
        match *self {
            Self::Normal => normal_two_sided(t),
            Self::Student { df, skew, pooled } => {
                let own = student_two_sided(t.abs().min(corrected(t, skew).abs()), df);
                pooled.map_or(own, |pooled| own.max(pooled.p(gap.signed, variance)))
            }
            Self::Scores { .. } => {
                let excludes = |z: f64| {
                    let (low, high) = self.joined(gap, z);
                    low > 0.0 || high < 0.0
                };
                let (mut inside, mut outside) = (FARTHEST, 0.0);
                for _ in 0..HALVINGS {
                    let middle = f64::midpoint(inside, outside);
                    if excludes(middle) {
                        outside = middle;
                    } else {
                        inside = middle;
                    }
                }
                normal_two_sided(outside)
            }
        }
    }

    /// Two-sided p of "no gap" where neither side varies; `None` where nothing can be said of that.
    pub(crate) fn p_of_alike(&self, gap: &Gap) -> Option<f64> {
        match self {
            Self::Student { pooled: Some(pooled), .. } if gap.signed != 0.0 => Some(pooled.p_of_alike()),
            _ => None,
        }
    }

    /// Both ends of the gap of two AUROCs, `z` normal standard errors away.
    fn joined(&self, gap: &Gap, z: f64) -> (f64, f64) {
        let Self::Scores { with, without, correlation } = self else { return (f64::NAN, f64::NAN) };
        let ((with_below, with_above), (without_below, without_above)) =
            (with.reach(gap.with, z), without.reach(gap.without, z));
        let together = |a: f64, b: f64| (a.mul_add(a, b * b) - 2.0 * correlation * a * b).max(0.0).sqrt();
        (gap.signed - together(with_below, without_above), gap.signed + together(with_above, without_below))
    }
}

/// `t'` of Zhou & Dinh (2005): `((1 + g t/3)³ − 1)/g + g/6`, which rises with `t`.
fn corrected(t: f64, skew: f64) -> f64 {
    t + skew * t * t / 3.0 + skew * skew * t.powi(3) / 27.0 + skew / 6.0
}

/// The `t` that [`corrected`] takes to `t'`.
fn uncorrected(corrected: f64, skew: f64) -> f64 {
    if skew.abs() < 1e-6 {
        // The closed form is 0/0 in the last digits; to first order it is this.
        return corrected - skew * (corrected * corrected / 3.0 + 1.0 / 6.0);
    }
    3.0 / skew * ((1.0 + skew * (corrected - skew / 6.0)).cbrt() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Better, MeasuredGap};

    fn measured(with: f64, without: f64, variance: f64, law: GapLaw) -> MeasuredGap {
        let gap = Gap::new(with, without, Better::Higher).unwrap();
        MeasuredGap { gap, variance, n_with: 40, n_without: 400, law }
    }

    #[test]
    fn the_correction_and_its_inverse_meet() {
        for skew in [-0.7, -1e-9, 0.0, 1e-7, 0.3, 1.1] {
            for t in [-4.0, -1.96, 0.0, 0.5, 3.0] {
                assert!((uncorrected(corrected(t, skew), skew) - t).abs() < 1e-7, "{skew} {t}");
            }
        }
        // By hand: 2 + .3·4/3 + .09·8/27 + .05.
        assert!((corrected(2.0, 0.3) - (2.0 + 0.4 + 0.09 * 8.0 / 27.0 + 0.05)).abs() < 1e-15);
    }

    #[test]
    fn p_falls_below_a_level_where_its_interval_leaves_zero_out() {
        let sides = |inflation, df| AurocSide { positives: 12, negatives: 30, inflation, df };
        let laws = [
            GapLaw::Student { df: 31.0, skew: 0.4, pooled: None },
            GapLaw::Student { df: 31.0, skew: -0.4, pooled: None },
            GapLaw::Scores { with: sides(1.2, f64::INFINITY), without: sides(0.8, 24.0), correlation: 0.3 },
        ];
        for law in laws {
            for with in [0.55, 0.62, 0.7, 0.9, 0.97, 1.0] {
                let gap = measured(with, 0.7, 0.006, law);
                let p = gap.p().unwrap();
                assert!(gap.interval(1.0 - p * 1.01).excludes_zero() || p > 0.98, "{law:?} {with}: {p}");
                assert!(!gap.interval(1.0 - p * 0.99).excludes_zero(), "{law:?} {with}: {p}");
            }
        }
    }

    #[test]
    fn a_skewed_side_moves_the_interval_to_its_tail_and_never_narrows_it() {
        let plain = measured(1.5, 1.0, 0.04, GapLaw::Student { df: 40.0, skew: 0.0, pooled: None }).interval(0.95);
        let skewed = measured(1.5, 1.0, 0.04, GapLaw::Student { df: 40.0, skew: 0.5, pooled: None }).interval(0.95);
        assert!(skewed.high > plain.high + 0.05 && skewed.low <= plain.low, "{plain:?} {skewed:?}");
    }

    #[test]
    fn two_perfect_sides_are_not_without_doubt() {
        let side = AurocSide::new(1.0, 0.0, (10, 30), None);
        let gap = measured(1.0, 1.0, 0.0, GapLaw::Scores { with: side, without: side, correlation: 0.0 });
        assert!(gap.interval(0.95).width() > 0.1 && side.inflation == 1.0);
    }
}
