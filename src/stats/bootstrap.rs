//! The bootstrap: what a statistic would have been on other samples of the same size.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::clusters::Units;
use super::distribution::{normal_cdf, normal_quantile};
use super::ensemble::{percentile_of, quantile_sorted};
use super::interval::Interval;
use super::moments::{count, mean, sum, variance};
use super::resample::{Resampling, draws};
use super::undefined::{Stat, Undefined};

/// Most groups of units left out in turn for the acceleration; more change nothing but the time.
const JACKKNIFE_GROUPS: usize = 200;

/// The bootstrap distribution of a statistic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The statistic of the data.
    pub estimate: f64,
    /// The defined replicates, ascending.
    pub replicates: Vec<f64>,
    /// Replicates in which the statistic had no value (a group without positives, say).
    pub undefined: usize,
    /// BCa's acceleration; `None` where the statistic is undefined without some of the data.
    pub acceleration: Option<f64>,
}

impl Bootstrap {
    /// Gathers replicates; NaN and errors count as undefined.
    pub(crate) fn gather(
        estimate: f64,
        drawn: impl IntoIterator<Item = Stat<f64>>,
        acceleration: Option<f64>,
    ) -> Stat<Self> {
        let mut replicates = Vec::new();
        let mut undefined = 0;
        for replicate in drawn {
            match replicate {
                Ok(value) if value.is_finite() => replicates.push(value),
                _ => undefined += 1,
            }
        }
        if replicates.is_empty() {
            return Err(Undefined::TooFew { n: 0, need: 1 });
        }
        replicates.sort_unstable_by(f64::total_cmp);
        Ok(Self { estimate, replicates, undefined, acceleration })
    }

    /// Standard deviation of the replicates; 0 for one.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        variance(&self.replicates).sqrt()
    }

    /// Mean of the replicates minus the estimate.
    #[must_use]
    pub fn bias(&self) -> f64 {
        mean(&self.replicates) - self.estimate
    }

    /// The percentile interval (Efron & Tibshirani 1993, chapter 13).
    ///
    /// # Errors
    /// `NotFinite` when `level` is not in (0, 1); `Empty` without replicates.
    pub fn percentile(&self, level: f64) -> Stat<Interval> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Undefined::NotFinite);
        }
        let tail = (1.0 - level) / 2.0;
        self.between(tail, 1.0 - tail, level)
    }

    /// The bias-corrected and accelerated interval (Efron 1987): second-order right for skewed statistics.
    ///
    /// # Errors
    /// As [`percentile`](Self::percentile); `NotFinite` also when all replicates lie on one side of the estimate;
    /// `Constant` without an acceleration.
    pub fn bca(&self, level: f64) -> Stat<Interval> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Undefined::NotFinite);
        }
        let acceleration = self.acceleration.ok_or(Undefined::Constant)?;
        let bias = normal_quantile(percentile_of(&self.replicates, self.estimate));
        if !bias.is_finite() {
            return Err(Undefined::NotFinite);
        }
        let shifted = |p: f64| {
            let z = bias + normal_quantile(p);
            normal_cdf(bias + z / (1.0 - acceleration * z))
        };
        let tail = (1.0 - level) / 2.0;
        self.between(shifted(tail), shifted(1.0 - tail), level)
    }

    /// Two-sided p of "the statistic is 0", by counting replicates past zero: `2·(1+#)/(B+1)`, at most 1.
    ///
    /// It falls below `1 − level` when the percentile interval leaves 0 out (beyond.md 3.10).
    #[must_use]
    pub fn p_zero(&self) -> f64 {
        let not_above = self.replicates.partition_point(|&r| r <= 0.0);
        let not_below = self.replicates.len() - self.replicates.partition_point(|&r| r < 0.0);
        let tail = count(1 + not_above.min(not_below)) / count(1 + self.replicates.len());
        (2.0 * tail).min(1.0)
    }

    fn between(&self, low: f64, high: f64, level: f64) -> Stat<Interval> {
        if self.replicates.is_empty() {
            return Err(Undefined::Empty);
        }
        Ok(Interval {
            low: quantile_sorted(&self.replicates, low),
            high: quantile_sorted(&self.replicates, high),
            level,
        })
    }
}

/// Bootstraps any statistic of a list of item indices (with repetitions), in parallel.
///
/// `statistic` is called once with `0..n`, once per replicate with that replicate's items, and at most 200 times
/// with some units left out. Units are items or whole clusters; the result does not depend on the number of threads.
///
/// # Errors
/// `Empty` (no units), `TooFew` (no replicate has a value), or whatever the statistic of the data itself is.
pub fn bootstrap<F>(units: Units, statistic: F, plan: Resampling) -> Stat<Bootstrap>
where
    F: Fn(&[usize]) -> Stat<f64> + Sync,
{
    if units.is_empty() {
        return Err(Undefined::Empty);
    }
    let everything: Vec<usize> = (0..units.items()).collect();
    let estimate = statistic(&everything)?;
    if !estimate.is_finite() {
        return Err(Undefined::NotFinite);
    }
    let drawn: Vec<Stat<f64>> = (0..plan.replicates)
        .into_par_iter()
        .map_init(Vec::new, |items, replicate| {
            items.clear();
            for unit in draws(&mut plan.stream(replicate), units.len()) {
                units.append(unit, items);
            }
            statistic(items)
        })
        .collect();
    Bootstrap::gather(estimate, drawn, jackknife(units, &statistic))
}

