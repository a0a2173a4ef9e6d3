//! The queue of jobs: the one that runs, those that wait for their turn, those kept from the last time.

use super::{Chore, Event, JobId, Tracker};
use crate::audit::{HyperParameters, WaitingRun};
use std::collections::VecDeque;
use std::sync::Arc;

/// What a job does.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    Train { model: String, hyper: HyperParameters },
    Care(Chore),
}

impl Task {
    pub fn model(&self) -> Option<&str> {
        match self {
            Self::Train { model, .. } => Some(model),
            Self::Care(_) => None,
        }
    }
}

/// Where a job comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person asked for it now.
    Asked,
    /// A model without a run gets its heads: the next start would ask by itself.
    Automatic,
    /// It was left from the last time, and does not begin until a person says so.
    Kept,
}

/// Work that waits or runs.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub task: Task,
    pub origin: Origin,
}

/// The job under way.
pub struct Running {
    pub job: Job,
    pub tracker: Arc<Tracker>,
    /// A person stopped it: it is not kept.
    pub stopped: bool,
}

/// What runs and waits, in the order of their turn.
#[derive(Default)]
pub struct Queue {
    pub waiting: VecDeque<Job>,
    pub running: Option<Running>,
    last: JobId,
    pub closed: bool,
}

impl Queue {
    fn job(&mut self, task: Task, origin: Origin) -> Job {
        self.last += 1;
        Job { id: self.last, task, origin }
    }

    /// Adds a job at the end; what is to be told of it. A kept job of the same work is this one from now on, and one that
    /// waits or runs already makes another needless.
    pub fn add(&mut self, task: Task, origin: Origin) -> Event {
        let same = |job: &&Job| job.task == task && job.origin != Origin::Kept;
        let mut open = self.running.iter().map(|running| &running.job).chain(&self.waiting);
        if let Some(known) = open.find(same) {
            let message = format!("job {} does exactly that already", known.id);
            return Event::Notice { message, warning: false };
        }
        if let Some(at) = self.waiting.iter().position(|job| job.task == task)
            && let Some(mut kept) = self.waiting.remove(at)
        {
            kept.origin = origin;
            let told = Event::JobsReleased(vec![kept.id]);
            self.waiting.push_back(kept);
            return told;
        }
        let job = self.job(task, origin);
        let event = match (job.task.clone(), origin) {
            (Task::Train { model, hyper }, Origin::Kept) => Event::JobKept { job: job.id, model, hyper },
            (Task::Train { model, hyper }, _) => Event::JobQueued { job: job.id, model, hyper },
            (Task::Care(chore), _) => Event::ChoreQueued { job: job.id, chore },
        };
        self.waiting.push_back(job);
        event
    }

    /// The job whose turn it is, taken out.
    pub fn take(&mut self) -> Option<Job> {
        let at = self.waiting.iter().position(|job| job.origin != Origin::Kept)?;
        self.waiting.remove(at)
    }

    /// Lets jobs kept from the last time begin when their turn comes: one, or all; their numbers.
    pub fn release(&mut self, job: Option<JobId>) -> Vec<JobId> {
        let meant = |known: &&mut Job| known.origin == Origin::Kept && job.is_none_or(|job| known.id == job);
        let released = self.waiting.iter_mut().filter(meant).map(|job| {
            job.origin = Origin::Asked;
            job.id
        });
        released.collect()
    }

    /// Forgets the jobs kept from the last time; their numbers.
    pub fn drop_kept(&mut self) -> Vec<JobId> {
        let kept = self.waiting.iter().filter(|job| job.origin == Origin::Kept).map(|job| job.id).collect();
        self.waiting.retain(|job| job.origin != Origin::Kept);
        kept
    }

    /// Moves a waiting job one place; the numbers of those that wait, in their new order.
    pub fn shift(&mut self, job: JobId, earlier: bool) -> Option<Vec<JobId>> {
        let at = self.waiting.iter().position(|known| known.id == job)?;
        let to = if earlier { at.checked_sub(1)? } else { at + 1 };
        if to >= self.waiting.len() {
            return None;
        }
        self.waiting.swap(at, to);
        Some(self.waiting.iter().map(|job| job.id).collect())
    }

    /// What is kept of an audit for the next start, first what runs.
    pub fn kept(&self, audit: &str) -> Vec<WaitingRun> {
        let running = self.running.iter().filter(|running| !running.stopped).map(|running| (&running.job, true));
        let all = running.chain(self.waiting.iter().map(|job| (job, false)));
        let kept = all.filter(|(job, _)| job.origin != Origin::Automatic).filter_map(|(job, running)| {
            let Task::Train { model, hyper } = &job.task else { return None };
            Some(WaitingRun { audit: audit.to_owned(), model: model.clone(), running, hyper: hyper.clone() })
        });
        kept.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Architecture;

    fn train(seed: u64) -> Task {
        let hyper = HyperParameters { seed, ..HyperParameters::new(Architecture::Linear) };
        Task::Train { model: "v1".into(), hyper }
    }

    fn seeds(queue: &Queue) -> Vec<u64> {
        let seed = |run: WaitingRun| run.hyper.seed;
        queue.kept("adult").into_iter().map(seed).collect()
    }

    #[test]
    fn kept_jobs_wait_for_a_word_and_others_pass_them() {
        let mut queue = Queue::default();
        assert!(matches!(queue.add(train(1), Origin::Kept), Event::JobKept { job: 1, .. }));
        queue.add(train(2), Origin::Kept);
        assert!(queue.take().is_none());
        queue.add(train(3), Origin::Asked);
        assert_eq!(queue.take().map(|job| job.id), Some(3));
        assert_eq!(queue.release(Some(2)), [2]);
        assert_eq!(queue.release(None), [1]);
        assert_eq!(queue.take().map(|job| job.id), Some(1));
        assert_eq!(queue.drop_kept(), Vec::<JobId>::new());
    }

    #[test]
    fn the_same_work_waits_once() {
        let mut queue = Queue::default();
        queue.add(train(1), Origin::Kept);
        queue.add(train(2), Origin::Asked);
        assert!(matches!(queue.add(train(2), Origin::Asked), Event::Notice { .. }));
        assert_eq!(queue.add(train(1), Origin::Asked), Event::JobsReleased(vec![1]));
        assert_eq!(seeds(&queue), [2, 1]);
        assert!(queue.drop_kept().is_empty());
    }

    #[test]
    fn the_order_is_a_persons_and_what_starts_by_itself_is_not_kept() {
        let mut queue = Queue::default();
        (1..4).for_each(|seed| drop(queue.add(train(seed), Origin::Asked)));
        queue.add(train(9), Origin::Automatic);
        queue.add(Task::Care(Chore::Embed), Origin::Asked);
        assert_eq!(queue.shift(3, true), Some(vec![1, 3, 2, 4, 5]));
        assert_eq!((queue.shift(1, true), queue.shift(5, false), queue.shift(77, true)), (None, None, None));
        assert_eq!(seeds(&queue), [1, 3, 2]);
    }
}
