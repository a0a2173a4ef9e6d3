//! Verification: does a similarity tell two items of one identity from two items of different ones?

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::auroc::{Auroc, delong};
use super::clusters::Clusters;
use super::resample::Resampling;
use super::undefined::{Stat, Undefined};

/// Pairs of items, as indices into the whole data, first < second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationPairs {
    /// Every pair of one identity.
    pub genuine: Vec<(usize, usize)>,
    /// Pairs of different identities: a sample with replacement, or all of them where there are no more than asked for.
    pub impostors: Vec<(usize, usize)>,
}

/// All genuine pairs and a seeded sample of `impostors` impostor pairs among the items of `group`.
///
/// `identity_of` and `group` have shape `n`. Impostor pairs are uniform over all pairs of different identities, and
/// the same seed gives the same pairs (semantics.md, "GT AUROC of an identity classifier").
///
/// # Errors
/// `LengthMismatch`, `Empty` (no items in the group), `OneClass` (no genuine or no impostor pair).
pub fn verification_pairs(
    identity_of: &[usize],
    group: &[bool],
    impostors: usize,
    seed: u64,
) -> Stat<VerificationPairs> {
    if identity_of.len() != group.len() {
        return Err(Undefined::LengthMismatch);
    }
    let items: Vec<usize> = (0..group.len()).filter(|&item| group[item]).collect();
    if items.is_empty() {
        return Err(Undefined::Empty);
    }
    let labels: Vec<usize> = items.iter().map(|&item| identity_of[item]).collect();
    let pairs = Pairs { identities: Clusters::from_labels(&labels), items };
    let genuine = pairs.genuine();
    if genuine.is_empty() || pairs.identities.len() < 2 || impostors == 0 {
        return Err(Undefined::OneClass);
    }
    let impostors = if pairs.impostor_count() <= impostors as u128 {
        pairs.every_impostor()
    } else {
        pairs.sample_impostors(impostors, seed)
    };
    Ok(VerificationPairs { genuine, impostors })
}

/// AUROC of `similarity(i, j)` for "same identity", with DeLong's variance.
///
/// The variance takes pairs as independent, which pairs that share an item are not: it is a lower bound.
///
/// # Errors
/// As [`delong`].
pub fn verification_auroc(pairs: &VerificationPairs, mut similarity: impl FnMut(usize, usize) -> f64) -> Stat<Auroc> {
    let all = pairs.genuine.iter().chain(&pairs.impostors);
    let scores: Vec<f64> = all.map(|&(i, j)| similarity(i, j)).collect();
    let positive: Vec<bool> = (0..scores.len()).map(|pair| pair < pairs.genuine.len()).collect();
    delong(&scores, &positive)
}

/// The items of a group by identity.
struct Pairs {
    identities: Clusters,
    items: Vec<usize>,
}

impl Pairs {
    fn of_positions(&self, a: usize, b: usize) -> (usize, usize) {
        let (i, j) = (self.items[a], self.items[b]);
        (i.min(j), i.max(j))
    }

    fn genuine(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for identity in 0..self.identities.len() {
            let members = self.identities.members(identity);
            for (place, &first) in members.iter().enumerate() {
                let later = &members[place + 1..];
                pairs.extend(later.iter().map(|&second| self.of_positions(first, second)));
            }
        }
        pairs
    }

    fn impostor_count(&self) -> u128 {
        let choose = |n: usize| n as u128 * (n as u128).saturating_sub(1) / 2;
        let within = (0..self.identities.len()).map(|id| choose(self.identities.members(id).len()));
        choose(self.items.len()) - within.sum::<u128>()
    }

    fn every_impostor(&self) -> Vec<(usize, usize)> {
        let n = self.items.len();
        let all = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
        all.filter(|&(a, b)| self.identities.of(a) != self.identities.of(b))
            .map(|(a, b)| self.of_positions(a, b))
            .collect()
    }

    fn sample_impostors(&self, size: usize, seed: u64) -> Vec<(usize, usize)> {
        let plan = Resampling { replicates: 1, seed };
        let mut random = plan.stream(0);
        let layout = Layout::new(&self.identities, self.items.len());
        let one = |_| {
            let (a, b) = layout.impostor(&mut random);
            self.of_positions(a, b)
        };
        (0..size).map(one).collect()
    }
}

