//! Table 5: the Rawlsian max-min of every attribute, measured and predicted, over the test items.

use super::classes::ClassSides;
use super::reference::grouped;
use super::{AttributeRow, AttributesTable, Evidence, GapEvidence, Measured, PredictedGap, Verdict, ZeroShot};
use crate::audit::{Attribute, Contrast, HeadKind, Side};
use crate::stats::{self, Bootstrap, Clusters, Interval, MeasuredGap, Resampling, Stat, Undefined, Units};
use rayon::prelude::*;

/// Where intervals and p-values of gaps come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalMethod {
    /// DeLong's and Welch's variances: at once.
    Analytic,
    /// Percentile bootstrap over the test items.
    Percentile { replicates: usize },
    /// Bias-corrected and accelerated bootstrap over the test items.
    Bca { replicates: usize },
}

/// Fills Table 5.
#[must_use]
pub fn attributes(evidence: &Evidence, method: IntervalMethod) -> AttributesTable {
    let labels: Option<Vec<usize>> =
        evidence.audit.clusters.as_ref().map(|of| evidence.rows.iter().map(|&row| of[row]).collect());
    let clusters = labels.as_deref().map(Clusters::from_labels);
    let units = clusters.as_ref().map_or(Units::Items(evidence.rows.len()), Units::Clusters);
    let all = evidence.audit.attributes.par_iter().enumerate();
    let both: Vec<(AttributeRow, MeasuredGaps)> =
        all.map(|(at, attribute)| row(evidence, (at, attribute), units, method)).collect();
    let (mut rows, gaps): (Vec<AttributeRow>, Vec<MeasuredGaps>) = both.into_iter().unzip();
    let auroc: Vec<Stat<MeasuredGap>> = gaps.iter().map(|gaps| gaps.auroc).collect();
    let loss: Vec<Stat<MeasuredGap>> = gaps.iter().map(|gaps| gaps.loss).collect();
    let enough: Vec<(bool, bool)> = gaps.iter().map(|gaps| (gaps.enough_for_auroc, gaps.enough_for_loss)).collect();
    let drawn = |of: fn(&MeasuredGaps) -> Option<Drawn>| gaps.iter().map(of).collect::<Vec<_>>();
    let auroc = gap_evidence(&auroc, &drawn(|gaps| gaps.auroc_drawn));
    let loss = gap_evidence(&loss, &drawn(|gaps| gaps.loss_drawn));
    let judged = auroc.into_iter().zip(loss).zip(enough);
    for (row, ((auroc, loss), (enough_for_auroc, enough_for_loss))) in rows.iter_mut().zip(judged) {
        row.auroc_evidence = auroc.unless(enough_for_auroc);
        row.loss_evidence = loss.unless(enough_for_loss);
    }
    let classes = evidence.model.class_aurocs.as_ref().map(|aurocs| aurocs.classes);
    let over_items = evidence.model.class_aurocs.as_ref().is_some_and(|aurocs| !aurocs.item_variances.is_empty());
    let intervals = method.words(units, classes.map(|_| over_items));
    AttributesTable { n: evidence.rows.len(), units: units.len(), classes, intervals, rows }
}

/// Fewest independent units of a group, and items of either class within it, whose gap is worth a verdict.
pub(super) const LEAST_ITEMS: usize = 10;
const LEAST_OF_CLASS: usize = 5;

/// An attribute's gaps with their variances, before they are compared with those of the other attributes.
struct MeasuredGaps {
    auroc: Stat<MeasuredGap>,
    loss: Stat<MeasuredGap>,
    enough_for_auroc: bool,
    enough_for_loss: bool,
    auroc_drawn: Option<Drawn>,
    loss_drawn: Option<Drawn>,
}

/// What a bootstrap says of one gap.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    interval: Stat<Interval>,
    p: Stat<f64>,
}

