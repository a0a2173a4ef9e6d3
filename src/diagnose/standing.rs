//! Where one model stands on the test items: the measured figures a rule or a pinned baseline is about.

use super::Measured;
use crate::audit::{Audit, ModelLosses, Split};
use crate::stats::{self, Better, Stat, Undefined, Units};
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
    /// Mean loss of either group; variance s²/n.
    pub loss_true: Measured<Estimate>,
    pub loss_false: Measured<Estimate>,
    /// Mean loss(true) − mean loss(false); Welch's variance.
    pub loss_gap: Measured<Estimate>,
    /// AUROC of either group; DeLong's variance. Undefined without scores and labels.
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

/// Measures a model; nothing is embedded or trained.
#[must_use]
pub fn standing(audit: &Audit, model: &ModelLosses) -> ModelStanding {
    let mut rows = audit.rows(Split::Test);
    rows.retain(|&row| model.losses[row].is_finite());
    let losses: Vec<f64> = rows.iter().map(|&row| model.losses[row]).collect();
    let everybody = vec![stats::Side::With; rows.len()];
    let attributes = audit.attributes.iter().map(|attribute| {
        let sides: Vec<stats::Side> = rows.iter().map(|&row| attribute.values[row].into()).collect();
        let group = |side| group_loss(&losses, &sides, side).into();
        let gap = stats::mean_gap(&losses, &sides, Units::Items(rows.len()), Better::Lower);
        let auroc = |side| group_auroc(audit, model, &rows, &sides, side).into();
        let count = |side| sides.iter().filter(|&&other| other == side).count();
        AttributeStanding {
            name: attribute.name.clone(),
            n_true: count(stats::Side::With),
            n_false: count(stats::Side::Without),
            loss_true: group(stats::Side::With),
            loss_false: group(stats::Side::Without),
            loss_gap: gap.map(|gap| Estimate { value: gap.gap.signed, variance: gap.variance }).into(),
            auroc_true: auroc(stats::Side::With),
            auroc_false: auroc(stats::Side::Without),
        }
    });
    ModelStanding {
        n: rows.len(),
        mean_loss: group_loss(&losses, &everybody, stats::Side::With).into(),
        attributes: attributes.collect(),
    }
}

fn group_loss(losses: &[f64], sides: &[stats::Side], side: stats::Side) -> Stat<Estimate> {
    let group = stats::group_mean(losses, sides, side)?;
    Ok(Estimate { value: group.value, variance: group.variance })
}

fn group_auroc(
    audit: &Audit,
    model: &ModelLosses,
    rows: &[usize],
    sides: &[stats::Side],
    side: stats::Side,
) -> Stat<Estimate> {
    let (Some(labels), Some(scores)) = (&audit.labels, &model.scores) else { return Err(Undefined::Empty) };
    let on = rows.iter().zip(sides).filter(|(_, other)| **other == side);
    let (scores, labels): (Vec<f64>, Vec<bool>) = on.map(|(&row, _)| (scores[row], labels[row])).unzip();
    let auroc = stats::delong(&scores, &labels)?;
    Ok(Estimate { value: auroc.value, variance: auroc.variance })
}
