//! Signals while heads are trained without a console: stop after the current step, and leave in time.

use crate::engine::Tracker;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;
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
    /// Somebody else listens from now on.
    ended: AtomicBool,
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
        let mut heeded = {
            // Handlers belong to the runtime that is entered.
            let _inside = runtime.enter();
            let heeded = kinds.into_iter().filter(|kind| !is_ignored(kind.as_raw_value()));
            heeded.map(|kind| Ok((kind.as_raw_value(), signal(kind)?))).collect::<std::io::Result<Vec<_>>>()?
        };
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                let first = next(&mut heeded).await;
                if heard.0.ended.load(Ordering::SeqCst) {
                    return;
                }
                heard.stop(first);
                // A second signal means now.
                let _ = tokio::time::timeout(GRACE, next(&mut heeded)).await;
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

    /// Leaves signals to somebody else.
    pub fn end(self) {
        self.0.ended.store(true, Ordering::SeqCst);
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

/// Waits for one of them; its number.
async fn next(signals: &mut [(i32, Signal)]) -> i32 {
    std::future::poll_fn(|context| {
        let ready =
            signals.iter_mut().find_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Whether whoever started this wants the signal ignored, as nohup does of SIGHUP: a handler would undo that.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (number - 1) & 1 == 1
}

/// The name of a signal that [`Signals`] listens for.
pub fn name(number: i32) -> &'static str {
    match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        _ => "SIGTERM",
    }
}
