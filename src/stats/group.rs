//! A metric on one or both sides of an attribute, with a variance that knows about clusters.

use serde::{Deserialize, Serialize};

use super::auroc::Placements;
use super::clusters::Units;
use super::gap::{Better, Gap, MeasuredGap, Side};
use super::gap_law::{AurocSide, GapLaw};
use super::moments::{count, mean, sum, variance};
use super::pooled::{self, Pooled, PooledSide};
use super::undefined::{Stat, Undefined, require_count, require_finite};

/// The mean of one group's values, such as its mean loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroupMean {
    /// The mean, in the unit of the values.
    pub value: f64,
    /// Variance of the mean (`s²/n`); 0 for one item.
    pub variance: f64,
    /// Items in the group.
    pub n: usize,
    /// Independent units they belong to: the items themselves, or their clusters.
    pub units: usize,
}

/// The mean of `values` (shape `n`) over the items on `side` of `sides` (shape `n`).
///
/// # Errors
/// `LengthMismatch`, `Empty` (no item on that side), `NotFinite` (a value on that side).
pub fn group_mean(values: &[f64], sides: &[Side], side: Side) -> Stat<GroupMean> {
    if values.len() != sides.len() {
        return Err(Undefined::LengthMismatch);
    }
    let of_side: Vec<f64> = items_on(side, sides).map(|i| values[i]).collect();
    require_finite(&of_side)?;
    let (value, variance) = (mean(&of_side), variance(&of_side) / count(of_side.len()));
    require_finite(&[value, variance])?;
    Ok(GroupMean { value, variance, n: of_side.len(), units: of_side.len() })
}

/// The gap of the mean of `values` (shape `n`) between the two sides, such as a gap of mean loss.
///
/// Items: `s₁²/n₁ + s₀²/n₀`. Clusters: the sandwich variance, in which a person on both sides counts once. Interval and p by
/// [`GapLaw::Student`], with the units of either side.
///
/// # Errors
/// As [`group_mean`] for either side; `TooFew` when a side has one item, or there are fewer than two units.
pub fn mean_gap(values: &[f64], sides: &[Side], units: Units, better: Better) -> Stat<MeasuredGap> {
    let with = Influence::of_mean(values, sides, Side::With)?;
    let without = Influence::of_mean(values, sides, Side::Without)?;
    let measured = with.minus(&without, units, better)?;
    let ([v1, v0], [u1, u0]) =
        ([with.of_units(units), without.of_units(units)], [&with, &without].map(|s| s.active_units(s, units)));
    let total = measured.variance;
    let df = welch([v1, v0], [u1, u0]);
    let cubes = sum(units.totals(&with.less(&without, units)?).iter().map(|total| total.powi(3)));
    let skew = if total > 0.0 { cubes / total.powf(1.5) } else { 0.0 };
    let pooled = Some(pooled(values, sides, [&with, &without], [v1, v0], units));
    Ok(MeasuredGap { law: GapLaw::Student { df, skew, pooled }, ..measured })
}

/// What the items of both sides vary by; `variances` are those of the sides' means.
fn pooled(values: &[f64], sides: &[Side], both: [&Influence; 2], variances: [f64; 2], units: Units) -> Pooled {
    let n = both.map(|side| side.items.len());
    // An influence on a mean is the deviation over the number of items.
    let residuals: Vec<f64> = both[0]
        .each
        .iter()
        .zip(&both[1].each)
        .map(|(with, without)| with * count(n[0]) + without * count(n[1]))
        .collect();
    let worth = pooled::worth(&residuals, sides, n, units);
    let side = |at: usize| PooledSide {
        worth: worth[at],
        share: count(n[at]) / count(n[0] + n[1]),
        variance: variances[at],
        third: sum(both[at].items.iter().map(|&item| residuals[item].powi(3))) / count(n[at]),
    };
    let of_items = both.map(|side| side.variance * count(side.items.len()));
    let least = both.iter().flat_map(|side| &side.items).map(|&item| values[item]).fold(f64::INFINITY, f64::min);
    let active = both[0].active_units(both[1], units);
    Pooled::new(both.map(|side| side.value), of_items, n, [side(0), side(1)], least, active)
}

