//! The runs as a table for a clipboard or a file.

use super::{Row, rows};
use crate::audit::{HeadKind, RunRecord, WaitingRun};
use crate::console::export::{heading, number};
use crate::console::jobs::{JobState, Task};
use crate::console::world::World;
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet, runs_json};
use std::sync::Arc;

/// The runs of the audit, oldest first, as `llm2loss runs NAME --json` prints them.
pub fn document(world: &World) -> serde_json::Result<String> {
    fn oldest_first(runs: &[Arc<RunRecord>]) -> Vec<&RunRecord> {
        runs.iter().rev().map(AsRef::as_ref).collect()
    }
    let audit = world.audit.as_ref().map(|audit| audit.name.clone()).unwrap_or_default();
    let own = world.jobs.open().filter_map(|job| match &job.task {
        Task::Train { model, hyper } => Some(WaitingRun {
            audit: audit.clone(),
            model: model.clone(),
            running: job.state == JobState::Running,
            hyper: hyper.clone(),
        }),
        Task::Care(_) => None,
    });
    let waiting: Vec<WaitingRun> = own.chain(world.elsewhere.iter().cloned()).collect();
    runs_json(&oldest_first(&world.runs), &oldest_first(&world.unfinished), &waiting)
}

/// The table.
pub fn sheet(world: &World) -> Sheet {
    let columns = [
        ("run", Left),
        ("state", Left),
        ("model", Left),
        ("heads", Left),
        ("regressor", Right),
        ("ranker", Right),
        ("seconds", Right),
    ];
    let mut sheet = Sheet::new(heading(world, "Runs"), &columns);
    let waiting = |sheet: &mut Sheet, name: String, state: &str, model: &str, task: String| {
        let mut cells = vec![Cell::text(name), Cell::text(state), Cell::text(model.to_owned()), Cell::text(task)];
        cells.extend(vec![Cell::Empty; 3]);
        sheet.row(cells);
    };
    for row in rows(world) {
        let run = match row {
            Row::Run(run) => run,
            Row::Job(job) => {
                let state = if job.waits() { "waiting" } else { "running" };
                let (model, task) = match &job.task {
                    Task::Train { model, hyper } => (model.as_str(), hyper.summary()),
                    Task::Care(chore) => ("", chore.name().to_owned()),
                };
                waiting(&mut sheet, format!("job {}", job.id), state, model, task);
                continue;
            }
            Row::Elsewhere(run) => {
                let state = if run.running { "running" } else { "waiting" };
                waiting(&mut sheet, "in another process".into(), state, &run.model, run.hyper.summary());
                continue;
            }
        };
        let rho = |head| run.validation_spearman(head).map_or(Cell::Empty, |value| number(value, false));
        sheet.row(vec![
            Cell::text(run.id.to_string()),
            Cell::text(run.state.name()),
            Cell::text(run.model.clone()),
            Cell::text(run.summary()),
            rho(HeadKind::Regressor),
            rho(HeadKind::Ranker),
            Cell::Number { value: run.seconds, digits: 1, signed: false },
        ]);
    }
    sheet.notes.push("Spearman of each head with the loss over the validation items, mean of the members.".into());
    sheet
}
