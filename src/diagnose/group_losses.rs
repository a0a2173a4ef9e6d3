//! Losses of every attribute's groups and of every pair's: measured in one pass over the test items, no heads.

use super::gap_evidence::OneGap;
use super::policy::{LEAST_ITEMS, LEAST_UNITS, LEVEL, at_least};
use crate::audit::{Attribute, Audit, ModelLosses, Split};
use crate::stats::{
    self, Better, Clusters, MeasuredGap, Moments, PairMoments, Resampling, Side, Stat, Undefined, Units,
};
use rayon::prelude::*;

/// Attributes whose pairs are looked at: a table of 80,000 pairs is the most that is kept.
pub const MOST_PAIRED: usize = 400;

/// The test items with a loss of the model, and who they are.
pub(super) struct GroupLosses<'a> {
    pub audit: &'a Audit,
    /// Positions in the audit, in order.
    pub rows: Vec<usize>,
    pub losses: Vec<f64>,
    pub all: Moments,
    clusters: Option<Clusters>,
    /// Of each attribute: the group with it, and the group without.
    singles: Vec<[Moments; 2]>,
}

/// Whose p is asked of a permutation where a gap belongs to groups of items.
#[derive(Clone, Copy)]
enum Permute {
    Always,
    /// Thousands of pairs: only those that the formulas would call more than chance.
    IfBelowLevel,
}

impl<'a> GroupLosses<'a> {
    pub fn of(audit: &'a Audit, model: &ModelLosses) -> Self {
        let rows = audit.rows_of(model, Split::Test);
        let losses: Vec<f64> = rows.iter().map(|&row| model.losses[row]).collect();
        Self::over(audit, rows, losses)
    }

    /// Of any figure of some items; `values` has one entry a row.
    pub fn over(audit: &'a Audit, rows: Vec<usize>, values: Vec<f64>) -> Self {
        let centre = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let all = Moments::of(values.iter().copied(), centre);
        let sides = |attribute: &Attribute| {
            // One pass without a branch to guess wrong: with it, without it, not known.
            let mut sums = [[0.0; 4]; 3];
            for (&row, value) in rows.iter().zip(&values) {
                let side = attribute.values[row].map_or(2, |has| usize::from(!has));
                let off = value - centre;
                sums[side][0] += 1.0;
                sums[side][1] += off;
                sums[side][2] += off * off;
                sums[side][3] += off * off * off;
            }
            [0, 1].map(|side| Moments::from_sums(centre, sums[side], all.least()))
        };
        let singles = audit.attributes.par_iter().map(sides).collect();
        let clusters = audit
            .clusters
            .as_ref()
            .map(|of| Clusters::from_labels(&rows.iter().map(|&row| of[row]).collect::<Vec<_>>()));
        Self { audit, all, rows, losses: values, clusters, singles }
    }

    pub fn units(&self) -> Units<'_> {
        self.clusters.as_ref().map_or(Units::Items(self.rows.len()), Units::Clusters)
    }

    /// Where intervals and p-values come from, in words.
    pub fn intervals(&self) -> String {
        match self.units() {
            Units::Items(_) => "Welch's t, corrected for skew and rare losses".into(),
            Units::Clusters(clusters) => {
                format!(
                    "the sandwich variance over {} groups of items; p of attributes that belong to groups by permuting these",
                    super::grouped(clusters.len())
                )
            }
        }
    }

    /// An attribute's two groups: with it, and without it.
    pub fn single(&self, attribute: usize) -> [Moments; 2] {
        self.singles[attribute]
    }

    /// The group with an attribute against the group without.
    pub fn single_gap(&self, attribute: usize) -> JudgeableGap {
        let [with, without] = &self.singles[attribute];
        self.judgeable([with, without], |row| self.audit.attributes[attribute].values[row], Permute::Always)
    }

    /// What is measured of all pairs among the first [`MOST_PAIRED`] attributes.
    pub fn pairs(&self) -> Pairs<'_> {
        let attributes = &self.audit.attributes[..self.audit.attributes.len().min(MOST_PAIRED)];
        let moments = |counts: fn(Option<bool>) -> bool| {
            PairMoments::of(&self.losses, self.all.centre(), attributes.len(), |item, slots| {
                let row = self.rows[item];
                let mut many = 0;
                for (flag, attribute) in attributes.iter().enumerate() {
                    // Written in any case and counted where it holds: no branch to guess wrong.
                    slots[many] = flag;
                    many += usize::from(counts(attribute.values[row]));
                }
                many
            })
        };
        let both = moments(|value| value == Some(true));
        let known = |at: usize| self.singles[at].iter().map(Moments::n).sum::<usize>() == self.rows.len();
        let all_known = (0..attributes.len()).all(known);
        let possible = (!all_known).then(|| moments(|value| value != Some(false)));
        Pairs { losses: self, attributes: attributes.len(), both, possible }
    }

    /// A group's items within `rows`, by position.
    pub fn members(&self, group: impl Fn(usize) -> Option<bool>) -> Vec<usize> {
        (0..self.rows.len()).filter(|&at| group(self.rows[at]) == Some(true)).collect()
    }

    /// The gap between two groups whose items `group` tells apart, with what its verdict needs.
    fn judgeable(
        &self,
        moments: [&Moments; 2],
        group: impl Fn(usize) -> Option<bool>,
        permute: Permute,
    ) -> JudgeableGap {
        let sides = self.sides(group);
        let gap = self.gap(moments, &sides);
        let mut enough = moments.iter().try_for_each(|side| at_least(side.n(), LEAST_ITEMS));
        let mut permuted = None;
        if let Units::Clusters(clusters) = self.units() {
            for side in [Side::With, Side::Without] {
                let on: Vec<usize> = (0..sides.len()).filter(|&item| sides[item] == side).collect();
                enough = enough.and(at_least(self.units().among(&on), LEAST_UNITS));
            }
            let wanted = match permute {
                Permute::Always => true,
                Permute::IfBelowLevel => gap.and_then(|gap| gap.p()).is_ok_and(|p| p < LEVEL),
            };
            if wanted && enough.is_ok() {
                permuted = stats::mean_gap_between(&self.losses, &sides, clusters, Resampling::default());
            }
        }
        JudgeableGap { gap, judged: OneGap::new(gap, enough, permuted) }
    }

    /// The sides of the items that `group` tells apart; none where items are independent, for moments are enough then.
    fn sides(&self, group: impl Fn(usize) -> Option<bool>) -> Vec<Side> {
        match self.units() {
            Units::Items(_) => Vec::new(),
            Units::Clusters(_) => self.rows.iter().map(|&row| group(row).into()).collect(),
        }
    }

    /// The gap between two groups.
    fn gap(&self, [with, without]: [&Moments; 2], sides: &[Side]) -> Stat<MeasuredGap> {
        match self.units() {
            Units::Items(_) => with.gap(without, Better::Lower),
            // Items of a cluster depend on each other: the sandwich variance needs every cluster's own sum.
            Units::Clusters(_) => stats::mean_gap(&self.losses, sides, self.units(), Better::Lower),
        }
    }
}

