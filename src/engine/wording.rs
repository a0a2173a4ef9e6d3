//! Two threads that measure sentences: two models on the items that hold a sentence's words, and words that raise its
//! estimate. The newest request of each counts: a search under way is left for a newer one.

use super::attempt::attempt;
use super::worker::Shared;
use super::{EngineError, Event};
use crate::audit::{Audit, RunId};
use crate::diagnose::{BothModels, Estimator, MatchingItems, RaiseMaterial, Raised, raise};
use std::sync::{Arc, Mutex, PoisonError};

/// The items' words, and how many attributes the audit had then: with another one, other words are generic.
pub type Words = Mutex<Option<(usize, Arc<MatchingItems>)>>;

/// Compares two models on sentences, until the slot is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    while let Some((text, models)) = shared.both_models.take() {
        let found = attempt(|| both(shared, &text, &models)).map(|found| found.map(Arc::new));
        if !shared.send(Event::BothModels { text, models, found }) {
            return;
        }
    }
}

/// Searches for words, likewise.
pub fn run_raise(shared: &Shared) {
    while let Some((run, text)) = shared.raise.take() {
        let found = attempt(|| raised(shared, &run, &text)).map(|found| found.map(Arc::new));
        // Nobody waits for what a newer request ended.
        let is_ended = matches!(found, Ok(None)) && shared.raise.is_filled();
        if !is_ended && !shared.send(Event::Raised { run, text, found }) {
            return;
        }
    }
}

fn items(shared: &Shared, audit: &Audit) -> Arc<MatchingItems> {
    let mut words = shared.words.lock().unwrap_or_else(PoisonError::into_inner);
    let attributes = audit.attributes.len();
    words.take_if(|(known, _)| *known != attributes);
    words.get_or_insert_with(|| (attributes, Arc::new(MatchingItems::new(audit)))).1.clone()
}

/// The estimator of a run, or of the shown one, once its evidence was read.
fn estimator(shared: &Shared, run: Option<&RunId>) -> Option<Arc<Estimator>> {
    let kept = shared.estimator.lock().unwrap_or_else(PoisonError::into_inner);
    kept.as_ref().filter(|(known, _)| run.is_none_or(|run| run == known)).map(|(_, estimator)| estimator.clone())
}

fn both(shared: &Shared, text: &str, [first, second]: &[String; 2]) -> Result<Option<BothModels>, EngineError> {
    let audit = shared.session.audit()?;
    let items = items(shared, &audit);
    let held = items.words_of(text, estimator(shared, None).as_deref());
    Ok(items.compare(&audit, [audit.model(first)?, audit.model(second)?], text, held))
}

fn raised(shared: &Shared, run: &RunId, text: &str) -> Result<Option<Raised>, EngineError> {
    let Some(estimator) = estimator(shared, Some(run)) else { return Ok(None) };
    let audit = shared.session.audit()?;
    let record = shared.session.store().find_run(&run.0)?;
    let items = items(shared, &audit);
    let model = audit.model(&record.model)?;
    let material = RaiseMaterial { audit: &audit, model, estimator: &estimator, items: &items };
    let wanted = || !shared.is_closed() && !shared.raise.is_filled();
    Ok(raise(&material, text, &wanted)?)
}
