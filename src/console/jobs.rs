//! What the console knows of the engine's jobs.

use super::number;
use crate::audit::{EpochMetrics, HeadKind, HyperParameters, RunRecord};
use crate::engine::{CacheReport, Chore, Event, JobId, Progress};
use std::sync::Arc;

/// Jobs that are remembered; the oldest ended ones are forgotten first.
const KEPT: usize = 64;

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    Queued,
    /// It waited when the console was left, and begins when a person says so.
    Kept,
    Running,
    Finished,
    Cancelled,
    /// It was taken out of the queue before it began.
    Dropped,
    /// With the engine's words.
    Failed(String),
}

/// What a job does.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    Train { model: String, hyper: HyperParameters },
    Care(Chore),
}

impl Task {
    /// The task in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Train { model, hyper } => format!("{model}: {}", hyper.summary()),
            Self::Care(chore) => chore.name().into(),
        }
    }
}

/// One job of this session.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub task: Task,
    pub state: JobState,
    /// A cancel was asked for and the step is not over.
    pub cancelling: bool,
    pub epochs: Vec<EpochMetrics>,
    /// The newest progress that was seen; it stays when the job ends, for its curves.
    pub progress: Option<Arc<Progress>>,
    pub record: Option<Arc<RunRecord>>,
}

impl Job {
    /// Whether it trains a run.
    #[must_use]
    pub fn trains(&self) -> bool {
        matches!(self.task, Task::Train { .. })
    }

    /// Whether it is not over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, JobState::Queued | JobState::Kept | JobState::Running)
    }

    /// Whether it waits, for its turn or for a word.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.state, JobState::Queued | JobState::Kept)
    }

    /// The newest metrics of a head.
    #[must_use]
    pub fn metrics(&self, head: HeadKind) -> Option<&EpochMetrics> {
        self.epochs.iter().rev().find(|metrics| metrics.head == head)
    }
}

/// Every job of this session, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    pub list: Vec<Job>,
}

impl Jobs {
    /// The job that runs.
    #[must_use]
    pub fn running(&self) -> Option<&Job> {
        self.list.iter().find(|job| job.state == JobState::Running)
    }

    /// The jobs that wait, in order.
    pub fn queued(&self) -> impl Iterator<Item = &Job> {
        self.list.iter().filter(|job| job.state == JobState::Queued)
    }