/// Positions laid out by identity, so that "anyone but this identity" is a range with a hole.
struct Layout {
    by_identity: Vec<usize>,
    /// For each place in `by_identity`, where its identity starts and ends.
    blocks: Vec<(usize, usize)>,
    /// Ordered impostor pairs whose first is at or before each place.
    cumulative: Vec<u64>,
}

impl Layout {
    fn new(identities: &Clusters, n: usize) -> Self {
        let mut by_identity = Vec::with_capacity(n);
        let mut blocks = Vec::with_capacity(n);
        let mut cumulative = Vec::with_capacity(n);
        let mut total = 0;
        for identity in 0..identities.len() {
            let members = identities.members(identity);
            let block = (by_identity.len(), by_identity.len() + members.len());
            for &position in members {
                total += (n - members.len()) as u64;
                by_identity.push(position);
                blocks.push(block);
                cumulative.push(total);
            }
        }
        Self { by_identity, blocks, cumulative }
    }

    /// A uniform pair of different identities; there is at least one.
    fn impostor(&self, random: &mut impl Rng) -> (usize, usize) {
        let total = self.cumulative.last().copied().unwrap_or(1).max(1);
        let ticket = random.random_range(0..total);
        // The first is drawn by how many partners it has, the second evenly among them.
        let first = self.cumulative.partition_point(|&up_to| up_to <= ticket);
        let (start, end) = self.blocks[first];
        let among_others = random.random_range(0..self.by_identity.len() - (end - start));
        let second = if among_others < start { among_others } else { among_others + (end - start) };
        (self.by_identity[first], self.by_identity[second])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const IDENTITY: [usize; 7] = [5, 9, 5, 9, 5, 2, 5];
    const GROUP: [bool; 7] = [true, true, true, true, true, true, false];

    #[test]
    fn few_items_give_every_pair_once() {
        let pairs = verification_pairs(&IDENTITY, &GROUP, 1_000, 0).unwrap();
        let mut genuine = pairs.genuine.clone();
        genuine.sort_unstable();
        assert_eq!(genuine, [(0, 2), (0, 4), (1, 3), (2, 4)]);
        assert_eq!(pairs.impostors.len(), 15 - 4);
        assert!(pairs.impostors.iter().all(|&(i, j)| IDENTITY[i] != IDENTITY[j]));
    }

    #[test]
    fn the_sample_is_seeded_and_even() {
        let identity: Vec<usize> = (0..7).map(|i| IDENTITY[i % 7]).collect();
        let everyone = [true; 7];
        let mut seen: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for seed in 0..2_000 {
            let pairs = verification_pairs(&identity, &everyone, 5, seed).unwrap();
            assert_eq!(pairs, verification_pairs(&identity, &everyone, 5, seed).unwrap());
            for pair in pairs.impostors {
                *seen.entry(pair).or_default() += 1;
            }
        }
        // 21 pairs less 6 + 1 genuine leave 14; 10,000 draws are 714 each, sd 26.
        assert_eq!(seen.len(), 14);
        assert!(seen.values().all(|n| n.abs_diff(714) < 130), "{seen:?}");
    }

    #[test]
    fn a_perfect_similarity_has_auroc_one() {
        let pairs = verification_pairs(&IDENTITY, &GROUP, 4, 3).unwrap();
        let same = |i: usize, j: usize| f64::from(IDENTITY[i] == IDENTITY[j]);
        let auroc = verification_auroc(&pairs, same).unwrap();
        assert_eq!((auroc.value, auroc.positives, auroc.negatives), (1.0, 4, 4));
    }

    #[test]
    fn bad_input_is_an_error_value() {
        let one_class = Err(Undefined::OneClass);
        assert_eq!(verification_pairs(&[1, 1], &[true; 2], 5, 0), one_class);
        assert_eq!(verification_pairs(&[1, 2], &[true; 2], 5, 0), one_class);
        assert_eq!(verification_pairs(&[1, 1, 2], &[true; 3], 0, 0), one_class);
        assert_eq!(verification_pairs(&[1, 2], &[true], 5, 0), Err(Undefined::LengthMismatch));
        assert_eq!(verification_pairs(&[1, 2], &[false; 2], 5, 0), Err(Undefined::Empty));
    }
}
