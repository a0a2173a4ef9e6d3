//! Two models on the same items: whom did the second make worse, and is the difference more than chance?

mod kinds;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use super::comparison::{AttributeChange, Change, ChangeRule, ItemChange, LossShift, ModelComparison};
use super::policy::{COVERAGE, LEAST_ITEMS, LEAST_LOSS_SHARE, LEAST_OF_CLASS, LEAST_UNITS, LEVEL};
use super::{ChangedGroups, Fate, GroupChange, Measured, PairedTests, QuantileShift, group_changes};
use crate::audit::{Audit, ModelLosses, Side, Split};
use crate::stats::{self, Clusters, Resampling, Stat, Units};
use kinds::{kind_of_auroc, kind_of_loss};

/// What to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonQuestion {
    /// Names of attributes; none for all.
    pub attributes: Vec<String>,
    /// Items and prompts that are listed.
    pub top: usize,
    pub resampling: Resampling,
    /// Compare AUROCs as well, where the audit has scores and labels.
    pub auroc: bool,
    /// Which items depend on each other (photos of one person): one label an item of the audit.
    pub clusters: Option<Vec<usize>>,
}

impl Default for ComparisonQuestion {
    fn default() -> Self {
        Self { attributes: Vec::new(), top: 10, resampling: Resampling::default(), auroc: true, clusters: None }
    }
}

/// Smallest change of an AUROC worth a verdict.
const LEAST_AUROC: f64 = 0.001;
const QUANTILES: [f64; 7] = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// Both models over the test items that have a loss of either.
struct Pair<'a> {
    audit: &'a Audit,
    rows: Vec<usize>,
    /// Losses before and after, one an item of `rows`.
    losses: [Vec<f64>; 2],
    /// Scores before and after with the labels, where the audit has them.
    scored: Option<([Vec<f64>; 2], Vec<bool>)>,
}

impl<'a> Pair<'a> {
    fn of(audit: &'a Audit, models: [&ModelLosses; 2]) -> Self {
        let mut rows = audit.rows(Split::Test);
        rows.retain(|&row| models.iter().all(|model| model.losses[row].is_finite()));
        let take = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let scored = match (&audit.labels, &models[0].scores, &models[1].scores) {
            (Some(labels), Some(before), Some(after)) => {
                Some(([take(before), take(after)], rows.iter().map(|&row| labels[row]).collect()))
            }
            _ => None,
        };
        Self { losses: models.map(|model| take(&model.losses)), scored, rows, audit }
    }
}

/// Compares the measured losses (and AUROCs) of two models of one audit; no heads are needed.
///
/// Intervals of mean losses are of a skew-corrected t of the differences item by item, or cluster by cluster; those of AUROCs
/// are percentile intervals of a paired bootstrap, in which a replicate weighs both models with the same draw. q is Benjamini-Hochberg over the attributes, each kind of change apart.
#[must_use]
pub fn compare_models(
    audit: &Audit,
    before: &ModelLosses,
    after: &ModelLosses,
    question: &ComparisonQuestion,
) -> ModelComparison {
    let mut pair = Pair::of(audit, [before, after]);
    pair.scored = pair.scored.filter(|_| question.auroc);
    let n = pair.rows.len();
    let attributes: Vec<_> = (audit.attributes.iter())
        .filter(|attribute| question.attributes.is_empty() || question.attributes.contains(&attribute.name))
        .collect();
    let sides: Vec<Vec<stats::Side>> = (attributes.iter())
        .map(|attribute| pair.rows.iter().map(|&row| attribute.values[row].into()).collect())
        .collect();
    let clusters = question
        .clusters
        .as_ref()
        .map(|labels| Clusters::from_labels(&pair.rows.iter().map(|&row| labels[row]).collect::<Vec<usize>>()));
    let units = clusters.as_ref().map_or(Units::Items(n), Units::Clusters);
    let rule = ChangeRule {
        replicates: question.resampling.replicates,
        seed: question.resampling.seed,
        level: LEVEL,
        least_items: LEAST_ITEMS,
        least_units: LEAST_UNITS,
        least_of_class: LEAST_OF_CLASS,
        least_loss: LEAST_LOSS_SHARE * mean(&pair.losses[0]).unwrap_or(0.0),
        least_auroc: LEAST_AUROC,
    };
    let loss = kind_of_loss(&pair, &sides, units, &rule);
    let auroc = kind_of_auroc(&pair, &sides, units, &rule);
    let rows = attributes.iter().zip(&sides).zip(loss.attributes.iter().zip(&auroc.attributes));
    let attributes = rows.map(|((attribute, sides), (loss, auroc))| {
        let count = |side| sides.iter().filter(|&&other| other == side).count();
        AttributeChange {
            name: attribute.name.clone(),
            n_true: count(stats::Side::With),
            n_false: count(stats::Side::Without),
            n_unknown: count(stats::Side::Neither),
            loss_true: loss[0],
            loss_false: loss[1],
            loss_gap: loss[2],
            auroc_true: auroc[0],
            auroc_false: auroc[1],
            auroc_gap: auroc[2],
            predicted: None,
        }
    });
    let attributes: Vec<AttributeChange> = attributes.collect();
    ModelComparison {
        before: before.name.clone(),
        after: after.name.clone(),
        n,
        units: units.len(),
        rule,
        groups: changed_groups(&pair, &attributes, &sides),
        losses: loss_shift(&pair, units, loss.overall, auroc.overall),
        attributes,
        items: risen(&pair, question.top),
        predicted: None,
    }
}

