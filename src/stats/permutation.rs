//! Permutation tests: how often would shuffled labels show as large a statistic?

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::clusters::{Clusters, Units};
use super::moments::count;
use super::resample::Resampling;
use super::undefined::{Stat, Undefined};

/// Statistics within this share of the observed one count as equal to it, so that rounding cannot hide a tie.
const ROUNDING: f64 = 1e-12;

/// The outcome of a two-sided permutation test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Permutation {
    /// The statistic of the data as labelled.
    pub observed: f64,
    /// `(1 + extreme) / (replicates + 1)` (Phipson & Smyth 2010); never 0.
    pub p: f64,
    /// Shuffles with `|statistic| ≥ |observed|`, and those without a value: the careful reading.
    pub extreme: usize,
    /// How many of `extreme` had no value.
    pub undefined: usize,
    /// Shuffles made.
    pub replicates: usize,
}

/// Tests whether `statistic` depends on `labels` (shape `n`) by shuffling them, in parallel.
///
/// The null value of the statistic must be 0 (a gap). Items: labels are exchanged freely. Clusters: at the level where
/// the label varies; clusters with one label exchange it whole, clusters with several shuffle them inside (beyond.md 3.10).
/// The result does not depend on the number of threads.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `Constant` (no shuffle can change the labels), or whatever the statistic of the data is.
pub fn permutation<L, F>(labels: &[L], units: Units, statistic: F, plan: Resampling) -> Stat<Permutation>
where
    L: Copy + PartialEq + Send + Sync,
    F: Fn(&[L]) -> Stat<f64> + Sync,
{
    if labels.len() != units.items() {
        return Err(Undefined::LengthMismatch);
    }
    if labels.is_empty() {
        return Err(Undefined::Empty);
    }
    let shuffler = Shuffler::new(labels, units);
    if !shuffler.can_change(labels) {
        return Err(Undefined::Constant);
    }
    let observed = statistic(labels)?;
    if !observed.is_finite() {
        return Err(Undefined::NotFinite);
    }
    let bound = observed.abs() * (1.0 - ROUNDING);
    let outcomes: Vec<Option<bool>> = (0..plan.replicates)
        .into_par_iter()
        .map_init(
            || labels.to_vec(),
            |shuffled, replicate| {
                shuffler.shuffle(labels, shuffled, &mut plan.stream(replicate));
                let value = statistic(shuffled).ok().filter(|value| value.is_finite());
                value.map(|value| value.abs() >= bound)
            },
        )
        .collect();
    let undefined = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    let extreme = undefined + outcomes.iter().filter(|&&outcome| outcome == Some(true)).count();
    Ok(Permutation {
        observed,
        p: count(1 + extreme) / count(1 + plan.replicates),
        extreme,
        undefined,
        replicates: plan.replicates,
    })
}

/// Which labels may change places.
enum Shuffler<'a> {
    Freely,
    Clusters {
        clusters: &'a Clusters,
        /// Clusters with a single label.
        pure: Vec<usize>,
        /// Clusters with several labels.
        mixed: Vec<usize>,
    },
}

impl<'a> Shuffler<'a> {
    fn new<L: PartialEq>(labels: &[L], units: Units<'a>) -> Self {
        let Units::Clusters(clusters) = units else {
            return Self::Freely;
        };
        let is_pure = |&cluster: &usize| {
            let members = clusters.members(cluster);
            members.iter().all(|&item| labels[item] == labels[members[0]])
        };
        let (pure, mixed) = (0..clusters.len()).partition(is_pure);
        Self::Clusters { clusters, pure, mixed }
    }

    fn can_change<L: PartialEq>(&self, labels: &[L]) -> bool {
        match self {
            Self::Freely => labels.iter().any(|label| *label != labels[0]),
            Self::Clusters { clusters, pure, mixed } => {
                let label = |cluster: &usize| &labels[clusters.members(*cluster)[0]];
                !mixed.is_empty() || pure.iter().any(|cluster| label(cluster) != label(&pure[0]))
            }
        }
    }

