//! A closed range with its confidence level.

use serde::{Deserialize, Serialize};

use super::distribution::two_sided_z;

/// A two-sided confidence interval `[low, high]` at `level` (0.95 = 95 %).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Nominal coverage in (0, 1).
    pub level: f64,
}

impl Interval {
    /// Whether `value` lies inside, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether the interval settles the sign: both ends strictly on one side of zero.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// `high − low`, in the unit of the statistic.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// `centre ± z·se`; NaN ends when `level` is not in (0, 1).
    #[must_use]
    pub fn normal(centre: f64, se: f64, level: f64) -> Self {
        let reach = two_sided_z(level) * se;
        Self { low: centre - reach, high: centre + reach, level }
    }

    /// Both ends through a non-decreasing map.
    #[must_use]
    pub(crate) fn map(self, through: impl Fn(f64) -> f64) -> Self {
        Self { low: through(self.low), high: through(self.high), level: self.level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senseless_level_gives_nan_not_a_panic() {
        for level in [f64::NAN, -1.0, 0.0, 1.0, 2.0] {
            assert!(Interval::normal(0.0, 1.0, level).low.is_nan());
        }
    }

    #[test]
    fn touching_zero_is_not_excluding_it() {
        let interval = Interval { low: 0.0, high: 1.0, level: 0.95 };
        assert!(!interval.excludes_zero());
        assert!(interval.contains(0.0) && interval.contains(1.0));
    }
}
