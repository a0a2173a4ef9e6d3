//! Table 3: predicted gaps against true gaps, over the attributes.

use super::null::NullGaps;
use super::policy::COVERAGE;
use super::validity::correlations;
use super::{AttributeRow, AttributesTable, BiasRow, BiasTable, NullLevel, TrueGap};
use crate::audit::{Contrast, HeadKind};
use crate::stats;
use rayon::prelude::*;

/// Fills Table 3: every head, contrast and kind of true gap, each beside its permutation null.
#[must_use]
pub fn bias(table: &AttributesTable, null: &NullGaps) -> BiasTable {
    let kinds = [TrueGap::SignedLoss, TrueGap::SignedAuroc, TrueGap::Rmm];
    let cases: Vec<(Contrast, TrueGap)> =
        Contrast::ALL.into_iter().flat_map(|contrast| kinds.map(|against| (contrast, against))).collect();
    let rows: Vec<Vec<BiasRow>> = cases
        .into_par_iter()
        .map(|(contrast, against)| {
            // One null serves all heads: it knows no head but the ridge.
            let level = null_spearman(table, null, contrast, against);
            HeadKind::ALL.into_iter().map(|head| row(table, head, contrast, against, &level)).collect()
        })
        .collect();
    let mut rows = rows.concat();
    rows.sort_by_key(|row| (Contrast::ALL.iter().position(|contrast| *contrast == row.contrast), row.head));
    BiasTable { rows, everybody: Vec::new() }
}

fn row(table: &AttributesTable, head: HeadKind, contrast: Contrast, against: TrueGap, null: &[f64]) -> BiasRow {
    let predicted = |row: &AttributeRow| row.predicted(head, contrast).map(|gap| gap.summary.mean);
    let pairs: Vec<(f64, f64)> = table.rows.iter().filter_map(|row| orient(predicted(row)?, row, against)).collect();
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let correlations = correlations(&a, &b);
    let signed = against != TrueGap::Rmm;
    let same_sign = signed.then(|| pairs.iter().filter(|(predicted, measured)| predicted * measured > 0.0).count());
    let same_sign_interval = same_sign.and_then(|same| stats::wilson(same, pairs.len(), COVERAGE).ok());
    let null = correlations.spearman.value().and_then(|observed| level(null, observed.value));
    BiasRow { head, contrast, against, n: pairs.len(), correlations, same_sign, same_sign_interval, null }
}

/// Predicted and true gap of one attribute, both oriented so that positive means harder for its group.
pub fn orient(predicted: f64, row: &AttributeRow, against: TrueGap) -> Option<(f64, f64)> {
    Some(match against {
        TrueGap::Rmm => (predicted.abs(), row.rmm.value()?),
        TrueGap::SignedAuroc => (predicted, -row.auroc_gap.value()?),
        TrueGap::SignedLoss => (predicted, row.loss_gap.value()?),
    })
}

/// Spearman of each replicate's gaps with the true ones, ascending.
fn null_spearman(table: &AttributesTable, null: &NullGaps, contrast: Contrast, against: TrueGap) -> Vec<f64> {
    let one = |gaps: &Vec<Option<f64>>| {
        let pairs = table.rows.iter().zip(gaps).filter_map(|(row, gap)| orient((*gap)?, row, against));
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.unzip();
        stats::spearman(&a, &b).ok().map(|correlation| correlation.value)
    };
    let mut values: Vec<f64> = null.of(contrast).iter().filter_map(one).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn level(null: &[f64], observed: f64) -> Option<NullLevel> {
    if null.is_empty() {
        return None;
    }
    let as_large = null.iter().filter(|value| **value >= observed).count();
    let p = (1 + as_large) as f64 / (1 + null.len()) as f64;
    Some(NullLevel { replicates: null.len(), level95: stats::quantile_sorted(null, 0.95), p })
}
