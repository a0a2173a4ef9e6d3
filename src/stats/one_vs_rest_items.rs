//! Variance of a macro one-vs-rest AUROC over items: for a model of few classes, whose classes are no sample of any.

use super::moments::{count, sum};
use super::undefined::{Stat, Undefined};

/// Variance of the macro AUROC of a group, by the sum of each item's influence on all its classes (DeLong, DeLong and
/// Clarke-Pearson 1988, taken over classes that share their items).
///
/// `scores[k]` are the scores of class `k` for every item (shape `n`), `class_of` the class of each item, `member` who is
/// in the group. Negatives of a class are the group's items of other classes, as [`Negatives::Group`](super::Negatives::Group) has it; classes
/// without an item or without another's in the group do not count. O(C n log n).
///
/// # Errors
/// `LengthMismatch`, `NotFinite`, `OneClass` (no eligible class), `TooFew` (fewer than two items).
pub fn macro_item_variance(scores: &[Vec<f64>], class_of: &[usize], member: &[bool]) -> Stat<f64> {
    if member.len() != class_of.len() || scores.iter().any(|column| column.len() != class_of.len()) {
        return Err(Undefined::LengthMismatch);
    }
    let items: Vec<usize> = (0..member.len()).filter(|&item| member[item]).collect();
    if items.len() < 2 {
        return Err(Undefined::TooFew { n: items.len(), need: 2 });
    }
    let mut influence = vec![0.0; items.len()];
    let mut eligible = 0;
    for (class, column) in scores.iter().enumerate() {
        let values: Vec<f64> = items.iter().map(|&item| column[item]).collect();
        if values.iter().any(|value| value.is_nan()) {
            return Err(Undefined::NotFinite);
        }
        let is_own: Vec<bool> = items.iter().map(|&item| class_of[item] == class).collect();
        let side = |own: bool| {
            let mut side: Vec<f64> =
                values.iter().zip(&is_own).filter(|(_, is)| **is == own).map(|(value, _)| *value).collect();
            side.sort_unstable_by(f64::total_cmp);
            side
        };
        let (positives, negatives) = (side(true), side(false));
        if positives.is_empty() || negatives.is_empty() {
            continue;
        }
        eligible += 1;
        // Share of the other side that an item beats, ties half.
        let beaten = |value: f64, others: &[f64]| {
            let below = others.partition_point(|other| *other < value);
            let up_to = others.partition_point(|other| *other <= value);
            (count(below) + count(up_to)) / 2.0 / count(others.len())
        };
        let placed: Vec<f64> = values
            .iter()
            .zip(&is_own)
            .map(|(value, own)| if *own { beaten(*value, &negatives) } else { 1.0 - beaten(*value, &positives) })
            .collect();
        let auroc =
            sum(placed.iter().zip(&is_own).filter(|(_, own)| **own).map(|(place, _)| *place)) / count(positives.len());
        for ((influence, place), own) in influence.iter_mut().zip(&placed).zip(&is_own) {
            *influence += (place - auroc) / count(if *own { positives.len() } else { negatives.len() });
        }
    }
    if eligible == 0 {
        return Err(Undefined::OneClass);
    }
    let n = count(items.len());
    let classes = count(eligible);
    Ok(sum(influence.iter().map(|value| (value / classes).powi(2))) * n / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noisy scores of three classes, the same every time.
    fn world(n: usize, seed: u64) -> (Vec<Vec<f64>>, Vec<usize>) {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let class_of: Vec<usize> = (0..n).map(|item| item % 3).collect();
        let scores =
            (0..3).map(|class| class_of.iter().map(|own| draw() + if *own == class { 0.4 } else { 0.0 }).collect());
        (scores.collect(), class_of)
    }

    fn macro_auroc(scores: &[Vec<f64>], class_of: &[usize]) -> f64 {
        let of = |class: usize| {
            let (mut won, mut pairs) = (0.0, 0.0);
            for (a, _) in class_of.iter().enumerate().filter(|(_, own)| **own == class) {
                for (b, _) in class_of.iter().enumerate().filter(|(_, own)| **own != class) {
                    let (a, b) = (scores[class][a], scores[class][b]);
                    won += if a > b {
                        1.0
                    } else if a == b {
                        0.5
                    } else {
                        0.0
                    };
                    pairs += 1.0;
                }
            }
            won / pairs
        };
        (0..3).map(of).sum::<f64>() / 3.0
    }

    #[test]
    fn the_variance_is_the_spread_over_fresh_items() {
        let n = 60;
        let found: Vec<(f64, f64)> = (1..=400)
            .map(|seed| {
                let (scores, class_of) = world(n, seed * 7_919);
                let variance = macro_item_variance(&scores, &class_of, &vec![true; n]).unwrap();
                (macro_auroc(&scores, &class_of), variance)
            })
            .collect();
        let mean = found.iter().map(|(value, _)| value).sum::<f64>() / 400.0;
        let spread = found.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / 399.0;
        let told = found.iter().map(|(_, variance)| variance).sum::<f64>() / 400.0;
        assert!((told / spread - 1.0).abs() < 0.2, "told {told:.5}, spread {spread:.5}");
    }

    #[test]
    fn items_outside_the_group_do_not_count() {
        let (scores, class_of) = world(30, 5);
        let inside: Vec<bool> = (0..30).map(|item| item < 20).collect();
        let cut: Vec<Vec<f64>> = scores.iter().map(|column| column[..20].to_vec()).collect();
        let apart = macro_item_variance(&cut, &class_of[..20], &[true; 20]);
        assert_eq!(macro_item_variance(&scores, &class_of, &inside), apart);
        assert_eq!(macro_item_variance(&scores, &[0; 30], &inside), Err(Undefined::OneClass));
    }
}