/// The mean of `values` (shape `n`) on one side, such as a mean change, against 0: variance and law as [`mean_gap`] has them, with
/// one degree of freedom less than the side has units.
///
/// # Errors
/// As [`group_mean`]; `TooFew` for fewer than two units.
pub fn mean_against_zero(values: &[f64], sides: &[Side], side: Side, units: Units) -> Stat<MeasuredGap> {
    let of_side = Influence::of_mean(values, sides, side)?;
    let alone = of_side.alone(units)?;
    require_count(alone.units, 2)?;
    let cubes = sum(units.totals(&of_side.each).iter().map(|total| total.powi(3)));
    let skew = if alone.variance > 0.0 { cubes / alone.variance.powf(1.5) } else { 0.0 };
    Ok(MeasuredGap {
        gap: Gap::new(alone.value, 0.0, Better::Lower)?,
        variance: alone.variance,
        n_with: alone.n,
        n_without: 0,
        law: GapLaw::Student { df: count(alone.units - 1), skew, pooled: None },
    })
}

/// The gap of the AUROC of `scores` for `positive` between the two sides (all of shape `n`).
///
/// Items: the sum of DeLong's two variances. Clusters: Obuchowski's (1997) variance carried over to the gap. Interval and p
/// by [`GapLaw::Scores`].
///
/// # Errors
/// As [`auroc`](super::auroc()) for either side; `TooFew` when a class on a side has one item, or there are fewer than two units.
pub fn auroc_gap(scores: &[f64], positive: &[bool], sides: &[Side], units: Units) -> Stat<MeasuredGap> {
    let with = Influence::of_auroc(scores, positive, sides, Side::With)?;
    let without = Influence::of_auroc(scores, positive, sides, Side::Without)?;
    let measured = with.minus(&without, units, Better::Higher)?;
    let [v1, v0] = [with.of_units(units), without.of_units(units)];
    let side = |side: &Influence, variance: f64| {
        let positives = side.items.iter().filter(|&&item| positive[item]).count();
        let clusters = matches!(units, Units::Clusters(_)).then(|| side.active_units(side, units));
        AurocSide::new(side.value, variance, (positives, side.items.len() - positives), clusters)
    };
    let both = (v1 * v0).sqrt();
    let correlation = if both > 0.0 { ((v1 + v0 - measured.variance) / (2.0 * both)).clamp(-1.0, 1.0) } else { 0.0 };
    let law = GapLaw::Scores { with: side(&with, v1), without: side(&without, v0), correlation };
    Ok(MeasuredGap { law, ..measured })
}

/// [`group_mean`] with a variance that knows about clusters: `s²/n` of items, the sandwich variance of clusters.
///
/// # Errors
/// As [`group_mean`]; `TooFew` for items that are all of one cluster, `LengthMismatch`.
pub fn group_mean_of_units(values: &[f64], sides: &[Side], side: Side, units: Units) -> Stat<GroupMean> {
    Influence::of_mean(values, sides, side)?.alone(units)
}

/// The AUROC of one side (all of shape `n`) with its variance: DeLong's of items, Obuchowski's (1997) of clusters.
///
/// # Errors
/// As [`auroc`](super::auroc()) on that side; `TooFew` for items that are all of one cluster, `LengthMismatch`.
pub fn group_auroc_of_units(
    scores: &[f64],
    positive: &[bool],
    sides: &[Side],
    side: Side,
    units: Units,
) -> Stat<GroupMean> {
    Influence::of_auroc(scores, positive, sides, side)?.alone(units)
}

/// A side's metric with what each item adds to it, to first order.
pub(crate) struct Influence {
    pub value: f64,
    /// Variance if the items were independent.
    variance: f64,
    /// The items on the side.
    items: Vec<usize>,
    /// Items of the smaller class, or all where there are no classes.
    least: usize,
    /// Shape `n` of the whole data, 0 off the side; sums to 0.
    pub each: Vec<f64>,
}

impl Influence {
    pub(crate) fn of_mean(values: &[f64], sides: &[Side], side: Side) -> Stat<Self> {
        let group = group_mean(values, sides, side)?;
        let items: Vec<usize> = items_on(side, sides).collect();
        let mut each = vec![0.0; values.len()];
        for &item in &items {
            each[item] = (values[item] - group.value) / count(group.n);
        }
        Ok(Self { value: group.value, variance: group.variance, least: items.len(), items, each })
    }

