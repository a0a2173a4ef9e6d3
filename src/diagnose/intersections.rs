//! Who fares worst where two attributes meet: all pairs, measured, shrunk, and judged together.

use super::gap_evidence::judged;
use super::group_losses::{GroupLosses, MOST_PAIRED, Pairs};
use super::{Combined, GapEvidence, Measured};
use crate::audit::{Audit, ModelLosses};
use crate::stats::{MeasuredGap, Stat, Undefined};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fewest test items of a pair that is looked at.
pub const LEAST_OF_PAIR: usize = 30;

/// Where two attributes meet, over the test items: worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntersectionsTable {
    /// Test items with a loss.
    pub n: usize,
    /// Independent units that intervals are over: test items, or the groups they belong to where the data say.
    pub units: usize,
    /// Mean loss of all of them.
    pub mean_loss: Measured,
    /// Attributes that were paired: the audit's, or the first 400.
    pub attributes: usize,
    /// Pairs there are, and fewest test items of one that is looked at.
    pub pairs: usize,
    pub least_items: usize,
    /// Where intervals and p-values come from, in words.
    pub intervals: String,
    /// The two groups whose shrunk means lie farthest apart.
    pub farthest: Option<FarthestApart>,
    pub rows: Vec<IntersectionRow>,
}

/// The items that have both of two attributes, against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntersectionRow {
    pub attributes: [String; 2],
    pub n: usize,
    /// Items known to lack one of the two.
    pub n_others: usize,
    /// Mean loss of either.
    pub loss: f64,
    pub loss_others: f64,
    /// `loss − loss_others`; positive means that the pair is harder.
    pub loss_gap: f64,
    pub loss_evidence: GapEvidence,
    /// The pair's mean loss, drawn towards the mean of all by as much as noise deserves.
    pub loss_shrunken: Measured,
    /// `loss` combined with what a run's heads predict of these items; absent without a run, or with too few pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combined: Option<Combined>,
}

/// The highest and the lowest mean loss among all pairs, both shrunk against the winner's curse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FarthestApart {
    pub high: [String; 2],
    pub low: [String; 2],
    pub n_high: usize,
    pub n_low: usize,
    pub loss_high: f64,
    pub loss_low: f64,
    pub difference: f64,
}

/// Measures every pair of attributes with at least 30 test items; nothing is embedded or trained. q is
/// Benjamini-Hochberg over these pairs.
#[must_use]
pub fn intersections(audit: &Audit, model: &ModelLosses) -> IntersectionsTable {
    let losses = GroupLosses::of(audit, model);
    let pairs = losses.pairs();
    let found = judge(&pairs);
    let name = |at: usize| audit.attributes[at].name.clone();
    let mut rows: Vec<IntersectionRow> = (found.iter())
        .filter_map(|pair| {
            let gap = pair.gap.ok()?;
            Some(IntersectionRow {
                attributes: [name(pair.a), name(pair.b)],
                n: gap.n_with,
                n_others: gap.n_without,
                loss: gap.gap.with,
                loss_others: gap.gap.without,
                loss_gap: gap.gap.signed,
                loss_evidence: pair.evidence,
                loss_shrunken: shrunken_loss(&gap, &pair.evidence),
                combined: None,
            })
        })
        .collect();
    let height = |row: &IntersectionRow| row.loss_shrunken.value().unwrap_or(row.loss);
    rows.sort_by(|a, b| height(b).total_cmp(&height(a)));
    IntersectionsTable {
        n: losses.rows.len(),
        units: losses.units().len(),
        mean_loss: if losses.rows.is_empty() { Err(Undefined::Empty) } else { Ok(losses.all.mean()) }.into(),
        attributes: pairs.attributes,
        pairs: pairs.attributes * pairs.attributes.saturating_sub(1) / 2,
        least_items: LEAST_OF_PAIR,
        intervals: losses.intervals(),
        farthest: farthest(&rows),
        rows,
    }
}

impl IntersectionsTable {
    /// Whether attributes were left out because there are too many.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.attributes == MOST_PAIRED
    }
}

/// A pair of attributes by position, judged among all pairs.
pub(super) struct JudgedPair {
    pub a: usize,
    pub b: usize,
    pub gap: Stat<MeasuredGap>,
    pub evidence: GapEvidence,
}

/// All pairs with enough items, in the order of the attributes.
pub(super) fn judge(pairs: &Pairs) -> Vec<JudgedPair> {
    let every = |a: usize| (a + 1..pairs.attributes).map(move |b| (a, b));
    let places: Vec<(usize, usize)> =
        (0..pairs.attributes).flat_map(every).filter(|&(a, b)| pairs.both(a, b).n() >= LEAST_OF_PAIR).collect();
    let measured: Vec<_> = places.par_iter().map(|&(a, b)| pairs.gap(a, b)).collect();
    let evidence = judged(measured.iter().map(|found| found.judged).collect());
    let pairs = places.into_iter().zip(measured).zip(evidence);
    pairs.map(|(((a, b), found), evidence)| JudgedPair { a, b, gap: found.gap, evidence }).collect()
}

/// The pair's mean after shrinkage. The mean of all lies `n/(n + others)` of the gap above that of the others, so what
/// is taken off the gap moves the pair's mean by the rest of it.
fn shrunken_loss(gap: &MeasuredGap, evidence: &GapEvidence) -> Measured {
    let share = gap.n_without as f64 / (gap.n_with + gap.n_without) as f64;
    let moved = |shrunken: f64| gap.gap.with - (gap.gap.signed - shrunken) * share;
    match evidence.shrunken {
        Measured::Value(shrunken) => Measured::Value(moved(shrunken)),
        undefined @ Measured::Undefined { .. } => undefined,
    }
}

fn farthest(rows: &[IntersectionRow]) -> Option<FarthestApart> {
    let of = |row: &IntersectionRow| row.loss_shrunken.value();
    let mut known = rows.iter().filter(|row| of(row).is_some());
    let (high, low) = (known.next()?, known.next_back()?);
    let (loss_high, loss_low) = (of(high)?, of(low)?);
    Some(FarthestApart {
        high: high.attributes.clone(),
        low: low.attributes.clone(),
        n_high: high.n,
        n_low: low.n,
        loss_high,
        loss_low,
        difference: loss_high - loss_low,
    })
}
