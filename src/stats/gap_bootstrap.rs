//! The bootstrap of a gap without recomputing the metric: O(n) a replicate for AUROC, O(units) for means.

use rayon::prelude::*;

use super::bootstrap::{Bootstrap, acceleration};
use super::clusters::Units;
use super::gap::Side;
use super::group::Influence;
use super::resample::{Resampling, draw_counts, draws};
use super::sorted_scores::SortedScores;
use super::undefined::{Stat, Undefined};

/// Bootstraps the AUROC gap between the two sides (arguments of shape `n`), both sides in the same draw.
///
/// Scores are sorted once; a replicate counts its draws and walks the order. The same replicates as
/// [`bootstrap`](super::bootstrap()) draws for the same plan; the acceleration is from DeLong's influences.
///
/// # Errors
/// As [`auroc`](super::auroc()) for either side; `TooFew` when no replicate has a value.
pub fn auroc_gap_bootstrap(
    scores: &[f64],
    positive: &[bool],
    sides: &[Side],
    units: Units,
    plan: Resampling,
) -> Stat<Bootstrap> {
    let with = Influence::of_auroc(scores, positive, sides, Side::With)?;
    let without = Influence::of_auroc(scores, positive, sides, Side::Without)?;
    let influences = with.less(&without, units)?;
    let sorted = |side| SortedScores::of_members(scores, positive, |i| sides[i] == side);
    let (sorted_with, sorted_without) = (sorted(Side::With)?, sorted(Side::Without)?);
    let drawn: Vec<Stat<f64>> = (0..plan.replicates)
        .into_par_iter()
        .map_init(Vec::new, |counts, replicate| {
            draw_counts(&mut plan.stream(replicate), units.len(), counts);
            let weight = |item| u64::from(counts[units.of(item)]);
            Ok(sorted_with.weighted_auroc(weight)? - sorted_without.weighted_auroc(weight)?)
        })
        .collect();
    let skew = acceleration(&units.totals(&influences));
    Bootstrap::gather(with.value - without.value, drawn, Some(skew))
}

/// Bootstraps the gap of the mean of `values` between the two sides (shape `n` each), both sides in the same draw.
///
/// # Errors
/// As [`group_mean`](super::group_mean) for either side; `TooFew` when no replicate has a value.
pub fn mean_gap_bootstrap(values: &[f64], sides: &[Side], units: Units, plan: Resampling) -> Stat<Bootstrap> {
    let with = Influence::of_mean(values, sides, Side::With)?;
    let without = Influence::of_mean(values, sides, Side::Without)?;
    let influences = with.less(&without, units)?;
    let mut shares = vec![UnitShare::default(); units.len()];
    for (item, &side) in sides.iter().enumerate() {
        // Deviations from the side's mean, so that large values do not cost digits.
        let share = &mut shares[units.of(item)];
        match side {
            Side::With => share.with.add(1.0, values[item] - with.value),
            Side::Without => share.without.add(1.0, values[item] - without.value),
            Side::Neither => {}
        }
    }
    let skew = acceleration(&units.totals(&influences));
    let gap = with.value - without.value;
    Bootstrap::gather(gap, draw_ratio_gaps(&shares, gap, plan), Some(skew))
}

/// What one unit adds to the weighted mean on either side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UnitShare {
    pub with: Weighted,
    pub without: Weighted,
}

/// A weighted sum with its weight.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weighted {
    pub weight: f64,
    pub total: f64,
}

impl Weighted {
    pub(crate) const fn add(&mut self, weight: f64, value: f64) {
        self.weight += weight;
        self.total += weight * value;
    }

    const fn plus(self, other: Self) -> Self {
        Self { weight: self.weight + other.weight, total: self.total + other.total }
    }
}

impl UnitShare {
    pub(crate) const fn plus(self, other: &Self) -> Self {
        Self { with: self.with.plus(other.with), without: self.without.plus(other.without) }
    }
}