impl IntervalMethod {
    /// In words; `classes` is whether AUROC is one of many classes, and then whether items are its units.
    fn words(self, units: Units, classes: Option<bool>) -> String {
        let of_units = match units {
            Units::Items(_) => String::new(),
            Units::Clusters(clusters) => format!(" over {} groups of items", grouped(clusters.len())),
        };
        match (self, units) {
            (Self::Analytic, Units::Items(_)) if classes.is_some() => {
                format!("{}, Welch's variance for loss", self.words_of_classes(classes == Some(true)))
            }
            (Self::Analytic, Units::Items(_)) => "DeLong's variance for AUROC, Welch's for loss".into(),
            (Self::Analytic, Units::Clusters(_)) if classes.is_some() => {
                format!("{}, the sandwich variance{of_units} for loss", self.words_of_classes(false))
            }
            (Self::Analytic, Units::Clusters(_)) => format!("the sandwich variance{of_units}"),
            (Self::Percentile { replicates } | Self::Bca { replicates }, _) => {
                let kind = if matches!(self, Self::Bca { .. }) { "BCa" } else { "percentile" };
                let classes = classes.map(|over_items| format!("; {}", self.words_of_classes(over_items)));
                let classes = classes.unwrap_or_default();
                format!("{kind} bootstrap, {} replicates{of_units}{classes}", grouped(replicates))
            }
        }
    }

    /// Asks a bootstrap of this many replicates, if one is wanted.
    pub(super) fn draw(self, bootstrap: impl FnOnce(Resampling) -> Stat<Bootstrap>) -> Option<Drawn> {
        let (Self::Percentile { replicates } | Self::Bca { replicates }) = self else { return None };
        let found = bootstrap(Resampling { replicates, ..Resampling::default() });
        let interval = |found: &Bootstrap| match self {
            Self::Bca { .. } => found.bca(0.95),
            Self::Percentile { .. } | Self::Analytic => found.percentile(0.95),
        };
        Some(match found {
            Ok(found) => Drawn { interval: interval(&found), p: Ok(found.p_zero()) },
            Err(why) => Drawn { interval: Err(why), p: Err(why) },
        })
    }
}

impl MeasuredGaps {
    fn of(
        evidence: &Evidence,
        groups: &Groups,
        classes: Option<&ClassSides>,
        units: Units,
        method: IntervalMethod,
    ) -> Self {
        let mut sides = vec![stats::Side::Neither; evidence.rows.len()];
        let enough_units =
            [&groups.with, &groups.without].into_iter().all(|group| units_of(group, units) >= LEAST_ITEMS);
        groups.with.iter().for_each(|&position| sides[position] = stats::Side::With);
        groups.without.iter().for_each(|&position| sides[position] = stats::Side::Without);
        let (auroc, auroc_drawn, enough_for_auroc) = match (classes, &evidence.audit.labels, &evidence.model.scores) {
            (Some(classes), _, _) => (classes.gap(), classes.bootstrap(method), classes.enough()),
            (None, Some(labels), Some(scores)) => {
                let scores: Vec<f64> = evidence.rows.iter().map(|&row| scores[row]).collect();
                let labels: Vec<bool> = evidence.rows.iter().map(|&row| labels[row]).collect();
                let enough = [&groups.with, &groups.without].into_iter().all(|group| {
                    let positives = group.iter().filter(|&&position| labels[position]).count();
                    positives.min(group.len() - positives) >= LEAST_OF_CLASS
                }) && enough_units;
                let drawn = method.draw(|plan| stats::auroc_gap_bootstrap(&scores, &labels, &sides, units, plan));
                (stats::auroc_gap(&scores, &labels, &sides, units), drawn, enough)
            }
            _ => (Err(Undefined::Empty), None, false),
        };
        Self {
            auroc,
            loss: stats::mean_gap(&evidence.losses, &sides, units, stats::Better::Lower),
            auroc_drawn,
            loss_drawn: method.draw(|plan| stats::mean_gap_bootstrap(&evidence.losses, &sides, units, plan)),
            enough_for_auroc,
            enough_for_loss: enough_units,
        }
    }
}

