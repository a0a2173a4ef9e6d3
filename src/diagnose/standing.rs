//! Where one model stands on the test items: the measured figures a rule or a pinned baseline is about.

use super::Measured;
use crate::audit::{Audit, ModelLosses, Split};
use crate::stats::{self, Better, Clusters, Stat, Undefined, Units};
use serde::{Deserialize, Serialize};

/// A figure with its sampling variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub variance: f64,
}

/// One attribute of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeStanding {
    pub name: String,
    pub n_true: usize,
    pub n_false: usize,
    /// Mean loss of either group; variance s²/n, or that of clusters.
    pub loss_true: Measured<Estimate>,
    pub loss_false: Measured<Estimate>,
    /// Mean loss(true) − mean loss(false); Welch's variance, or that of clusters.
    pub loss_gap: Measured<Estimate>,
    /// AUROC of either group; DeLong's variance, or that of clusters. Undefined without scores and labels.
    pub auroc_true: Measured<Estimate>,
    pub auroc_false: Measured<Estimate>,
}

/// One model on its test items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelStanding {
    /// Test items with a loss.
    pub n: usize,
    pub mean_loss: Measured<Estimate>,
    pub attributes: Vec<AttributeStanding>,
}

/// Measures a model; nothing is embedded or trained. `labels` says which items of the audit belong together.
#[must_use]
pub fn standing(audit: &Audit, model: &ModelLosses, labels: Option<&[usize]>) -> ModelStanding {
    let mut rows = audit.rows(Split::Test);
    rows.retain(|&row| model.losses[row].is_finite());
    let losses: Vec<f64> = rows.iter().map(|&row| model.losses[row]).collect();
    let clusters =
        labels.map(|labels| Clusters::from_labels(&rows.iter().map(|&row| labels[row]).collect::<Vec<usize>>()));
    let units = clusters.as_ref().map_or(Units::Items(rows.len()), Units::Clusters);
    let scored = match (&audit.labels, &model.scores) {
        (Some(labels), Some(scores)) => {
            Some(rows.iter().map(|&row| (scores[row], labels[row])).unzip::<f64, bool, Vec<f64>, Vec<bool>>())
        }
        _ => None,
    };
    let loss = |sides: &[stats::Side], side| estimate(stats::group_mean_of_units(&losses, sides, side, units));
    let auroc = |sides: &[stats::Side], side| match &scored {
        Some((scores, labels)) => estimate(stats::group_auroc_of_units(scores, labels, sides, side, units)),
        None => Measured::Undefined { undefined: Undefined::Empty },
    };
    let attributes = audit.attributes.iter().map(|attribute| {
        let sides: Vec<stats::Side> = rows.iter().map(|&row| attribute.values[row].into()).collect();
        let gap = stats::mean_gap(&losses, &sides, units, Better::Lower);
        let count = |side| sides.iter().filter(|&&other| other == side).count();
        AttributeStanding {
            name: attribute.name.clone(),
            n_true: count(stats::Side::With),
            n_false: count(stats::Side::Without),
            loss_true: loss(&sides, stats::Side::With),
            loss_false: loss(&sides, stats::Side::Without),
            loss_gap: gap.map(|gap| Estimate { value: gap.gap.signed, variance: gap.variance }).into(),
            auroc_true: auroc(&sides, stats::Side::With),
            auroc_false: auroc(&sides, stats::Side::Without),
        }
    });
    let attributes = attributes.collect();
    let everybody = vec![stats::Side::With; rows.len()];
    ModelStanding { n: rows.len(), mean_loss: loss(&everybody, stats::Side::With), attributes }
}

fn estimate(group: Stat<stats::GroupMean>) -> Measured<Estimate> {
    group.map(|group| Estimate { value: group.value, variance: group.variance }).into()
}
