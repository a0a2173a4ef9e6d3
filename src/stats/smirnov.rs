//! How far two samples' distributions lie apart (Smirnov 1939).

use super::moments::count;
use super::undefined::{Stat, require_finite};
use rayon::prelude::*;

/// Two samples held against each other by Kolmogorov and Smirnov's distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smirnov {
    /// Greatest distance of the two empirical distribution functions, in `0..=1`.
    pub distance: f64,
    /// Asymptotic p of "one distribution": `2 Σ (−1)^(k−1) exp(−2 k² D² nm/(n+m))`.
    pub p: f64,
}

/// Compares two samples of any sizes, in O(n log n).
///
/// # Errors
/// `Empty`, `NotFinite`.
pub fn smirnov(a: &[f64], b: &[f64]) -> Stat<Smirnov> {
    require_finite(a)?;
    require_finite(b)?;
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        // Equal values step together, in both samples.
        let value = a[i].min(b[j]);
        i += a[i..].iter().take_while(|other| **other <= value).count();
        j += b[j..].iter().take_while(|other| **other <= value).count();
        distance = distance.max((count(i) / count(a.len()) - count(j) / count(b.len())).abs());
    }
    let (n, m) = (count(a.len()), count(b.len()));
    Ok(Smirnov { distance, p: p_of(distance, n, m) })
}

impl Smirnov {
    /// p if the samples were of so many independent values each: of items in groups, as many as there are groups, which holds
    /// even where all of a group are alike.
    #[must_use]
    pub fn p_of_units(&self, a: usize, b: usize) -> f64 {
        p_of(self.distance, count(a), count(b))
    }
}

fn p_of(distance: f64, n: f64, m: f64) -> f64 {
    tail(distance * (n * m / (n + m)).sqrt())
}

/// Kolmogorov's distribution from above.
fn tail(lambda: f64) -> f64 {
    // Below, the series alternates for long around a sum that is 1 in double precision.
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * (f64::from(k) * lambda).powi(2)).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.par_sort_unstable_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Undefined;

    #[test]
    fn ties_step_together() {
        // By hand: after 1 the functions stand at 2/4 and 1/3, after 2 at 3/4 and 1/3, after 3 at 1 and 2/3.
        let found = smirnov(&[1.0, 1.0, 2.0, 3.0], &[3.0, 1.0, 4.0]).unwrap();
        assert!((found.distance - 5.0 / 12.0).abs() < 1e-15);
        assert_eq!(smirnov(&[1.0, 2.0], &[2.0, 1.0]).unwrap(), Smirnov { distance: 0.0, p: 1.0 });
        assert_eq!(smirnov(&[1.0], &[]), Err(Undefined::Empty));
    }

    #[test]
    fn the_tail_is_that_of_kolmogorov() {
        // scipy.stats.kstwobign.sf
        for (lambda, p) in
            [(0.5, 0.963_945_243_664_875_1), (1.0, 0.269_999_671_677_354_56), (1.95, 0.000_995_910_842_9)]
        {
            assert!((tail(lambda) - p).abs() < 1e-8, "{lambda}: {}", tail(lambda));
        }
    }
}
