//! Where one model stands on the test items: the measured figures a rule or a pinned baseline is about.

use super::Measured;
use crate::audit::{Audit, ModelLosses, Split};
use crate::stats::{self, Better, Clusters, StandardErrors, Stat, Undefined, Units};
use serde::{Deserialize, Serialize};

/// A figure with its sampling variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub variance: f64,
    /// Independent units behind it: items, or clusters of items; the smaller group's for a gap. Files written before
    /// it was counted have none.
    #[serde(default)]
    pub units: Option<usize>,
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
    /// Mean loss(true) − mean loss(false); Welch's variance, or that of clusters, a side varying as all items do at least.
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
    let clusters = clusters_of(&rows, labels);
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
        let (loss_true, loss_false) = (loss(&sides, stats::Side::With), loss(&sides, stats::Side::Without));
        let smaller = || Some(loss_true.value()?.units?.min(loss_false.value()?.units?));
        let count = |side| sides.iter().filter(|&&other| other == side).count();
        AttributeStanding {
            name: attribute.name.clone(),
            n_true: count(stats::Side::With),
            n_false: count(stats::Side::Without),
            loss_true,
            loss_false,
            loss_gap: gap
                .map(|gap| Estimate { value: gap.gap.signed, variance: gap.careful_variance(), units: smaller() })
                .into(),
            auroc_true: auroc(&sides, stats::Side::With),
            auroc_false: auroc(&sides, stats::Side::Without),
        }
    });
    let attributes = attributes.collect();
    let everybody = vec![stats::Side::With; rows.len()];
    ModelStanding { n: rows.len(), mean_loss: loss(&everybody, stats::Side::With), attributes }
}

fn estimate(group: Stat<stats::GroupMean>) -> Measured<Estimate> {
    group.map(|group| Estimate { value: group.value, variance: group.variance, units: Some(group.units) }).into()
}

/// Two models on the test items that have a loss of both.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedStanding {
    pub before: ModelStanding,
    pub after: ModelStanding,
    /// The same figures of each item's change in loss: their variances are those of paired differences.
    pub change: ModelStanding,
    /// Of the mean change.
    pub errors: Measured<StandardErrors>,
}

/// Measures two models, and what changed item by item; nothing is embedded or trained. `labels` as for [`standing`].
#[must_use]
pub fn paired_standing(
    audit: &Audit,
    before: &ModelLosses,
    after: &ModelLosses,
    labels: Option<&[usize]>,
) -> PairedStanding {
    let pairs = || before.losses.iter().zip(&after.losses);
    let change: Vec<f64> = pairs().map(|(before, after)| after - before).collect();
    // An item without a loss of both counts for neither.
    let shared = |model: &ModelLosses| {
        let losses =
            model.losses.iter().zip(&change).map(|(loss, change)| if change.is_finite() { *loss } else { f64::NAN });
        standing(audit, &ModelLosses { losses: losses.collect(), ..model.clone() }, labels)
    };
    let mut rows = audit.rows(Split::Test);
    rows.retain(|&row| change[row].is_finite());
    let changes: Vec<f64> = rows.iter().map(|&row| change[row]).collect();
    let clusters = clusters_of(&rows, labels);
    let units = clusters.as_ref().map_or(Units::Items(rows.len()), Units::Clusters);
    let errors = stats::standard_errors(&changes, units).into();
    let (before, after) = (shared(before), shared(after));
    let differences = ModelLosses { name: String::new(), losses: change, scores: None, class_aurocs: None };
    PairedStanding { before, after, change: standing(audit, &differences, labels), errors }
}

/// Which of the rows belong together.
fn clusters_of(rows: &[usize], labels: Option<&[usize]>) -> Option<Clusters> {
    labels.map(|labels| Clusters::from_labels(&rows.iter().map(|&row| labels[row]).collect::<Vec<usize>>()))
}
