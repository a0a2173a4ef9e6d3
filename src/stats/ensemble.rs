//! What an ensemble of members says: the spread of its numbers and which way it points.

use serde::{Deserialize, Serialize};

use super::distribution::{student_cdf, two_sided_student};
use super::interval::Interval;
use super::moments::{count, mean, variance};
use super::undefined::{Stat, Undefined, require_finite};

/// Location and spread of a set of numbers, in their own unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median (type 7).
    pub median: f64,
    /// Standard deviation with denominator `n − 1`; 0 for one value.
    pub sd: f64,
    /// First quartile (type 7).
    pub q1: f64,
    /// Third quartile (type 7).
    pub q3: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// Mean, quartiles, spread and range of `values` (shape `n`).
///
/// # Errors
/// `Empty`; `NotFinite` for NaN, an infinity, or values whose squares overflow.
pub fn summary(values: &[f64]) -> Stat<Summary> {
    require_finite(values)?;
    let (mean, sd) = (mean(values), variance(values).sqrt());
    require_finite(&[mean, sd])?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(Summary {
        n: sorted.len(),
        mean,
        median: quantile_sorted(&sorted, 0.5),
        sd,
        q1: quantile_sorted(&sorted, 0.25),
        q3: quantile_sorted(&sorted, 0.75),
        min: quantile_sorted(&sorted, 0.0),
        max: quantile_sorted(&sorted, 1.0),
    })
}

/// Student's interval of the mean of what `values` were drawn from.
///
/// # Errors
/// `Empty`, `NotFinite` (values, or `level` not in (0, 1)); `TooFew` for one value.
pub fn mean_interval(values: &[f64], level: f64) -> Stat<Interval> {
    let summary = summary(values)?;
    if values.len() < 2 {
        return Err(Undefined::TooFew { n: 1, need: 2 });
    }
    let t = two_sided_student(level, count(values.len() - 1));
    require_finite(&[t])?;
    let reach = t * summary.sd / count(values.len()).sqrt();
    Ok(Interval { low: summary.mean - reach, high: summary.mean + reach, level })
}

/// The `p` quantile of ascending `sorted` by linear interpolation (Hyndman & Fan type 7, NumPy's default).
///
/// `p` is cut to [0, 1]; NaN for no values or a NaN `p`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn quantile_sorted(sorted: &[f64], p: f64) -> f64 {
    if sorted.is_empty() || p.is_nan() {
        return f64::NAN;
    }
    let position = p.clamp(0.0, 1.0) * count(sorted.len() - 1);
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let weight = position - position.floor();
    if weight == 0.0 || sorted[below] == sorted[above] {
        // Also keeps an infinite end from meeting 0 · ∞.
        return sorted[below];
    }
    sorted[below].mul_add(1.0 - weight, sorted[above] * weight)
}

/// Where `value` falls in ascending `sorted`: the share below plus half the share equal, in [0, 1].
///
/// NaN for no values or a NaN `value`.
#[must_use]
pub fn percentile_of(sorted: &[f64], value: f64) -> f64 {
    if sorted.is_empty() || value.is_nan() {
        return f64::NAN;
    }
    let below = sorted.partition_point(|&v| v < value);
    let up_to = sorted.partition_point(|&v| v <= value);
    count(below + up_to) / (2.0 * count(sorted.len()))
}

/// Which way the members' differences `δ = h(A) − h(B)` point, by vote and by Student's t.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// Members that gave a difference.
    pub members: usize,
    /// Members with δ > 0; an exact zero is no vote for either side.
    pub positive: usize,
    /// `positive / members`, the paper's P(Δ > 0): one of K + 1 values.
    pub vote_share: f64,
    /// The Student-t reading; `None` for fewer than two members or members that all agree exactly.
    pub student: Option<StudentDirection>,
}

