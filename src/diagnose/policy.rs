//! What a verdict needs, wherever one is given: tables, comparisons of models, rules.

use crate::stats::{Stat, Undefined, Units};

/// A verdict needs a q under this.
pub(super) const LEVEL: f64 = 0.05;
/// A difference of losses counts from this share of the mean loss on.
pub(super) const LEAST_LOSS_SHARE: f64 = 0.01;
/// Coverage of the intervals printed beside measured values.
pub(super) const COVERAGE: f64 = 0.95;
/// Probability with which `items_needed` resolves a gap.
pub(super) const POWER: f64 = 0.8;
/// Fewest items of a group: below, intervals of skewed losses miss more than one time in ten (docs/statistics.md).
pub const LEAST_ITEMS: usize = 30;
/// Fewest groups of items of a side, where items come in groups.
pub(super) const LEAST_UNITS: usize = 20;
/// Fewest classes of a side, where these are the units.
pub(super) const LEAST_CLASSES: usize = 10;
/// Fewest items of either class, on either side, for an AUROC.
pub(super) const LEAST_OF_CLASS: usize = 10;

/// Whether some items of the test rows, by position, are enough for a verdict.
pub(super) fn enough(items: &[usize], units: Units) -> Stat<()> {
    at_least(items.len(), LEAST_ITEMS)?;
    at_least(units.among(items), LEAST_UNITS)
}

/// Whether the items of either class, among some, are enough for an AUROC's verdict.
pub(super) fn enough_of_class(items: &[usize], labels: &[bool]) -> Stat<()> {
    let positives = items.iter().filter(|&&item| labels[item]).count();
    at_least(positives.min(items.len() - positives), LEAST_OF_CLASS)
}

/// `TooFew` below `need`.
pub(super) fn at_least(n: usize, need: usize) -> Stat<()> {
    if n < need { Err(Undefined::TooFew { n, need }) } else { Ok(()) }
}