/// BCa's acceleration by leaving out each unit, or each of 200 interleaved groups of units.
fn jackknife<F>(units: Units, statistic: &F) -> Option<f64>
where
    F: Fn(&[usize]) -> Stat<f64> + Sync,
{
    let groups = units.len().min(JACKKNIFE_GROUPS);
    let without: Vec<f64> = (0..groups)
        .into_par_iter()
        .map_init(Vec::new, |items, group| {
            items.clear();
            for unit in (0..units.len()).filter(|unit| unit % groups != group) {
                units.append(unit, items);
            }
            statistic(items).ok().filter(|value| value.is_finite())
        })
        .collect::<Option<_>>()?;
    let centre = mean(&without);
    // Leaving a unit out moves the statistic against that unit's influence.
    let influences: Vec<f64> = without.iter().map(|value| centre - value).collect();
    Some(acceleration(&influences))
}

/// `Σ l³ / (6 (Σ l²)^1.5)` over the units' influences `l`: a sixth of their skewness (Efron 1987); 0 if none varies.
pub(crate) fn acceleration(influences: &[f64]) -> f64 {
    let squares = sum(influences.iter().map(|l| l * l));
    if squares > 0.0 { sum(influences.iter().map(|l| l * l * l)) / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Clusters;

    const VALUES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 3.0, 5.0, 7.0];

    fn mean_of(items: &[usize]) -> Stat<f64> {
        Ok(mean(&items.iter().map(|&i| VALUES[i]).collect::<Vec<_>>()))
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let units = Units::Items(8);
            pool.build().unwrap().install(|| bootstrap(units, mean_of, Resampling::default()))
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn the_spread_is_that_of_a_mean() {
        let b = bootstrap(Units::Items(8), mean_of, Resampling::default()).unwrap();
        let expected = (variance(&VALUES) * 7.0 / 64.0).sqrt();
        assert!((b.standard_error() / expected - 1.0).abs() < 0.05);
        assert!(b.bias().abs() < 0.1);
    }

    #[test]
    fn bca_leans_towards_the_long_tail() {
        let b = bootstrap(Units::Items(8), mean_of, Resampling::default()).unwrap();
        assert!(b.acceleration.unwrap() > 0.0);
        assert!(b.bca(0.95).unwrap().high > b.percentile(0.95).unwrap().high);
    }

    #[test]
    fn a_cluster_is_drawn_whole() {
        let clusters = Clusters::from_labels(&[0, 0, 1, 1, 2, 2, 3, 3]);
        let even = |items: &[usize]| {
            let whole = items.chunks(2).all(|pair| pair[1] == pair[0] + 1);
            if whole { mean_of(items) } else { Err(Undefined::Empty) }
        };
        let plan = Resampling { replicates: 200, seed: 1 };
        let b = bootstrap(Units::Clusters(&clusters), even, plan).unwrap();
        assert_eq!((b.undefined, b.replicates.len()), (0, 200));
    }

    #[test]
    fn undefined_replicates_are_counted_not_hidden() {
        let needs_first = |items: &[usize]| {
            if items.contains(&0) { mean_of(items) } else { Err(Undefined::OneClass) }
        };
        let b = bootstrap(Units::Items(8), needs_first, Resampling::default()).unwrap();
        assert_eq!(b.undefined + b.replicates.len(), 2_000);
        // (7/8)^8 = 34 % of the draws miss the first item.
        assert!((600..780).contains(&b.undefined), "{}", b.undefined);
        assert_eq!(b.bca(0.95), Err(Undefined::Constant));
    }

    #[test]
    fn senseless_requests_are_error_values() {
        let none = Resampling { replicates: 0, seed: 0 };
        let items = Units::Items(8);
        assert!(bootstrap(items, mean_of, none).is_err());
        assert_eq!(bootstrap(Units::Items(0), mean_of, none), Err(Undefined::Empty));
        let b = bootstrap(items, mean_of, Resampling::default()).unwrap();
        assert_eq!(b.percentile(f64::NAN), Err(Undefined::NotFinite));
        assert_eq!(b.bca(1.0), Err(Undefined::NotFinite));
    }

    #[test]
    fn p_zero_agrees_with_the_interval() {
        let b = bootstrap(Units::Items(8), mean_of, Resampling::default()).unwrap();
        assert!(b.percentile(0.95).unwrap().excludes_zero() && b.p_zero() < 0.05);
        assert!(b.p_zero() >= 2.0 / 2_001.0);
    }
}