/// Replicates of `centre + (mean with) − (mean without)` over units drawn with replacement.
pub(crate) fn draw_ratio_gaps(shares: &[UnitShare], centre: f64, plan: Resampling) -> Vec<Stat<f64>> {
    let one = |replicate| {
        let mut random = plan.stream(replicate);
        let sums = draws(&mut random, shares.len()).fold(UnitShare::default(), |sums, unit| sums.plus(&shares[unit]));
        if sums.with.weight > 0.0 && sums.without.weight > 0.0 {
            let with = sums.with.total / sums.with.weight;
            Ok(centre + with - sums.without.total / sums.without.weight)
        } else {
            Err(Undefined::Empty)
        }
    };
    (0..plan.replicates).into_par_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Clusters, auroc, bootstrap, group_mean};

    const N: usize = 60;

    fn data() -> (Vec<f64>, Vec<bool>, Vec<Side>, Clusters) {
        let scores = (0..N).map(|i| ((i * 37) % 23) as f64).collect();
        let positive = (0..N).map(|i| (i * 7) % 3 == 0).collect();
        let sides = (0..N).map(|i| [Side::With, Side::Without, Side::Without, Side::Neither][(i * 11) % 4]).collect();
        let labels: Vec<usize> = (0..N).map(|i| i / 4).collect();
        (scores, positive, sides, Clusters::from_labels(&labels))
    }

    fn assert_same(fast: &Bootstrap, slow: &Bootstrap) {
        assert_eq!(fast.undefined, slow.undefined);
        assert!((fast.estimate - slow.estimate).abs() < 1e-12);
        for (a, b) in fast.replicates.iter().zip(&slow.replicates) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        let (a, b) = (fast.acceleration.unwrap(), slow.acceleration.unwrap());
        assert!((a - b).abs() < 0.01, "{a} {b}");
    }

    #[test]
    fn the_fast_auroc_path_draws_what_the_plain_one_draws() {
        let (scores, positive, sides, clusters) = data();
        let plan = Resampling { replicates: 300, seed: 5 };
        let of = |side, items: &[usize]| {
            let kept = items.iter().filter(|&&i| sides[i] == side);
            let (s, p): (Vec<f64>, Vec<bool>) = kept.map(|&i| (scores[i], positive[i])).unzip();
            auroc(&s, &p)
        };
        for units in [Units::Items(N), Units::Clusters(&clusters)] {
            let slow = |items: &[usize]| Ok(of(Side::With, items)? - of(Side::Without, items)?);
            let slow = bootstrap(units, slow, plan).unwrap();
            let fast = auroc_gap_bootstrap(&scores, &positive, &sides, units, plan).unwrap();
            assert_same(&fast, &slow);
        }
    }

    #[test]
    fn the_fast_mean_path_draws_what_the_plain_one_draws() {
        let (values, _, sides, clusters) = data();
        let plan = Resampling { replicates: 300, seed: 6 };
        let of = |side, items: &[usize]| {
            let values: Vec<f64> = items.iter().map(|&i| values[i]).collect();
            let sides: Vec<Side> = items.iter().map(|&i| sides[i]).collect();
            group_mean(&values, &sides, side).map(|g| g.value)
        };
        for units in [Units::Items(N), Units::Clusters(&clusters)] {
            let slow = |items: &[usize]| Ok(of(Side::With, items)? - of(Side::Without, items)?);
            let slow = bootstrap(units, slow, plan).unwrap();
            let fast = mean_gap_bootstrap(&values, &sides, units, plan).unwrap();
            assert_same(&fast, &slow);
        }
    }

    #[test]
    fn units_must_match_the_items() {
        let (values, positive, sides, _) = data();
        let units = Units::Items(N - 1);
        let plan = Resampling::default();
        let mismatch = Err(Undefined::LengthMismatch);
        assert_eq!(mean_gap_bootstrap(&values, &sides, units, plan), mismatch);
        assert_eq!(auroc_gap_bootstrap(&values, &positive, &sides, units, plan), mismatch);
    }
}
