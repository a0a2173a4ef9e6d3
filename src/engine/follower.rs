//! Follows a home that another process writes: the runs it finishes, goes on with and removes.

use super::Event;
use super::scorer::Work;
use super::worker::Shared;
use crate::audit::{RunId, RunRecord, WaitingRun};
use crate::store::FREE;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Time between two questions whether all ends.
const SHORT: Duration = Duration::from_millis(50);

/// Looks until the engine stops. Who writes the home has nothing to follow, and what cannot be read now may be later.
pub fn run(shared: &Shared) {
    let store = shared.session.store();
    if store.writes().is_ok() {
        return;
    }
    let (mut seen, mut free) = (Seen::now(shared), false);
    while waits(shared) {
        let was_free = std::mem::replace(&mut free, store.could_write());
        if free && !was_free {
            shared.send(Event::Notice { message: FREE.into(), warning: true });
        }
        if store.follow().is_err() {
            continue;
        }
        let now = Seen::now(shared);
        if now.finished != seen.finished {
            shared.send(Event::Runs(now.finished.clone()));
            for record in now.finished.iter().filter(|record| !seen.has(&record.id)) {
                let message = format!("run {} of {} was trained by another process", record.id.short(), record.model);
                shared.send(Event::Notice { message, warning: false });
                shared.mailbox.put(Work::Finished(Box::new((**record).clone())));
            }
        }
        if now.unfinished != seen.unfinished {
            shared.send(Event::Unfinished(now.unfinished.clone()));
        }
        if now.waiting != seen.waiting {
            shared.send(Event::QueuedElsewhere(now.waiting.clone()));
        }
        seen = now;
    }
}

/// Waits for the next look; false once all ends.
fn waits(shared: &Shared) -> bool {
    let next = Instant::now() + EVERY;
    while Instant::now() < next {
        if shared.is_closed() {
            return false;
        }
        std::thread::sleep(SHORT);
    }
    true
}

/// The audit's runs.
struct Seen {
    finished: Vec<Arc<RunRecord>>,
    unfinished: Vec<Arc<RunRecord>>,
    waiting: Vec<WaitingRun>,
}

impl Seen {
    fn now(shared: &Shared) -> Self {
        let (store, audit) = (shared.session.store(), &shared.session.record().name);
        let shared = |runs: Vec<RunRecord>| runs.into_iter().map(Arc::new).collect();
        Self {
            finished: store.runs(audit, None).map(shared).unwrap_or_default(),
            unfinished: store.unfinished(audit, None).map(shared).unwrap_or_default(),
            waiting: store.waiting().unwrap_or_default().into_iter().filter(|run| run.audit == *audit).collect(),
        }
    }

    fn has(&self, id: &RunId) -> bool {
        self.finished.iter().any(|record| record.id == *id)
    }
}
