//! The engine behind the console: a training queue on one thread, a scorer on another.

use super::backing;
use super::comparer;
use super::discoverer::{self, Discoveries};
use super::findings::{self, Asked};
use super::follower;
use super::gpu_load;
use super::items_desk::{self, ItemsWaiting};
use super::keeper;
use super::queue::{Job, Origin, Queue, Running, Task};
use super::scorer::{self, Mailbox, Work};
use super::slot::Slot;
use super::witnesses;
use super::wording::{self, Words};
use super::{
    BackingRequest, CacheReport, Chore, Command, ComparisonRequest, EngineError, Event, Progress, ScoreRequest,
    Session, Stage, Tracker,
};
use crate::audit::{RunId, RunRecord};
use crate::diagnose::Estimator;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

/// Events that may wait for the console before the engine does.
const EVENT_SLOTS: usize = 256;
/// How long the engine looks away while the console is behind.
const BEHIND: Duration = Duration::from_millis(5);
/// Longest a person waits for the threads when leaving; what they do then is lost, the store is not.
const PATIENCE: Duration = Duration::from_secs(4);

/// What the console listens to.
pub struct EngineLinks {
    pub events: mpsc::Receiver<Event>,
    pub progress: watch::Receiver<Option<Arc<Progress>>>,
}

/// What became of a job.
enum Done {
    Trained(Box<RunRecord>),
    /// A run of exactly these inputs was kept already.
    Known(Box<RunRecord>),
    Embedded(usize),
    Verified(CacheReport),
}

/// What the threads share.
pub struct Shared {
    pub session: Session,
    pub mailbox: Mailbox,
    pub comparer: Slot<ComparisonRequest>,
    /// Findings, intersections and ledgers that are asked for.
    pub finder: Slot<Vec<Asked>>,
    /// Slices that are asked for.
    pub discoveries: Discoveries,
    /// Runs whose evidence is to be read.
    pub evidence: Slot<RunId>,
    /// What is asked about items.
    pub items: Slot<ItemsWaiting>,
    /// What stands behind what is shown.
    pub backing: Slot<BackingRequest>,
    /// A sentence on which two models are compared.
    pub both_models: Slot<(String, [String; 2])>,
    /// A run and a sentence whose estimate words are to raise.
    pub raise: Slot<(RunId, String)>,
    /// Which items hold which words.
    pub words: Words,
    /// What estimates of the shown run come from, once its evidence was read.
    pub estimator: Mutex<Option<(RunId, Arc<Estimator>)>>,
    /// The queue changed and is to be kept.
    pub keeper: Slot<()>,
    queue: Mutex<Queue>,
    pub filled: Condvar,
    events: mpsc::Sender<Event>,
    progress: watch::Sender<Option<Arc<Progress>>>,
}

/// A running engine; dropping it stops its threads after their current step.
pub struct Engine {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads and shows the model looked at last, or trains the default heads of the first one.
    ///
    /// # Errors
    /// If a thread cannot be started or the store cannot be read.
    pub fn start(session: Session, model: Option<&str>) -> Result<(Self, EngineLinks), EngineError> {
        let (events, event_receiver) = mpsc::channel(EVENT_SLOTS);
        let (progress, progress_receiver) = watch::channel(None);
        let record = session.record();
        let name = &record.name;
        let last = session.store().shown_model(name)?.filter(|last| record.models.contains(last));
        let model = session.model_name(model.or(last.as_deref()))?;
        let opened = Event::Opened {
            audit: Arc::new(session.view()),
            runs: session.store().runs(name, None)?.into_iter().map(Arc::new).collect(),
            history: session.store().history(name)?.into_iter().map(|entry| (entry.a, entry.b)).collect(),
        };
        let (queue, filled) = (Mutex::default(), Condvar::new());
        let (mailbox, comparer, finder, discoveries, evidence, items, keeper) = Default::default();
        let (both_models, raise, words, estimator, backing) = Default::default();
        let shared = Arc::new(Shared {
            session,
            mailbox,
            comparer,
            finder,
            discoveries,
            evidence,
            items,
            backing,
            both_models,
            raise,
            words,
            estimator,
            keeper,
            queue,
            filled,
            events,
            progress,
        });
        shared.send(opened);
        shared.tell_unfinished();
        for note in shared.session.store().notes() {
            shared.send(Event::Notice { message: note.clone(), warning: true });
        }
        if let Some(note) = shared.session.device_note() {
            shared.send(Event::Notice { message: note.to_owned(), warning: true });
        }
        let spawn = |name: &str, work: fn(&Shared)| {
            let shared = shared.clone();
            let thread = std::thread::Builder::new().name(name.into()).spawn(move || work(&shared));
            thread.map_err(|error| EngineError::Internal(format!("cannot start a thread: {error}")))
        };
        let threads = vec![
            spawn("trainer", train_queue)?,
            spawn("scorer", scorer::run)?,
            spawn("comparer", comparer::run)?,
            spawn("finder", findings::run)?,
            spawn("discoverer", discoverer::run)?,
            spawn("witnesses", witnesses::run)?,
            spawn("items", items_desk::run)?,
            spawn("backing", backing::run)?,
            spawn("follower", follower::run)?,
            spawn("keeper", keeper::run)?,
            spawn("wording", wording::run)?,
            spawn("raiser", wording::run_raise)?,
        ];
        let engine = Self { shared, threads };
        engine.command(Command::OpenModel { model });
        Ok((engine, EngineLinks { events: event_receiver, progress: progress_receiver }))
    }