    /// How many jobs were kept from the last time and wait for a word.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.list.iter().filter(|job| job.state == JobState::Kept).count()
    }

    /// The job that runs, then those that wait in the order of their turn.
    pub fn open(&self) -> impl Iterator<Item = &Job> {
        self.running().into_iter().chain(self.list.iter().filter(|job| job.waits()))
    }

    /// The training job whose curves are worth a look: the running one, else the last that has any.
    #[must_use]
    pub fn to_watch(&self) -> Option<&Job> {
        let drawn = |job: &&Job| job.trains() && job.progress.is_some() && job.state != JobState::Queued;
        self.running().filter(|job| job.trains()).or_else(|| self.list.iter().rev().find(drawn))
    }

    /// Whether this work on the cache waits or runs.
    #[must_use]
    pub fn has(&self, chore: Chore) -> bool {
        self.open().any(|job| job.task == Task::Care(chore))
    }

    /// Whether a run waits for its turn or is being trained.
    #[must_use]
    pub fn trains(&self, run: &RunRecord) -> bool {
        self.open().any(|job| match &job.task {
            Task::Train { model, hyper } => *model == run.model && same_settings(hyper, run),
            Task::Care(_) => false,
        })
    }

    fn find(&mut self, id: JobId) -> Option<&mut Job> {
        self.list.iter_mut().rev().find(|job| job.id == id)
    }

    /// Takes in the newest progress; of a job nobody announced, nothing.
    pub fn progress(&mut self, progress: Option<Arc<Progress>>) {
        if let Some(progress) = progress
            && let Some(job) = self.find(progress.job)
            && job.state == JobState::Running
        {
            job.progress = Some(progress);
        }
    }

    /// Takes in an event about jobs; a sentence for the person comes back where there is one to say.
    pub fn event(&mut self, event: &Event) -> Option<(String, bool)> {
        match event {
            Event::JobQueued { job, model, hyper } => {
                self.queue(*job, Task::Train { model: model.clone(), hyper: hyper.clone() });
                None
            }
            Event::JobKept { job, model, hyper } => {
                self.queue(*job, Task::Train { model: model.clone(), hyper: hyper.clone() });
                self.find(*job)?.state = JobState::Kept;
                None
            }
            Event::JobsReleased(jobs) => {
                let released = self.list.iter_mut().filter(|job| jobs.contains(&job.id));
                released.for_each(|job| job.state = JobState::Queued);
                None
            }
            Event::QueueOrder(order) => {
                self.order(order);
                None
            }
            Event::JobKnown { job, record } => {
                let job = self.find(*job)?;
                (job.state, job.record) = (JobState::Finished, Some(record.clone()));
                Some((format!("run {} has exactly these settings: it was not trained again", record.id.short()), false))
            }
            Event::ChoreQueued { job, chore } => {
                self.queue(*job, Task::Care(*chore));
                None
            }
            Event::Embedded { job, items } => {
                self.find(*job)?.state = JobState::Finished;
                Some((format!("all {} items that can be read have an embedding", number::count(*items)), false))
            }
            Event::Verified { job, report } => {
                self.find(*job)?.state = JobState::Finished;
                Some(verdict(report))
            }
            Event::JobStarted { job } => {
                self.find(*job)?.state = JobState::Running;
                None
            }
            Event::Epoch { job, metrics } => {
                self.find(*job)?.epochs.extend_from_slice(metrics);
                None
            }
            Event::JobFinished { job, record } => {
                let job = self.find(*job)?;
                job.state = JobState::Finished;
                job.record = Some(record.clone());
                let said = format!("run {} is trained: {}", record.id.short(), record.summary());
                Some((said, false))
            }
            Event::JobCancelled { job } => {
                let job = self.find(*job)?;
                let (state, word) =
                    if job.waits() { (JobState::Dropped, "dropped") } else { (JobState::Cancelled, "stopped") };
                job.state = state;
                Some((format!("job {} was {word}", job.id), false))
            }
            Event::KeptDropped(jobs) => {
                let dropped = self.list.iter_mut().filter(|job| jobs.contains(&job.id));
                dropped.for_each(|job| job.state = JobState::Dropped);
                Some(match jobs.len() {
                    1 => ("1 run that waited was dropped".into(), false),
                    count => (format!("{count} runs that waited were dropped"), false),
                })
            }
            Event::JobFailed { job, message } => {
                let said = (format!("job {job} failed: {message}"), true);
                if let Some(job) = self.find(*job) {
                    job.state = JobState::Failed(message.clone());
                }
                Some(said)
            }
            _ => None,
        }
    }

    /// Puts the waiting jobs into an order: each takes the next of the places that they have.
    fn order(&mut self, order: &[JobId]) {
        let places: Vec<usize> =
            (0..self.list.len()).filter(|&at| self.list[at].waits() && order.contains(&self.list[at].id)).collect();
        let mut jobs: Vec<Job> = places.iter().map(|&at| self.list[at].clone()).collect();
        jobs.sort_by_key(|job| order.iter().position(|id| *id == job.id));
        places.into_iter().zip(jobs).for_each(|(at, job)| self.list[at] = job);
    }

    fn queue(&mut self, id: JobId, task: Task) {
        let ended = |job: &Job| !job.is_open();
        if self.list.len() >= KEPT
            && let Some(oldest) = self.list.iter().position(ended)
        {
            self.list.remove(oldest);
        }
        self.list.push(Job {
            id,
            task,
            state: JobState::Queued,
            cancelling: false,
            epochs: Vec::new(),
            progress: None,
            record: None,
        });
    }

    /// Marks the running job as being stopped; its number.
    pub fn cancel_running(&mut self) -> Option<JobId> {
        let job = self.list.iter_mut().find(|job| job.state == JobState::Running)?;
        job.cancelling = true;
        Some(job.id)
    }

    /// The number of the newest job that waits.
    #[must_use]
    pub fn newest_queued(&self) -> Option<JobId> {
        self.list.iter().rev().find(|job| job.state == JobState::Queued).map(|job| job.id)
    }
}

/// Whether settings as a person gave them make a run of these: what they leave to the data is decided when a run starts,
/// and any decision is meant.
#[must_use]
pub fn same_settings(given: &HyperParameters, run: &RunRecord) -> bool {
    let of_run = &run.hyper;
    let mut given = given.clone();
    if of_run.train_rows.is_none() {
        given = given.sampled_from(run.train_items + run.validation_items);
    }
    let decided = [(true, true), (true, false), (false, true), (false, false)];
    given == *of_run || decided.into_iter().any(|(texts, images)| given.clone().decided(texts, images) == *of_run)
}

/// What a check of the cache found, and whether it is to be read with care.
#[must_use]
pub fn verdict(report: &CacheReport) -> (String, bool) {
    let records: usize = report.encoders.iter().map(|encoder| encoder.records).sum();
    let records = number::count(records);
    match report.faults() {
        (0, 0) => (format!("{records} embeddings read, none is damaged"), false),
        (damaged, missing) => {
            let (damaged, missing) = (number::count(damaged), number::count(missing));
            (format!("{records} embeddings read, {damaged} damaged, {missing} missing"), true)
        }
    }
}