    pub(crate) fn of_auroc(scores: &[f64], positive: &[bool], sides: &[Side], side: Side) -> Stat<Self> {
        if scores.len() != sides.len() || positive.len() != sides.len() {
            return Err(Undefined::LengthMismatch);
        }
        let items: Vec<usize> = items_on(side, sides).collect();
        let scores: Vec<f64> = items.iter().map(|&i| scores[i]).collect();
        let labels: Vec<bool> = items.iter().map(|&i| positive[i]).collect();
        let placements = Placements::of(&scores, &labels)?;
        let (of_positives, of_negatives) = placements.by_class(&labels);
        let (positives, negatives) = (count(of_positives.len()), count(of_negatives.len()));
        let mut each = vec![0.0; sides.len()];
        for ((&item, &is), placement) in items.iter().zip(&labels).zip(&placements.each) {
            let class_size = if is { positives } else { negatives };
            each[item] = (placement - placements.auroc) / class_size;
        }
        Ok(Self {
            value: placements.auroc,
            variance: variance(&of_positives) / positives + variance(&of_negatives) / negatives,
            least: of_positives.len().min(of_negatives.len()),
            items,
            each,
        })
    }

    /// The metric of this side with its variance.
    fn alone(&self, units: Units) -> Stat<GroupMean> {
        if units.items() != self.each.len() {
            return Err(Undefined::LengthMismatch);
        }
        let active = match units {
            Units::Items(_) => self.items.len(),
            Units::Clusters(_) => {
                let active = self.active_units(self, units);
                require_count(active, 2)?;
                active
            }
        };
        Ok(GroupMean { value: self.value, variance: self.of_units(units), n: self.items.len(), units: active })
    }

    /// Variance of this side's metric; 0 for clusters that are one.
    fn of_units(&self, units: Units) -> f64 {
        match units {
            Units::Items(_) => self.variance,
            Units::Clusters(_) => units.variance(&self.each, self.active_units(self, units)),
        }
    }

    /// The gap from `other` to this side, as yet with a normal law.
    fn minus(&self, other: &Self, units: Units, better: Better) -> Stat<MeasuredGap> {
        let each = self.less(other, units)?;
        require_count(self.least.min(other.least), 2)?;
        let active = self.active_units(other, units);
        require_count(active, 2)?;
        Ok(MeasuredGap {
            gap: Gap::new(self.value, other.value, better)?,
            variance: match units {
                Units::Items(_) => self.variance + other.variance,
                Units::Clusters(_) => units.variance(&each, active),
            },
            n_with: self.items.len(),
            n_without: other.items.len(),
            law: GapLaw::Normal,
        })
    }

    /// The influences on the difference (shape `n`).
    pub(crate) fn less(&self, other: &Self, units: Units) -> Stat<Vec<f64>> {
        if units.items() != self.each.len() || other.each.len() != self.each.len() {
            return Err(Undefined::LengthMismatch);
        }
        let pairs = self.each.iter().zip(&other.each);
        Ok(pairs.map(|(mine, theirs)| mine - theirs).collect())
    }

    /// How many units have an item on either side.
    fn active_units(&self, other: &Self, units: Units) -> usize {
        let mut active = vec![false; units.len()];
        for &item in self.items.iter().chain(&other.items) {
            active[units.of(item)] = true;
        }
        active.iter().filter(|&&is| is).count()
    }
}

/// Degrees of freedom of two variances together, each known from its own units (Welch 1947).
pub(super) fn welch([v1, v0]: [f64; 2], [u1, u0]: [usize; 2]) -> f64 {
    (v1 + v0).powi(2) / (v1 * v1 / count(u1.max(2) - 1) + v0 * v0 / count(u0.max(2) - 1))
}

