//! Table 5: the Rawlsian max-min of every attribute, measured and predicted, over the test items.

use super::classes::ClassSides;
use super::combined;
use super::gap_evidence::{BothGaps, GapMaterial, judged};
use super::{AttributeRow, AttributesTable, Evidence, GapEvidence, IntervalMethod, Measured, PredictedGap, ZeroShot};
use crate::audit::{Attribute, Contrast, HeadKind, Side};
use crate::stats::{self, Clusters, Stat, Undefined, Units};
use rayon::prelude::*;

/// Fills Table 5.
#[must_use]
pub fn attributes(evidence: &Evidence, method: IntervalMethod) -> AttributesTable {
    let labels: Option<Vec<usize>> =
        evidence.audit.clusters.as_ref().map(|of| evidence.rows.iter().map(|&row| of[row]).collect());
    let clusters = labels.as_deref().map(Clusters::from_labels);
    let units = clusters.as_ref().map_or(Units::Items(evidence.rows.len()), Units::Clusters);
    let material = GapMaterial::of(evidence, units);
    let all = evidence.audit.attributes.par_iter().enumerate();
    let both: Vec<(AttributeRow, BothGaps)> =
        all.map(|(at, attribute)| row(evidence, &material, (at, attribute), method)).collect();
    let (mut rows, gaps): (Vec<AttributeRow>, Vec<BothGaps>) = both.into_iter().unzip();
    let auroc = judged(gaps.iter().map(|gaps| gaps.auroc).collect());
    let loss = judged(gaps.iter().map(|gaps| gaps.loss).collect());
    for (row, (auroc, loss)) in rows.iter_mut().zip(auroc.into_iter().zip(loss)) {
        row.auroc_evidence = auroc;
        row.loss_evidence = loss;
    }
    let classes = evidence.model.class_aurocs.as_ref().map(|aurocs| aurocs.classes);
    let over_items = evidence.model.class_aurocs.as_ref().is_some_and(|aurocs| !aurocs.item_variances.is_empty());
    let intervals = method.words(units, classes.map(|_| over_items));
    let mut table = AttributesTable { n: evidence.rows.len(), units: units.len(), classes, intervals, rows };
    combined::fill(&mut table, evidence, units);
    table
}

/// Test positions (within the test split) of an attribute's two groups.
pub(super) struct Groups {
    pub with: Vec<usize>,
    pub without: Vec<usize>,
}

fn row(
    evidence: &Evidence,
    material: &GapMaterial,
    (at, attribute): (usize, &Attribute),
    method: IntervalMethod,
) -> (AttributeRow, BothGaps) {
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
    let gaps = BothGaps::of(material, &groups, classes.as_ref(), method);
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
        combined: None,
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