/// How many independent units some items are of.
fn units_of(items: &[usize], units: Units) -> usize {
    match units {
        Units::Items(_) => items.len(),
        Units::Clusters(clusters) => {
            items.iter().filter_map(|&item| clusters.of(item)).collect::<std::collections::HashSet<_>>().len()
        }
    }
}

/// Intervals, q-values and verdicts of one kind of gap over all attributes.
pub(super) fn gap_evidence(gaps: &[Stat<MeasuredGap>], drawn: &[Option<Drawn>]) -> Vec<GapEvidence> {
    let p: Vec<Stat<f64>> = gaps
        .iter()
        .zip(drawn)
        .map(|(gap, drawn)| drawn.map_or_else(|| gap.and_then(|gap| gap.p()), |drawn| drawn.p))
        .collect();
    let q = stats::benjamini_hochberg(&p);
    let shrunken = stats::shrink_gaps(gaps);
    let one = |index: usize| GapEvidence {
        interval: drawn[index].map_or_else(|| gaps[index].map(|gap| gap.interval(0.95)), |drawn| drawn.interval).into(),
        p: p[index].into(),
        q: q[index].into(),
        shrunken: shrunken[index].into(),
        items_needed: gaps[index].and_then(|gap| gap.items_needed(0.95, 0.8)).into(),
        verdict: if q[index].is_ok_and(|q| q < 0.05) { Verdict::Resolved } else { Verdict::NotResolved },
    };
    (0..gaps.len()).map(one).collect()
}

impl GapEvidence {
    /// The same, without a verdict where there is not enough to judge by.
    pub(super) fn unless(self, enough: bool) -> Self {
        if enough && self.p.value().is_some() { self } else { Self { verdict: Verdict::NotEnoughData, ..self } }
    }

    /// What stands in a row until it is compared with the others.
    fn pending() -> Self {
        let none = Measured::Undefined { undefined: Undefined::Empty };
        let interval = Measured::Undefined { undefined: Undefined::Empty };
        let items_needed = Measured::Undefined { undefined: Undefined::Empty };
        Self { interval, p: none, q: none, shrunken: none, items_needed, verdict: Verdict::NotEnoughData }
    }
}

/// Test positions (within the test split) of an attribute's two groups.
struct Groups {
    with: Vec<usize>,
    without: Vec<usize>,
}

fn row(
    evidence: &Evidence,
    (at, attribute): (usize, &Attribute),
    units: Units,
    method: IntervalMethod,
) -> (AttributeRow, MeasuredGaps) {
    let mut groups = Groups { with: Vec::new(), without: Vec::new() };
    for (position, &item) in evidence.rows.iter().enumerate() {
        match attribute.values[item] {
            Some(true) => groups.with.push(position),
            Some(false) => groups.without.push(position),
            None => {}
        }
    }
    let classes = evidence.model.class_aurocs.as_ref().map(|aurocs| ClassSides::new(aurocs, at));
    let [auroc_true, auroc_false] = match &classes {
        Some(classes) => classes.aurocs(),
        None => [&groups.with, &groups.without].map(|group| group_auroc(evidence, group)),
    };
    let loss_true = group_loss(evidence, &groups.with);
    let loss_false = group_loss(evidence, &groups.without);
    let difference = |a: Stat<f64>, b: Stat<f64>| a.and_then(|a| b.map(|b| a - b));
    let auroc_gap = difference(auroc_true, auroc_false);
    let loss_gap = difference(loss_true, loss_false);
    let worse = |risk: Stat<f64>| {
        risk.ok().and_then(|risk| {
            if risk > 0.0 {
                Some(Side::True)
            } else if risk < 0.0 {
                Some(Side::False)
            } else {
                None
            }
        })
    };
    let gaps = MeasuredGaps::of(evidence, &groups, classes.as_ref(), units, method);
    let row = AttributeRow {
        name: attribute.name.clone(),
        prompts: attribute.prompts.clone(),
        contrast: attribute.prompts.natural_contrast(),
        n_true: groups.with.len(),
        n_false: groups.without.len(),
        n_unknown: evidence.rows.len() - groups.with.len() - groups.without.len(),
        auroc_true: auroc_true.into(),
        auroc_false: auroc_false.into(),
        classes: classes.as_ref().map(ClassSides::counts),
        auroc_gap: auroc_gap.into(),
        rmm: auroc_gap.map(f64::abs).into(),
        worse_auroc: worse(auroc_gap.map(|gap| -gap)),
        loss_true: loss_true.into(),
        loss_false: loss_false.into(),
        loss_gap: loss_gap.into(),
        worse_loss: worse(loss_gap),
        auroc_evidence: GapEvidence::pending(),
        loss_evidence: GapEvidence::pending(),
        everybody: None,
        predicted: predicted(evidence, attribute),
        zero_shot: zero_shot(evidence, attribute, &groups),
    };
    (row, gaps)
}

