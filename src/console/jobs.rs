//! What the console knows of the engine's jobs.

use crate::audit::{EpochMetrics, HeadKind, HyperParameters, RunRecord};
use crate::engine::{Event, JobId, Progress};
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

/// One job of this session.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub model: String,
    pub hyper: HyperParameters,
    pub state: JobState,
    /// A cancel was asked for and the step is not over.
    pub cancelling: bool,
    pub epochs: Vec<EpochMetrics>,
    /// The newest progress that was seen; it stays when the job ends, for its curves.
    pub progress: Option<Arc<Progress>>,
    pub record: Option<Arc<RunRecord>>,
}

impl Job {
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

    /// The job whose curves are worth a look: the running one, else the last that has any.
    #[must_use]
    pub fn to_watch(&self) -> Option<&Job> {
        self.running()
            .or_else(|| self.list.iter().rev().find(|job| job.progress.is_some() && job.state != JobState::Queued))
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
                self.queue(*job, model, hyper);
                None
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
                let said = format!("run {} is trained: {}", record.id.short(), record.hyper.summary());
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

    fn queue(&mut self, id: JobId, model: &str, hyper: &HyperParameters) {
        let ended = |job: &Job| !matches!(job.state, JobState::Queued | JobState::Running);
        if self.list.len() >= KEPT
            && let Some(oldest) = self.list.iter().position(ended)
        {
            self.list.remove(oldest);
        }
        self.list.push(Job {
            id,
            model: model.to_owned(),
            hyper: hyper.clone(),
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
