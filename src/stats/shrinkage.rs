//! Empirical-Bayes shrinkage: what is left of the largest of many gaps once noise is taken off.

use serde::{Deserialize, Serialize};

use super::gap::MeasuredGap;
use super::moments::{count, sum};
use super::undefined::{Stat, Undefined, require_finite};

/// Halvings that pin τ² to the last bit.
const HALVINGS: usize = 200;

/// Gaps drawn towards zero by as much as their noise deserves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shrinkage {
    /// Variance of the true gaps around 0; 0 when noise alone explains what was seen.
    pub tau_squared: f64,
    /// `g·τ²/(τ²+s²)`, in the order given.
    pub values: Vec<f64>,
    /// Posterior variances `τ²·s²/(τ²+s²)`.
    pub variances: Vec<f64>,
}

/// Shrinks signed `gaps` (shape `m`) with sampling `variances` (shape `m`) towards 0 (beyond.md 3.10).
///
/// True gaps are taken as normal around 0 with variance τ², from Paule & Mandel's (1982) equation with known mean:
/// `Σ g²/(τ²+s²) = m`. Against the winner's curse: the largest of many observed gaps is mostly luck.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `NotFinite` (also for a negative variance).
pub fn shrink(gaps: &[f64], variances: &[f64]) -> Stat<Shrinkage> {
    if gaps.len() != variances.len() {
        return Err(Undefined::LengthMismatch);
    }
    require_finite(gaps)?;
    require_finite(variances)?;
    if variances.iter().any(|&v| v < 0.0) {
        return Err(Undefined::NotFinite);
    }
    let tau_squared = spread_of_truth(gaps, variances);
    if !tau_squared.is_finite() {
        return Err(Undefined::NotFinite);
    }
    let kept = |noise: f64| {
        if tau_squared > 0.0 {
            tau_squared / (tau_squared + noise)
        } else {
            // With no spread of truth only a gap without noise is believed.
            f64::from(noise == 0.0)
        }
    };
    let pairs = || gaps.iter().zip(variances);
    Ok(Shrinkage {
        tau_squared,
        values: pairs().map(|(gap, &noise)| gap * kept(noise)).collect(),
        variances: pairs().map(|(_, &noise)| noise * kept(noise)).collect(),
    })
}

/// Shrinks measured gaps as [`shrink`] does, in their order; entries without a gap keep their reason and do not count.
///
/// # Errors
/// Each entry its own reason; all that have a gap share the error of [`shrink`], should it have one.
#[must_use]
pub fn shrink_gaps(gaps: &[Stat<MeasuredGap>]) -> Vec<Stat<f64>> {
    let known: Vec<MeasuredGap> = gaps.iter().filter_map(|gap| gap.ok()).collect();
    let signed: Vec<f64> = known.iter().map(|known| known.gap.signed).collect();
    let variances: Vec<f64> = known.iter().map(|known| known.variance).collect();
    let mut shrunk = match shrink(&signed, &variances) {
        Ok(shrinkage) => shrinkage.values.into_iter().map(Ok).collect(),
        Err(why) => vec![Err(why); known.len()],
    }
    .into_iter();
    let one = |gap: &Stat<MeasuredGap>| gap.and_then(|_| shrunk.next().unwrap_or(Err(Undefined::LengthMismatch)));
    gaps.iter().map(one).collect()
}

/// The root of Paule & Mandel's equation, whose left side falls with τ².
fn spread_of_truth(gaps: &[f64], variances: &[f64]) -> f64 {
    let excess = |tau_squared: f64| {
        let terms = gaps.iter().zip(variances).map(|(gap, noise)| {
            // A gap of exactly 0 without noise fits every τ².
            if *gap == 0.0 { 0.0 } else { gap * gap / (tau_squared + noise) }
        });
        sum(terms) - count(gaps.len())
    };
    if excess(0.0) <= 0.0 {
        return 0.0;
    }
    // At Σ g² every term sums to at most 1 ≤ m, so the root lies below.
    let (mut low, mut high) = (0.0, sum(gaps.iter().map(|gap| gap * gap)));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Better, Gap, GapLaw};

    #[test]
    fn gaps_that_are_missing_stay_missing() {
        let measured = |signed| {
            let gap = Gap::new(signed, 0.0, Better::Lower)?;
            Ok(MeasuredGap { gap, variance: 0.01, n_with: 5, n_without: 5, law: GapLaw::Normal })
        };
        let gaps = [measured(0.3), Err(Undefined::OneClass), measured(-0.1)];
        let expected = shrink(&[0.3, -0.1], &[0.01; 2]).unwrap().values;
        assert_eq!(shrink_gaps(&gaps), [Ok(expected[0]), Err(Undefined::OneClass), Ok(expected[1])]);
        assert!(shrink_gaps(&[]).is_empty());
    }

    #[test]
    fn equal_noise_has_a_closed_form() {
        let gaps = [0.3, -0.1, 0.2, -0.4];
        let s = shrink(&gaps, &[0.01; 4]).unwrap();
        // τ² = mean g² − s².
        assert!((s.tau_squared - (0.3 / 4.0 - 0.01)).abs() < 1e-12);
        assert!((s.values[0] - 0.3 * 0.065 / 0.075).abs() < 1e-12);
        assert!((s.variances[0] - 0.01 * 0.065 / 0.075).abs() < 1e-12);
    }

    #[test]
    fn noise_alone_shrinks_to_nothing() {
        let s = shrink(&[0.01, -0.02], &[0.01, 0.01]).unwrap();
        assert_eq!((s.tau_squared, s.values), (0.0, vec![0.0, -0.0]));
    }

    #[test]
    fn the_noisier_gap_shrinks_more() {
        let s = shrink(&[0.3, 0.3, 0.2], &[0.001, 0.1, 0.01]).unwrap();
        assert!(s.values[0] > s.values[1]);
    }

    #[test]
    fn senseless_input_is_an_error_value() {
        assert_eq!(shrink(&[], &[]), Err(Undefined::Empty));
        assert_eq!(shrink(&[1.0], &[]), Err(Undefined::LengthMismatch));
        assert_eq!(shrink(&[1.0], &[-1.0]), Err(Undefined::NotFinite));
        assert!(shrink(&[0.0, 1.0], &[0.0, 0.0]).is_ok());
        assert_eq!(shrink(&[1e200], &[0.0]), Err(Undefined::NotFinite));
    }
}
