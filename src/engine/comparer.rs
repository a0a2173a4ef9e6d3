//! The comparer thread: what changed between two models, newest request first, beside training and scoring.

use super::worker::Shared;
use super::{ComparisonRequest, EngineError, Event, Session};
use crate::diagnose::{ComparisonQuestion, ModelComparison};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Items and prompts that are listed.
const LISTED: usize = 100;

/// Runs until the slot is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    // The bootstrap takes seconds, heads and prompts some hundredths of one: other heads need no new bootstrap.
    let mut losses = None;
    while let Some(request) = shared.comparer.take() {
        let work = AssertUnwindSafe(|| shared.session.compare_asked(&request, &mut losses));
        let found = match catch_unwind(work) {
            Ok(found) => found.map(Arc::new).map_err(|error| error.to_string()),
            Err(_) => Err("comparing stopped on an internal error; a crash file in the home folder says more".into()),
        };
        if !shared.send(Event::ModelsCompared { request, found }) {
            return;
        }
    }
}

impl Session {
    /// Answers a request of the console; `losses` keeps the newest comparison of losses alone.
    ///
    /// # Errors
    /// As [`Session::compare_losses`] and [`Session::add_runs`].
    pub fn compare_asked(
        &self,
        request: &ComparisonRequest,
        losses: &mut Option<ModelComparison>,
    ) -> Result<ModelComparison, EngineError> {
        let same = |found: &ModelComparison| found.before == request.before && found.after == request.after;
        let mut found = match losses.take().filter(same) {
            Some(found) => found,
            None => {
                let question = ComparisonQuestion { top: LISTED, ..ComparisonQuestion::default() };
                self.compare_losses(&request.before, &request.after, &question)?
            }
        };
        *losses = Some(found.clone());
        if let Some([before, after]) = &request.runs {
            let load = |run: &crate::audit::RunId| self.load(self.store.find_run(&run.0)?);
            let bank = self.own_prompts().with(&request.prompts, "pinned ones");
            self.add_runs(&mut found, &[load(before)?, load(after)?], &bank, LISTED)?;
        }
        Ok(found)
    }
}
