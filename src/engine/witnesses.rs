//! The thread that reads a run's evidence: every training item, for the witnesses of its prompts. Prompts are scored by
//! the heads meanwhile.

use super::scorer::Work;
use super::worker::Shared;
use super::{EngineError, Event};
use crate::audit::RunId;
use crate::diagnose::Estimator;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs until its slot is closed. A panic over one run is told and does not end the thread.
pub fn run(shared: &Shared) {
    while let Some(run) = shared.evidence.take() {
        let read = AssertUnwindSafe(|| read(shared, &run));
        let stopped = || Err(EngineError::Internal("reading the evidence stopped on an internal error".into()));
        match catch_unwind(read).unwrap_or_else(|_| stopped()) {
            Ok(estimator) => shared.mailbox.put(Work::Evidence(run, Arc::new(estimator))),
            Err(error) => {
                let message = format!("no estimates, the heads alone answer: {error}");
                if !shared.send(Event::Notice { message, warning: true }) {
                    return;
                }
            }
        }
    }
}

fn read(shared: &Shared, run: &RunId) -> Result<Estimator, EngineError> {
    let run = shared.session.load(shared.session.store().find_run(&run.0)?)?;
    shared.session.estimator(&run)
}
