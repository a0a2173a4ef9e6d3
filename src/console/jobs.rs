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
    Running,
    Finished,
    Cancelled,
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

    /// The training job whose curves are worth a look: the running one, else the last that has any.
    #[must_use]
    pub fn to_watch(&self) -> Option<&Job> {
        let drawn = |job: &&Job| job.trains() && job.progress.is_some() && job.state != JobState::Queued;
        self.running().filter(|job| job.trains()).or_else(|| self.list.iter().rev().find(drawn))
    }

    /// The jobs that have not ended.
    fn open(&self) -> impl Iterator<Item = &Job> {
        self.list.iter().filter(|job| matches!(job.state, JobState::Queued | JobState::Running))
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
            // What a run leaves to the data is decided when it starts; any decision is this run.
            Task::Train { model, hyper } => {
                let mut decided = [(true, true), (true, false), (false, true), (false, false)]
                    .into_iter()
                    .map(|(texts, images)| hyper.clone().decided(texts, images));
                *model == run.model && (*hyper == run.hyper || decided.any(|decided| decided == run.hyper))
            }
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
                job.state = JobState::Cancelled;
                Some((format!("job {} was stopped", job.id), false))
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

    fn queue(&mut self, id: JobId, task: Task) {
        let ended = |job: &Job| !matches!(job.state, JobState::Queued | JobState::Running);
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
