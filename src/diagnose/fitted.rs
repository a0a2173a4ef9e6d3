//! Losses of a fitted model: lower on the training items because the model was fitted to them.

use crate::audit::{Audit, HeadKind, ModelLosses, Split};
use crate::stats;
use serde::{Deserialize, Serialize};

/// Ratios of the mean losses of training and test items within which they are alike.
pub(super) const ALIKE: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// Greatest Kolmogorov–Smirnov distance of losses that are alike.
const MOST_DISTANCE: f64 = 0.1;
/// p over which a difference may be chance: what is beyond the bounds in a small audit says nothing.
const CHANCE: f64 = 0.001;

/// What is said in place of an amount.
pub const NO_AMOUNT: &str = "no amount: fitted losses";

/// Whether a head's outputs may be told as amounts of loss: of losses of data a model was `fitted` to the regressor learns an
/// order alone. Everything that prints an amount asks this.
#[must_use]
pub fn tells_amounts(head: HeadKind, fitted: bool) -> bool {
    !(fitted && head == HeadKind::Regressor)
}

/// Losses of training items that are not distributed as those of test items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FittedLosses {
    pub train_items: usize,
    pub test_items: usize,
    /// Mean losses of either.
    pub train_mean: f64,
    pub test_mean: f64,
    /// Kolmogorov–Smirnov distance of the two.
    pub distance: f64,
}

impl FittedLosses {
    /// Looks at a model's losses; `None` where those of training and test items are alike, or there are too few to tell.
    #[must_use]
    pub fn of(audit: &Audit, model: &ModelLosses) -> Option<Self> {
        let rows = [Split::Train, Split::Test].map(|split| audit.rows_of(model, split));
        let [train, test] = rows.each_ref().map(|rows| rows.iter().map(|&row| model.losses[row]).collect::<Vec<f64>>());
        let of = |of: &Vec<usize>| rows.concat().iter().map(|&row| of[row]).collect::<Vec<usize>>();
        Self::between(&train, &test, audit.clusters.as_ref().map(of).as_deref())
    }

    /// `groups` has a label an item, training items first: people with many items make two splits unlike that are not.
    pub(super) fn between(train: &[f64], test: &[f64], groups: Option<&[usize]>) -> Option<Self> {
        let smirnov = stats::smirnov(train, test).ok()?;
        let both = [train, test].concat();
        let sides: Vec<stats::Side> = (0..both.len()).map(|item| (item < train.len()).into()).collect();
        let clusters = groups.map(stats::Clusters::from_labels);
        let units = clusters.as_ref().map_or(stats::Units::Items(both.len()), stats::Units::Clusters);
        let [of_train, of_test] =
            [0..train.len(), train.len()..both.len()].map(|items| units.among(&items.collect::<Vec<usize>>()));
        let p = smirnov.p_of_units(of_train, of_test);
        let gap = stats::mean_gap(&both, &sides, units, stats::Better::Lower).ok()?;
        let (train_mean, test_mean) = (gap.gap.with, gap.gap.without);
        let apart = !ALIKE.contains(&(train_mean / test_mean)) && gap.p().is_ok_and(|p| p < CHANCE);
        let unlike = smirnov.distance > MOST_DISTANCE && p < CHANCE;
        (apart || unlike).then_some(Self {
            train_items: train.len(),
            test_items: test.len(),
            train_mean,
            test_mean,
            distance: smirnov.distance,
        })
    }

    /// One sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let cause = if self.train_mean <= self.test_mean {
            "These look like losses on data the model was fitted to; give out-of-fold losses."
        } else {
            // No fit makes training items lose more.
            "Training and test items are not of one kind: training items lose more; draw the splits from the same data."
        };
        format!(
            "{cause} Mean loss {:.4} of {} training items, {:.4} of {} test items (Kolmogorov-Smirnov distance {:.2}): what heads learn from the former is no amount of loss to expect.",
            self.train_mean,
            super::grouped(self.train_items),
            self.test_mean,
            super::grouped(self.test_items),
            self.distance
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(n: usize, scale: f64) -> Vec<f64> {
        // Exponential quantiles in a scrambled order.
        (0..n).map(|i| -scale * (1.0 - (((i * 7_919) % n) as f64 + 0.5) / n as f64).ln()).collect()
    }

    #[test]
    fn lower_losses_on_training_items_are_noticed_and_equal_ones_are_not() {
        assert_eq!(FittedLosses::between(&losses(900, 1.0), &losses(700, 1.0), None), None);
        assert_eq!(FittedLosses::between(&losses(900, 0.9), &losses(700, 1.0), None), None);
        let found = FittedLosses::between(&losses(900, 0.3), &losses(700, 1.0), None).unwrap();
        assert!(found.distance > 0.3 && (found.train_mean / found.test_mean - 0.3).abs() < 0.01, "{found:?}");
        assert!(found.sentence().contains("give out-of-fold losses"));
        let found = FittedLosses::between(&losses(900, 3.0), &losses(700, 1.0), None).unwrap();
        assert!(found.sentence().contains("training items lose more") && !found.sentence().contains("fitted"));
        // Equal means, other shapes: the distance says so.
        assert!(FittedLosses::between(&vec![1.0; 900], &losses(700, 1.0), None).is_some());
    }

    #[test]
    fn a_few_people_with_many_items_are_no_sign_of_a_fit() {
        // 30 people of 30 items each, every one with a loss of their own: half of them make the splits unlike.
        let person = |at: usize| losses(30, 1.0)[at / 30 * 17 % 30];
        let (train, test): (Vec<f64>, Vec<f64>) = ((0..480).map(person).collect(), (480..900).map(person).collect());
        let of: Vec<usize> = (0..900).map(|item| item / 30).collect();
        assert!(FittedLosses::between(&train, &test, None).is_some());
        assert_eq!(FittedLosses::between(&train, &test, Some(&of)), None);
    }

    #[test]
    fn forty_items_a_split_are_too_few_to_blame() {
        assert_eq!(FittedLosses::between(&losses(40, 0.75), &losses(40, 1.0), None), None);
    }
}
