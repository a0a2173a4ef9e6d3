//! Two models on the same items: whom did the second make worse, and is the difference more than chance?

mod kinds;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use super::comparison::{AttributeChange, BothWays, Change, ChangeRule, ItemChange, LossShift, ModelComparison};
use super::policy::{COVERAGE, LEAST_ITEMS, LEAST_LOSS_SHARE, LEAST_OF_CLASS, LEAST_UNITS, LEVEL};
use super::{ChangedGroups, Fate, GroupChange, Measured, PairedTests, QuantileShift, group_changes};
use crate::audit::{Attribute, Audit, ModelLosses, Side, Split};
use crate::stats::{self, Clusters, Drawn, Resampling, Stat, Units};
use kinds::{Kind, kind_of_auroc, kind_of_loss};

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

impl ComparisonQuestion {
    /// Replicates that two models will take: those of the losses, and of the AUROCs where they have scores.
    #[must_use]
    pub fn draws(&self, audit: &Audit, models: [&ModelLosses; 2]) -> usize {
        let scored = self.auroc && audit.labels.is_some() && models.iter().all(|model| model.scores.is_some());
        self.resampling.replicates * if scored { 2 } else { 1 }
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
    Compared::of(audit, [before, after], question, &|| {}).comparison(question.top)
}

/// Two models compared, and the same the other way round: draws are made once. `told` is called once a replicate, as often
/// as [`ComparisonQuestion::draws`] says.
#[must_use]
pub fn compare_both_ways(
    audit: &Audit,
    before: &ModelLosses,
    after: &ModelLosses,
    question: &ComparisonQuestion,
    told: Drawn<'_>,
) -> BothWays {
    let found = Compared::of(audit, [before, after], question, told);
    BothWays { there: found.comparison(question.top), back: found.turned().comparison(question.top) }
}

/// What was drawn, and what it was drawn from.
struct Compared<'a> {
    pair: Pair<'a>,
    names: [&'a str; 2],
    attributes: Vec<&'a Attribute>,
    /// A side an item, of each attribute.
    sides: Vec<Vec<stats::Side>>,
    clusters: Option<Clusters>,
    rule: ChangeRule,
    loss: Kind,
    auroc: Kind,
}

impl<'a> Compared<'a> {
    fn of(audit: &'a Audit, models: [&'a ModelLosses; 2], question: &ComparisonQuestion, told: Drawn<'_>) -> Self {
        let mut pair = Pair::of(audit, models);
        pair.scored = pair.scored.filter(|_| question.auroc);
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
        let rule = ChangeRule {
            replicates: question.resampling.replicates,
            seed: question.resampling.seed,
            level: LEVEL,
            least_items: LEAST_ITEMS,
            least_units: LEAST_UNITS,
            least_of_class: LEAST_OF_CLASS,
            least_loss: least_loss(&pair),
            least_auroc: LEAST_AUROC,
        };
        let units = clusters.as_ref().map_or(Units::Items(pair.rows.len()), Units::Clusters);
        let loss = kind_of_loss(&pair, &sides, units, &rule, told);
        let auroc = kind_of_auroc(&pair, &sides, units, &rule, told);
        let names = models.map(|model| model.name.as_str());
        Self { names, attributes, sides, clusters, rule, loss, auroc, pair }
    }

    /// The models the other way round.
    fn turned(mut self) -> Self {
        self.names.swap(0, 1);
        self.pair.losses.swap(0, 1);
        if let Some((scores, _)) = &mut self.pair.scored {
            scores.swap(0, 1);
        }
        self.rule.least_loss = least_loss(&self.pair);
        self.loss = self.loss.turned(self.rule.least_loss);
        self.auroc = self.auroc.turned(self.rule.least_auroc);
        self
    }

    fn units(&self) -> Units<'_> {
        self.clusters.as_ref().map_or(Units::Items(self.pair.rows.len()), Units::Clusters)
    }

    fn comparison(&self, top: usize) -> ModelComparison {
        let attributes = self.changes();
        let [before, after] = self.names.map(str::to_owned);
        ModelComparison {
            before,
            after,
            n: self.pair.rows.len(),
            units: self.units().len(),
            rule: self.rule,
            groups: changed_groups(&self.pair, &attributes, &self.sides),
            losses: loss_shift(&self.pair, self.units(), self.loss.overall, self.auroc.overall),
            attributes,
            items: risen(&self.pair, top),
            predicted: None,
        }
    }

    fn changes(&self) -> Vec<AttributeChange> {
        let one = |at: usize| {
            let (sides, loss, auroc) = (&self.sides[at], self.loss.attributes[at], self.auroc.attributes[at]);
            let count = |side| sides.iter().filter(|&&other| other == side).count();
            AttributeChange {
                name: self.attributes[at].name.clone(),
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
        };
        (0..self.attributes.len()).map(one).collect()
    }
}

/// Smallest change of a mean loss worth a verdict.
fn least_loss(pair: &Pair) -> f64 {
    LEAST_LOSS_SHARE * mean(&pair.losses[0]).unwrap_or(0.0)
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
