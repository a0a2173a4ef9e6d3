//! Slices that a model fails on and that the one before it did not fail on as much: found on one half of the items by the
//! model's own losses, tested on the other by how much each item's loss rose.

use super::{DiscoverError, DiscoverMaterial, DiscoverQuestion, Discovery, Ground, LEVEL, Search, Watch};
use crate::stats::{self, Stat};
use serde::{Deserialize, Serialize};

/// A slice found by the model's own losses, with what changed in it. Every number is over test items it was not found on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewSlice {
    pub name: String,
    pub n: usize,
    /// Mean loss of its items with the model before, and with this one.
    pub before: f64,
    pub after: f64,
    /// Mean change of the loss of all tested items.
    pub rise_of_all: f64,
    /// One-sided: the losses of its items rose no more than those of the others.
    pub p: f64,
    /// The model fails on it by more than chance, whatever was before: q ≤ .05 over all slices found.
    pub told: bool,
}

/// Slices that were tested for being new, and why none were, where so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewSlices {
    pub slices: Vec<NewSlice>,
    pub tested_on: usize,
    pub notes: Vec<String>,
}

/// Tests every slice found in `material` against the losses `before`, an item of the audit each; NaN where there is none.
/// No slice is left out of the test for what the second half says of it, so that their p-values stay those of a test.
///
/// # Errors
/// If the search was stopped, or the question names what the audit has not.
pub fn new_slices(
    material: &DiscoverMaterial<'_>,
    before: &[f64],
    question: &DiscoverQuestion,
    watch: &Watch<'_>,
) -> Result<NewSlices, DiscoverError> {
    let DiscoverMaterial { audit, losses: after, near } = *material;
    let both = |(before, after): (&f64, &f64)| if before.is_nan() { f64::NAN } else { *after };
    let losses: Vec<f64> = before.iter().zip(after).map(both).collect();
    let material = DiscoverMaterial { audit, losses: &losses, near };
    let mut about = Discovery::default();
    let Some(mut ground) = Ground::of(&material, question, watch, &mut about)? else {
        return Ok(NewSlices { tested_on: about.tested_on, notes: about.notes, ..NewSlices::default() });
    };
    let terms = std::mem::take(&mut ground.terms);
    let search = Search::new(terms, &ground.halves, &ground.values, question);
    let (found, _) = search.found(watch)?;
    let rises: Vec<f64> = ground.halves.rows.iter().map(|&row| after[row] - before[row]).collect();
    let (own, rise) = (ground.held_out(audit, &ground.losses), ground.held_out(audit, &rises));
    let tested = found.iter().filter_map(|slice| Some((search.tested(slice, &own)?, search.tested(slice, &rise)?)));
    let tested: Vec<_> = tested.collect();
    let p: Vec<Stat<f64>> = tested.iter().map(|(own, _)| Ok(own.p)).collect();
    let q = stats::benjamini_hochberg(&p);
    let slice = |((own, rise), q): (&(super::DiscoveredSlice, super::DiscoveredSlice), Stat<f64>)| NewSlice {
        name: own.name.clone(),
        n: own.n,
        before: own.mean_loss - rise.mean_loss,
        after: own.mean_loss,
        rise_of_all: rise.overall,
        p: rise.p,
        told: q.is_ok_and(|q| q <= LEVEL),
    };
    Ok(NewSlices { slices: tested.iter().zip(q).map(slice).collect(), tested_on: about.tested_on, notes: Vec::new() })
}
