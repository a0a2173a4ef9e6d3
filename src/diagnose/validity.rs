//! Table 2: predicted risk against true loss, item by item.

use super::{Aggregate, Correlations, Evidence, Measured, ValidityRow, ValidityTable};
use crate::audit::HeadKind;
use crate::stats;
use rayon::prelude::*;

/// The three correlations of two columns of equal length.
#[must_use]
pub fn correlations(a: &[f64], b: &[f64]) -> Correlations {
    Correlations {
        pearson: Measured::from(stats::pearson(a, b)),
        spearman: Measured::from(stats::spearman(a, b)),
        kendall: Measured::from(stats::kendall(a, b)),
    }
}

/// Fills Table 2: each head, mean and median over its members.
#[must_use]
pub fn validity(evidence: &Evidence) -> ValidityTable {
    let cases: Vec<_> =
        HeadKind::ALL.into_iter().flat_map(|head| [(head, Aggregate::Mean), (head, Aggregate::Median)]).collect();
    let rows = cases.into_par_iter().map(|(head, aggregate)| {
        let joined = match aggregate {
            Aggregate::Mean => evidence.items.mean(head),
            Aggregate::Median => (0..evidence.rows.len()).map(|row| median(evidence.items.row(head, row))).collect(),
        };
        let risk: Vec<f64> = joined.into_iter().map(|output| head.risk_sign() * output).collect();
        ValidityRow { head, aggregate, correlations: correlations(&risk, &evidence.losses) }
    });
    ValidityTable { n: evidence.rows.len(), rows: rows.collect() }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    stats::quantile_sorted(&values, 0.5)
}
