//! The tests of paired values that readers know by name, and the standard error of a mean, naive and clustered.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::clusters::Units;
use super::distribution::{normal_two_sided, student_two_sided};
use super::gap::Side;
use super::group::{group_mean, group_mean_of_units};
use super::moments::{count, mean, sum, variance};
use super::rank::mid_ranks;
use super::undefined::{Stat, Undefined, require_count, require_finite};

/// McNemar's exact test of two right-or-wrong outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Items that only the first got wrong, and that only the second did.
    pub before_only: usize,
    pub after_only: usize,
    /// Two-sided: twice the smaller tail of Binomial(n, ½), at most 1.
    pub p: f64,
}

/// A test statistic and its two-sided p.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedTest {
    pub statistic: f64,
    /// Pairs that take part.
    pub n: usize,
    pub p: f64,
}

/// Standard error of a mean with every item for itself, and with those of a cluster as one where there are clusters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StandardErrors {
    pub naive: f64,
    pub clustered: Option<f64>,
}

/// McNemar's exact test (1947) of losses that are all 0 or 1; `statsmodels…mcnemar(exact=True)`.
///
/// # Errors
/// `Empty`, `LengthMismatch`; `NotFinite` for a value that is neither 0 nor 1.
pub fn mcnemar(before: &[f64], after: &[f64]) -> Stat<McNemar> {
    require_parallel(before, after)?;
    if before.iter().chain(after).any(|value| *value != 0.0 && *value != 1.0) {
        return Err(Undefined::NotFinite);
    }
    let before_only = before.iter().zip(after).filter(|(before, after)| before > after).count();
    let after_only = before.iter().zip(after).filter(|(before, after)| before < after).count();
    McNemar::of(before_only, after_only)
}

impl McNemar {
    /// The test of counts alone.
    ///
    /// # Errors
    /// None for counts of items.
    pub fn of(before_only: usize, after_only: usize) -> Stat<Self> {
        let (fewer, both) = (before_only.min(after_only), before_only + after_only);
        let tail = Binomial::new(0.5, both as u64).map_err(|_| Undefined::NotFinite)?.cdf(fewer as u64);
        Ok(Self { before_only, after_only, p: (2.0 * tail).min(1.0) })
    }
}

/// Student's t of paired values (shape `n`), `n − 1` degrees of freedom; `scipy.stats.ttest_rel(after, before)`.
///
/// # Errors
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew` (of 2), `Constant` for differences that are all the same.
pub fn paired_t(before: &[f64], after: &[f64]) -> Stat<PairedTest> {
    let differences = differences(before, after)?;
    require_count(differences.len(), 2)?;
    let error = (variance(&differences) / count(differences.len())).sqrt();
    if error == 0.0 {
        return Err(Undefined::Constant);
    }
    let statistic = mean(&differences) / error;
    Ok(PairedTest { statistic, n: differences.len(), p: student_two_sided(statistic, count(differences.len() - 1)) })
}

/// Wilcoxon's signed ranks of paired values (shape `n`): pairs that are equal left out, ties share their rank, the
/// normal tail without continuity correction; `scipy.stats.wilcoxon(after, before, method="asymptotic")`.
///
/// # Errors
/// `Empty`, `LengthMismatch`, `NotFinite`, `Constant` where all pairs are equal.
pub fn wilcoxon(before: &[f64], after: &[f64]) -> Stat<PairedTest> {
    let mut differences = differences(before, after)?;
    differences.retain(|difference| *difference != 0.0);
    if differences.is_empty() {
        return Err(Undefined::Constant);
    }
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = mid_ranks(&sizes)?;
    let n = count(ranks.len());
    let all = n * (n + 1.0) / 2.0;
    let risen = sum(ranks.iter().zip(&differences).filter(|(_, difference)| **difference > 0.0).map(|(rank, _)| *rank));
    let mut sorted = sizes;
    sorted.sort_unstable_by(f64::total_cmp);
    let tied = sum(sorted.chunk_by(|a, b| a == b).map(|block| count(block.len()).powi(3) - count(block.len())));
    let error = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tied / 48.0).sqrt();
    let statistic = risen.min(all - risen);
    Ok(PairedTest { statistic, n: ranks.len(), p: normal_two_sided((statistic - all / 2.0) / error) })
}

/// Standard errors of the mean of `values` (shape `n`): `s/√n`, and the sandwich of clusters
/// (`statsmodels` OLS on a constant, `cov_type="cluster"`).
///
/// # Errors
/// `Empty`, `NotFinite`, `LengthMismatch`; `TooFew` for items of one cluster.
pub fn standard_errors(values: &[f64], units: Units) -> Stat<StandardErrors> {
    let everybody = vec![Side::With; values.len()];
    let naive = group_mean(values, &everybody, Side::With)?.variance.sqrt();
    let clustered = match units {
        Units::Items(_) => None,
        Units::Clusters(_) => Some(group_mean_of_units(values, &everybody, Side::With, units)?.variance.sqrt()),
    };
    Ok(StandardErrors { naive, clustered })
}

fn require_parallel(before: &[f64], after: &[f64]) -> Stat<()> {
    if before.len() != after.len() {
        return Err(Undefined::LengthMismatch);
    }
    require_finite(before)?;
    require_finite(after)
}

fn differences(before: &[f64], after: &[f64]) -> Stat<Vec<f64>> {
    require_parallel(before, after)?;
    Ok(before.iter().zip(after).map(|(before, after)| after - before).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_no_t_and_no_ranks_and_a_mcnemar_of_one() {
        let same = [0.0, 1.0, 1.0];
        assert_eq!(paired_t(&same, &same), Err(Undefined::Constant));
        assert_eq!(wilcoxon(&same, &same), Err(Undefined::Constant));
        assert_eq!(mcnemar(&same, &same), Ok(McNemar { before_only: 0, after_only: 0, p: 1.0 }));
        assert_eq!(mcnemar(&[0.5], &[1.0]), Err(Undefined::NotFinite));
        assert_eq!(paired_t(&[1.0], &[1.0, 2.0]), Err(Undefined::LengthMismatch));
    }

    #[test]
    fn a_mcnemar_by_hand() {
        // 1 against 4 of 5: 2 · (1 + 5) / 32.
        let before = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let after = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let found = mcnemar(&before, &after).unwrap();
        assert_eq!((found.before_only, found.after_only), (1, 4));
        assert!((found.p - 0.375).abs() < 1e-12);
    }
}
