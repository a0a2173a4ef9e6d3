//! The comparer thread: what changed between two models, newest request first, beside training and scoring.

use super::worker::Shared;
use super::{ComparisonRequest, EngineError, Event, Session};
use crate::diagnose::{BothWays, ComparisonQuestion, ModelComparison};
use crate::stats::Resampling;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Items and prompts that are listed.
const LISTED: usize = 100;
/// Replicates of the first answer: a tenth of the time, and as a rule the same verdicts.
const FIRST: usize = 200;
/// Pairs of models whose comparisons of losses are kept.
const KEPT: usize = 16;
/// How often the drawing is told of, from beginning to end.
const TOLD: usize = 50;

/// Comparisons of losses alone, the newest last: heads and swapped models need no new bootstrap.
#[derive(Debug, Default)]
pub struct Compared(Vec<BothWays>);

impl Compared {
    /// Whether the bootstrap of a request is done.
    #[must_use]
    pub fn holds(&self, request: &ComparisonRequest) -> bool {
        self.find(request).is_some()
    }

    fn find(&self, request: &ComparisonRequest) -> Option<&BothWays> {
        self.0.iter().find(|found| found.from(&request.before).is_some_and(|found| found.after == request.after))
    }
}

/// Runs until the slot is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    let mut kept = Compared::default();
    while let Some(request) = shared.comparer.take() {
        let send = |found: Result<BothWays, EngineError>| {
            let found = found.map(Arc::new).map_err(|error| error.to_string());
            shared.send(Event::ModelsCompared { request: request.clone(), found })
        };
        let work = AssertUnwindSafe(|| {
            let session = &shared.session;
            let told = |done, total| {
                let (before, after) = (request.before.clone(), request.after.clone());
                shared.tell(Event::Comparing { before, after, done, total });
            };
            if !kept.holds(&request) {
                let plan = Resampling { replicates: FIRST, ..Resampling::default() };
                let first = session.compare_both_ways(&request, plan, &told)?;
                send(Ok(first));
            }
            session.compare_asked(&request, &mut kept, &told)
        });
        let stopped = "comparing stopped on an internal error; a crash file in the home folder says more";
        let found = catch_unwind(work).unwrap_or_else(|_| Err(EngineError::Internal(stopped.into())));
        if !send(found) {
            return;
        }
    }
}

/// Works on threads of its own: what else is asked for meanwhile does not wait behind thousands of replicates.
fn beside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    let make = || rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).build().ok();
    match POOL.get_or_init(make) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

impl Session {
    /// Answers a request of the console, either way round; `kept` keeps the comparisons of losses alone. `told` hears of
    /// the replicates drawn: how many, of how many.
    ///
    /// # Errors
    /// As [`Session::compare_losses`] and [`Session::add_runs`].
    pub fn compare_asked(
        &self,
        request: &ComparisonRequest,
        kept: &mut Compared,
        told: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<BothWays, EngineError> {
        if !kept.holds(request) {
            let found = self.compare_both_ways(request, Resampling::default(), told)?;
            kept.0.drain(..(kept.0.len() + 1).saturating_sub(KEPT));
            kept.0.push(found);
        }
        let found = kept.find(request).cloned();
        let mut found = found.ok_or_else(|| EngineError::Internal("a comparison was not kept".into()))?;
        if let Some([before, after]) = &request.runs {
            let load = |run: &crate::audit::RunId| self.load(self.store.find_run(&run.0)?);
            let bank = self.own_prompts().with(&request.prompts, "pinned ones");
            let (first, second) = (load(before)?, load(after)?);
            let [there, back] = [&mut found.there, &mut found.back];
            let [there, back] = if there.before == request.before { [there, back] } else { [back, there] };
            self.add_runs(there, [&first, &second], &bank, LISTED)?;
            self.add_runs(back, [&second, &first], &bank, LISTED)?;
        }
        Ok(found)
    }

    fn compare_both_ways(
        &self,
        request: &ComparisonRequest,
        resampling: Resampling,
        told: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<BothWays, EngineError> {
        let audit = self.audit()?;
        let models = [audit.model(&request.before)?, audit.model(&request.after)?];
        let clusters = audit.clusters.clone();
        let question = ComparisonQuestion { top: LISTED, resampling, clusters, ..ComparisonQuestion::default() };
        let total = question.draws(&audit, models);
        let (drawn, step) = (AtomicUsize::new(0), total.div_ceil(TOLD).max(1));
        let one_more = || {
            let done = drawn.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(step) {
                told(done, total);
            }
        };
        let work = || crate::diagnose::compare_both_ways(&audit, models[0], models[1], &question, &one_more);
        let found = beside(work);
        let ModelComparison { n, before, after, .. } = &found.there;
        if *n == 0 {
            return Err(super::comparing::nothing_shared(&audit.name, before, after));
        }
        Ok(found)
    }
}
