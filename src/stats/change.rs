//! What changed between two measurements of the same items: paired bootstraps of means, AUROCs and their gaps.
//!
//! One set of draws serves every attribute: a replicate draws its units once, weighs both measurements with the
//! same counts, and so keeps what they have in common out of the interval (Efron & Tibshirani 1993, chapter 8).

use rayon::prelude::*;

use super::bootstrap::Bootstrap;
use super::clusters::Units;
use super::gap::Side;
use super::moments::mean;
use super::resample::{Resampling, draw_counts};
use super::sorted_scores::SortedScores;
use super::undefined::{Stat, Undefined, require_finite, require_ordered};

/// Who wants to know that one more replicate is drawn.
pub type Drawn<'a> = &'a (dyn Fn() + Sync);

/// Bootstraps of `after − before`: the metric over all items, on either side of each attribute, and of its gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    pub overall: Stat<Bootstrap>,
    pub attributes: Vec<SideChanges>,
}

/// Bootstraps of `after − before` for one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct SideChanges {
    pub with: Stat<Bootstrap>,
    pub without: Stat<Bootstrap>,
    /// Change of `with − without`.
    pub gap: Stat<Bootstrap>,
}

/// Changes of a mean, such as mean loss; `before` and `after` have shape `n`, `attributes` one side an item each. `drawn`
/// is called once a replicate, from any thread.
///
/// # Errors
/// `Empty`, `LengthMismatch`, `NotFinite`.
pub fn mean_changes(
    before: &[f64],
    after: &[f64],
    attributes: &[Vec<Side>],
    units: Units,
    plan: Resampling,
    drawn: Drawn<'_>,
) -> Stat<Changes> {
    check(before.len(), after.len(), attributes, units)?;
    require_finite(before)?;
    require_finite(after)?;
    let differences: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    // Deviations from the mean, so that large values do not cost digits.
    let centre = mean(&differences);
    let differences: Vec<f64> = differences.iter().map(|difference| difference - centre).collect();
    let parts: Vec<Parts> = attributes.iter().map(|sides| Parts::of(sides)).collect();
    let statistics = |weights: &[u32]| {
        let all = Weighed::over(weights, &differences, 0..weights.len());
        let mut values = vec![all.mean()];
        for parts in &parts {
            let [with, without] = parts.weigh(weights, &differences, all);
            values.extend([with.mean(), without.mean()]);
        }
        values.iter().map(|value| value.map(|value| value + centre)).collect()
    };
    Ok(gather(attributes.len(), units, plan, drawn, statistics))
}

/// Changes of AUROC between two scores of the same items for the label `positive` (shape `n` each). `drawn` is called once
/// a replicate, from any thread.
///
/// # Errors
/// `Empty`, `LengthMismatch`, `NotFinite` (NaN only).
pub fn auroc_changes(
    before: &[f64],
    after: &[f64],
    positive: &[bool],
    attributes: &[Vec<Side>],
    units: Units,
    plan: Resampling,
    drawn: Drawn<'_>,
) -> Stat<Changes> {
    check(before.len(), after.len(), attributes, units)?;
    if positive.len() != before.len() {
        return Err(Undefined::LengthMismatch);
    }
    require_ordered(before)?;
    require_ordered(after)?;
    let pair = |member: &dyn Fn(usize) -> bool| -> Stat<[SortedScores; 2]> {
        Ok([SortedScores::of_members(before, positive, member)?, SortedScores::of_members(after, positive, member)?])
    };
    let mut groups = vec![pair(&|_| true)?];
    for sides in attributes {
        groups.push(pair(&|item| sides[item] == Side::With)?);
        groups.push(pair(&|item| sides[item] == Side::Without)?);
    }
    let statistics = |weights: &[u32]| {
        let weight = |item: usize| u64::from(weights[item]);
        let change =
            |[before, after]: &[SortedScores; 2]| Ok(after.weighted_auroc(weight)? - before.weighted_auroc(weight)?);
        groups.iter().map(change).collect()
    };
    Ok(gather(attributes.len(), units, plan, drawn, statistics))
}

fn check(before: usize, after: usize, attributes: &[Vec<Side>], units: Units) -> Stat<()> {
    if before == 0 {
        return Err(Undefined::Empty);
    }
    let parallel = before == after && units.items() == before && attributes.iter().all(|sides| sides.len() == before);
    if parallel { Ok(()) } else { Err(Undefined::LengthMismatch) }
}

