//! Scores sorted once, so that the AUROC of any subset or resample is one walk over them.

use super::gap::Side;
use super::rank::{sorted_order, tie_blocks};
use super::undefined::{Stat, Undefined, require_ordered};

/// Scores and labels in ascending order of score; at most 2³² items.
#[derive(Debug, Clone)]
pub struct SortedScores {
    entries: Vec<Entry>,
    items: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    item: u32,
    positive: bool,
    /// The last of a run of equal scores.
    closes_tie: bool,
}

/// Weighted counts gathered on a walk from the lowest score up.
#[derive(Default)]
struct Tally {
    positives: u64,
    negatives: u64,
    /// Twice the number of pairs in the right order, a tie being half a pair.
    right_order: u64,
    tied_positives: u64,
    tied_negatives: u64,
}

impl SortedScores {
    /// Sorts `scores` (shape `n`) with their labels `positive` (shape `n`).
    ///
    /// # Errors
    /// `LengthMismatch`, `Empty`, `NotFinite` (NaN only, or more than 2³² items).
    pub fn new(scores: &[f64], positive: &[bool]) -> Stat<Self> {
        Self::of_members(scores, positive, |_| true)
    }

    /// As [`new`](Self::new), keeping only the items for which `member` holds.
    pub(crate) fn of_members(scores: &[f64], positive: &[bool], member: impl Fn(usize) -> bool) -> Stat<Self> {
        if scores.len() != positive.len() {
            return Err(Undefined::LengthMismatch);
        }
        require_ordered(scores)?;
        let mut order = sorted_order(scores);
        order.retain(|&item| member(item));
        let mut entries = Vec::with_capacity(order.len());
        for block in tie_blocks(scores, &order) {
            let last = block.end - 1;
            for position in block {
                let item = order[position];
                entries.push(Entry {
                    item: u32::try_from(item).map_err(|_| Undefined::NotFinite)?,
                    positive: positive[item],
                    closes_tie: position == last,
                });
            }
        }
        Ok(Self { entries, items: scores.len() })
    }

    /// AUROC over the items of one side, in O(n); `sides` has shape `n`.
    ///
    /// # Errors
    /// `LengthMismatch`, `OneClass`.
    pub fn auroc_of(&self, side: Side, sides: &[Side]) -> Stat<f64> {
        if sides.len() != self.items {
            return Err(Undefined::LengthMismatch);
        }
        self.weighted_auroc(|item| u64::from(sides[item] == side))
    }

    /// AUROC with the attribute minus AUROC without it, in O(n); `sides` has shape `n`.
    ///
    /// # Errors
    /// As [`auroc_of`](Self::auroc_of), for either side.
    pub fn gap(&self, sides: &[Side]) -> Stat<f64> {
        Ok(self.auroc_of(Side::With, sides)? - self.auroc_of(Side::Without, sides)?)
    }

    /// AUROC of a sample in which item `i` stands `weight(i)` times.
    pub(crate) fn weighted_auroc(&self, weight: impl Fn(usize) -> u64) -> Stat<f64> {
        let mut tally = Tally::default();
        for entry in &self.entries {
            let weight = weight(entry.item as usize);
            // Labels arrive in no order, so a branch on them would be mispredicted half the time.
            let as_positive = weight * u64::from(entry.positive);
            tally.tied_positives += as_positive;
            tally.tied_negatives += weight - as_positive;
            if entry.closes_tie {
                tally.close_tie();
            }
        }
        tally.auroc()
    }
}

impl Tally {
    const fn close_tie(&mut self) {
        self.right_order += self.tied_positives * (2 * self.negatives + self.tied_negatives);
        self.positives += self.tied_positives;
        self.negatives += self.tied_negatives;
        self.tied_positives = 0;
        self.tied_negatives = 0;
    }

    #[allow(clippy::cast_precision_loss)]
    fn auroc(&self) -> Stat<f64> {
        if self.positives == 0 || self.negatives == 0 {
            return Err(Undefined::OneClass);
        }
        Ok(self.right_order as f64 / (2 * self.positives * self.negatives) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::auroc;

    const SCORES: [f64; 8] = [0.1, 0.4, 0.4, 0.8, 0.35, 0.9, 0.4, 0.2];
    const LABELS: [bool; 8] = [false, false, true, true, false, true, true, true];

    #[test]
    fn the_walk_equals_the_rank_form() {
        let sorted = SortedScores::new(&SCORES, &LABELS).unwrap();
        assert_eq!(sorted.weighted_auroc(|_| 1), auroc(&SCORES, &LABELS));
    }

    #[test]
    fn a_weight_is_a_repetition() {
        let sorted = SortedScores::new(&SCORES, &LABELS).unwrap();
        let weights = [1, 0, 3, 1, 2, 1, 0, 1];
        let repeated = (0..8).flat_map(|i| std::iter::repeat_n(i, weights[i]));
        let (scores, labels): (Vec<f64>, Vec<bool>) = repeated.map(|i| (SCORES[i], LABELS[i])).unzip();
        assert_eq!(sorted.weighted_auroc(|i| weights[i] as u64), auroc(&scores, &labels));
    }

    #[test]
    fn an_unknown_side_is_left_out() {
        let sorted = SortedScores::new(&SCORES, &LABELS).unwrap();
        let mut sides = [Side::With; 8];
        sides[3] = Side::Neither;
        let kept = [0, 1, 2, 4, 5, 6, 7];
        let expected = auroc(&kept.map(|i| SCORES[i]), &kept.map(|i| LABELS[i]));
        assert_eq!(sorted.auroc_of(Side::With, &sides), expected);
        assert_eq!(sorted.gap(&sides), Err(Undefined::OneClass));
        assert_eq!(sorted.gap(&sides[1..]), Err(Undefined::LengthMismatch));
    }
}
