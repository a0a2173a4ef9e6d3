//! Two models on the same items: whom did the second make worse, and is the difference more than chance?

use super::comparison::{AttributeChange, Change, ChangeRule, ChangeVerdict, ItemChange, LossShift, ModelComparison};
use super::{Measured, QuantileShift};
use crate::audit::{Audit, ModelLosses, Split};
use crate::stats::{self, Bootstrap, Clusters, Resampling, SideChanges, Stat, Undefined, Units};

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

/// Fewest items of a group, and of either class within it, whose change is worth a verdict.
const LEAST_ITEMS: usize = 10;
const LEAST_OF_CLASS: usize = 5;
/// A verdict needs q under this.
const LEVEL: f64 = 0.05;
/// Smallest change worth a verdict: a share of the mean loss before, and an AUROC.
const LEAST_LOSS_SHARE: f64 = 0.01;
const LEAST_AUROC: f64 = 0.001;
/// Characters of an item's text that are shown.
const LONGEST_EXCERPT: usize = 160;
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
/// Intervals are percentile intervals of a paired bootstrap over items, or over whole clusters: a replicate weighs
/// both models with the same draw. q is Benjamini-Hochberg over the attributes, each kind of change apart.
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
    ModelComparison {
        before: before.name.clone(),
        after: after.name.clone(),
        n,
        units: units.len(),
        rule,
        losses: loss_shift(&pair, loss.overall, auroc.overall),
        attributes: attributes.collect(),
        items: risen(&pair, question.top),
        predicted: None,
    }
}

/// A metric's change over all items, and for each attribute its group with, its group without, and their gap.
struct Kind {
    overall: Change,
    attributes: Vec<[Change; 3]>,
}

/// Which way is worse.
#[derive(Clone, Copy)]
enum Worse {
    Up,
    Down,
    /// Away from zero: a gap.
    Apart,
}

fn kind_of_loss(pair: &Pair, sides: &[Vec<stats::Side>], units: Units, rule: &ChangeRule) -> Kind {
    let plan = Resampling { replicates: rule.replicates, seed: rule.seed };
    let drawn = stats::mean_changes(&pair.losses[0], &pair.losses[1], sides, units, plan);
    let value = |model: usize, side: Option<(usize, stats::Side)>| {
        let on = |item: &usize| side.is_none_or(|(attribute, side)| sides[attribute][*item] == side);
        mean(&(0..pair.rows.len()).filter(on).map(|item| pair.losses[model][item]).collect::<Vec<f64>>())
    };
    let enough = |group: Option<(usize, stats::Side)>| {
        let n =
            group.map_or(pair.rows.len(), |(attribute, side)| sides[attribute].iter().filter(|&&s| s == side).count());
        if n >= rule.least_items { Ok(()) } else { Err(Undefined::TooFew { n, need: rule.least_items }) }
    };
    kind(sides.len(), drawn.as_ref().map_err(|why| *why), value, enough, Worse::Up, rule.least_loss)
}

fn kind_of_auroc(pair: &Pair, sides: &[Vec<stats::Side>], units: Units, rule: &ChangeRule) -> Kind {
    let plan = Resampling { replicates: rule.replicates, seed: rule.seed };
    let Some((scores, labels)) = &pair.scored else {
        let none = |_, _| Err(Undefined::Empty);
        return kind(sides.len(), Err(Undefined::Empty), none, |_| Err(Undefined::Empty), Worse::Down, 0.0);
    };
    let drawn = stats::auroc_changes(&scores[0], &scores[1], labels, sides, units, plan);
    let members = |group: Option<(usize, stats::Side)>| {
        let on = move |item: &usize| group.is_none_or(|(attribute, side)| sides[attribute][*item] == side);
        (0..labels.len()).filter(on)
    };
    let value = |model: usize, group| {
        let (scores, labels): (Vec<f64>, Vec<bool>) =
            members(group).map(|item| (scores[model][item], labels[item])).unzip();
        stats::auroc(&scores, &labels)
    };
    let enough = |group| {
        let positives = members(group).filter(|&item| labels[item]).count();
        let n = positives.min(members(group).count() - positives);
        if n >= rule.least_of_class { Ok(()) } else { Err(Undefined::TooFew { n, need: rule.least_of_class }) }
    };
    kind(sides.len(), drawn.as_ref().map_err(|why| *why), value, enough, Worse::Down, rule.least_auroc)
}

type Group = Option<(usize, stats::Side)>;

