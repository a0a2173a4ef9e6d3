//! Confidence intervals of an AUROC: plain, on the logit scale, and one that holds at 0 and 1.

use super::auroc::Auroc;
use super::distribution::two_sided_z;
use super::interval::Interval;
use super::moments::count;
use super::undefined::{Stat, Undefined};

/// Halvings that pin a root in [0, 1] to the last bit.
const HALVINGS: usize = 60;

impl Auroc {
    /// `value ± z·se`, cut to [0, 1]; NaN ends when `level` is not in (0, 1).
    ///
    /// Of no width for a perfect separation: see [`Auroc::score_interval`].
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        Interval::normal(self.value, self.variance.sqrt(), level).map(|end| end.clamp(0.0, 1.0))
    }

    /// DeLong's interval on the logit scale (Qin & Hotilovac 2008), inside (0, 1) and better near its ends.
    ///
    /// # Errors
    /// `Constant` for a value of exactly 0 or 1, whose logit is infinite; `NotFinite` when `level` is not in (0, 1).
    pub fn logit_interval(&self, level: f64) -> Stat<Interval> {
        let odds_slope = self.value * (1.0 - self.value);
        if odds_slope <= 0.0 {
            return Err(Undefined::Constant);
        }
        let logit = (self.value / (1.0 - self.value)).ln();
        let interval =
            Interval::normal(logit, self.variance.sqrt() / odds_slope, level).map(|x| 1.0 / (1.0 + (-x).exp()));
        if interval.low.is_nan() {
            return Err(Undefined::NotFinite);
        }
        Ok(interval)
    }

    /// Newcombe's score interval (2006, method 5): all θ within `z` of their own Hanley–McNeil variance.
    ///
    /// Uses only the value and the class sizes, so it keeps its width when the classes separate perfectly;
    /// it takes exponential scores for true and covers a little too much for normal ones near 1.
    /// NaN ends when `level` is not in (0, 1).
    #[must_use]
    pub fn score_interval(&self, level: f64) -> Interval {
        let z = two_sided_z(level);
        if z.is_nan() || self.positives == 0 || self.negatives == 0 {
            return Interval { low: f64::NAN, high: f64::NAN, level };
        }
        let (low, high) = score_bounds(self.value, self.positives, self.negatives, z * z);
        Interval { low, high, level }
    }
}

/// The least and the greatest θ within `squared` of their own Hanley–McNeil variances of `value`.
pub(crate) fn score_bounds(value: f64, positives: usize, negatives: usize, squared: f64) -> (f64, f64) {
    let too_far = |theta: f64| (theta - value).powi(2) > squared * hanley_mcneil(theta, positives, negatives);
    (boundary(0.0, value, too_far), boundary(1.0, value, too_far))
}

/// Hanley & McNeil's variance at `theta`, class sizes balanced inside the brackets as Newcombe does.
pub(crate) fn hanley_mcneil(theta: f64, positives: usize, negatives: usize) -> f64 {
    let (m, n) = (count(positives), count(negatives));
    let others = f64::midpoint(m, n) - 1.0;
    let both = others * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta));
    theta * (1.0 - theta) * (1.0 + both) / (m * n)
}

/// Where `too_far` changes between `outside` and `inside`, by bisection.
fn boundary(mut outside: f64, mut inside: f64, too_far: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(outside, inside);
        if too_far(middle) {
            outside = middle;
        } else {
            inside = middle;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERFECT: Auroc = Auroc { value: 1.0, variance: 0.0, positives: 3, negatives: 40 };

    #[test]
    fn perfect_separation_of_three_is_not_certainty() {
        assert_eq!(PERFECT.interval(0.95).width(), 0.0);
        assert_eq!(PERFECT.logit_interval(0.95), Err(Undefined::Constant));
        let score = PERFECT.score_interval(0.95);
        assert!(score.low > 0.3 && score.low < 0.9, "{score:?}");
        assert_eq!(score.high, 1.0);
    }

    #[test]
    fn the_three_agree_for_many_items() {
        let many = Auroc { value: 0.8, variance: 1e-5, positives: 10_000, negatives: 10_000 };
        let plain = many.interval(0.95);
        let logit = many.logit_interval(0.95).unwrap();
        let score = many.score_interval(0.95);
        assert!((plain.low - logit.low).abs() < 1e-4);
        assert!((plain.low - score.low).abs() < 1e-3);
    }

    #[test]
    fn senseless_levels_do_not_panic() {
        assert!(PERFECT.interval(1.0).low.is_nan());
        assert!(PERFECT.score_interval(f64::NAN).low.is_nan());
        let half = Auroc { value: 0.5, ..PERFECT };
        assert_eq!(half.logit_interval(-1.0), Err(Undefined::NotFinite));
    }
}
