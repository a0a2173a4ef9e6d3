//! Test items that the heads have all but seen: rows whose embedding stands in training too.

use super::Evidence;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows with a larger cosine are as good as equal.
const COSINE: f32 = 0.999;
/// Test items looked at; more would not tell the share better.
const MOST_ITEMS: usize = 1_000;
/// Numbers of a row that most pairs are told apart by.
const HEAD: usize = 16;

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
        let has_twin = |row: &&&[f32]| train.chunks_exact(dimension).any(|other| are_close(row, other));
        Self { items: chosen.par_iter().filter(has_twin).count(), of: chosen.len(), among: train.len() / dimension }
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

/// Whether two rows of length one have a cosine above the bound: |a − b|² = 2 − 2 cos.
fn are_close(a: &[f32], b: &[f32]) -> bool {
    let bound = 2.0 - 2.0 * COSINE;
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let head = HEAD.min(a.len());
    let first = apart(&a[..head], &b[..head]);
    first < bound && first + apart(&a[head..], &b[head..]) < bound
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
    }
}