/// Draws the replicates of a list of statistics (overall, then with and without of each attribute) and adds gaps.
fn gather(
    attributes: usize,
    units: Units,
    plan: Resampling,
    told: Drawn<'_>,
    statistics: impl Fn(&[u32]) -> Vec<Stat<f64>> + Sync,
) -> Changes {
    let estimates = statistics(&vec![1; units.items()]);
    let drawn: Vec<Vec<Stat<f64>>> = (0..plan.replicates)
        .into_par_iter()
        .map_init(
            || (Vec::new(), vec![0; units.items()]),
            |(counts, weights), replicate| {
                draw_counts(&mut plan.stream(replicate), units.len(), counts);
                for (item, weight) in weights.iter_mut().enumerate() {
                    *weight = counts[units.of(item)];
                }
                told();
                statistics(weights)
            },
        )
        .collect();
    let bootstrap = |statistic: &dyn Fn(&[Stat<f64>]) -> Stat<f64>| {
        let estimate = statistic(&estimates)?;
        Bootstrap::gather(estimate, drawn.iter().map(|replicate| statistic(replicate)), None)
    };
    let one = |attribute: usize| {
        let (with, without) = (1 + 2 * attribute, 2 + 2 * attribute);
        SideChanges {
            with: bootstrap(&|values| values[with]),
            without: bootstrap(&|values| values[without]),
            gap: bootstrap(&|values| Ok(values[with]? - values[without]?)),
        }
    };
    Changes { overall: bootstrap(&|values| values[0]), attributes: (0..attributes).map(one).collect() }
}

/// A weighted sum with its weight.
#[derive(Debug, Clone, Copy, Default)]
struct Weighed {
    weight: f64,
    total: f64,
}

impl Weighed {
    fn over(weights: &[u32], values: &[f64], items: impl Iterator<Item = usize>) -> Self {
        items.fold(Self::default(), |sums, item| Self {
            weight: sums.weight + f64::from(weights[item]),
            total: sums.total + f64::from(weights[item]) * values[item],
        })
    }

    fn less(self, other: Self) -> Self {
        Self { weight: self.weight - other.weight, total: self.total - other.total }
    }

    fn mean(self) -> Stat<f64> {
        if self.weight > 0.0 { Ok(self.total / self.weight) } else { Err(Undefined::Empty) }
    }
}

/// The two shorter of an attribute's three parts; the longest is what they leave.
struct Parts {
    lists: [Vec<usize>; 3],
    longest: usize,
}

impl Parts {
    fn of(sides: &[Side]) -> Self {
        let list = |side| (0..sides.len()).filter(|&item| sides[item] == side).collect::<Vec<usize>>();
        let mut lists = [Side::With, Side::Without, Side::Neither].map(list);
        let longest = (0..3).max_by_key(|&part| lists[part].len()).unwrap_or(0);
        lists[longest].clear();
        Self { lists, longest }
    }

