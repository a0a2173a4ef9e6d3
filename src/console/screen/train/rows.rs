//! The rows of the Train screen's list: what runs and waits, what was stopped, what is finished.

use crate::audit::{RunId, RunRecord, WaitingRun};
use crate::console::jobs::{Job, same_settings};
use crate::console::world::World;
use crate::engine::JobId;
use std::sync::Arc;

/// A row.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Job(&'a Job),
    /// Of another process that writes the home.
    Elsewhere(&'a WaitingRun),
    Run(&'a Arc<RunRecord>),
}

/// What tells a row from the others while rows come and go.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Job(JobId),
    Elsewhere(WaitingRun),
    Run(RunId),
}

impl Row<'_> {
    pub fn key(self) -> Key {
        match self {
            Self::Job(job) => Key::Job(job.id),
            Self::Elsewhere(run) => Key::Elsewhere(run.clone()),
            Self::Run(run) => Key::Run(run.id.clone()),
        }
    }
}

/// Every row: jobs that are not over, those of another process, stopped runs that no job goes on with, finished runs.
pub fn rows(world: &World) -> impl Iterator<Item = Row<'_>> {
    let elsewhere = |run: &RunRecord| {
        world.elsewhere.iter().any(|other| other.model == run.model && same_settings(&other.hyper, run))
    };
    let stopped = world.unfinished.iter().filter(move |run| !world.jobs.trains(run) && !elsewhere(run));
    let runs = stopped.chain(&world.runs).map(Row::Run);
    world.jobs.open().map(Row::Job).chain(world.elsewhere.iter().map(Row::Elsewhere)).chain(runs)
}
