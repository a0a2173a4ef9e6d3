//! Signals that end the program, stop it or wake it up, and a watch for a terminal that vanished without one.

use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// The number of SIGHUP, which a vanished terminal counts as.
pub const HANGUP: i32 = 1;

/// Seconds the program has to end after its terminal vanished.
const GRACE: u32 = 10;

/// `^Z` as another process sends it, and waking up after it: their numbers are not in the standard library.
const STOP: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };
const RESUME: i32 = if cfg!(target_os = "linux") { 18 } else { 19 };

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To end, by the signal of this number.
    End(i32),
    /// To stop until somebody resumes the program.
    Stop,
    /// The program was stopped and goes on: what the terminal shows is not what it did.
    Resumed,
}

/// The signals that are listened to.
pub struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    /// Listens from now on; needs a tokio runtime.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(STOP))?,
            resume: signal(SignalKind::from_raw(RESUME))?,
        })
    }

    /// Waits for one of them.
    pub async fn next(&mut self) -> Told {
        let kind = tokio::select! {
            _ = self.hangup.recv() => SignalKind::hangup(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.quit.recv() => SignalKind::quit(),
            _ = self.stop.recv() => return Told::Stop,
            _ = self.resume.recv() => return Told::Resumed,
        };
        Told::End(kind.as_raw_value())
    }
}

/// Which of the two ends were a terminal when the program began.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    input: bool,
    output: bool,
}

impl Ends {
    /// What is there now.
    #[must_use]
    pub fn now() -> Self {
        Self { input: stdin().is_terminal(), output: stdout().is_terminal() }
    }

    /// Whether a terminal that was there no longer is: a hung-up one fails every question.
    #[must_use]
    pub fn gone(self) -> bool {
        let now = Self::now();
        (self.input && !now.input) || (self.output && !now.output)
    }
}

/// Looks once a second whether the terminal is still there, on a thread of its own: the reader of keys may spin.
pub struct Watch {
    done: Arc<AtomicBool>,
    gone: mpsc::Receiver<()>,
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(ends: Ends) -> std::io::Result<Self> {
        let (tell, gone) = mpsc::channel(1);
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        std::thread::Builder::new().name("terminal watch".into()).spawn(move || {
            let wait = || {
                std::thread::sleep(Duration::from_secs(1));
                !seen.load(Ordering::SeqCst)
            };
            while wait() {
                if !ends.gone() {
                    continue;
                }
                let _ = tell.try_send(());
                for _ in 0..GRACE {
                    if !wait() {
                        return;
                    }
                }
                // Whoever should have ended the program is stuck; a core must not burn for nobody.
                std::process::exit(128 + HANGUP);
            }
        })?;
        Ok(Self { done, gone })
    }

    /// Waits until the terminal is gone.
    pub async fn gone(&mut self) {
        if self.gone.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
    }
}
