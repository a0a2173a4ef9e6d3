//! Signals while heads are trained without a console: stop after the current step, and leave in time.

use crate::engine::Tracker;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Longest the work may take to stop once it was told to.
const GRACE: Duration = Duration::from_secs(4);

/// Listens for SIGHUP, SIGINT and SIGTERM from the time it is made.
#[derive(Clone, Default)]
pub struct Signals(Arc<State>);

#[derive(Default)]
struct State {
    /// Number of the first signal that came; 0 for none.
    number: AtomicI32,
    work: Mutex<Option<Weak<Tracker>>>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the system refuses a thread or a handler.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::default();
        let heard = signals.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let kinds = [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()];
        let [mut hangup, mut interrupt, mut terminate] = {
            // Handlers belong to the runtime that is entered.
            let _inside = runtime.enter();
            let [a, b, c] = kinds.map(signal);
            [a?, b?, c?]
        };
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                let first = next(&mut hangup, &mut interrupt, &mut terminate).await;
                heard.stop(first);
                // A second signal means now.
                let _ = tokio::time::timeout(GRACE, next(&mut hangup, &mut interrupt, &mut terminate)).await;
                std::process::exit(128 + first);
            });
        })?;
        Ok(signals)
    }

    /// The work that a signal is to stop.
    pub fn stops(&self, work: &Arc<Tracker>) {
        *self.0.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(work));
        // It may have come just before.
        if self.number().is_some() {
            work.cancel();
        }
    }

    /// Number of the signal that came, if one did.
    pub fn number(&self) -> Option<i32> {
        Some(self.0.number.load(Ordering::SeqCst)).filter(|number| *number != 0)
    }

    fn stop(&self, number: i32) {
        self.0.number.store(number, Ordering::SeqCst);
        match self.0.work.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // Work that is over already ends on its own.
            Some(work) => drop(work.upgrade().map(|work| work.cancel())),
            // Nothing has begun that could be stopped with care.
            None => std::process::exit(128 + number),
        }
    }
}

async fn next(hangup: &mut Signal, interrupt: &mut Signal, terminate: &mut Signal) -> i32 {
    let kind = tokio::select! {
        _ = hangup.recv() => SignalKind::hangup(),
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
    };
    kind.as_raw_value()
}

/// The name of a signal that [`Signals`] listens for.
pub fn name(number: i32) -> &'static str {
    match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        _ => "SIGTERM",
    }
}