fn items_on(side: Side, sides: &[Side]) -> impl Iterator<Item = usize> + '_ {
    (0..sides.len()).filter(move |&item| sides[item] == side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Clusters, delong};

    const VALUES: [f64; 6] = [1.0, 2.0, 3.0, 5.0, 7.0, 9.0];

    fn sides() -> [Side; 6] {
        [true, true, true, false, false, false].map(Side::from)
    }

    #[test]
    fn a_group_of_clusters_varies_as_its_clusters_do() {
        let (labels, sides) = ([0, 0, 1, 1, 2, 2], [Side::With; 6]);
        let clusters = Clusters::from_labels(&labels);
        let items = group_mean_of_units(&VALUES, &sides, Side::With, Units::Items(6)).unwrap();
        assert_eq!(items, group_mean(&VALUES, &sides, Side::With).unwrap());
        // Clusters of equal size: the mean of three cluster means 1.5, 4 and 8, by hand: mean 4.5,
        // squares 9 + 0.25 + 12.25 = 21.5, over 2 · 3.
        let found = group_mean_of_units(&VALUES, &sides, Side::With, Units::Clusters(&clusters)).unwrap();
        assert!((found.value - 4.5).abs() < 1e-12 && (found.variance - 21.5 / 6.0).abs() < 1e-12, "{found:?}");
        let one = Clusters::from_labels(&[4; 6]);
        let alone = group_mean_of_units(&VALUES, &sides, Side::With, Units::Clusters(&one));
        assert_eq!(alone, Err(Undefined::TooFew { n: 1, need: 2 }));
        let positive = [true, false, true, false, true, false];
        let areas = |units| group_auroc_of_units(&VALUES, &positive, &sides, Side::With, units).unwrap();
        assert_eq!(areas(Units::Items(6)).variance, delong(&VALUES, &positive).unwrap().variance);
        // Each item a cluster: 6/5 · Σ influence² where DeLong has 3/2 of it, three items being in either class.
        let singles = Clusters::from_labels(&[0, 1, 2, 3, 4, 5]);
        let ratio = areas(Units::Clusters(&singles)).variance / areas(Units::Items(6)).variance;
        assert!((ratio - 0.8).abs() < 1e-12, "{ratio}");
    }

    #[test]
    fn welch_variance_for_independent_items() {
        let gap = mean_gap(&VALUES, &sides(), Units::Items(6), Better::Lower).unwrap();
        assert_eq!((gap.gap.with, gap.gap.without), (2.0, 7.0));
        assert_eq!(gap.gap.worse, Side::Without);
        assert!((gap.variance - (1.0 / 3.0 + 4.0 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn a_nan_off_both_sides_does_no_harm() {
        let mut values = VALUES.to_vec();
        values.push(f64::NAN);
        let mut with_unknown = sides().to_vec();
        with_unknown.push(Side::Neither);
        assert!(mean_gap(&values, &with_unknown, Units::Items(7), Better::Lower).is_ok());
    }

    #[test]
    fn doubling_each_item_within_its_cluster_changes_no_variance_much() {
        let twice = |of: [f64; 6]| [of, of].concat();
        let clusters = Clusters::from_labels(&[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
        let sides = [sides(), sides()].concat();
        let units = Units::Clusters(&clusters);
        let gap = mean_gap(&twice(VALUES), &sides, units, Better::Lower).unwrap();
        // 6/5 · Σ (deviation/3)² = 6/5 · (2 + 8)/9.
        assert!((gap.variance - 1.2 * 10.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn auroc_gap_adds_delongs_variances() {
        let scores = [0.1, 0.5, 0.3, 0.7, 0.2, 0.6, 0.9, 0.4];
        let positive = [false, true, false, true, false, true, true, false];
        let sides = [true, true, true, true, false, false, false, false].map(Side::from);
        let gap = auroc_gap(&scores, &positive, &sides, Units::Items(8)).unwrap();
        let with = delong(&scores[..4], &positive[..4]).unwrap();
        let without = delong(&scores[4..], &positive[4..]).unwrap();
        assert!((gap.gap.signed - (with.value - without.value)).abs() < 1e-15);
        assert!((gap.variance - with.variance - without.variance).abs() < 1e-15);
    }

    #[test]
    fn a_side_of_one_class_has_no_gap() {
        let scores = [0.1, 0.5, 0.3, 0.7];
        let sides = [true, true, false, false].map(Side::from);
        let positive = [true, true, true, false];
        assert_eq!(auroc_gap(&scores, &positive, &sides, Units::Items(4)), Err(Undefined::OneClass));
        assert_eq!(mean_gap(&scores, &sides, Units::Items(3), Better::Lower), Err(Undefined::LengthMismatch));
    }
}