/// Puts values, intervals, q-values and verdicts together.
fn kind(
    attributes: usize,
    drawn: Result<&stats::Changes, Undefined>,
    value: impl Fn(usize, Group) -> Stat<f64>,
    enough: impl Fn(Group) -> Stat<()>,
    worse: Worse,
    least: f64,
) -> Kind {
    let raw = |group: Group| Raw {
        before: value(0, group),
        after: value(1, group),
        drawn: drawn.and_then(|drawn| match group {
            None => drawn.overall.as_ref().map_err(|why| *why),
            Some((attribute, side)) => of_side(&drawn.attributes[attribute], side).as_ref().map_err(|why| *why),
        }),
        enough: enough(group),
    };
    let overall = judged(vec![raw(None)], worse, least)[0];
    let of = |side| (0..attributes).map(|attribute| raw(Some((attribute, side)))).collect::<Vec<Raw>>();
    let (with, without) = (of(stats::Side::With), of(stats::Side::Without));
    let gaps = (0..attributes).map(|attribute| {
        let (with, without) = (&with[attribute], &without[attribute]);
        let less = |a: Stat<f64>, b: Stat<f64>| Ok(a? - b?);
        Raw {
            before: less(with.before, without.before),
            after: less(with.after, without.after),
            drawn: drawn.and_then(|drawn| drawn.attributes[attribute].gap.as_ref().map_err(|why| *why)),
            enough: with.enough.and(without.enough),
        }
    });
    let gaps = judged(gaps.collect(), Worse::Apart, least);
    let groups = judged(with.into_iter().chain(without).collect(), worse, least);
    let attributes = (0..attributes).map(|at| [groups[at], groups[attributes + at], gaps[at]]).collect();
    Kind { overall, attributes }
}

fn of_side(changes: &SideChanges, side: stats::Side) -> &Stat<Bootstrap> {
    if side == stats::Side::With { &changes.with } else { &changes.without }
}

/// A change before it is compared with the others of its kind.
struct Raw<'a> {
    before: Stat<f64>,
    after: Stat<f64>,
    drawn: Stat<&'a Bootstrap>,
    enough: Stat<()>,
}

fn judged(raw: Vec<Raw>, worse: Worse, least: f64) -> Vec<Change> {
    // A group that is too small gets no p, and so does not make the others' q larger.
    let p: Vec<Stat<f64>> = raw.iter().map(|raw| raw.enough.and_then(|()| Ok(raw.drawn?.p_zero()))).collect();
    let q = stats::benjamini_hochberg(&p);
    let one = |(raw, (p, q)): (Raw, (Stat<f64>, Stat<f64>))| {
        let change = raw.before.and_then(|before| Ok(raw.after? - before));
        let badness = match worse {
            Worse::Up => change,
            Worse::Down => change.map(|change| -change),
            Worse::Apart => raw.before.and_then(|before| Ok(raw.after?.abs() - before.abs())),
        };
        let verdict = match (q, badness) {
            (Ok(q), Ok(badness)) if q < LEVEL && badness.abs() >= least && badness != 0.0 => {
                if badness > 0.0 {
                    ChangeVerdict::Worse
                } else {
                    ChangeVerdict::Better
                }
            }
            (Ok(_), Ok(_)) => ChangeVerdict::NoDifference,
            _ => ChangeVerdict::NotEnoughData,
        };
        Change {
            before: raw.before.into(),
            after: raw.after.into(),
            change: change.into(),
            interval: raw.drawn.and_then(|drawn| drawn.percentile(0.95)).into(),
            p: p.into(),
            q: q.into(),
            verdict,
        }
    };
    raw.into_iter().zip(p.into_iter().zip(q)).map(one).collect()
}

fn mean(values: &[f64]) -> Stat<f64> {
    stats::summary(values).map(|summary| summary.mean)
}

fn loss_shift(pair: &Pair, mean: Change, auroc: Change) -> LossShift {
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
    let worse_share = Measured::from(stats::wilson(worse, n, 0.95));
    LossShift { mean, auroc, quantiles, worse, better, same: n - worse - better, worse_share }
}

/// The items whose loss rose most; ties in the order of the audit.
fn risen(pair: &Pair, top: usize) -> Vec<ItemChange> {
    let change = |item: usize| pair.losses[1][item] - pair.losses[0][item];
    let mut order: Vec<usize> = (0..pair.rows.len()).filter(|&item| change(item) > 0.0).collect();
    order.sort_by(|&a, &b| change(b).total_cmp(&change(a)));
    let one = |&item: &usize| {
        let known = &pair.audit.items[pair.rows[item]];
        let (before, after) = (pair.losses[0][item], pair.losses[1][item]);
        ItemChange { id: known.id.clone(), text: excerpt(&known.text), before, after, change: after - before }
    };
    order.iter().take(top).map(one).collect()
}