/// AUROC of the audited model within a group; needs its scores and labels.
fn group_auroc(evidence: &Evidence, group: &[usize]) -> Stat<f64> {
    let (Some(labels), Some(scores)) = (&evidence.audit.labels, &evidence.model.scores) else {
        return Err(Undefined::Empty);
    };
    let scores: Vec<f64> = group.iter().map(|&position| scores[evidence.rows[position]]).collect();
    let labels: Vec<bool> = group.iter().map(|&position| labels[evidence.rows[position]]).collect();
    stats::auroc(&scores, &labels)
}

fn group_loss(evidence: &Evidence, group: &[usize]) -> Stat<f64> {
    if group.is_empty() {
        return Err(Undefined::Empty);
    }
    Ok(group.iter().map(|&position| evidence.losses[position]).sum::<f64>() / group.len() as f64)
}

/// Risk(phrase) − risk(contrast) of every head under every contrast.
fn predicted(evidence: &Evidence, attribute: &Attribute) -> Vec<PredictedGap> {
    let mut gaps = Vec::new();
    for contrast in Contrast::ALL {
        let Some((phrase, other)) = attribute.prompts.pair(contrast) else { continue };
        for head in HeadKind::ALL {
            let (Some(a), Some(b)) = (evidence.prompt_risk(head, phrase), evidence.prompt_risk(head, other)) else {
                continue;
            };
            let members: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
            let (Ok(summary), Ok(direction)) = (stats::summary(&members), stats::direction(&members)) else { continue };
            gaps.push(PredictedGap { head, contrast, members, summary, direction });
        }
    }
    gaps
}

/// AUROC of `cos(e, φ(phrase)) − cos(e, φ(contrast))` against the attribute.
fn zero_shot(evidence: &Evidence, attribute: &Attribute, groups: &Groups) -> Vec<ZeroShot> {
    let labels: Vec<bool> =
        std::iter::repeat_n(true, groups.with.len()).chain(std::iter::repeat_n(false, groups.without.len())).collect();
    let direction = |contrast: Contrast| {
        let (phrase, other) = attribute.prompts.pair(contrast)?;
        let (a, b) = (evidence.unmoved_embedding(phrase)?, evidence.unmoved_embedding(other)?);
        Some((contrast, a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f32>>()))
    };
    let directions: Vec<_> = Contrast::ALL.into_iter().filter_map(direction).collect();
    let mut scores = vec![Vec::with_capacity(labels.len()); directions.len()];
    let mut row = vec![0.0; evidence.dimension];
    for &position in groups.with.iter().chain(&groups.without) {
        evidence.embeddings.read(position, &mut row);
        for ((_, direction), scores) in directions.iter().zip(&mut scores) {
            scores.push(dot(direction, &row));
        }
    }
    let measured = |scores: &[f64]| Measured::from(stats::auroc(scores, &labels));
    let told = |((contrast, _), scores): ((Contrast, _), &Vec<f64>)| ZeroShot { contrast, auroc: measured(scores) };
    directions.into_iter().zip(&scores).map(told).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    // Eight running sums let the compiler use vector registers.
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    let mut sums = [0f32; 8];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    f64::from(sums.iter().sum::<f32>() + rest)
}