/// P(δ > 0) from Student's t with a flat prior, for two different questions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StudentDirection {
    /// `mean / (sd / √K)`.
    pub t: f64,
    /// Degrees of freedom, K − 1.
    pub df: f64,
    /// P(the mean of δ over all possible members > 0) = `T(mean / (sd / √K))`.
    pub mean_positive: f64,
    /// P(δ of one more member > 0) = `T(mean / (sd · √(1 + 1/K)))`.
    pub new_member_positive: f64,
}

/// The direction of K members' `deltas` (shape `K`; method.md "Inference", beyond.md 3.7).
///
/// # Errors
/// `Empty`; `NotFinite` for NaN or an infinity.
pub fn direction(deltas: &[f64]) -> Stat<Direction> {
    require_finite(deltas)?;
    let positive = deltas.iter().filter(|&&delta| delta > 0.0).count();
    Ok(Direction {
        members: deltas.len(),
        positive,
        vote_share: count(positive) / count(deltas.len()),
        student: student_direction(deltas),
    })
}

fn student_direction(deltas: &[f64]) -> Option<StudentDirection> {
    let members = count(deltas.len());
    let sd = variance(deltas).sqrt();
    // Also false for an overflow to NaN.
    if !(sd > 0.0 && sd.is_finite()) {
        return None;
    }
    let df = members - 1.0;
    let per_member = mean(deltas) / sd;
    let t = per_member * members.sqrt();
    Some(StudentDirection {
        t,
        df,
        mean_positive: student_cdf(t, df),
        new_member_positive: student_cdf(per_member / (1.0 + 1.0 / members).sqrt(), df),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Undefined;

    #[test]
    fn quartiles_follow_numpy() {
        let s = summary(&[7.0, 15.0, 36.0, 39.0, 40.0, 41.0]).unwrap();
        assert_eq!((s.q1, s.median, s.q3), (20.25, 37.5, 39.75));
        assert_eq!((s.min, s.max, s.n), (7.0, 41.0, 6));
    }

    #[test]
    fn one_value_is_its_own_summary() {
        let s = summary(&[2.0]).unwrap();
        assert_eq!((s.sd, s.q1, s.q3, s.mean), (0.0, 2.0, 2.0, 2.0));
        assert_eq!(summary(&[]), Err(Undefined::Empty));
        assert_eq!(summary(&[1e308, -1e308]), Err(Undefined::NotFinite));
        assert_eq!(summary(&[f64::NAN]), Err(Undefined::NotFinite));
    }

    #[test]
    fn quantiles_survive_odd_arguments() {
        assert!(quantile_sorted(&[], 0.5).is_nan());
        assert!(quantile_sorted(&[1.0], f64::NAN).is_nan());
        assert_eq!(quantile_sorted(&[1.0, 2.0], -3.0), 1.0);
        assert_eq!(quantile_sorted(&[1.0, 2.0], 9.0), 2.0);
    }

    #[test]
    fn a_percentile_counts_equals_half() {
        let sorted = [1.0, 2.0, 2.0, 3.0];
        assert_eq!(percentile_of(&sorted, 2.0), 0.5);
        assert_eq!(percentile_of(&sorted, 0.0), 0.0);
        assert_eq!(percentile_of(&sorted, 9.0), 1.0);
        assert!(percentile_of(&[], 1.0).is_nan());
    }

    #[test]
    fn a_mean_is_surer_than_a_new_member() {
        let d = direction(&[0.2, 0.1, 0.4, -0.1, 0.3]).unwrap();
        let student = d.student.unwrap();
        assert_eq!((d.positive, d.vote_share), (4, 0.8));
        assert!(student.mean_positive > student.new_member_positive);
        assert!(student.new_member_positive > 0.5);
    }

    #[test]
    fn members_that_agree_exactly_have_no_student_reading() {
        assert_eq!(direction(&[1.0, 1.0]).unwrap().student, None);
        assert_eq!(direction(&[1.0]).unwrap().student, None);
        assert_eq!(direction(&[0.0]).unwrap().vote_share, 0.0);
    }
}