    fn shuffle<L: Copy>(&self, labels: &[L], shuffled: &mut [L], random: &mut ChaCha8Rng) {
        match self {
            Self::Freely => {
                shuffled.copy_from_slice(labels);
                shuffled.shuffle(random);
            }
            Self::Clusters { clusters, pure, mixed } => {
                let mut whole: Vec<L> = pure.iter().map(|&cluster| labels[clusters.members(cluster)[0]]).collect();
                whole.shuffle(random);
                for (&cluster, label) in pure.iter().zip(whole) {
                    for &item in clusters.members(cluster) {
                        shuffled[item] = label;
                    }
                }
                for &cluster in mixed {
                    let members = clusters.members(cluster);
                    let mut inside: Vec<L> = members.iter().map(|&item| labels[item]).collect();
                    inside.shuffle(random);
                    for (&item, label) in members.iter().zip(inside) {
                        shuffled[item] = label;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Side, group_mean};

    fn gap(values: &[f64], sides: &[Side]) -> Stat<f64> {
        let with = group_mean(values, sides, Side::With)?.value;
        Ok(with - group_mean(values, sides, Side::Without)?.value)
    }

    #[test]
    fn a_clear_gap_is_found_and_none_is_not() {
        let sides: Vec<Side> = (0..40).map(|i| Side::from(i % 2 == 0)).collect();
        let noise: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 41)).collect();
        let planted: Vec<f64> = (0..40).map(|i| noise[i] + 40.0 * (i % 2) as f64).collect();
        let p = |values: &[f64]| {
            let plan = Resampling::default();
            permutation(&sides, Units::Items(40), |s| gap(values, s), plan).unwrap().p
        };
        assert!(p(&planted) < 0.001);
        assert!(p(&noise) > 0.05);
    }

    #[test]
    fn a_label_of_persons_is_exchanged_by_person() {
        // Two persons: 50 photos each agree perfectly, yet there are only two independent units.
        let labels: Vec<usize> = (0..100).map(|i| i / 50).collect();
        let clusters = Clusters::from_labels(&labels);
        let sides: Vec<Side> = labels.iter().map(|&l| Side::from(l == 0)).collect();
        let values: Vec<f64> = labels.iter().map(|&l| l as f64).collect();
        let p = |units| permutation(&sides, units, |s| gap(&values, s), Resampling::default()).unwrap().p;
        assert!(p(Units::Items(100)) < 0.001);
        assert_eq!(p(Units::Clusters(&clusters)), 1.0);
    }

    #[test]
    fn a_label_that_varies_within_persons_stays_with_them() {
        let clusters = Clusters::from_labels(&[0, 0, 0, 1, 1]);
        let labels = [1, 2, 3, 7, 7];
        let kept = |shuffled: &[i32]| {
            let mut first = shuffled[..3].to_vec();
            first.sort_unstable();
            assert_eq!((first, &shuffled[3..]), (vec![1, 2, 3], &[7, 7][..]));
            Ok(1.0)
        };
        let test = permutation(&labels, Units::Clusters(&clusters), kept, Resampling::default());
        assert_eq!(test.unwrap().p, 1.0);
    }

    #[test]
    fn a_shuffle_without_value_counts_against_the_finding() {
        let labels = [true, true, false, false];
        let fragile = |l: &[bool]| {
            if l == labels { Ok(1.0) } else { Err(Undefined::OneClass) }
        };
        let test = permutation(&labels, Units::Items(4), fragile, Resampling::default()).unwrap();
        assert_eq!(test.p, 1.0);
        assert!(test.undefined > 1_000);
    }

    #[test]
    fn labels_that_cannot_move_are_an_error_value() {
        let run = |labels: &[bool], units| permutation(labels, units, |_| Ok(0.0), Resampling::default());
        assert_eq!(run(&[true; 3], Units::Items(3)), Err(Undefined::Constant));
        assert_eq!(run(&[true; 3], Units::Items(2)), Err(Undefined::LengthMismatch));
        assert_eq!(run(&[], Units::Items(0)), Err(Undefined::Empty));
    }
}
