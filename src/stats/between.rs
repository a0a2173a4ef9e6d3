//! Permutation of an attribute that belongs to clusters: whole clusters exchange sides.
//!
//! A person is a man on all his photos: as many photos as there are, only persons are independent, and a few persons with many
//! photos make any variance unsure. What stays exact is to give the sides to other persons.

use super::clusters::{Clusters, Units};
use super::gap::Side;
use super::moments::{count, mean};
use super::permutation::{Permutation, permutation};
use super::resample::Resampling;
use super::sorted_scores::SortedScores;
use super::undefined::{Stat, Undefined};

/// Of clusters with two items or more that have a side, so many have it alone where an attribute belongs to clusters: labels
/// err.
const LEAST_PURE: f64 = 0.9;

/// Which clusters an attribute's sides may be exchanged between.
struct Exchange {
    /// Clusters on one side alone, with that side.
    pure: Vec<(usize, Side)>,
    /// Clusters on both: they stay as they are.
    mixed: Vec<usize>,
}

impl Exchange {
    /// `None` where the attribute varies within clusters, or no cluster has two items to tell.
    fn of(sides: &[Side], clusters: &Clusters) -> Option<Self> {
        let (mut pure, mut mixed, mut told) = (Vec::new(), Vec::new(), [0, 0]);
        for cluster in 0..clusters.len() {
            let known =
                || clusters.members(cluster).iter().map(|&item| sides[item]).filter(|side| *side != Side::Neither);
            let Some(first) = known().next() else { continue };
            let alike = known().all(|side| side == first);
            told[usize::from(first == Side::Without)] += usize::from(alike && known().nth(1).is_some());
            if alike {
                pure.push((cluster, first));
            } else {
                mixed.push(cluster);
            }
        }
        // Of either side: a rare attribute leaves nearly all clusters untouched, wherever it varies.
        let belongs = |pure: usize| count(pure) >= LEAST_PURE * count(pure + mixed.len());
        (told != [0, 0] && told.into_iter().all(belongs)).then_some(Self { pure, mixed })
    }

    /// Tests a statistic of the clusters' sides, pure ones in their order.
    fn test(&self, statistic: impl Fn(&[Side]) -> Stat<f64> + Sync, plan: Resampling) -> Stat<Permutation> {
        let labels: Vec<Side> = self.pure.iter().map(|(_, side)| *side).collect();
        permutation(&labels, Units::Items(labels.len()), statistic, plan)
    }
}

/// p of no gap of means where the attribute belongs to clusters, else `None`. The statistic is the gap over its own standard
/// error, so that it holds for sides of other spread too (Chung & Romano 2013).
///
/// # Errors
/// Of the inner result: as [`permutation`]; `LengthMismatch`.
#[must_use]
pub fn mean_gap_between(
    values: &[f64],
    sides: &[Side],
    clusters: &Clusters,
    plan: Resampling,
) -> Option<Stat<Permutation>> {
    if values.len() != sides.len() || clusters.items() != sides.len() {
        return Some(Err(Undefined::LengthMismatch));
    }
    let exchange = Exchange::of(sides, clusters)?;
    let centre = mean(values);
    let part = |cluster: usize, side: Side| {
        let of = clusters.members(cluster).iter().filter(|&&item| sides[item] == side);
        of.fold(Part::default(), |part, &item| Part { n: part.n + 1.0, total: part.total + values[item] - centre })
    };
    let pure: Vec<Part> = exchange.pure.iter().map(|&(cluster, side)| part(cluster, side)).collect();
    let fixed = [Side::With, Side::Without]
        .map(|side| exchange.mixed.iter().fold(Sums::default(), |sums, &cluster| sums.plus(part(cluster, side))));
    let statistic = |labels: &[Side]| {
        let [mut with, mut without] = fixed;
        for (part, side) in pure.iter().zip(labels) {
            if *side == Side::With { with = with.plus(*part) } else { without = without.plus(*part) }
        }
        let ((a, va), (b, vb)) = (with.mean()?, without.mean()?);
        if va + vb > 0.0 { Ok((a - b) / (va + vb).sqrt()) } else { Err(Undefined::Constant) }
    };
    Some(exchange.test(statistic, plan))
}

/// p of no gap of AUROCs where the attribute belongs to clusters, else `None`.
///
/// # Errors
/// Of the inner result: as [`permutation`] and [`auroc`](super::auroc()).
#[must_use]
pub fn auroc_gap_between(
    scores: &[f64],
    positive: &[bool],
    sides: &[Side],
    clusters: &Clusters,
    plan: Resampling,
) -> Option<Stat<Permutation>> {
    if clusters.items() != sides.len() {
        return Some(Err(Undefined::LengthMismatch));
    }
    let exchange = Exchange::of(sides, clusters)?;
    let sorted = match SortedScores::of_members(scores, positive, |item| sides[item] != Side::Neither) {
        Ok(sorted) => sorted,
        Err(why) => return Some(Err(why)),
    };
    let statistic = |labels: &[Side]| {
        let mut shuffled = sides.to_vec();
        for ((cluster, _), side) in exchange.pure.iter().zip(labels) {
            let known = clusters.members(*cluster).iter().filter(|&&item| sides[item] != Side::Neither);
            known.for_each(|&item| shuffled[item] = *side);
        }
        sorted.gap(&shuffled)
    };
    Some(exchange.test(statistic, plan))
}

