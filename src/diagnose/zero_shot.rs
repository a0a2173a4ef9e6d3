//! Table 4: how well the encoder knows an attribute, against how robust the model is on it.

use super::validity::correlations;
use super::{AttributesTable, Measured, ZeroShotRow, ZeroShotTable};
use crate::audit::Contrast;
use crate::stats::Undefined;

/// Fills Table 4: zero-shot AUROC against −RMM over the attributes, for each contrast.
#[must_use]
pub fn zero_shot(table: &AttributesTable) -> ZeroShotTable {
    let row = |contrast: Contrast| {
        let pairs = table.rows.iter().filter_map(|row| Some((row.zero_shot(contrast)?.value()?, -row.rmm.value()?)));
        let (auroc, robustness): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let mean =
            if auroc.is_empty() { Err(Undefined::Empty) } else { Ok(auroc.iter().sum::<f64>() / auroc.len() as f64) };
        ZeroShotRow {
            contrast,
            n: auroc.len(),
            mean_auroc: Measured::from(mean),
            correlations: correlations(&auroc, &robustness),
        }
    };
    ZeroShotTable { rows: Contrast::ALL.into_iter().map(row).collect() }
}
