//! Whether probabilities mean what they say: reliability by bin, expected calibration error, Brier score.

use super::binomial::wilson;
use super::interval::Interval;
use super::undefined::{Stat, Undefined};
use serde::{Deserialize, Serialize};

/// Bins of equal width over `[0, 1]`.
pub const BINS: usize = 10;

/// What was said and what came of it in one bin of probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The bin holds probabilities from `low` up to, not including, `high` (the last one includes 1).
    pub low: f64,
    pub high: f64,
    pub n: usize,
    /// Mean probability said, and share that came true.
    pub said: f64,
    pub came: f64,
    /// 95 % interval (Wilson) of `came`, as if the n were independent.
    pub interval: Interval,
}

/// How far a set of probabilities can be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    pub n: usize,
    /// Bins that hold a probability, lowest first.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error: `Σ n_b |said_b − came_b| / n` (Naeini, Cooper & Hauskrecht 2015).
    pub ece: f64,
    /// Mean squared distance of probability and outcome (Brier 1950).
    pub brier: f64,
}

/// Compares probabilities with what came true.
///
/// # Errors
/// `Empty` (none), `LengthMismatch`, `NotFinite` (a probability outside `[0, 1]`).
pub fn reliability(said: &[f64], came: &[bool]) -> Stat<Reliability> {
    if said.len() != came.len() {
        return Err(Undefined::LengthMismatch);
    }
    if said.is_empty() {
        return Err(Undefined::Empty);
    }
    if said.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Undefined::NotFinite);
    }
    let mut tallies = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (p, came) in said.iter().zip(came) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and BINS")]
        let tally = &mut tallies[((p * BINS as f64) as usize).min(BINS - 1)];
        *tally = (tally.0 + 1, tally.1 + p, tally.2 + usize::from(*came));
    }
    let total = said.len() as f64;
    let mut bins = Vec::with_capacity(BINS);
    for (at, (n, sum, true_ones)) in tallies.into_iter().enumerate().filter(|(_, tally)| tally.0 > 0) {
        let (low, high) = (at as f64 / BINS as f64, (at + 1) as f64 / BINS as f64);
        let (said, came) = (sum / n as f64, true_ones as f64 / n as f64);
        bins.push(ReliabilityBin { low, high, n, said, came, interval: wilson(true_ones, n, 0.95)? });
    }
    let ece = bins.iter().map(|bin| bin.n as f64 * (bin.said - bin.came).abs()).sum::<f64>() / total;
    let brier = said.iter().zip(came).map(|(p, came)| (p - f64::from(*came)).powi(2)).sum::<f64>() / total;
    Ok(Reliability { n: said.len(), bins, ece, brier })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_was_said_and_what_came() {
        let found = reliability(&[0.05, 0.95, 0.95, 1.0], &[false, true, false, true]).unwrap();
        assert_eq!(found.bins.iter().map(|bin| bin.n).collect::<Vec<_>>(), [1, 3]);
        let last = found.bins[1];
        assert!((last.said - 2.9 / 3.0).abs() < 1e-12 && (last.came - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.ece - (0.05 + 3.0 * (2.9 - 2.0) / 3.0) / 4.0).abs() < 1e-12);
        assert!((found.brier - (0.0025 + 0.0025 + 0.9025) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn senseless_requests_are_error_values() {
        assert_eq!(reliability(&[], &[]), Err(Undefined::Empty));
        assert_eq!(reliability(&[0.5], &[]), Err(Undefined::LengthMismatch));
        assert_eq!(reliability(&[1.5], &[true]), Err(Undefined::NotFinite));
    }
}
