//! The engine behind the console: a training queue on one thread, a scorer on another.

use super::scorer::{self, Mailbox};
use super::{Command, EngineError, Event, JobId, Progress, ScoreRequest, Session, Tracker};
use crate::audit::{Architecture, HyperParameters, RunRecord};
use crate::store::HistoryEntry;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

/// Events that may wait for the console before the engine does.
const EVENT_SLOTS: usize = 256;

/// What the console listens to.
pub struct EngineLinks {
    pub events: mpsc::Receiver<Event>,
    pub progress: watch::Receiver<Option<Arc<Progress>>>,
}

/// A training run that waits or runs.
struct Job {
    id: JobId,
    model: String,
    hyper: HyperParameters,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    running: Option<(JobId, Arc<Tracker>)>,
    next: JobId,
    /// The model a person looks at: only its runs are shown when they finish.
    model: String,
    closed: bool,
}

struct Shared {
    session: Session,
    queue: Mutex<Queue>,
    filled: Condvar,
    mailbox: Mailbox,
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
        let last =
            session.store().shown_model(&session.record().name)?.filter(|last| session.record().models.contains(last));
        let model = session.model_name(model.or(last.as_deref()))?;
        let history = session.store().history(&session.record().name)?;
        let runs = session.store().runs(&session.record().name, None)?;
        let opened = Event::Opened {
            audit: Arc::new(session.view()),
            runs: runs.into_iter().map(Arc::new).collect(),
            history: history.into_iter().map(|entry| (entry.a, entry.b)).collect(),
        };
        let shared = Arc::new(Shared {
            session,
            queue: Mutex::default(),
            filled: Condvar::new(),
            mailbox: Mailbox::default(),
            events,
            progress,
        });
        // The channel is empty: this cannot wait.
        let _ = shared.events.try_send(opened);
        let spawn = |name: &str, work: fn(&Shared)| {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(name.into())
                .spawn(move || work(&shared))
                .map_err(|error| EngineError::Usage(format!("cannot start a thread: {error}")))
        };
        let threads = vec![
            spawn("trainer", train_queue)?,
            spawn("scorer", |shared| scorer::run(&shared.session, &shared.mailbox, &shared.events))?,
        ];
        let engine = Self { shared, threads };
        engine.command(Command::OpenModel { model });
        Ok((engine, EngineLinks { events: event_receiver, progress: progress_receiver }))
    }

    /// Takes a command; never waits.
    pub fn command(&self, command: Command) {
        if let Err(error) = self.shared.take(command) {
            self.shared.notice(error.to_string());
        }
    }

    /// Takes a request to score, replacing one that still waits; never waits.
    pub fn score(&self, request: ScoreRequest) {
        self.shared.mailbox.score(request);
    }

    /// Stops the threads after their current step and writes everything to disk.
    pub fn shut_down(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        {
            let mut queue = self.shared.lock();
            queue.closed = true;
            queue.jobs.clear();
            if let Some((_, tracker)) = &queue.running {
                tracker.cancel();
            }
        }
        self.shared.filled.notify_all();
        self.shared.mailbox.close();
        for thread in self.threads.drain(..) {
            // A panicked thread has already told its story through the hook.
            let _ = thread.join();
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
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notice(&self, message: String) {
        // A full channel means the console is far behind; a notice may be lost, never waited for.
        let _ = self.events.try_send(Event::Notice { message, warning: true });
    }

    fn take(&self, command: Command) -> Result<(), EngineError> {
        match command {
            Command::OpenModel { model } => self.open_model(&model),
            Command::OpenRun { run } => {
                let record = self.session.store().find_run(&run.0)?;
                self.lock().model = record.model.clone();
                self.mailbox.show(record);
                Ok(())
            }
            Command::Train { model, hyper } => {
                let model = self.session.model_name(Some(&model))?;
                hyper.validate().map_err(EngineError::Usage)?;
                self.enqueue(model, hyper);
                Ok(())
            }
            Command::Cancel { job } => {
                self.cancel(job);
                Ok(())
            }
            Command::Remember { a, b } => {
                Ok(self.session.store().remember(&self.session.record().name, &HistoryEntry { a, b })?)
            }
        }
    }

    /// Shows a model's run, or queues the default heads: linear first, which is ready within seconds.
    fn open_model(&self, model: &str) -> Result<(), EngineError> {
        let model = self.session.model_name(Some(model))?;
        self.lock().model.clone_from(&model);
        let run = self.session.current_run(&model)?;
        if let Some(run) = run {
            self.mailbox.show(run);
            return Ok(());
        }
        let already = self.lock().jobs.iter().any(|job| job.model == model);
        if !already {
            self.enqueue(model.clone(), HyperParameters::new(Architecture::Linear));
            self.enqueue(model, HyperParameters::new(Architecture::Mlp));
        }
        Ok(())
    }

    fn enqueue(&self, model: String, hyper: HyperParameters) {
        let mut queue = self.lock();
        queue.next += 1;
        let id = queue.next;
        queue.jobs.push_back(Job { id, model: model.clone(), hyper: hyper.clone() });
        drop(queue);
        let _ = self.events.try_send(Event::JobQueued { job: id, model, hyper });
        self.filled.notify_one();
    }

    fn cancel(&self, job: JobId) {
        let mut queue = self.lock();
        if let Some((running, tracker)) = &queue.running
            && *running == job
        {
            tracker.cancel();
            return;
        }
        let before = queue.jobs.len();
        queue.jobs.retain(|waiting| waiting.id != job);
        if queue.jobs.len() < before {
            drop(queue);
            let _ = self.events.try_send(Event::JobCancelled { job });
        }
    }

    /// Waits for a job and marks it running; `None` once closed.
    fn next_job(self: &Shared) -> Option<(Job, Arc<Tracker>)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                let progress = self.progress.clone();
                let (events, id) = (self.events.clone(), job.id);
                let tracker = Arc::new(Tracker::new(
                    job.id,
                    move |newest| drop(progress.send_replace(Some(Arc::new(newest)))),
                    move |metrics| drop(events.blocking_send(Event::Epoch { job: id, metrics: metrics.to_vec() })),
                ));
                queue.running = Some((job.id, tracker.clone()));
                return Some((job, tracker));
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, job: &Job, result: Result<RunRecord, EngineError>) -> Event {
        let mut queue = self.lock();
        queue.running = None;
        let looked_at = queue.model == job.model;
        drop(queue);
        self.progress.send_replace(None);
        match result {
            Ok(record) => {
                if looked_at {
                    self.mailbox.show(record.clone());
                }
                Event::JobFinished { job: job.id, record: Arc::new(record) }
            }
            Err(EngineError::Cancelled) => Event::JobCancelled { job: job.id },
            Err(error) => Event::JobFailed { job: job.id, message: error.to_string() },
        }
    }
}

/// The training thread: one job after the other, a panic is a failed job and not a dead console.
fn train_queue(shared: &Shared) {
    while let Some((job, tracker)) = shared.next_job() {
        if shared.events.blocking_send(Event::JobStarted { job: job.id }).is_err() {
            return;
        }
        let work = AssertUnwindSafe(|| shared.session.train(&job.model, &job.hyper, &tracker).map(|run| run.record));
        let result = catch_unwind(work).unwrap_or_else(|_| {
            Err(EngineError::Usage("the job stopped on an internal error; see the crash file".into()))
        });
        let event = shared.finish(&job, result);
        if shared.events.blocking_send(event).is_err() {
            return;
        }
    }
}