/// The beginning of a text on one line, without control characters.
fn excerpt(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|character| !character.is_control()).collect();
    if line.chars().count() <= LONGEST_EXCERPT {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_EXCERPT - 1).collect();
    cut.trim_end().to_owned() + "…"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::audit::{Attribute, AttributePrompts, Content, Item, PromptSets};

    /// 40 test items, half of them with the attribute; `after` is what the second model loses on each.
    fn audit(after: impl Fn(usize) -> f64) -> Audit {
        let items = (0..40).map(|i| Item {
            id: format!("i{i}"),
            text: format!("item\u{1b}[31m {i}"),
            split: Split::Test,
            content: Content::Text,
        });
        let (with, without) = ("a".to_owned(), "b".to_owned());
        let prompts = AttributePrompts {
            bare: (with.clone(), without.clone()),
            phrase: with,
            antonym: Some(without),
            generic: "c".into(),
            made: false,
        };
        let attribute = Attribute { name: "odd".into(), prompts, values: (0..40).map(|i| Some(i % 2 == 1)).collect() };
        let losses: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i % 7) / 10.0).collect();
        let second = (0..40).map(after).collect();
        Audit {
            name: "tiny".into(),
            items: items.collect(),
            labels: None,
            clusters: None,
            attributes: vec![attribute],
            models: vec![
                ModelLosses { name: "v1".into(), losses, scores: None, class_aurocs: None },
                ModelLosses { name: "v2".into(), losses: second, scores: None, class_aurocs: None },
            ],
            prompts: PromptSets::default(),
        }
    }

    fn compare(audit: &Audit) -> ModelComparison {
        compare_models(audit, &audit.models[0], &audit.models[1], &ComparisonQuestion::default())
    }

    fn base(i: usize) -> f64 {
        1.0 + (i % 7) as f64 / 10.0
    }

    #[test]
    fn a_model_compared_with_itself_is_no_different() {
        let found = compare(&audit(base));
        let odd = &found.attributes[0];
        assert_eq!(odd.loss_gap.verdict, ChangeVerdict::NoDifference);
        assert_eq!(odd.loss_gap.change.value(), Some(0.0));
        assert_eq!((found.losses.worse, found.losses.better, found.losses.same), (0, 0, 40));
        assert_eq!(found.losses.mean.verdict, ChangeVerdict::NoDifference);
        assert!(found.items.is_empty());
    }

    #[test]
    fn a_group_made_worse_is_found_with_its_sign() {
        let found = compare(&audit(|i| base(i) + if i % 2 == 1 { 0.5 + (i % 3) as f64 / 10.0 } else { 0.0 }));
        let odd = &found.attributes[0];
        assert_eq!(odd.loss_gap.verdict, ChangeVerdict::Worse);
        assert_eq!(odd.loss_true.verdict, ChangeVerdict::Worse);
        assert_eq!(odd.loss_false.verdict, ChangeVerdict::NoDifference);
        let (change, interval) = (odd.loss_gap.change.value().unwrap(), odd.loss_gap.interval.value().unwrap());
        assert!((0.5..0.7).contains(&change) && interval.low > 0.0 && interval.low < change && change < interval.high);
        assert_eq!((found.losses.worse, found.losses.same, found.items.len()), (20, 20, 10));
        assert!(found.items.windows(2).all(|pair| pair[0].change >= pair[1].change));
        assert!(!found.items[0].text.contains('\u{1b}'), "control characters stay out");
    }

    #[test]
    fn a_gap_that_only_changes_sides_is_not_worse() {
        // The gap before is +g, after −g: its size is the same.
        let flipped = |i: usize| base(if i % 2 == 1 { i - 1 } else { i + 1 });
        let found = compare(&audit(flipped));
        let gap = &found.attributes[0].loss_gap;
        assert!((gap.before.value().unwrap() + gap.after.value().unwrap()).abs() < 1e-12);
        assert_eq!(gap.verdict, ChangeVerdict::NoDifference);
    }

    #[test]
    fn a_change_under_the_least_effect_is_no_verdict_however_sure() {
        let found = compare(&audit(|i| base(i) + 0.001));
        assert!(found.losses.mean.q.value().unwrap() < 0.05);
        assert_eq!(found.losses.mean.verdict, ChangeVerdict::NoDifference);
    }

    #[test]
    fn few_items_are_not_enough_data() {
        let mut audit = audit(|i| base(i) + 1.0);
        audit.attributes[0].values = (0..40).map(|i| Some(i < 5)).collect();
        let odd = compare(&audit).attributes.remove(0);
        assert_eq!(odd.loss_gap.verdict, ChangeVerdict::NotEnoughData);
        assert_eq!(odd.loss_true.q, Measured::Undefined { undefined: Undefined::TooFew { n: 5, need: 10 } });
        assert_eq!(odd.loss_false.verdict, ChangeVerdict::Worse);
        assert_eq!(odd.auroc_gap.verdict, ChangeVerdict::NotEnoughData);
    }

    #[test]
    fn items_without_a_loss_of_both_take_no_part() {
        let found = compare(&audit(|i| if i < 4 { f64::NAN } else { base(i) }));
        assert_eq!(found.n, 36);
    }

    #[test]
    fn clusters_widen_the_interval() {
        let audit = audit(|i| base(i) + (i / 8) as f64 / 10.0);
        let mut question = ComparisonQuestion::default();
        let width = |question: &ComparisonQuestion| {
            let found = compare_models(&audit, &audit.models[0], &audit.models[1], question);
            let interval = found.losses.mean.interval.value().unwrap();
            (found.units, interval.high - interval.low)
        };
        let (items, alone) = width(&question);
        question.clusters = Some((0..40).map(|i| i / 8).collect());
        let (clusters, together) = width(&question);
        assert_eq!((items, clusters), (40, 5));
        assert!(together > 1.5 * alone, "{together} {alone}");
    }
}