    /// Takes a command; never waits and never touches the disk.
    pub fn command(&self, command: Command) {
        match command {
            Command::Train { model, hyper } => match self.shared.check(&model, &hyper) {
                Ok(model) => self.shared.enqueue(Task::Train { model, hyper }, Origin::Asked),
                Err(error) => self.shared.tell(Event::Notice { message: error.to_string(), warning: true }),
            },
            Command::Care { chore } => self.shared.enqueue(Task::Care(chore), Origin::Asked),
            Command::MoveJob { job, earlier } => self.shared.order(job, earlier),
            Command::ReleaseJobs { job } => self.shared.release(job),
            Command::DropKeptJobs => self.shared.drop_kept(),
            Command::Cancel { job } => self.shared.cancel(job),
            Command::CompareModels(request) => self.shared.comparer.put(request),
            Command::Find { model } => findings::ask(&self.shared.finder, Asked::Findings(model)),
            Command::Intersect { model } => findings::ask(&self.shared.finder, Asked::Intersections(model)),
            Command::Measure { model, within } => {
                findings::ask(&self.shared.finder, Asked::Attributes { model, within });
            }
            Command::ReadLedger { file } => findings::ask(&self.shared.finder, Asked::Ledger(file)),
            Command::Discover(request) => self.shared.discoveries.put(request),
            Command::BothModels { text, models } => self.shared.both_models.put((text, models)),
            Command::Raise { run, text } => self.shared.raise.put((run, text)),
            Command::Back(request) => self.shared.backing.put(request),
            Command::Items(command) => self.shared.items.change(|waiting| waiting.put(command)),
            other => self.shared.mailbox.put(Work::Command(other)),
        }
    }

    /// Takes a request to score, replacing one that still waits; never waits.
    pub fn score(&self, request: ScoreRequest) {
        self.shared.mailbox.put(Work::Score(request));
    }

    /// Stops the threads after their current step and writes everything to disk, within [`PATIENCE`]; what was left of the
    /// queue is kept for the next start.
    pub fn close(mut self) -> Left {
        self.stop()
    }

    fn stop(&mut self) -> Left {
        if self.threads.is_empty() {
            return Left::default();
        }
        {
            let mut queue = self.shared.lock();
            queue.closed = true;
            if let Some(running) = &queue.running {
                running.tracker.cancel();
            }
        }
        self.shared.filled.notify_all();
        self.shared.mailbox.close();
        self.shared.comparer.close();
        self.shared.finder.close();
        self.shared.discoveries.close();
        self.shared.evidence.close();
        self.shared.items.close();
        self.shared.backing.close();
        self.shared.keeper.close();
        self.shared.both_models.close();
        self.shared.raise.close();
        let deadline = Instant::now() + PATIENCE;
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(BEHIND);
            }
            if thread.is_finished() {
                // A panicked thread has already told its story through the hook.
                let _ = thread.join();
            }
        }
        let kept = self.shared.kept(&self.shared.lock());
        let running = kept.iter().filter(|run| run.running).count();
        // Also where nothing is left: what ended last may not have been told to the file yet.
        let problem = self.shared.keep_queue().err().filter(|_| !kept.is_empty()).map(|error| error.to_string());
        let _ = self.shared.session.store().flush();
        Left { running, waiting: kept.len() - running, problem }
    }
}