fn mean(values: &[f64]) -> Stat<f64> {
    stats::summary(values).map(|summary| summary.mean)
}

/// What became of each group, and how many different items are in those that met with a fate.
fn changed_groups(pair: &Pair, attributes: &[AttributeChange], sides: &[Vec<stats::Side>]) -> ChangedGroups {
    let tests = |at: usize, side| {
        let of = |model: usize| -> Vec<f64> {
            let losses = pair.losses[model].iter().zip(&sides[at]);
            losses.filter(|(_, other)| **other == side).map(|(loss, _)| *loss).collect()
        };
        PairedTests::of(&of(0), &of(1))
    };
    let groups = group_changes(attributes, |at, side| tests(at, (side == Side::True).into()));
    let mut met = vec![[false; Fate::ALL.len()]; pair.rows.len()];
    let place = |group: &GroupChange| attributes.iter().position(|row| row.name == group.attribute);
    for (group, at) in groups.iter().filter_map(|group| Some((group, place(group)?))) {
        let side = (group.side == Side::True).into();
        let members = met.iter_mut().zip(&sides[at]).filter(|(_, other)| **other == side);
        members.for_each(|(met, _)| met[group.fate as usize] = true);
    }
    let items = Fate::ALL.map(|fate| met.iter().filter(|met| met[fate as usize]).count());
    ChangedGroups::new(groups, items, pair.rows.len())
}

fn loss_shift(pair: &Pair, units: Units, mean: Change, auroc: Change) -> LossShift {
    let sorted = pair.losses.each_ref().map(|losses| {
        let mut sorted = losses.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    });
    let quantile = |probability| QuantileShift {
        probability,
        before: stats::quantile_sorted(&sorted[0], probability),
        after: stats::quantile_sorted(&sorted[1], probability),
    };
    let quantiles = if pair.rows.is_empty() { Vec::new() } else { QUANTILES.map(quantile).to_vec() };
    let differences = || pair.losses[0].iter().zip(&pair.losses[1]).map(|(before, after)| after - before);
    let worse = differences().filter(|difference| *difference > 0.0).count();
    let better = differences().filter(|difference| *difference < 0.0).count();
    let n = pair.rows.len();
    let worse_share = Measured::from(stats::wilson(worse, n, COVERAGE));
    let changes: Vec<f64> = differences().collect();
    LossShift {
        mean,
        standard_error: stats::standard_errors(&changes, units).into(),
        tests: PairedTests::of(&pair.losses[0], &pair.losses[1]),
        auroc,
        quantiles,
        worse,
        better,
        same: n - worse - better,
        worse_share,
    }
}

/// The items whose loss rose most; ties in the order of the audit.
fn risen(pair: &Pair, top: usize) -> Vec<ItemChange> {
    let change = |item: usize| pair.losses[1][item] - pair.losses[0][item];
    let mut order: Vec<usize> = (0..pair.rows.len()).filter(|&item| change(item) > 0.0).collect();
    order.sort_by(|&a, &b| change(b).total_cmp(&change(a)));
    let one = |&item: &usize| {
        let known = &pair.audit.items[pair.rows[item]];
        let (before, after) = (pair.losses[0][item], pair.losses[1][item]);
        ItemChange { id: known.id.to_string(), text: known.text.to_string(), before, after, change: after - before }
    };
    order.iter().take(top).map(one).collect()
}
