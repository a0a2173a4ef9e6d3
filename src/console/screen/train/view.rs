//! Draws the Train screen.

use super::layout::layout;
use super::{State, log, progress, runs, way_to_a_run};
use crate::audit::{EpochMetrics, HeadKind, RunRecord};
use crate::console::jobs::{Job, JobState, Task};
use crate::console::paint::{Pen, inset};
use crate::console::theme::Role;
use crate::console::widget::linechart::{self, Across};
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let places = layout(body);
    chart(state, world, pen, places.chart);
    if let Some(area) = places.status {
        progress::status(world, pen, area);
    }
    if let Some(area) = places.members {
        progress::members(state, world, pen, area);
    }
    if let Some(area) = places.gauge {
        progress::line(world, pen, area);
    }
    if let Some(area) = places.runs {
        match state.show_log {
            true => log::draw(state, world, pen, area),
            false => runs::draw(state, world, pen, area),
        }
    }
}

/// The name of what a head's training loss measures.
fn loss_name(head: HeadKind) -> &'static str {
    match head {
        HeadKind::Regressor => "squared error",
        HeadKind::Ranker => "pairwise logistic",
        HeadKind::Ood => "cross-entropy",
    }
}

fn chart(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let head = state.head;
    let title = format!("Training loss {} {head}, {}", pen.glyphs().dot, loss_name(head));
    let job = world.jobs.to_watch();
    if let Some(job) = job.filter(|job| has_curves(job, head)) {
        let which = match (&job.state, &job.record) {
            (_, Some(record)) => format!("run {}", record.id.short()),
            (JobState::Running, _) => format!("job {}", job.id),
            (JobState::Cancelled, _) => format!("job {}, stopped", job.id),
            (JobState::Failed(_), _) => format!("job {}, failed", job.id),
            _ => format!("job {}, ended", job.id),
        };
        let model = match &job.task {
            Task::Train { model, .. } => model.as_str(),
            Task::Care(_) => "",
        };
        let note = format!("{which} {} {model}", pen.glyphs().dot);
        let inside = inset(pen.panel(area, &title, &note, false), 1);
        live(pen, inside, job, head);
        return;
    }
    let waiting = world.jobs.running().is_some_and(Job::trains);
    let record = world.shown.as_ref().map(|shown| &shown.record).filter(|_| !waiting);
    let note = record.map(|record| format!("run {}, by epoch", record.id.short())).unwrap_or_default();
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let drawn = record.is_some_and(|record| by_epoch(pen, inside, record, head));
    if !drawn && inside.height > 0 {
        let words = match waiting {
            true => "the curves start with the first steps".into(),
            false => format!("{} describes a new run", way_to_a_run(world)),
        };
        pen.centre(inside, inside.y + inside.height / 2, &words, Role::Dim);
    }
}

fn has_curves(job: &Job, head: HeadKind) -> bool {
    job.progress
        .as_ref()
        .is_some_and(|progress| progress.curves.steps.len() > 1 && !progress.curves.series[head.index()].is_empty())
}

fn live(pen: &mut Pen<'_>, area: Rect, job: &Job, head: HeadKind) {
    let Some(progress) = &job.progress else { return };
    let total = (progress.stage == crate::engine::Stage::Training)
        .then(|| u32::try_from(progress.total).ok())
        .flatten()
        .filter(|total| *total > 0);
    linechart::draw(
        pen,
        area,
        &progress.curves.steps,
        &progress.curves.series[head.index()],
        Across { unit: "step", end: total },
    );
}

/// The means by epoch that a record keeps, where the curves themselves are gone.
fn by_epoch(pen: &mut Pen<'_>, area: Rect, record: &RunRecord, head: HeadKind) -> bool {
    let epochs: Vec<&EpochMetrics> = record.epochs.iter().filter(|metrics| metrics.head == head).collect();
    let members = epochs.iter().map(|metrics| metrics.train_loss.len()).max().unwrap_or(0);
    if epochs.len() < 2 || members == 0 {
        return false;
    }
    let steps: Vec<u32> = epochs.iter().map(|metrics| metrics.epoch as u32).collect();
    let value = |metrics: &&EpochMetrics, member: usize| metrics.train_loss.get(member).map_or(f32::NAN, |v| *v as f32);
    let lines: Vec<Vec<f32>> =
        (0..members).map(|member| epochs.iter().map(|metrics| value(metrics, member)).collect()).collect();
    linechart::draw(pen, area, &steps, &lines, Across { unit: "epoch", end: None });
    true
}
