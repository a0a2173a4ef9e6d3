//! Slices of audits without attributes: clusters of items in the encoder's space, named by what is typical of them.

use super::slice::{LEAST_JOINT, Slice, SliceKind, TestItems};
use crate::data::{content_words, words};
use crate::heads::Picked;
use crate::stats::{Points, assign, mean_row, spherical_means};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap};

/// Numbers of clusters that are tried, where there are items enough for them.
const SIZES: [usize; 3] = [40, 80, 120];
/// Items the clusters are found among.
const FOUND_AMONG: usize = 8192;
/// Words that name a cluster.
const NAMES: usize = 5;
/// A cluster's word must be in this share of its items.
const OFTEN: f64 = 0.2;
const SEED: u64 = 15;

/// Items to cluster: training items name the clusters, test items give their losses.
pub struct ClusterItems<'a> {
    pub train_texts: &'a [&'a str],
    /// `[train, d]` and `[test, d]`.
    pub train: &'a [f32],
    pub test: Picked<'a>,
    pub dimension: usize,
}

/// Slices of clusters, each under two names. Parts are numbered from `first_part`, one a cluster.
#[must_use]
pub fn cluster_slices(
    items: &ClusterItems<'_>,
    test: TestItems<'_>,
    generic: &BTreeSet<String>,
    first_part: usize,
) -> Vec<Slice> {
    let count = items.train.len() / items.dimension.max(1);
    if count == 0 {
        return Vec::new();
    }
    let centre = mean_row(items.train, items.dimension);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut among = sample(&mut rng, count, FOUND_AMONG.min(count)).into_vec();
    among.sort_unstable();
    let gathered: Vec<f32> =
        among.iter().flat_map(|&at| &items.train[at * items.dimension..(at + 1) * items.dimension]).copied().collect();
    let points = Points::centred(gathered, &centre);
    let texts: Vec<&str> = among.iter().map(|&at| items.train_texts[at]).collect();
    let content: Vec<Vec<String>> = texts.iter().map(|text| content_words(text, generic)).collect();
    let mut frequencies: HashMap<&str, usize> = HashMap::new();
    content.iter().flatten().for_each(|word| *frequencies.entry(word).or_default() += 1);
    let mut slices = Vec::new();
    let mut part = first_part;
    for size in SIZES.into_iter().filter(|size| size * LEAST_JOINT <= items.test.len() && size * 4 <= points.len()) {
        let centres = spherical_means(&points, size, SEED);
        let near = assign(&points, &centres);
        let held = items.test.blocks().map(|block| Points::centred(block, &centre));
        let tested: Vec<(usize, f32)> = held.flat_map(|block| assign(&block, &centres)).collect();
        for cluster in 0..size {
            let losses = test.losses_where(|place| tested[place].0 == cluster);
            let members: Vec<usize> = (0..near.len()).filter(|&at| near[at].0 == cluster).collect();
            let typical = members.iter().copied().max_by(|&a, &b| near[a].1.total_cmp(&near[b].1));
            let Some(typical) = typical.filter(|_| losses.len() >= LEAST_JOINT) else { continue };
            let named = distinctive(&members, &content, &frequencies).join(", ");
            let names = [(texts[typical].to_owned(), SliceKind::TypicalItem), (named, SliceKind::DistinctiveWords)];
            for (text, kind) in names.into_iter().filter(|(text, _)| words(text).next().is_some()) {
                slices.extend(Slice::of(text, kind, vec![part], &losses));
            }
            part += 1;
        }
    }
    slices
}

/// The words that a cluster's items hold most above all items' rate: share in the cluster × log of the ratio.
fn distinctive(members: &[usize], content: &[Vec<String>], frequencies: &HashMap<&str, usize>) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    members.iter().flat_map(|&at| &content[at]).for_each(|word| *counts.entry(word).or_default() += 1);
    let score = |(word, count): (&str, usize)| {
        let share = count as f64 / members.len() as f64;
        let everywhere = *frequencies.get(word)? as f64 / content.len() as f64;
        (share >= OFTEN && share > everywhere).then(|| (share * (share / everywhere).ln(), word.to_owned()))
    };
    let mut scored: Vec<(f64, String)> = counts.into_iter().filter_map(score).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().take(NAMES).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn planted_clusters_come_back_under_their_own_words() {
        let (kinds, dimension) = (40, 48);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count)
                .flat_map(|at| {
                    let mut row: Vec<f32> = (0..dimension).map(|_| rng.random_range(-0.02..0.02)).collect();
                    row[at % kinds] += 1.0;
                    row
                })
                .collect()
        };
        let (train, test) = (draw(1600), draw(2400));
        let texts: Vec<String> = (0..1600).map(|at| format!("common kind{} thing", at % kinds)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let rows: Vec<usize> = (0..2400).collect();
        let losses: Vec<f64> = (0..2400).map(|at| (at % kinds) as f64).collect();
        let test = Picked { rows: (&test).into(), positions: &rows, dimension };
        let items = ClusterItems { train_texts: &texts, train: &train, test, dimension };
        let slices = cluster_slices(&items, TestItems { rows: &rows, losses: &losses }, &BTreeSet::new(), 3);
        let pure = slices.iter().filter(|slice| slice.kind == SliceKind::DistinctiveWords && slice.se == 0.0);
        let right = pure.filter(|slice| slice.text == format!("kind{}", slice.mean)).count();
        assert!(right >= 15, "{right} of 40: random starts find about two in three");
        assert!(slices.iter().all(|slice| slice.n >= LEAST_JOINT && slice.parts[0] >= 3));
    }
}
