//! Whether one group's mean lies above another's where values are skewed, as losses are.

use super::distribution::student_cdf;
use super::interval::Interval;
use super::undefined::{Stat, Undefined};
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Fewest values of a group that are compared.
const LEAST: f64 = 3.0;

/// Number and power sums of some values. They can be added and taken away; values far from 0 should be centred first.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PowerSums {
    pub n: f64,
    pub sum: f64,
    pub squares: f64,
    pub cubes: f64,
}

impl PowerSums {
    /// The sums of one value.
    #[must_use]
    pub fn one(value: f64) -> Self {
        Self { n: 1.0, sum: value, squares: value * value, cubes: value * value * value }
    }

    /// The arithmetic mean; NaN for no values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.n
    }

    /// The sample variance (denominator `n − 1`); 0 for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2.0 {
            return 0.0;
        }
        ((self.squares - self.sum * self.sum / self.n) / (self.n - 1.0)).max(0.0)
    }

    /// The third central moment (denominator `n`); 0 for no values.
    #[must_use]
    pub fn third_moment(&self) -> f64 {
        if self.n < 1.0 {
            return 0.0;
        }
        let mean = self.mean();
        self.cubes / self.n - 3.0 * mean * self.squares / self.n + 2.0 * mean.powi(3)
    }
}

impl Add for PowerSums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
            cubes: self.cubes + other.cubes,
        }
    }
}

impl Sub for PowerSums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            n: self.n - other.n,
            sum: self.sum - other.sum,
            squares: self.squares - other.squares,
            cubes: self.cubes - other.cubes,
        }
    }
}

impl AddAssign for PowerSums {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for PowerSums {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for PowerSums {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), Add::add)
    }
}

/// A group's mean against the rest's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkewedWelch {
    /// Welch's (1947) statistic.
    pub t: f64,
    /// The statistic after Hall's transformation.
    pub corrected: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub df: f64,
    /// One-sided p of "the group's mean is at most the rest's".
    pub p: f64,
}

/// Welch's test of a group's mean above the rest's, its statistic corrected for skewness by Hall's (1992) monotone
/// transformation `t + g(2t² + 1)/6 + g²t³/27`, with `g` the third cumulant of the difference over its standard error
/// cubed (two groups: Zhou & Dinh 2005), held to ±1.
///
/// Where the group varies less than the rest it is given the rest's variance and third moment: a handful of equal losses
/// is chance at times, and no certainty.
///
/// # Errors
/// `TooFew` for fewer than three values on a side, `Constant` where neither side varies, `NotFinite`.
pub fn skewed_welch(group: PowerSums, rest: PowerSums) -> Stat<SkewedWelch> {
    let least = group.n.min(rest.n);
    if least < LEAST {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count below three")]
        return Err(Undefined::TooFew { n: least.max(0.0) as usize, need: LEAST as usize });
    }
    let like = if group.variance() < rest.variance() { rest } else { group };
    let (of_group, of_rest) = (like.variance() / group.n, rest.variance() / rest.n);
    let error = (of_group + of_rest).sqrt();
    let t = (group.mean() - rest.mean()) / error;
    if error == 0.0 {
        return Err(Undefined::Constant);
    }
    if !t.is_finite() {
        return Err(Undefined::NotFinite);
    }
    let df = error.powi(4) / (of_group * of_group / (group.n - 1.0) + of_rest * of_rest / (rest.n - 1.0));
    let cumulant = like.third_moment() / group.n.powi(2) - rest.third_moment() / rest.n.powi(2);
    let g = (cumulant / error.powi(3)).clamp(-1.0, 1.0);
    let corrected = t + g * (2.0 * t * t + 1.0) / 6.0 + g * g * t.powi(3) / 27.0;
    Ok(SkewedWelch { t, corrected, df, p: student_cdf(-corrected, df) })
}

/// Student's interval of a group's mean at `level`, after the same care: the group varies as the rest where it varies
/// less. `None` for fewer than three values.
#[must_use]
pub fn careful_mean_interval(group: PowerSums, rest: PowerSums, level: f64) -> Option<Interval> {
    if group.n < LEAST {
        return None;
    }
    let variance = group.variance().max(rest.variance());
    let reach = super::distribution::two_sided_student(level, group.n - 1.0) * (variance / group.n).sqrt();
    Some(Interval { low: group.mean() - reach, high: group.mean() + reach, level })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(values: &[f64]) -> PowerSums {
        values.iter().map(|value| PowerSums::one(*value)).sum()
    }

    #[test]
    fn moments_are_those_of_the_values() {
        let all = sums(&[1.0, 2.0, 6.0]);
        // By hand: deviations −2, −1, 3; squares 14, cubes 18.
        assert!((all.mean() - 3.0).abs() < 1e-12 && (all.variance() - 7.0).abs() < 1e-12);
        assert!((all.third_moment() - 6.0).abs() < 1e-12);
        assert_eq!(all - sums(&[2.0]), sums(&[1.0, 6.0]));
    }

    #[test]
    fn without_skewness_it_is_welch() {
        let (group, rest) = (sums(&[1.0, 3.0, 5.0, 7.0]), sums(&[0.0, 1.0, 2.0, 3.0, 4.0]));
        let found = skewed_welch(group, rest).unwrap();
        // By hand: means 4 and 2, variances 20/3 and 5/2, error² 5/3 + 1/2 = 13/6.
        assert!((found.t - 2.0 / (13.0_f64 / 6.0).sqrt()).abs() < 1e-12);
        assert!((found.corrected - found.t).abs() < 1e-12, "symmetric values have no third moment");
        let df = (13.0_f64 / 6.0).powi(2) / ((5.0_f64 / 3.0).powi(2) / 3.0 + 0.25 / 4.0);
        assert!((found.df - df).abs() < 1e-12);
    }

    #[test]
    fn a_tail_to_the_right_makes_a_high_mean_the_more_surprising() {
        let rest: Vec<f64> = (0..100).map(|at| f64::from(at % 10) / 10.0).collect();
        let right = [0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 4.0];
        let left: Vec<f64> = right.iter().map(|value| 2.1 - value).collect();
        let (right, left) = (skewed_welch(sums(&right), sums(&rest)), skewed_welch(sums(&left), sums(&rest)));
        let (right, left) = (right.unwrap(), left.unwrap());
        assert!((right.t - left.t).abs() < 1e-9, "the same mean and variance");
        assert!(right.corrected > right.t && left.corrected < left.t);
    }

    #[test]
    fn a_handful_of_equal_values_is_no_certainty() {
        let rest: Vec<f64> = (0..200).map(|at| f64::from(u8::from(at % 2 == 0))).collect();
        let found = skewed_welch(sums(&[1.0; 5]), sums(&rest)).unwrap();
        assert!(found.p > 0.001, "five heads in a row: {found:?}");
        let interval = careful_mean_interval(sums(&[1.0; 5]), sums(&rest), 0.95).unwrap();
        assert!(interval.low < 0.5 && interval.high > 1.0);
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let some = sums(&[1.0, 2.0, 3.0]);
        assert_eq!(skewed_welch(sums(&[1.0]), some), Err(Undefined::TooFew { n: 1, need: 3 }));
        assert_eq!(skewed_welch(sums(&[1.0; 4]), sums(&[1.0; 4])), Err(Undefined::Constant));
        assert_eq!(skewed_welch(sums(&[f64::NAN; 4]), some), Err(Undefined::NotFinite));
        assert!(careful_mean_interval(sums(&[1.0]), some, 0.95).is_none());
    }
}
