//! Test items that the heads have all but seen: rows whose embedding stands in training too.

use super::Evidence;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows with a larger cosine are as good as equal.
const COSINE: f32 = 0.999;
/// The same as a squared distance of rows of length one.
const BOUND: f32 = 2.0 - 2.0 * COSINE;
/// Test items looked at; more would not tell the share better.
const MOST_ITEMS: usize = 1_000;
/// Numbers of a row that most pairs are told apart by.
const HEAD: usize = 16;
/// Test items that are held against the training items in one pass over these.
const SIDE_BY_SIDE: usize = 8;

/// How many test items have a training item of nearly the same embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Test items with a training item of a cosine above .999.
    pub items: usize,
    /// Test items looked at: every k-th, at most a thousand.
    pub of: usize,
    /// Training items they were held against: where these are a sample, `items` is a lower bound.
    pub among: usize,
}

impl Seen {
    /// Looks for nearly equal rows; all rows are of length one.
    #[must_use]
    pub fn count(evidence: &Evidence, train: &[f32]) -> Self {
        let dimension = evidence.dimension.max(1);
        let test = evidence.embeddings;
        let step = test.len().div_ceil(MOST_ITEMS).max(1);
        let positions: Vec<usize> = test.positions.iter().copied().step_by(step).collect();
        let gathered = test.rows.gather(&positions, dimension);
        let chosen: Vec<&[f32]> = gathered.chunks_exact(dimension).collect();
        let heads = heads(train, dimension);
        let found = chosen.par_chunks(SIDE_BY_SIDE).map(|rows| twins(rows, train, &heads));
        Self { items: found.sum(), of: chosen.len(), among: train.len() / dimension }
    }

    /// One sentence; nothing where there is nothing to say.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        (self.items > 0).then(|| {
            format!(
                "{} of {} test items looked at have a training item of nearly the same embedding (cosine above .999, among {}): what the heads know of them says nothing of new items. 'llm2loss ingest --leaked drop' leaves out those of equal content.",
                super::grouped(self.items),
                super::grouped(self.of),
                super::grouped(self.among)
            )
        })
    }
}

/// The beginnings of rows, close together: most rows need not be fetched as a whole, which would take ten times as long.
fn heads(train: &[f32], dimension: usize) -> Vec<[f32; HEAD]> {
    let head = |row: &[f32]| {
        let mut head = [0.0; HEAD];
        head.iter_mut().zip(row).for_each(|(head, value)| *head = *value);
        head
    };
    train.par_chunks_exact(dimension).map(head).collect()
}

/// How many of some rows have a training row of nearly the same embedding.
fn twins(rows: &[&[f32]], train: &[f32], heads: &[[f32; HEAD]]) -> usize {
    let own: Vec<[f32; HEAD]> = rows.iter().flat_map(|row| self::heads(row, row.len())).collect();
    let mut found = vec![false; rows.len()];
    for (at, head) in heads.iter().enumerate() {
        for ((row, own), found) in rows.iter().zip(&own).zip(&mut found) {
            if !*found && may_be_close(own, head) {
                *found = are_close(row, &train[at * row.len()..][..row.len()]);
            }
        }
    }
    found.into_iter().filter(|found| *found).count()
}

/// Whether rows may be close, as far as their beginnings say; rounding never says no to two that are.
fn may_be_close(a: &[f32; HEAD], b: &[f32; HEAD]) -> bool {
    let mut squares = [0.0; HEAD];
    squares.iter_mut().zip(a.iter().zip(b)).for_each(|(square, (a, b))| *square = (a - b) * (a - b));
    squares.iter().sum::<f32>() < 1.001 * BOUND
}

/// Whether two rows of length one have a cosine above the bound: |a − b|² = 2 − 2 cos.
fn are_close(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() < BOUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_close_from_a_cosine_of_999_thousandths_on() {
        let at = |angle: f32| {
            let mut row = vec![0.0; 40];
            (row[0], row[39]) = (angle.cos(), angle.sin());
            row
        };
        // cos(.0447) is .9990.
        assert!(are_close(&at(0.0), &at(0.0)) && are_close(&at(1.0), &at(1.044)));
        assert!(!are_close(&at(1.0), &at(1.046)) && !are_close(&at(0.0), &at(3.1)));
        let train: Vec<f32> = (0..500).flat_map(|step| at(step as f32 * 0.01)).collect();
        let (near, far, same) = (at(2.045), at(-0.1), at(4.0));
        assert_eq!(twins(&[&near, &far, &same], &train, &heads(&train, 40)), 2);
    }
}
