//! What a training without a console does and has to do, told in the home, where consoles that watch read it.

use crate::audit::{HyperParameters, WaitingRun};
use crate::engine::Session;

/// The queue as it was before, which comes back in the end: the same command goes on with what was not done.
pub struct Announced<'a> {
    session: &'a Session,
    audit: String,
    model: &'a str,
    before: Vec<WaitingRun>,
}

impl<'a> Announced<'a> {
    pub fn new(session: &'a Session, model: &'a str) -> Self {
        let audit = session.record().name.clone();
        let waiting = session.store().waiting().unwrap_or_default();
        let before = waiting.into_iter().filter(|run| run.audit == audit).collect();
        Self { session, audit, model, before }
    }

    /// The first of these runs is being trained, the others wait for it.
    pub fn tell(&self, runs: &[HyperParameters]) {
        let waiting = |(at, hyper): (usize, &HyperParameters)| WaitingRun {
            audit: self.audit.clone(),
            model: self.model.to_owned(),
            running: at == 0,
            hyper: hyper.clone(),
        };
        let own: Vec<WaitingRun> = runs.iter().enumerate().map(waiting).collect();
        let is_own = |run: &WaitingRun| own.iter().any(|own| own.model == run.model && own.hyper == run.hyper);
        let rest: Vec<WaitingRun> = self.before.iter().filter(|run| !is_own(run)).cloned().collect();
        self.keep(own.into_iter().chain(rest).collect());
    }

    fn keep(&self, runs: Vec<WaitingRun>) {
        // Runs are trained whether or not somebody can be told of them.
        let _ = self.session.store().keep_waiting(&self.audit, runs);
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.keep(self.before.clone());
    }
}
