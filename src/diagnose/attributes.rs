//! Table 5: the Rawlsian max-min of every attribute, measured and predicted, over the test items.

use super::classes::ClassSides;
use super::combined;
use super::gap_evidence::{BothGaps, GapMaterial, judged};
use super::{AttributeRow, AttributesTable, Evidence, GapEvidence, IntervalMethod, Measured, PredictedGap, ZeroShot};
use crate::audit::{Attribute, Audit, AuditError, ClassAurocs, Contrast, HeadKind, ModelLosses, Side, Split};
use crate::stats::{self, Clusters, Stat, Undefined, Units};
use rayon::prelude::*;

/// Test items and their losses: what Table 5 measures, with heads or without.
#[derive(Clone, Copy)]
pub(super) struct MeasuredItems<'a> {
    pub audit: &'a Audit,
    pub model: &'a ModelLosses,
    /// Positions in the audit.
    pub rows: &'a [usize],
    pub losses: &'a [f64],
}

impl<'a> MeasuredItems<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        Self { audit: evidence.audit, model: evidence.model, rows: &evidence.rows, losses: &evidence.losses }
    }

    fn clusters(&self) -> Option<Clusters> {
        let labels = |of: &Vec<usize>| self.rows.iter().map(|&row| of[row]).collect::<Vec<usize>>();
        self.audit.clusters.as_ref().map(|of| Clusters::from_labels(&labels(of)))
    }
}

/// Fills Table 5.
#[must_use]
pub fn attributes(evidence: &Evidence, method: IntervalMethod) -> AttributesTable {
    let items = MeasuredItems::of(evidence);
    let clusters = items.clusters();
    let units = clusters.as_ref().map_or(Units::Items(items.rows.len()), Units::Clusters);
    let mut table = measured(&items, units, evidence.model.class_aurocs.as_ref(), method);
    let fitted = super::FittedLosses::of(evidence.audit, evidence.model).is_some();
    table.rows.par_iter_mut().zip(&evidence.audit.attributes).for_each(|(row, attribute)| {
        row.predicted = predicted(evidence, attribute, fitted);
        row.zero_shot = zero_shot(evidence, attribute, &Groups::of(attribute, items.rows));
    });
    combined::fill(&mut table, evidence, units);
    table
}

/// What Table 5 measures, over the test items that have all of `within`: no heads, so that nothing is predicted. AUROCs of
/// many classes are known over all test items alone.
///
/// # Errors
/// If there is no attribute of a name.
pub fn measured_attributes(
    audit: &Audit,
    model: &ModelLosses,
    within: &[String],
) -> Result<AttributesTable, AuditError> {
    let within = within.iter().map(|name| audit.attribute(name)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = audit.rows_of(model, Split::Test);
    rows.retain(|&row| within.iter().all(|attribute| attribute.values[row] == Some(true)));
    let losses: Vec<f64> = rows.iter().map(|&row| model.losses[row]).collect();
    let items = MeasuredItems { audit, model, rows: &rows, losses: &losses };
    let clusters = items.clusters();
    let units = clusters.as_ref().map_or(Units::Items(rows.len()), Units::Clusters);
    let classes = model.class_aurocs.as_ref().filter(|_| within.is_empty());
    Ok(measured(&items, units, classes, IntervalMethod::Analytic))
}

fn measured(
    items: &MeasuredItems,
    units: Units,
    classes: Option<&ClassAurocs>,
    method: IntervalMethod,
) -> AttributesTable {
    let material = GapMaterial::of(items, units);
    let all = items.audit.attributes.par_iter().enumerate();
    let both: Vec<(AttributeRow, BothGaps)> = all
        .map(|(at, attribute)| row(items, &material, attribute, classes.map(|of| ClassSides::new(of, at)), method))
        .collect();
    let (mut rows, gaps): (Vec<AttributeRow>, Vec<BothGaps>) = both.into_iter().unzip();
    let auroc = judged(gaps.iter().map(|gaps| gaps.auroc).collect());
    let loss = judged(gaps.iter().map(|gaps| gaps.loss).collect());
    for (row, (auroc, loss)) in rows.iter_mut().zip(auroc.into_iter().zip(loss)) {
        row.auroc_evidence = auroc;
        row.loss_evidence = loss;
    }
    let over_items = classes.map(|aurocs| !aurocs.item_variances.is_empty());
    let classes = classes.map(|aurocs| aurocs.classes);
    AttributesTable {
        n: items.rows.len(),
        units: units.len(),
        classes,
        intervals: method.words(units, over_items),
        rows,
    }
}

/// Test positions (within the test split) of an attribute's two groups.
pub(super) struct Groups {
    pub with: Vec<usize>,
    pub without: Vec<usize>,
}

impl Groups {
    fn of(attribute: &Attribute, rows: &[usize]) -> Self {
        let mut groups = Self { with: Vec::new(), without: Vec::new() };
        for (position, &item) in rows.iter().enumerate() {
            match attribute.values[item] {
                Some(true) => groups.with.push(position),
                Some(false) => groups.without.push(position),
                None => {}
            }
        }
        groups
    }
}

/// What is measured of one attribute; nothing is predicted yet.
fn row(
    items: &MeasuredItems,
    material: &GapMaterial,
    attribute: &Attribute,
    classes: Option<ClassSides>,
    method: IntervalMethod,
) -> (AttributeRow, BothGaps) {
    let groups = Groups::of(attribute, items.rows);
    let [auroc_true, auroc_false] = match &classes {
        Some(classes) => classes.aurocs(),
        None => [&groups.with, &groups.without].map(|group| group_auroc(items, group)),
    };
    let loss_true = group_loss(items, &groups.with);
    let loss_false = group_loss(items, &groups.without);
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
        n_unknown: items.rows.len() - groups.with.len() - groups.without.len(),
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
        predicted: Vec::new(),
        zero_shot: Vec::new(),
    };
    (row, gaps)
}

/// AUROC of the audited model within a group; needs its scores and labels.
fn group_auroc(items: &MeasuredItems, group: &[usize]) -> Stat<f64> {
    let (Some(labels), Some(scores)) = (&items.audit.labels, &items.model.scores) else {
        return Err(Undefined::Empty);
    };
    let scores: Vec<f64> = group.iter().map(|&position| scores[items.rows[position]]).collect();
    let labels: Vec<bool> = group.iter().map(|&position| labels[items.rows[position]]).collect();
    stats::auroc(&scores, &labels)
}

fn group_loss(items: &MeasuredItems, group: &[usize]) -> Stat<f64> {
    if group.is_empty() {
        return Err(Undefined::Empty);
    }
    Ok(group.iter().map(|&position| items.losses[position]).sum::<f64>() / group.len() as f64)
}

/// Risk(phrase) − risk(contrast) of every head under every contrast.
fn predicted(evidence: &Evidence, attribute: &Attribute, fitted: bool) -> Vec<PredictedGap> {
    let mut gaps = Vec::new();
    for contrast in Contrast::ALL {
        let Some((phrase, other)) = attribute.prompts.pair(contrast) else { continue };
        for head in HeadKind::ALL {
            let (Some(a), Some(b)) = (evidence.prompt_risk(head, phrase), evidence.prompt_risk(head, other)) else {
                continue;
            };
            let members: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
            let (Ok(summary), Ok(direction)) = (stats::summary(&members), stats::direction(&members)) else { continue };
            let order_only = !super::tells_amounts(head, fitted);
            gaps.push(PredictedGap { head, contrast, members, summary, direction, order_only });
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