/// What a cluster adds to a side.
#[derive(Clone, Copy, Default)]
struct Part {
    n: f64,
    total: f64,
}

/// Sums over the clusters of a side from which its mean and the sandwich variance of it follow.
#[derive(Clone, Copy, Default)]
struct Sums {
    clusters: f64,
    n: f64,
    total: f64,
    nn: f64,
    nt: f64,
    tt: f64,
}

impl Sums {
    fn plus(self, part: Part) -> Self {
        Self {
            clusters: self.clusters + f64::from(part.n > 0.0),
            n: self.n + part.n,
            total: self.total + part.total,
            nn: self.nn + part.n * part.n,
            nt: self.nt + part.n * part.total,
            tt: self.tt + part.total * part.total,
        }
    }

    fn mean(self) -> Stat<(f64, f64)> {
        if self.clusters < 2.0 {
            return Err(Undefined::TooFew { n: usize::from(self.clusters > 0.0), need: 2 });
        }
        let mean = self.total / self.n;
        let squares = self.tt - 2.0 * mean * self.nt + mean * mean * self.nn;
        Ok((mean, self.clusters / (self.clusters - 1.0) * squares.max(0.0) / (self.n * self.n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Better, mean_gap};

    /// Eight persons of three photos; the first four are "with".
    fn persons() -> (Clusters, Vec<Side>, Vec<f64>) {
        let labels: Vec<usize> = (0..24).map(|i| i / 3).collect();
        let sides = labels.iter().map(|&person| Side::from(person < 4)).collect();
        let values = (0..24).map(|i| f64::from((i / 3 * 5) % 7) + f64::from(i % 3) / 10.0).collect();
        (Clusters::from_labels(&labels), sides, values)
    }

    #[test]
    fn the_p_is_that_of_all_ways_to_choose_four_of_eight_persons() {
        let (clusters, sides, values) = persons();
        let t = |sides: &[Side]| {
            let gap = mean_gap(&values, sides, Units::Items(24), Better::Lower).unwrap();
            let [a, b] = [Side::With, Side::Without].map(|side| {
                super::super::group_mean_of_units(&values, sides, side, Units::Clusters(&clusters)).unwrap().variance
            });
            (gap.gap.signed / (a + b).sqrt()).abs()
        };
        let observed = t(&sides);
        let (mut extreme, mut all) = (0, 0);
        for chosen in (0_u32..256).filter(|chosen| chosen.count_ones() == 4) {
            let other: Vec<Side> = (0..24).map(|i| Side::from(chosen >> (i / 3) & 1 == 1)).collect();
            extreme += u32::from(t(&other) >= observed * (1.0 - 1e-12));
            all += 1;
        }
        let plan = Resampling { replicates: 20_000, seed: 3 };
        let found = mean_gap_between(&values, &sides, &clusters, plan).unwrap().unwrap();
        let exact = f64::from(extreme) / f64::from(all);
        assert!((found.observed.abs() - observed).abs() < 1e-9);
        assert!(
            (found.p - exact).abs() < 4.0 * (exact * (1.0 - exact) / 20_000.0).sqrt() + 1e-4,
            "{} {exact}",
            found.p
        );
    }

    #[test]
    fn only_attributes_of_whole_clusters_are_exchanged_between_them() {
        let (clusters, sides, values) = persons();
        let within: Vec<Side> = (0..24).map(|i| Side::from(i % 3 == 0)).collect();
        assert!(mean_gap_between(&values, &within, &clusters, Resampling::default()).is_none());
        let single = Clusters::from_labels(&(0..24).collect::<Vec<_>>());
        assert!(mean_gap_between(&values, &sides, &single, Resampling::default()).is_none());
        let positive: Vec<bool> = (0..24).map(|i| i % 3 != 1).collect();
        let found = auroc_gap_between(&values, &positive, &sides, &clusters, Resampling::default()).unwrap().unwrap();
        assert!(found.p > 0.05 && found.undefined == 0, "{found:?}");
        assert!(auroc_gap_between(&values, &positive, &within, &clusters, Resampling::default()).is_none());
    }

    #[test]
    fn a_rare_attribute_of_single_photos_belongs_to_no_person() {
        // A hundred persons of four photos; six of them have one photo with hats: 94 persons are on one side alone.
        let labels: Vec<usize> = (0..400).map(|i| i / 4).collect();
        let hats: Vec<Side> = (0..400).map(|i| Side::from(i < 24 && i % 4 == 0)).collect();
        let values: Vec<f64> = (0..400).map(|i| f64::from((i * 37) % 11)).collect();
        let clusters = Clusters::from_labels(&labels);
        assert!(mean_gap_between(&values, &hats, &clusters, Resampling::default()).is_none());
        // Six persons who always wear one are exchanged whole.
        let persons: Vec<Side> = (0..400).map(|i| Side::from(i < 24)).collect();
        assert!(mean_gap_between(&values, &persons, &clusters, Resampling::default()).is_some());
    }
}
