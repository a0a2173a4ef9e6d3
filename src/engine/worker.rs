//! The engine behind the console: a training queue on one thread, a scorer on another.

use super::comparer;
use super::discoverer::{self, Discoveries};
use super::findings::{self, Asked};
use super::follower;
use super::items_desk::{self, ItemsWaiting};
use super::scorer::{self, Mailbox, Work};
use super::slot::Slot;
use super::witnesses;
use super::{
    CacheReport, Chore, Command, ComparisonRequest, EngineError, Event, JobId, Progress, ScoreRequest, Session, Stage,
    Tracker,
};
use crate::audit::{HyperParameters, RunId, RunRecord};
use std::collections::VecDeque;
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

/// Work that waits or runs.
struct Job {
    id: JobId,
    task: Task,
}

enum Task {
    Train { model: String, hyper: HyperParameters },
    Care(Chore),
}

impl Task {
    fn model(&self) -> Option<&str> {
        match self {
            Self::Train { model, .. } => Some(model),
            Self::Care(_) => None,
        }
    }
}

/// What became of a job.
enum Done {
    Trained(Box<RunRecord>),
    Embedded(usize),
    Verified(CacheReport),
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    running: Option<Running>,
    next: JobId,
    closed: bool,
}

struct Running {
    job: JobId,
    model: Option<String>,
    tracker: Arc<Tracker>,
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
    queue: Mutex<Queue>,
    filled: Condvar,
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
        let (mailbox, comparer, finder, discoveries, evidence, items) = Default::default();
        let shared = Arc::new(Shared {
            session,
            mailbox,
            comparer,
            finder,
            discoveries,
            evidence,
            items,
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
            spawn("follower", follower::run)?,
        ];
        let engine = Self { shared, threads };
        engine.command(Command::OpenModel { model });
        Ok((engine, EngineLinks { events: event_receiver, progress: progress_receiver }))
    }

    /// Takes a command; never waits and never touches the disk.
    pub fn command(&self, command: Command) {
        match command {
            Command::Train { model, hyper } => match self.shared.check(&model, &hyper) {
                Ok(model) => self.shared.enqueue(model, hyper),
                Err(error) => self.shared.tell(Event::Notice { message: error.to_string(), warning: true }),
            },
            Command::Care { chore } => self.shared.enqueue_chore(chore),
            Command::Cancel { job } => self.shared.cancel(job),
            Command::CompareModels(request) => self.shared.comparer.put(request),
            Command::Find { model } => findings::ask(&self.shared.finder, Asked::Findings(model)),
            Command::Intersect { model } => findings::ask(&self.shared.finder, Asked::Intersections(model)),
            Command::Measure { model, within } => {
                findings::ask(&self.shared.finder, Asked::Attributes { model, within });
            }
            Command::ReadLedger { file } => findings::ask(&self.shared.finder, Asked::Ledger(file)),
            Command::Discover(request) => self.shared.discoveries.put(request),
            Command::Items(command) => self.shared.items.change(|waiting| waiting.put(command)),
            other => self.shared.mailbox.put(Work::Command(other)),
        }
    }

    /// Takes a request to score, replacing one that still waits; never waits.
    pub fn score(&self, request: ScoreRequest) {
        self.shared.mailbox.put(Work::Score(request));
    }

    /// Stops the threads after their current step and writes everything to disk, within [`PATIENCE`].
    fn stop(&mut self) {
        {
            let mut queue = self.shared.lock();
            queue.closed = true;
            queue.jobs.clear();
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
        let _ = self.shared.session.store().flush();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
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

    fn check(&self, model: &str, hyper: &HyperParameters) -> Result<String, EngineError> {
        hyper.validate().map_err(EngineError::Usage)?;
        self.session.model_name(Some(model))
    }

    /// Whether a run of this model waits or is being trained.
    pub fn has_job_for(&self, model: &str) -> bool {
        let queue = self.lock();
        queue
            .jobs
            .iter()
            .filter_map(|job| job.task.model())
            .chain(queue.running.iter().filter_map(|running| running.model.as_deref()))
            .any(|other| other == model)
    }

    /// Queues a run. The event goes out under the lock: the job must not be seen to start before it is queued.
    pub fn enqueue(&self, model: String, hyper: HyperParameters) {
        let mut queue = self.lock();
        queue.next += 1;
        let id = queue.next;
        self.tell(Event::JobQueued { job: id, model: model.clone(), hyper: hyper.clone() });
        queue.jobs.push_back(Job { id, task: Task::Train { model, hyper } });
        drop(queue);
        self.filled.notify_one();
    }

    /// Queues work on the cache, likewise.
    fn enqueue_chore(&self, chore: Chore) {
        let mut queue = self.lock();
        queue.next += 1;
        let id = queue.next;
        self.tell(Event::ChoreQueued { job: id, chore });
        queue.jobs.push_back(Job { id, task: Task::Care(chore) });
        drop(queue);
        self.filled.notify_one();
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
            Task::Train { model, hyper } => {
                Ok(Done::Trained(Box::new(self.session.train_or_find(model, hyper, tracker)?)))
            }
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

    fn cancel(&self, job: JobId) {
        let mut queue = self.lock();
        if let Some(running) = queue.running.as_ref().filter(|running| running.job == job) {
            running.tracker.cancel();
            return;
        }
        let before = queue.jobs.len();
        queue.jobs.retain(|waiting| waiting.id != job);
        if queue.jobs.len() < before {
            self.tell(Event::JobCancelled { job });
        }
    }

    /// Waits for a job and marks it running; `None` once closed.
    fn next_job(&self) -> Option<(Job, Arc<Tracker>)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
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
                queue.running =
                    Some(Running { job: job.id, model: job.task.model().map(str::to_owned), tracker: tracker.clone() });
                return Some((job, tracker));
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, job: &Job, result: Result<Done, EngineError>) -> Event {
        self.lock().running = None;
        self.progress.send_replace(None);
        match result {
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
