//! The contrast `everybody`: an attribute's phrase against the mean loss of all, by the estimate.
//!
//! It is what a measured gap is about, a group against the others, where two phrases compare two groups. An attribute's
//! estimate comes from slices that do not share the attribute, so that it is foretold and not remembered.

use super::policy::COVERAGE;
use super::validity::correlations;
use super::{AttributeRow, AttributesTable, Calibration, Correlations, SliceKind, TrueGap};
use crate::stats::{self, Interval};
use serde::{Deserialize, Serialize};

/// What the estimate says of an attribute's group against everybody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EverybodyGap {
    /// Estimated mean loss of what the phrase describes less the mean loss of all test items; the estimate rests on
    /// slices without the attribute.
    pub value: f64,
    /// 90 % interval of it, by the calibration.
    pub interval: Option<Interval>,
    pub slices: usize,
}

/// One row of Table 3 by the estimate: gaps to everybody against true gaps over the attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverybodyRow {
    pub against: TrueGap,
    /// Attributes for which both gaps are defined.
    pub n: usize,
    pub correlations: Correlations,
    /// Attributes whose two gaps have the same sign; `None` for unsigned gaps.
    pub same_sign: Option<usize>,
    /// 95 % interval (Wilson) of their share.
    pub same_sign_interval: Option<Interval>,
}

/// Fills in each attribute's gap to everybody, where the calibration has a slice of it.
pub fn fill(table: &mut AttributesTable, calibration: &Calibration) {
    let Some(fit) = &calibration.fit else { return };
    for row in &mut table.rows {
        let own =
            |outcome: &&super::SliceOutcome| outcome.kind == SliceKind::Attribute && outcome.text == row.prompts.phrase;
        row.everybody = calibration.outcomes.iter().find(own).map(|outcome| EverybodyGap {
            value: outcome.estimate - calibration.overall,
            interval: fit
                .half_width(outcome.estimate)
                .map(|half| Interval { low: outcome.estimate - half, high: outcome.estimate + half, level: 0.9 })
                .map(|ends| Interval {
                    low: ends.low - calibration.overall,
                    high: ends.high - calibration.overall,
                    ..ends
                }),
            slices: calibration.slices,
        });
    }
}

/// Table 3 for this contrast: one row for each kind of true gap.
#[must_use]
pub fn rows(table: &AttributesTable) -> Vec<EverybodyRow> {
    [TrueGap::SignedLoss, TrueGap::SignedAuroc, TrueGap::Rmm].into_iter().map(|against| row(table, against)).collect()
}

fn row(table: &AttributesTable, against: TrueGap) -> EverybodyRow {
    let both = |row: &AttributeRow| super::bias::orient(row.everybody?.value, row, against);
    let pairs: Vec<(f64, f64)> = table.rows.iter().filter_map(both).collect();
    let (predicted, measured): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let signed = against != TrueGap::Rmm;
    let same_sign = signed.then(|| pairs.iter().filter(|(predicted, measured)| predicted * measured > 0.0).count());
    EverybodyRow {
        against,
        n: pairs.len(),
        correlations: correlations(&predicted, &measured),
        same_sign,
        same_sign_interval: same_sign.and_then(|same| stats::wilson(same, pairs.len(), COVERAGE).ok()),
    }
}
