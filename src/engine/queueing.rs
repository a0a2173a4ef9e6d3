//! What is done to the queue of jobs, and told of it.

use super::queue::{Origin, Queue, Task};
use super::worker::Shared;
use super::{EngineError, Event, JobId};
use crate::audit::{HyperParameters, WaitingRun};
use crate::store::StoreError;

impl Shared {
    pub fn check(&self, model: &str, hyper: &HyperParameters) -> Result<String, EngineError> {
        self.session.store().writes()?;
        hyper.validate().map_err(EngineError::Usage)?;
        self.session.model_name(Some(model))
    }

    /// Whether a run of this model waits for its turn or is being trained.
    pub fn has_job_for(&self, model: &str) -> bool {
        let queue = self.lock();
        let mut open = queue.running.iter().map(|running| &running.job).chain(&queue.waiting);
        open.any(|job| job.origin != Origin::Kept && job.task.model() == Some(model))
    }

    /// Queues heads for a model that has none.
    pub fn enqueue_automatic(&self, model: String, hyper: HyperParameters) {
        self.enqueue(Task::Train { model, hyper }, Origin::Automatic);
    }

    /// Queues a job. The event goes out under the lock: the job must not be seen to start before it is queued.
    pub fn enqueue(&self, task: Task, origin: Origin) {
        let mut queue = self.lock();
        self.tell(queue.add(task, origin));
        drop(queue);
        self.keeper.put(());
        self.filled.notify_one();
    }

    pub fn order(&self, job: JobId, earlier: bool) {
        if let Some(order) = self.lock().shift(job, earlier) {
            self.tell(Event::QueueOrder(order));
            self.keeper.put(());
        }
    }

    pub fn release(&self, job: Option<JobId>) {
        self.tell(Event::JobsReleased(self.lock().release(job)));
        self.filled.notify_one();
    }

    pub fn drop_kept(&self) {
        self.tell(Event::KeptDropped(self.lock().drop_kept()));
        self.keeper.put(());
    }

    /// What is kept of the queue for the next start.
    pub fn kept(&self, queue: &Queue) -> Vec<WaitingRun> {
        queue.kept(&self.session.record().name)
    }

    /// Writes the queue into the home.
    pub fn keep_queue(&self) -> Result<(), StoreError> {
        let kept = self.kept(&self.lock());
        self.session.store().keep_waiting(&self.session.record().name, kept)
    }

    /// Takes in what waited when the home was left; or, where another process writes it, tells what waits there.
    pub fn find_waiting(&self) {
        let name = &self.session.record().name;
        let waiting = match self.session.store().waiting() {
            Ok(waiting) => waiting.into_iter().filter(|run| run.audit == *name),
            Err(error) => {
                self.send(Event::Notice { message: error.to_string(), warning: true });
                return;
            }
        };
        if self.session.store().writes().is_err() {
            self.send(Event::QueuedElsewhere(waiting.collect()));
            return;
        }
        for run in waiting {
            match self.check(&run.model, &run.hyper) {
                Ok(model) => {
                    let event = self.lock().add(Task::Train { model, hyper: run.hyper }, Origin::Kept);
                    // Heads that start by themselves may be the very same.
                    if matches!(event, Event::JobKept { .. }) {
                        self.send(event);
                    }
                }
                Err(error) => {
                    let message = format!("a run that waited is dropped: {error}");
                    self.send(Event::Notice { message, warning: true });
                }
            }
        }
    }

    pub fn cancel(&self, job: JobId) {
        let mut queue = self.lock();
        if let Some(running) = queue.running.as_mut().filter(|running| running.job.id == job) {
            running.stopped = true;
            running.tracker.cancel();
            return;
        }
        let before = queue.waiting.len();
        queue.waiting.retain(|waiting| waiting.id != job);
        if queue.waiting.len() < before {
            self.tell(Event::JobCancelled { job });
            drop(queue);
            self.keeper.put(());
        }
    }
}
