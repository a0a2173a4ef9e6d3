//! Table 3: predicted gaps against true gaps, over the attributes.

use super::validity::correlations;
use super::{AttributeRow, AttributesTable, BiasRow, BiasTable, TrueGap};
use crate::audit::{Contrast, HeadKind};

/// Fills Table 3: every head, contrast and kind of true gap.
#[must_use]
pub fn bias(table: &AttributesTable) -> BiasTable {
    let mut rows = Vec::new();
    for contrast in Contrast::ALL {
        for head in HeadKind::ALL {
            for against in [TrueGap::SignedLoss, TrueGap::SignedAuroc, TrueGap::Rmm] {
                rows.push(row(table, head, contrast, against));
            }
        }
    }
    BiasTable { rows }
}

fn row(table: &AttributesTable, head: HeadKind, contrast: Contrast, against: TrueGap) -> BiasRow {
    let pairs: Vec<(f64, f64)> = table.rows.iter().filter_map(|row| gaps(row, head, contrast, against)).collect();
    let (predicted, measured): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let signed = against != TrueGap::Rmm;
    BiasRow {
        head,
        contrast,
        against,
        n: pairs.len(),
        correlations: correlations(&predicted, &measured),
        same_sign: signed.then(|| pairs.iter().filter(|(predicted, measured)| predicted * measured > 0.0).count()),
    }
}

/// Predicted and true gap of one attribute, both oriented so that positive means harder for its group.
fn gaps(row: &AttributeRow, head: HeadKind, contrast: Contrast, against: TrueGap) -> Option<(f64, f64)> {
    let predicted = row.predicted(head, contrast)?.summary.mean;
    Some(match against {
        TrueGap::Rmm => (predicted.abs(), row.rmm.value()?),
        TrueGap::SignedAuroc => (predicted, -row.auroc_gap.value()?),
        TrueGap::SignedLoss => (predicted, row.loss_gap.value()?),
    })
}
