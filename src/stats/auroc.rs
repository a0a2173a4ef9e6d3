//! Area under the ROC curve of a binary score, with DeLong's variance.

use serde::{Deserialize, Serialize};

use super::moments::{count, sum, variance};
use super::rank::{mid_ranks, sorted_order, tie_blocks};
use super::undefined::{Stat, Undefined, require_count};

/// An AUROC with DeLong's variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Auroc {
    /// P(score of a positive > score of a negative), ties counted one half.
    pub value: f64,
    /// DeLong's variance of `value`.
    pub variance: f64,
    /// Items labelled positive.
    pub positives: usize,
    /// Items labelled negative.
    pub negatives: usize,
}

/// AUROC of `scores` (shape `n`) for the label `positive` (shape `n`), ties one half, O(n log n).
///
/// The Mann–Whitney form: `(R₊ − m(m+1)/2) / (m·n)` with `R₊` the mid-rank sum of the positives.
/// Larger score = more positive; a value below one half is never flipped.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `NotFinite` (NaN only), `OneClass`.
pub fn auroc(scores: &[f64], positive: &[bool]) -> Stat<f64> {
    let (positives, negatives) = class_counts(scores, positive)?;
    let ranks = mid_ranks(scores)?;
    let rank_sum = sum(ranks.iter().zip(positive).filter(|&(_, &is)| is).map(|(&rank, _)| rank));
    let (m, n) = (count(positives), count(negatives));
    Ok((rank_sum - m * (m + 1.0) / 2.0) / (m * n))
}

/// AUROC with DeLong's variance by one sort, O(n log n) (DeLong et al. 1988; fast form Sun & Xu 2014).
///
/// Shapes as in [`auroc`].
///
/// # Errors
/// As [`auroc`]; `TooFew` when a class has one item, for then its variance component does not exist.
pub fn delong(scores: &[f64], positive: &[bool]) -> Stat<Auroc> {
    let placements = Placements::of(scores, positive)?;
    let (of_positives, of_negatives) = placements.by_class(positive);
    let (positives, negatives) = (of_positives.len(), of_negatives.len());
    require_count(positives.min(negatives), 2)?;
    Ok(Auroc {
        value: placements.auroc,
        variance: variance(&of_positives) / count(positives) + variance(&of_negatives) / count(negatives),
        positives,
        negatives,
    })
}

/// Each item's share of the other class that stands on the right side of it, ties half.
pub(crate) struct Placements {
    /// The AUROC: the mean placement of either class.
    pub auroc: f64,
    /// Shape `n`, in the order of the items.
    pub each: Vec<f64>,
}

impl Placements {
    pub(crate) fn of(scores: &[f64], positive: &[bool]) -> Stat<Self> {
        let (positives, negatives) = class_counts(scores, positive)?;
        let order = sorted_order(scores);
        let mut each = vec![0.0; scores.len()];
        let (mut positives_below, mut negatives_below) = (0, 0);
        // Twice the number of (positive, negative) pairs in the right order, so that half a tie is whole.
        let mut right_order = 0_u128;
        for block in tie_blocks(scores, &order) {
            let tied = &order[block];
            let tied_positives = tied.iter().filter(|&&i| positive[i]).count();
            let tied_negatives = tied.len() - tied_positives;
            let beats = 2 * negatives_below + tied_negatives;
            let beaten_by = 2 * (positives - positives_below) - tied_positives;
            for &i in tied {
                each[i] = if positive[i] {
                    count(beats) / (2.0 * count(negatives))
                } else {
                    count(beaten_by) / (2.0 * count(positives))
                };
            }
            right_order += tied_positives as u128 * beats as u128;
            positives_below += tied_positives;
            negatives_below += tied_negatives;
        }
        let auroc = ratio(right_order, 2 * positives as u128 * negatives as u128);
        Ok(Self { auroc, each })
    }

    /// The placements of the positives and of the negatives.
    pub(crate) fn by_class(&self, positive: &[bool]) -> (Vec<f64>, Vec<f64>) {
        let of = |class| {
            let paired = self.each.iter().zip(positive);
            paired.filter(|&(_, &is)| is == class).map(|(&v, _)| v).collect()
        };
        (of(true), of(false))
    }
}

/// Exact counts as a share.
#[allow(clippy::cast_precision_loss)]
pub(crate) const fn ratio(part: u128, whole: u128) -> f64 {
    part as f64 / whole as f64
}

/// The sizes of both classes, each at least one.
fn class_counts(scores: &[f64], positive: &[bool]) -> Stat<(usize, usize)> {
    if scores.len() != positive.len() {
        return Err(Undefined::LengthMismatch);
    }
    if scores.is_empty() {
        return Err(Undefined::Empty);
    }
    if scores.iter().any(|s| s.is_nan()) {
        return Err(Undefined::NotFinite);
    }
    let positives = positive.iter().filter(|&&is| is).count();
    match (positives, positive.len() - positives) {
        (0, _) | (_, 0) => Err(Undefined::OneClass),
        both => Ok(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 6] = [0.1, 0.4, 0.4, 0.8, 0.35, 0.9];
    const LABELS: [bool; 6] = [false, false, true, true, false, true];

    #[test]
    fn ties_count_one_half() {
        assert_eq!(auroc(&SCORES, &LABELS), Ok(8.5 / 9.0));
        assert_eq!(auroc(&[1.0, 1.0], &[true, false]), Ok(0.5));
    }

    #[test]
    fn delong_agrees_with_the_plain_value() {
        let both = delong(&SCORES, &LABELS).map(|a| a.value);
        assert!((both.unwrap() - 8.5 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn bad_input_is_an_error_value() {
        assert_eq!(auroc(&[], &[]), Err(Undefined::Empty));
        assert_eq!(auroc(&[1.0], &[]), Err(Undefined::LengthMismatch));
        assert_eq!(auroc(&[1.0, 2.0], &[true, true]), Err(Undefined::OneClass));
        assert_eq!(auroc(&[f64::NAN, 2.0], &[true, false]), Err(Undefined::NotFinite));
        assert_eq!(delong(&[1.0, 2.0, 3.0], &[true, false, false]), Err(Undefined::TooFew { n: 1, need: 2 }));
    }

    #[test]
    fn infinite_scores_still_have_an_order() {
        let scores = [f64::NEG_INFINITY, 0.0, f64::INFINITY];
        assert_eq!(auroc(&scores, &[false, false, true]), Ok(1.0));
    }
}
