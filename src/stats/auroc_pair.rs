//! Two scores of the same items compared: DeLong's covariance.

use serde::{Deserialize, Serialize};

use super::auroc::{Auroc, Placements, delong};
use super::distribution::normal_two_sided;
use super::interval::Interval;
use super::moments::{count, covariance};
use super::undefined::{Stat, Undefined};

/// The AUROCs of two scores on the same items and labels, with their covariance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AurocPair {
    /// AUROC of the first score.
    pub first: Auroc,
    /// AUROC of the second score.
    pub second: Auroc,
    /// DeLong's covariance of the two.
    pub covariance: f64,
}

impl AurocPair {
    /// `first − second`.
    #[must_use]
    pub const fn difference(&self) -> f64 {
        self.first.value - self.second.value
    }

    /// The variance of [`difference`](Self::difference).
    #[must_use]
    pub fn variance(&self) -> f64 {
        (self.first.variance + self.second.variance - 2.0 * self.covariance).max(0.0)
    }

    /// The difference ± z·se; NaN ends when `level` is not in (0, 1).
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        Interval::normal(self.difference(), self.variance().sqrt(), level)
    }

    /// Two-sided p of "both discriminate equally well".
    ///
    /// # Errors
    /// `Constant` when the difference has no variance (both rank alike).
    pub fn p(&self) -> Stat<f64> {
        let variance = self.variance();
        if variance > 0.0 {
            Ok(normal_two_sided(self.difference() / variance.sqrt()))
        } else {
            Err(Undefined::Constant)
        }
    }
}

/// DeLong's comparison of `first` and `second` (shape `n` each) for the label `positive` (shape `n`).
///
/// # Errors
/// As [`delong`].
pub fn delong_pair(first: &[f64], second: &[f64], positive: &[bool]) -> Stat<AurocPair> {
    let pair = (delong(first, positive)?, delong(second, positive)?);
    let (of_first, of_second) =
        (Placements::of(first, positive)?.by_class(positive), Placements::of(second, positive)?.by_class(positive));
    Ok(AurocPair {
        first: pair.0,
        second: pair.1,
        covariance: covariance(&of_first.0, &of_second.0) / count(pair.0.positives)
            + covariance(&of_first.1, &of_second.1) / count(pair.0.negatives),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [bool; 6] = [false, true, false, true, false, true];

    #[test]
    fn a_score_does_not_differ_from_itself() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.5, 0.3];
        let pair = delong_pair(&scores, &scores, &LABELS).unwrap();
        assert_eq!(pair.difference(), 0.0);
        assert_eq!(pair.p(), Err(Undefined::Constant));
    }

    #[test]
    fn opposite_scores_differ() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.5, 0.3];
        let flipped = scores.map(|s| -s);
        let pair = delong_pair(&scores, &flipped, &LABELS).unwrap();
        assert!((pair.covariance + pair.first.variance).abs() < 1e-12);
        assert!(pair.p().unwrap() < 1.0);
    }
}
