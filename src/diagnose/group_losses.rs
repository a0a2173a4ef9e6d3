//! Losses of every attribute's groups and of every pair's: measured in one pass over the test items, no heads.

use crate::audit::{Attribute, Audit, ModelLosses, Split};
use crate::stats::{self, Better, Clusters, MeasuredGap, Moments, PairMoments, Stat, Units};
use rayon::prelude::*;
use std::collections::HashSet;

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

/// A gap of a mean loss, whether there are units enough for a verdict, and both groups.
pub(super) struct GroupGap {
    pub gap: Stat<MeasuredGap>,
    pub units: [usize; 2],
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
        let sides = |attribute: &Attribute| {
            // One pass without a branch to guess wrong: with it, without it, not known.
            let mut sums = [[0.0; 3]; 3];
            for (&row, value) in rows.iter().zip(&values) {
                let side = attribute.values[row].map_or(2, |has| usize::from(!has));
                let off = value - centre;
                sums[side][0] += 1.0;
                sums[side][1] += off;
                sums[side][2] += off * off;
            }
            [0, 1].map(|side| Moments::from_sums(centre, sums[side]))
        };
        let singles = audit.attributes.par_iter().map(sides).collect();
        let clusters = audit
            .clusters
            .as_ref()
            .map(|of| Clusters::from_labels(&rows.iter().map(|&row| of[row]).collect::<Vec<_>>()));
        Self { audit, all: Moments::of(values.iter().copied(), centre), rows, losses: values, clusters, singles }
    }

    pub fn units(&self) -> Units<'_> {
        self.clusters.as_ref().map_or(Units::Items(self.rows.len()), Units::Clusters)
    }

    /// Where intervals and p-values come from, in words.
    pub fn intervals(&self) -> String {
        match self.units() {
            Units::Items(_) => "Welch's variance".into(),
            Units::Clusters(clusters) => {
                format!("the sandwich variance over {} groups of items", super::grouped(clusters.len()))
            }
        }
    }

    /// An attribute's two groups: with it, and without it.
    pub fn single(&self, attribute: usize) -> [Moments; 2] {
        self.singles[attribute]
    }

    /// The group with an attribute against the group without.
    pub fn single_gap(&self, attribute: usize) -> GroupGap {
        let [with, without] = &self.singles[attribute];
        self.gap([with, without], |row| self.audit.attributes[attribute].values[row])
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

    /// The gap between two groups whose items `group` tells apart.
    fn gap(&self, [with, without]: [&Moments; 2], group: impl Fn(usize) -> Option<bool>) -> GroupGap {
        let Units::Clusters(clusters) = self.units() else {
            return GroupGap { gap: with.gap(without, Better::Lower), units: [with.n(), without.n()] };
        };
        // Items of a cluster depend on each other: the sandwich variance needs every cluster's own sum.
        let sides: Vec<stats::Side> = self.rows.iter().map(|&row| group(row).into()).collect();
        let units_of = |side: stats::Side| {
            let on = (0..sides.len()).filter(|&item| sides[item] == side);
            on.filter_map(|item| clusters.of(item)).collect::<HashSet<_>>().len()
        };
        let gap = stats::mean_gap(&self.losses, &sides, self.units(), Better::Lower);
        GroupGap { gap, units: [units_of(stats::Side::With), units_of(stats::Side::Without)] }
    }
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

    /// All others: the items known to lack one of the two.
    pub fn others(&self, a: usize, b: usize) -> Moments {
        self.losses.all.less(&self.possible.as_ref().unwrap_or(&self.both).pair(a, b))
    }

    /// The items with both against all others.
    pub fn gap(&self, a: usize, b: usize) -> GroupGap {
        self.losses.gap([&self.both(a, b), &self.others(a, b)], |row| self.membership(a, b, row))
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
        self.losses.gap([&both, &with.less(&both)], rest).gap
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
