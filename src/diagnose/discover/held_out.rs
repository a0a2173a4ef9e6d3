//! Testing slices on the half they were not found on.

use super::question::DiscoveredSlice;
use super::term::{Term, TermKind, in_both};
use crate::diagnose::policy::LEAST_UNITS;
use crate::stats::{
    Better, Clusters, Interval, PowerSums, Side, Undefined, Units, careful_mean_interval, group_mean_of_units,
    mean_gap, p_above, skewed_welch,
};
use std::collections::HashSet;

/// Fewest items of the other half that a slice is tested on.
pub const LEAST_TESTED: usize = 10;
const LEVEL: f64 = 0.95;

/// The half that slices are tested on.
pub struct HeldOut<'a> {
    /// Positions in the audit, of all places.
    pub rows: &'a [usize],
    /// Losses of all places, as they are shown.
    pub losses: &'a [f64],
    /// 1 where a high loss is looked for, −1 where a low one is.
    pub sign: f64,
    /// Places of the half.
    pub places: &'a [u32],
    /// Whom each place belongs to, where the audit says.
    pub clusters: Option<Vec<usize>>,
    /// For each place, the first one of its text: copies of a text tell no more than it does.
    pub copies: Option<&'a [u32]>,
    /// For each of `places`, the tenth of its losses.
    tenths: Vec<u8>,
}

/// A slice against the others around it: one-sided p, and of its mean the interval, and variance with independent units.
#[derive(Default)]
struct Compared {
    p: Option<f64>,
    interval: Option<Interval>,
    precision: Option<(f64, usize)>,
}

/// For each place, the tenth of all their losses that its own is in, by the middle of the ranks that equal losses share.
fn tenths(losses: &[f64], places: &[u32]) -> Vec<u8> {
    let values: Vec<f64> = places.iter().map(|&place| losses[place as usize]).collect();
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let of = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let to = sorted.partition_point(|other| other <= value);
        #[allow(clippy::cast_possible_truncation, reason = "at most 9")]
        let tenth = ((below + to) * 5 / sorted.len()).min(9) as u8;
        tenth
    };
    values.iter().map(of).collect()
}

/// Places of both halves that all terms hold for.
#[must_use]
pub fn members(terms: &[&Term]) -> Vec<u32> {
    let Some((first, rest)) = terms.split_first() else { return Vec::new() };
    rest.iter().fold(first.rows.clone(), |rows, term| in_both(&rows, &term.rows))
}

/// The name of a slice.
#[must_use]
pub fn joined(terms: &[&Term]) -> String {
    terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>().join(" + ")
}

/// Those of `all` that are not in `some`; both ascending.
fn without(all: &[u32], some: &[u32]) -> Vec<u32> {
    all.iter().copied().filter(|place| some.binary_search(place).is_err()).collect()
}

impl<'a> HeldOut<'a> {
    /// The half of `places`; `clusters` tell whom each place belongs to.
    #[must_use]
    pub fn new(
        rows: &'a [usize],
        losses: &'a [f64],
        sign: f64,
        places: &'a [u32],
        clusters: Option<Vec<usize>>,
    ) -> Self {
        Self { rows, losses, sign, places, clusters, copies: None, tenths: tenths(losses, places) }
    }

    /// The same where some texts come more than once.
    #[must_use]
    pub fn with_copies(self, copies: Option<&'a [u32]>) -> Self {
        Self { copies, ..self }
    }

    /// Mean loss of the half.
    #[must_use]
    pub fn overall(&self) -> f64 {
        let sum = self.places.iter().map(|&place| self.losses[place as usize]).sum::<f64>();
        sum / self.places.len().max(1) as f64
    }

    /// Σ of what is looked for above the mean; in the direction looked for.
    #[must_use]
    pub fn excess(&self, overall: f64) -> f64 {
        self.places.iter().map(|&place| (self.sign * (self.losses[place as usize] - overall)).max(0.0)).sum()
    }

    /// Share of the excess that lies outside all of these slices; none where there is no excess.
    #[must_use]
    pub fn unexplained(&self, slices: &[DiscoveredSlice]) -> Option<f64> {
        let overall = self.overall();
        let excess = self.excess(overall);
        let inside: HashSet<usize> = slices.iter().flat_map(|slice| slice.items.iter().copied()).collect();
        let held = self.places.iter().filter(|place| inside.contains(&self.rows[**place as usize]));
        let explained: f64 = held.map(|&place| self.sign * (self.losses[place as usize] - overall)).sum();
        (excess > 0.0).then(|| 1.0 - explained / excess)
    }

    /// Share of these slices' excess that is beyond what is expected of each place; none where they have no excess. Both
    /// are about their mean over the half, for losses of items seen in training may lie elsewhere.
    #[must_use]
    pub fn beyond(&self, slices: &[DiscoveredSlice], expected: &[f64]) -> Option<f64> {
        let inside: HashSet<usize> = slices.iter().flat_map(|slice| slice.items.iter().copied()).collect();
        let held = || self.places.iter().filter(|place| inside.contains(&self.rows[**place as usize]));
        let about_mean = |values: &[f64]| {
            let mean = self.places.iter().map(|&place| values[place as usize]).sum::<f64>() / self.places.len() as f64;
            held().map(|&place| values[place as usize] - mean).sum::<f64>()
        };
        let excess = about_mean(self.losses);
        (excess > 0.0).then(|| (1.0 - about_mean(expected) / excess).clamp(0.0, 1.0))
    }

