//! Findings first: whom the model fails, what cannot be said, and what is wrong with the data, in at most seven
//! sentences. Measured from losses and attributes alone: no heads, no embeddings.

mod answer;
mod bins;
mod changed;
mod data;
mod groups;
mod sentence;
#[cfg(test)]
mod tests;
mod words;

pub use answer::*;
pub use bins::LossBins;

use super::gap_evidence::judged;
use super::group_losses::GroupLosses;
use super::policy::{LEAST_ITEMS, LEAST_UNITS};
use super::{AttributesTable, Discovery, GapEvidence, Measured, Tables, Verdict, overlaps};
use crate::audit::{Audit, ModelLosses, Side};
use crate::stats::{MeasuredGap, Stat, Undefined};
use groups::Candidates;

/// Most findings: what fits a screen, and what a person reads.
const MOST: usize = 7;
/// Most that are given to what is not a group that fares worse.
const MOST_OTHERS: usize = 4;

/// A slice is in no attribute where every group's share of it is above the group's share of all by less than this.
const LITTLE: f64 = 0.25;

/// Finds what there is to say of a model; `other` is the model it is held against, if there is one.
#[must_use]
pub fn findings(audit: &Audit, model: &ModelLosses, other: Option<&ModelLosses>, added: &Additions) -> Findings {
    let losses = GroupLosses::of(audit, model);
    let (gaps, evidence) = judge_singles(&losses);
    let candidates = Candidates::new(&losses, &gaps, &evidence);
    let changed = other.and_then(|other| changed::changed(audit, model, other)).map(Finding::Changed);
    let unsaid = unsaid(&losses, &evidence).map(Finding::Unsaid);
    let faults = data::faults(audit, model, &losses.rows, &added.faults).into_iter().map(Finding::Data);
    let mut others: Vec<Finding> = changed.into_iter().chain(unsaid).chain(faults).collect();
    others.truncate(MOST_OTHERS);
    let room = MOST - others.len();
    let mut found = candidates.found(room, added.discovered.first());
    found.extend(others);
    Findings {
        audit: audit.name.clone(),
        model: model.name.clone(),
        run: added.run.clone(),
        n: losses.rows.len(),
        units: losses.units().len(),
        mean_loss: if losses.rows.is_empty() { Err(Undefined::Empty) } else { Ok(losses.all.mean()) }.into(),
        attributes: audit.attributes.len(),
        pairs: candidates.pairs(),
        intervals: losses.intervals(),
        bins: candidates.bins().clone(),
        findings: found,
    }
}

impl NamedSlice {
    /// The slices of a discovery that words name: what attributes alone name is a group of theirs, and told as such.
    #[must_use]
    pub fn of(found: &Discovery, audit: &Audit) -> Vec<Self> {
        let named = found.slices.iter().filter(|slice| !slice.by_attributes && slice.parent.is_none());
        let told = named.filter_map(|slice| {
            Some(Self {
                name: slice.name.clone(),
                n: slice.n,
                mean_loss: slice.mean_loss,
                interval: slice.interval?,
                overall: slice.overall,
                q: slice.q,
                mostly: MostlyOf::of(audit, &slice.items, &found.searched),
                tested: slice.tested.clone(),
                items: slice.items.clone(),
            })
        });
        told.collect()
    }
}

impl MostlyOf {
    /// The group that `items` are most of, beyond its share of all `searched`; `None` where no attribute says much of them.
    fn of(audit: &Audit, items: &[usize], searched: &[usize]) -> Option<Self> {
        let most = overlaps(audit, items, searched).into_iter().next()?;
        let side = if most.is { Side::True } else { Side::False };
        (most.share - most.share / most.lift >= LITTLE).then_some(Self {
            attribute: most.attribute,
            side,
            share: most.share,
        })
    }
}

impl Additions {
    /// What a finished run knows besides: test items that its heads have all but seen.
    #[must_use]
    pub fn of_run(run: &str, tables: &Tables) -> Self {
        let seen = tables.validity.seen.filter(|seen| seen.items > 0);
        Self {
            faults: seen.map(DataFault::NearlyLeaked).into_iter().collect(),
            run: Some(run.to_owned()),
            ..Self::default()
        }
    }
}

impl Findings {
    /// Adds what the calibrated estimate says of the phrases of attributes found.
    pub fn add_estimates(&mut self, table: &AttributesTable) {
        for finding in &mut self.findings {
            let (Finding::Harder(group) | Finding::Easier(group)) = finding else { continue };
            if group.side == Side::True {
                let row = table.rows.iter().find(|row| group.subject.first() == Some(&row.name));
                group.estimate = row.and_then(|row| row.everybody);
            }
        }
    }
}

/// The gap of every attribute and how far it can be trusted, as Table 5 has them.
fn judge_singles(losses: &GroupLosses) -> (Vec<Stat<MeasuredGap>>, Vec<GapEvidence>) {
    let found: Vec<_> = (0..losses.audit.attributes.len()).map(|at| losses.single_gap(at)).collect();
    let gaps: Vec<Stat<MeasuredGap>> = found.iter().map(|found| found.gap).collect();
    (gaps, judged(found.into_iter().map(|found| found.judged).collect()))
}

/// What cannot be said of any group, or of some.
fn unsaid(losses: &GroupLosses, evidence: &[GapEvidence]) -> Option<Unsaid> {
    let n = losses.rows.len();
    if evidence.is_empty() {
        return Some(Unsaid::NoAttributes);
    }
    // Two groups are needed.
    if n < 2 * LEAST_ITEMS || losses.units().len() < LEAST_UNITS {
        return Some(Unsaid::FewItems { n });
    }
    // Not by the variance: that of losses about 1e-300 is none in numbers of this size.
    if losses.losses.iter().all(|loss| *loss == losses.losses[0]) {
        return Some(Unsaid::EqualLosses { n, loss: losses.all.mean() });
    }
    let count = |verdict| evidence.iter().filter(|evidence| evidence.verdict == verdict).count();
    let (not_resolved, not_enough) = (count(Verdict::NotResolved), count(Verdict::NotEnoughData));
    (not_resolved + not_enough > 0).then_some(Unsaid::NotResolved { not_resolved, not_enough, of: evidence.len(), n })
}

/// The end of a gap's interval that is nearer to no gap: what is lost at least. `None` where it is none.
fn least_gap(evidence: &GapEvidence) -> Option<f64> {
    let Measured::Value(interval) = evidence.interval else { return None };
    if interval.low > 0.0 {
        Some(interval.low)
    } else if interval.high < 0.0 {
        Some(interval.high)
    } else {
        None
    }
}