/// What was not done when the engine stopped; the next start offers it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    pub running: usize,
    pub waiting: usize,
    /// Why it could not be kept.
    pub problem: Option<String>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the threads are to end.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Hands an event to the console, waiting while it is behind; false once nobody listens or all ends.
    pub fn send(&self, mut event: Event) -> bool {
        loop {
            match self.events.try_send(event) {
                Ok(()) => return true,
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(back)) => event = back,
            }
            if self.is_closed() {
                return false;
            }
            std::thread::sleep(BEHIND);
        }
    }

    /// Hands over an event without waiting: for the UI thread, which cannot be behind itself, and for what may be lost.
    pub fn tell(&self, event: Event) {
        let _ = self.events.try_send(event);
    }

    /// Keeps what estimates of the shown run come from.
    pub fn keep_estimator(&self, run: RunId, estimator: Arc<Estimator>) {
        *self.estimator.lock().unwrap_or_else(PoisonError::into_inner) = Some((run, estimator));
    }

    /// Tells which runs are not finished; a list that cannot be read is none worth ending for.
    fn tell_unfinished(&self) {
        if let Ok(runs) = self.session.store().unfinished(&self.session.record().name, None) {
            self.send(Event::Unfinished(runs.into_iter().map(Arc::new).collect()));
        }
    }

    /// Does a job, whatever it is.
    fn work(&self, job: &Job, tracker: &Tracker) -> Result<Done, EngineError> {
        match &job.task {
            Task::Train { model, hyper } => Ok(match self.session.finished(model, hyper)? {
                Some(record) => Done::Known(Box::new(record)),
                None => Done::Trained(Box::new(self.session.train(model, hyper, tracker)?.record)),
            }),
            Task::Care(Chore::Embed) => {
                tracker.stage(Stage::Loading, 0);
                self.session.embeddings(tracker)?;
                Ok(Done::Embedded(self.session.audit()?.items.len()))
            }
            Task::Care(Chore::Verify) => {
                tracker.stage(Stage::Checking, 0);
                Ok(Done::Verified(self.session.cache_report()?))
            }
        }
    }

    /// Waits for a job and marks it running; `None` once closed.
    fn next_job(&self) -> Option<(Job, Arc<Tracker>)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.take() {
                let (progress, events, id) = (self.progress.clone(), self.events.clone(), job.id);
                let notices = events.clone();
                let tracker = Tracker::new(
                    job.id,
                    move |newest| drop(progress.send_replace(Some(Arc::new(newest)))),
                    // The metrics are in the run's record too: if the console is far behind, it reads them there.
                    move |metrics| drop(events.try_send(Event::Epoch { job: id, metrics: metrics.to_vec() })),
                )
                .with_notices(move |message, warning| {
                    drop(notices.try_send(Event::Notice { message: message.to_owned(), warning }));
                });
                let tracker = Arc::new(match self.session.device() {
                    Ok(device) => tracker.watching(device),
                    Err(_) => tracker,
                });
                if let (Ok(device), true) = (self.session.device(), job.task.model().is_some()) {
                    gpu_load::watch(&tracker, device);
                }
                queue.running = Some(Running { job: job.clone(), tracker: tracker.clone(), stopped: false });
                drop(queue);
                self.keeper.put(());
                return Some((job, tracker));
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, job: &Job, result: Result<Done, EngineError>) -> Event {
        let mut queue = self.lock();
        let running = queue.running.take();
        // Stopped because the program ends: it goes on when the next start is told to.
        if queue.closed && matches!(result, Err(EngineError::Cancelled)) {
            queue.running = running;
        }
        drop(queue);
        self.keeper.put(());
        self.progress.send_replace(None);
        match result {
            Ok(Done::Known(record)) => {
                self.mailbox.put(Work::Finished(record.clone()));
                Event::JobKnown { job: job.id, record: Arc::new(*record) }
            }
            Ok(Done::Trained(record)) => {
                self.mailbox.put(Work::Finished(record.clone()));
                Event::JobFinished { job: job.id, record: Arc::new(*record) }
            }
            Ok(Done::Embedded(items)) => Event::Embedded { job: job.id, items },
            Ok(Done::Verified(report)) => Event::Verified { job: job.id, report: Arc::new(report) },
            Err(EngineError::Cancelled) => Event::JobCancelled { job: job.id },
            Err(error) => Event::JobFailed { job: job.id, message: error.to_string() },
        }
    }
}

/// The training thread: one job after the other, a panic is a failed job and not a dead console.
fn train_queue(shared: &Shared) {
    while let Some((job, tracker)) = shared.next_job() {
        if !shared.send(Event::JobStarted { job: job.id }) {
            return;
        }
        let work = AssertUnwindSafe(|| shared.work(&job, &tracker));
        let stopped = "the job stopped on an internal error; a crash file in the home folder says more";
        let result = catch_unwind(work).unwrap_or_else(|_| Err(EngineError::Internal(stopped.into())));
        let event = shared.finish(&job, result);
        if !shared.send(event) {
            return;
        }
        if job.task.model().is_some() {
            shared.tell_unfinished();
        }
    }
}
