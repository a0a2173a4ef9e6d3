//! The discoverer thread: named slices of a model, newest request first; a newer one stops the one at work.

use super::slot::Slot;
use super::worker::Shared;
use super::{DiscoverRequest, EngineError, Event, LossesOf, Session};
use crate::audit::Split;
use crate::diagnose::{
    Additions, DiscoverQuestion, Discovery, NamedSlice, Overlap, Wanted, Watch, overlaps, shown_text,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Worst items told of a slice.
const WORST: usize = 8;

/// Slices with what a screen shows beside them, a slice each.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscoveryView {
    pub found: Discovery,
    pub slices: Vec<SliceView>,
}

/// What a screen shows of a slice beside its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceView {
    /// Test items it holds, of both halves.
    pub test_items: usize,
    /// Those of them that count most as failed.
    pub worst: Vec<SliceItem>,
    pub overlaps: Vec<Overlap>,
}

/// An item of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceItem {
    pub id: String,
    /// Its loss, or how much it changed.
    pub loss: f64,
    /// `None` where it has none, or texts are hidden.
    pub text: Option<String>,
}

/// What waits for the thread, and the flag that stops what it does.
#[derive(Default)]
pub struct Discoveries {
    waiting: Slot<(DiscoverRequest, Arc<AtomicBool>)>,
    /// The newest request, until it is answered, and what stops it.
    newest: Mutex<(Option<DiscoverRequest>, Arc<AtomicBool>)>,
}

impl Discoveries {
    /// Takes a request in; another one is stopped, the same one goes on.
    pub fn put(&self, request: DiscoverRequest) {
        let mut newest = self.newest();
        if newest.0.as_ref() == Some(&request) {
            return;
        }
        let fresh = Arc::new(AtomicBool::new(false));
        let older = std::mem::replace(&mut *newest, (Some(request.clone()), fresh.clone()));
        older.1.store(true, Ordering::Relaxed);
        self.waiting.put((request, fresh));
    }

    pub fn close(&self) {
        self.newest().1.store(true, Ordering::Relaxed);
        self.waiting.close();
    }

    /// The newest request is answered: asked again, it is looked for again.
    fn answered(&self, request: &DiscoverRequest) {
        self.newest().0.take_if(|newest| newest == request);
    }

    fn newest(&self) -> MutexGuard<'_, (Option<DiscoverRequest>, Arc<AtomicBool>)> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until it is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    while let Some((request, cancelled)) = shared.discoveries.waiting.take() {
        let tell = |step| {
            shared.send(Event::Discovering { request: request.clone(), step });
        };
        let watch = Watch::new(&tell, &cancelled);
        let work = AssertUnwindSafe(|| shared.session.discover_asked(&request, &watch));
        let found = catch_unwind(work);
        shared.discoveries.answered(&request);
        let found = match found {
            Ok(Err(EngineError::Cancelled)) => continue,
            Ok(found) => found.map(Arc::new).map_err(|error| error.to_string()),
            Err(_) => Err("the search stopped on an internal error; a crash file in the home folder says more".into()),
        };
        if found.as_ref().is_ok_and(|found| !tell_findings(shared, &request, found)) {
            return;
        }
        if !shared.send(Event::Discovered { request, found }) {
            return;
        }
    }
}

/// Tells the findings of the model anew, with slices among them; false once nobody listens.
fn tell_findings(shared: &Shared, request: &DiscoverRequest, found: &DiscoveryView) -> bool {
    if request.wanted != Wanted::Hard || request.against.is_some() {
        return true;
    }
    // The findings without slices were told before, or why there are none.
    let Ok(audit) = shared.session.audit() else { return true };
    let discovered = NamedSlice::of(&found.found, &audit);
    if discovered.is_empty() {
        return true;
    }
    let added = Additions { discovered, ..Additions::default() };
    match shared.session.findings(&request.model, None, added) {
        Ok(found) => shared.send(Event::Found { model: request.model.clone(), found: Ok(Arc::new(found)) }),
        Err(_) => true,
    }
}

impl Session {
    /// Answers a request of the console.
    ///
    /// # Errors
    /// As [`Session::discover`].
    pub fn discover_asked(&self, request: &DiscoverRequest, watch: &Watch<'_>) -> Result<DiscoveryView, EngineError> {
        let question =
            DiscoverQuestion { wanted: request.wanted.clone(), depth: request.depth, ..DiscoverQuestion::default() };
        let losses = match &request.against {
            Some(before) => LossesOf::Change(before, &request.model),
            None => LossesOf::Model(&request.model),
        };
        let mut found = self.discover(losses, &question, &[], watch)?;
        if request.against.is_none() && !matches!(request.wanted, Wanted::Surprising(_)) {
            self.combine_slices(&mut found, &request.model, None);
        }
        let audit = self.audit()?;
        let after = &audit.model(&request.model)?.losses;
        let before = request.against.as_deref().map(|name| audit.model(name)).transpose()?;
        let loss = |row: usize| after[row] - before.map_or(0.0, |before| before.losses[row]);
        let sign = if request.wanted == Wanted::Easy { -1.0 } else { 1.0 };
        let view = |items: &[usize]| {
            let is_test = |row: &usize| audit.items[*row].split == Split::Test;
            let mut worst: Vec<usize> = items.iter().copied().filter(is_test).collect();
            let test_items = worst.len();
            worst.sort_by(|a, b| (sign * loss(*b)).total_cmp(&(sign * loss(*a))));
            worst.truncate(WORST);
            let item = |row: usize| SliceItem {
                id: audit.items[row].id.to_string(),
                loss: loss(row),
                text: shown_text(&audit, row as u32, request.hide_text),
            };
            SliceView {
                test_items,
                worst: worst.into_iter().map(item).collect(),
                overlaps: overlaps(&audit, items, &found.searched),
            }
        };
        let slices = found.slices.iter().map(|slice| view(&slice.items)).collect();
        Ok(DiscoveryView { found, slices })
    }
}