    /// Tests the slice of these terms against the others of `within`, places of both halves, as a whole and without what
    /// `earlier` slices hold: its p is the larger one, so that it is not told for what is known already. q is to follow.
    pub fn test(
        &self,
        terms: &[&Term],
        within: Option<(&str, &[u32])>,
        earlier: impl Fn(u32) -> bool,
    ) -> Option<DiscoveredSlice> {
        let members = members(terms);
        let around = within.map_or_else(|| self.places.to_vec(), |(_, rows)| in_both(rows, self.places));
        let tested = in_both(&members, &around);
        if tested.len() < LEAST_TESTED || tested.len() == around.len() {
            return None;
        }
        let overall = self.overall();
        let losses: Vec<f64> = tested.iter().map(|&place| self.losses[place as usize]).collect();
        let excess = self.sign * losses.iter().map(|loss| loss - overall).sum::<f64>();
        let Compared { p, interval, precision } = self.compared(&tested, &around, overall);
        let alone = |places: &[u32]| -> Vec<u32> { places.iter().copied().filter(|place| !earlier(*place)).collect() };
        let (own, others) = (alone(&tested), alone(&around));
        if own.len() < LEAST_TESTED || own.len() == others.len() {
            return None;
        }
        let p = p?.max(self.compared(&own, &others, overall).p?);
        let mut tenths = [0; 10];
        let at = |place: &u32| self.places.binary_search(place).ok();
        tested.iter().filter_map(at).for_each(|at| tenths[usize::from(self.tenths[at])] += 1);
        Some(DiscoveredSlice {
            name: joined(terms),
            terms: terms.iter().map(|term| term.name.clone()).collect(),
            n: tested.len(),
            mean_loss: losses.iter().sum::<f64>() / losses.len() as f64,
            overall,
            interval,
            precision,
            combined: None,
            p,
            q: 1.0,
            share_of_excess: excess / self.excess(overall).max(f64::MIN_POSITIVE),
            parent: within.map(|(name, _)| name.to_owned()),
            items: members.iter().map(|&place| self.rows[place as usize]).collect(),
            tested: tested.iter().map(|&place| self.rows[place as usize]).collect(),
            losses,
            tenths,
            by_attributes: terms.iter().all(|term| term.kind == TermKind::Attribute),
            near: terms.iter().any(|term| term.kind == TermKind::Near),
        })
    }

    /// The slice against the others around it.
    fn compared(&self, tested: &[u32], around: &[u32], overall: f64) -> Compared {
        if let Some(clusters) = &self.clusters {
            return self.compared_by_clusters(tested, around, clusters);
        }
        let group = self.sums(tested, overall);
        let rest = match self.copies {
            None => self.sums(around, overall) - group,
            Some(_) => self.sums(&without(around, tested), overall),
        };
        // The mean is over items, as it is shown, its width over texts.
        let shift = self.copies.map_or(0.0, |_| {
            let mean =
                tested.iter().map(|&place| self.losses[place as usize] - overall).sum::<f64>() / tested.len() as f64;
            self.sign * mean - group.mean()
        });
        let p = match skewed_welch(group, rest) {
            Ok(found) => Some(found.p),
            Err(Undefined::Constant) => Some(f64::from(group.mean() <= rest.mean())),
            Err(_) => None,
        };
        let back = |interval: Interval| {
            let ends = [interval.low, interval.high].map(|end| overall + self.sign * (end + shift));
            Interval { low: ends[0].min(ends[1]), high: ends[0].max(ends[1]), ..interval }
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of texts")]
        let precision = (group.n >= 2.0).then(|| (group.variance() / group.n, group.n as usize));
        Compared { p, interval: careful_mean_interval(group, rest, LEVEL).map(back), precision }
    }

    /// Sums of what is looked for, a text each by the mean of its copies.
    fn sums(&self, places: &[u32], overall: f64) -> PowerSums {
        let value = |place: u32| self.sign * (self.losses[place as usize] - overall);
        let Some(copies) = self.copies else { return places.iter().map(|&place| PowerSums::one(value(place))).sum() };
        let mut texts: Vec<(u32, f64)> = places.iter().map(|&place| (copies[place as usize], value(place))).collect();
        texts.sort_unstable_by_key(|(first, _)| *first);
        let mean = |copies: &[(u32, f64)]| copies.iter().map(|(_, value)| value).sum::<f64>() / copies.len() as f64;
        texts.chunk_by(|a, b| a.0 == b.0).map(|copies| PowerSums::one(mean(copies))).sum()
    }

    /// The same where items belong to somebody: by the sandwich variance over clusters, without a correction for skewness;
    /// nothing where a side has too few of them.
    fn compared_by_clusters(&self, tested: &[u32], around: &[u32], clusters: &[usize]) -> Compared {
        let values: Vec<f64> = around.iter().map(|&place| self.losses[place as usize]).collect();
        let sides: Vec<Side> = around.iter().map(|place| Side::from(tested.binary_search(place).is_ok())).collect();
        let labels: Vec<usize> = around.iter().map(|&place| clusters[place as usize]).collect();
        let labels = Clusters::from_labels(&labels);
        let units = Units::Clusters(&labels);
        let of_side = |side: Side| -> Vec<usize> { (0..sides.len()).filter(|&at| sides[at] == side).collect() };
        let with = units.among(&of_side(Side::With));
        let fewer = with.min(units.among(&of_side(Side::Without)));
        if fewer < LEAST_UNITS {
            return Compared::default();
        }
        let gap = mean_gap(&values, &sides, units, Better::Lower).ok();
        let p =
            gap.map(|gap| p_above(self.sign * gap.gap.signed, 0.0, gap.careful_variance().sqrt(), (fewer - 1) as f64));
        let mean = group_mean_of_units(&values, &sides, Side::With, units).ok();
        Compared {
            p,
            interval: mean.as_ref().map(|mean| Interval::normal(mean.value, mean.variance.sqrt(), LEVEL)),
            precision: mean.map(|mean| (mean.variance, with)),
        }
    }
}