/// A gap of a mean loss, as it is and as it is judged among others.
pub(super) struct JudgeableGap {
    pub gap: Stat<MeasuredGap>,
    pub judged: OneGap,
}

/// All pairs of attributes, both of which hold.
pub(super) struct Pairs<'a> {
    losses: &'a GroupLosses<'a>,
    /// How many attributes are paired.
    pub attributes: usize,
    both: PairMoments,
    /// Items of which neither attribute is known to be false; absent where all values are known.
    possible: Option<PairMoments>,
}

impl Pairs<'_> {
    /// The items with both attributes.
    pub fn both(&self, a: usize, b: usize) -> Moments {
        self.both.pair(a, b)
    }

    /// Mean loss of the items with both, its variance, and the independent units it is over.
    pub fn mean(&self, a: usize, b: usize) -> Stat<(f64, f64, usize)> {
        let both = self.both(a, b);
        let losses = self.losses;
        match losses.units() {
            Units::Items(_) if both.n() == 0 => Err(Undefined::Empty),
            Units::Items(_) => Ok((both.mean(), both.variance() / both.n() as f64, both.n())),
            units @ Units::Clusters(_) => {
                let sides = losses.sides(|row| self.membership(a, b, row));
                let found = stats::group_mean_of_units(&losses.losses, &sides, Side::With, units)?;
                Ok((found.value, found.variance, found.units))
            }
        }
    }

    /// All others: the items known to lack one of the two.
    pub fn others(&self, a: usize, b: usize) -> Moments {
        self.losses.all.less(&self.possible.as_ref().unwrap_or(&self.both).pair(a, b))
    }

    /// The items with both against all others.
    pub fn gap(&self, a: usize, b: usize) -> JudgeableGap {
        let sides = [&self.both(a, b), &self.others(a, b)];
        self.losses.judgeable(sides, |row| self.membership(a, b, row), Permute::IfBelowLevel)
    }

    /// The items with both against the rest of those with `part`: what the pair adds to it.
    pub fn gap_to_rest(&self, a: usize, b: usize, part: usize) -> Stat<MeasuredGap> {
        let [with, _] = self.losses.single(part);
        let both = self.both(a, b);
        let values = &self.losses.audit.attributes[part].values;
        let rest = |row: usize| match (values[row], self.membership(a, b, row)) {
            (Some(true), Some(both)) => Some(both),
            (Some(true), None) => Some(false),
            _ => None,
        };
        self.losses.gap([&both, &with.less(&both)], &self.losses.sides(rest))
    }

    /// Whether an item of the audit has both; `None` where that is not known.
    pub fn membership(&self, a: usize, b: usize, row: usize) -> Option<bool> {
        let attributes = &self.losses.audit.attributes;
        match (attributes[a].values[row], attributes[b].values[row]) {
            (Some(true), Some(true)) => Some(true),
            (Some(false), _) | (_, Some(false)) => Some(false),
            _ => None,
        }
    }
}