    /// Both sides, weighed.
    fn weigh(&self, weights: &[u32], values: &[f64], all: Weighed) -> [Weighed; 2] {
        let mut parts = self.lists.each_ref().map(|list| Weighed::over(weights, values, list.iter().copied()));
        let rest = parts.iter().fold(all, |rest, part| rest.less(*part));
        parts[self.longest] = rest;
        [parts[0], parts[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Clusters, auroc, bootstrap};

    const N: usize = 60;
    const PLAN: Resampling = Resampling { replicates: 200, seed: 5 };

    struct Data {
        before: Vec<f64>,
        after: Vec<f64>,
        positive: Vec<bool>,
        sides: Vec<Side>,
        clusters: Clusters,
    }

    fn data() -> Data {
        let labels: Vec<usize> = (0..N).map(|i| i / 4).collect();
        Data {
            before: (0..N).map(|i| ((i * 37) % 23) as f64).collect(),
            after: (0..N).map(|i| ((i * 29) % 31) as f64).collect(),
            positive: (0..N).map(|i| (i * 7) % 3 == 0).collect(),
            sides: (0..N).map(|i| [Side::With, Side::Without, Side::Without, Side::Neither][(i * 11) % 4]).collect(),
            clusters: Clusters::from_labels(&labels),
        }
    }

    fn assert_same(fast: &Stat<Bootstrap>, slow: &Bootstrap) {
        let fast = fast.as_ref().unwrap();
        assert!((fast.estimate - slow.estimate).abs() < 1e-12);
        assert_eq!(fast.undefined, slow.undefined);
        for (a, b) in fast.replicates.iter().zip(&slow.replicates) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }

    /// The definition, from the general bootstrap: the same items for both measurements and both sides.
    fn plainly(data: &Data, units: Units, of: impl Fn(&[usize], &[f64]) -> Stat<f64> + Sync) -> [Bootstrap; 3] {
        let on = |side, items: &[usize]| items.iter().copied().filter(|&i| data.sides[i] == side).collect::<Vec<_>>();
        let change = |side, items: &[usize]| {
            let items = on(side, items);
            Ok(of(&items, &data.after)? - of(&items, &data.before)?)
        };
        [
            bootstrap(units, |items| change(Side::With, items), PLAN).unwrap(),
            bootstrap(units, |items| change(Side::Without, items), PLAN).unwrap(),
            bootstrap(units, |items| Ok(change(Side::With, items)? - change(Side::Without, items)?), PLAN).unwrap(),
        ]
    }

    #[test]
    fn shared_draws_are_the_draws_of_the_general_bootstrap() {
        let data = data();
        let average = |items: &[usize], values: &[f64]| {
            if items.is_empty() {
                Err(Undefined::Empty)
            } else {
                Ok(mean(&items.iter().map(|&i| values[i]).collect::<Vec<_>>()))
            }
        };
        let area = |items: &[usize], values: &[f64]| {
            let (s, p): (Vec<f64>, Vec<bool>) = items.iter().map(|&i| (values[i], data.positive[i])).unzip();
            auroc(&s, &p)
        };
        let attributes = [data.sides.clone()];
        for units in [Units::Items(N), Units::Clusters(&data.clusters)] {
            let means = mean_changes(&data.before, &data.after, &attributes, units, PLAN, &|| {}).unwrap();
            let areas =
                auroc_changes(&data.before, &data.after, &data.positive, &attributes, units, PLAN, &|| {}).unwrap();
            for (found, plain) in [(&means, plainly(&data, units, average)), (&areas, plainly(&data, units, area))] {
                let found = &found.attributes[0];
                assert_same(&found.with, &plain[0]);
                assert_same(&found.without, &plain[1]);
                assert_same(&found.gap, &plain[2]);
            }
        }
    }

    #[test]
    fn equal_measurements_change_nothing_however_noisy_they_are() {
        let data = data();
        let same = mean_changes(&data.before, &data.before, &[data.sides], Units::Items(N), PLAN, &|| {}).unwrap();
        let gap = same.attributes[0].gap.as_ref().unwrap();
        assert!(gap.replicates.iter().all(|change| *change == 0.0));
        assert_eq!(gap.p_zero(), 1.0);
    }

    #[test]
    fn a_constant_shift_has_no_spread_for_it_is_paired() {
        let data = data();
        let shifted: Vec<f64> = data.before.iter().map(|value| value + 2.0).collect();
        let changes = mean_changes(&data.before, &shifted, &[data.sides], Units::Items(N), PLAN, &|| {}).unwrap();
        let overall = changes.overall.unwrap().percentile(0.95).unwrap();
        assert!((overall.low - 2.0).abs() < 1e-12 && (overall.high - 2.0).abs() < 1e-12);
    }

    #[test]
    fn an_empty_side_and_uneven_columns_are_error_values() {
        let data = data();
        let nobody = vec![Side::Without; N];
        let changes = mean_changes(&data.before, &data.after, &[nobody], Units::Items(N), PLAN, &|| {}).unwrap();
        assert_eq!(changes.attributes[0].with, Err(Undefined::Empty));
        assert!(changes.attributes[0].without.is_ok() && changes.attributes[0].gap.is_err());
        let uneven = mean_changes(&data.before, &data.after[1..], &[], Units::Items(N), PLAN, &|| {});
        assert_eq!(uneven, Err(Undefined::LengthMismatch));
        assert_eq!(mean_changes(&[], &[], &[], Units::Items(0), PLAN, &|| {}), Err(Undefined::Empty));
    }
}
