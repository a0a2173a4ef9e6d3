//! Table 2: predicted risk against true loss, item by item.

use super::{Aggregate, Association, Correlations, Evidence, FittedLosses, Measured, Seen, ValidityRow, ValidityTable};
use crate::audit::HeadKind;
use crate::stats::{self, Correlation, Stat};
use rayon::prelude::*;

/// The three correlations of two columns of equal length.
#[must_use]
pub fn correlations(a: &[f64], b: &[f64]) -> Correlations {
    let with_interval = |correlation: Stat<Correlation>| Measured::from(correlation.map(Association::from));
    Correlations {
        pearson: with_interval(stats::pearson(a, b)),
        spearman: with_interval(stats::spearman(a, b)),
        kendall: with_interval(stats::kendall(a, b)),
    }
}

/// Fills Table 2: each head, mean and median over its members, then each member alone. `train` are rows the heads
/// were trained on, or a sample of them.
#[must_use]
pub fn validity(evidence: &Evidence, train: &[f32]) -> ValidityTable {
    let cases: Vec<_> = HeadKind::ALL
        .into_iter()
        .flat_map(|head| {
            let members = (0..evidence.items.of(head).len()).map(Aggregate::Member);
            [Aggregate::Mean, Aggregate::Median].into_iter().chain(members).map(move |aggregate| (head, aggregate))
        })
        .collect();
    let rows = cases.into_par_iter().map(|(head, aggregate)| {
        let joined = match aggregate {
            Aggregate::Mean => evidence.items.mean(head),
            Aggregate::Member(member) => evidence.items.of(head)[member].clone(),
            Aggregate::Median => (0..evidence.rows.len()).map(|row| median(evidence.items.row(head, row))).collect(),
        };
        let risk: Vec<f64> = joined.into_iter().map(|output| head.risk_sign() * output).collect();
        ValidityRow { head, aggregate, correlations: correlations(&risk, &evidence.losses) }
    });
    ValidityTable {
        n: evidence.rows.len(),
        rows: rows.collect(),
        seen: Some(Seen::count(evidence, train)),
        fitted: FittedLosses::of(evidence.audit, evidence.model),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    stats::quantile_sorted(&values, 0.5)
}
