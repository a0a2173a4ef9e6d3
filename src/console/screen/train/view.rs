//! Draws the Train screen.

use super::curves::{self, Chart};
use super::keys::MARK;
use super::layout::layout;
use super::{HERE, State, difference, log, progress, runs, way_to_a_run};
use crate::audit::{EpochMetrics, HeadKind, RunRecord};
use crate::console::jobs::{Job, JobState, Task};
use crate::console::paint::{Pen, inset};
use crate::console::theme::Role;
use crate::console::widget::linechart::{self, Across};
use crate::console::widget::spark;
use crate::console::world::World;
use ratatui::layout::Rect;
use std::sync::Arc;

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
    match (state.curves.chart, state.compared(world)) {
        (Chart::Difference, Some([a, b])) => difference::draw(pen, area, [a, b]),
        (Chart::Validation, _) => validation_of_runs(state, world, pen, area),
        _ => training(state, world, pen, area),
    }
}

/// How the lines are drawn, for the title.
fn manner(state: &State) -> String {
    let words = [(state.curves.smooth, "smoothed"), (state.curves.log, "log")];
    words.iter().filter(|(on, _)| *on).map(|(_, word)| format!(", {word}")).collect()
}

/// The Spearman of several runs, epoch by epoch.
fn validation_of_runs(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let (runs, head) = (state.overlaid(world), state.head);
    let title = format!("Spearman, validation items {} {head}{}", pen.glyphs().dot, manner(state));
    let legend = |(at, run): (usize, &&Arc<RunRecord>)| format!("{} {}", spark::letter(at), run.id.short());
    let legend: Vec<String> = runs.iter().enumerate().map(legend).collect();
    let inside = inset(pen.panel(area, &title, &legend.join("  "), false), 1);
    let epochs = runs.iter().flat_map(|run| &run.epochs).map(|metrics| metrics.epoch).max().unwrap_or(0);
    let lines: Vec<Vec<f32>> = runs.iter().map(|run| curves::validation(run, head, epochs)).collect();
    let known = lines.iter().any(|line| line.iter().filter(|value| value.is_finite()).count() > 1);
    if !known && inside.height > 0 {
        let words = format!("{} marks runs of two epochs or more", world.key(HERE, MARK));
        pen.centre(inside, inside.y + inside.height / 2, &words, Role::Dim);
        return;
    }
    let steps: Vec<u32> = (1..=epochs as u32).collect();
    linechart::draw(pen, inside, &steps, &drawn(state, &lines), across(state, "epoch", None));
}

/// The lines as they are asked for.
fn drawn(state: &State, lines: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let smooth = |line: &Vec<f32>| if state.curves.smooth { curves::smoothed(line) } else { line.clone() };
    lines.iter().map(smooth).collect()
}

fn across(state: &State, unit: &'static str, end: Option<u32>) -> Across {
    Across { unit, end, log: state.curves.log }
}

/// The training loss of every member: of the job at work, else of the shown run by epoch.
fn training(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let head = state.head;
    let title = format!("Training loss {} {head}, {}{}", pen.glyphs().dot, loss_name(head), manner(state));
    if let Some(job) = world.jobs.to_watch().filter(|job| has_curves(job, head)) {
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
        live(state, pen, inside, job);
        return;
    }
    let waiting = world.jobs.running().is_some_and(Job::trains);
    let record = world.shown.as_ref().map(|shown| &shown.record).filter(|_| !waiting);
    let note = record.map(|record| format!("run {}, by epoch", record.id.short())).unwrap_or_default();
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let drawn = record.is_some_and(|record| by_epoch(state, pen, inside, record));
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

fn live(state: &State, pen: &mut Pen<'_>, area: Rect, job: &Job) {
    let Some(progress) = &job.progress else { return };
    let total = (progress.stage == crate::engine::Stage::Training)
        .then(|| u32::try_from(progress.total).ok())
        .flatten()
        .filter(|total| *total > 0);
    let lines = drawn(state, &progress.curves.series[state.head.index()]);
    linechart::draw(pen, area, &progress.curves.steps, &lines, across(state, "step", total));
}

/// The means by epoch that a record keeps, where the curves themselves are gone.
fn by_epoch(state: &State, pen: &mut Pen<'_>, area: Rect, record: &RunRecord) -> bool {
    let head = state.head;
    let epochs: Vec<&EpochMetrics> = record.epochs.iter().filter(|metrics| metrics.head == head).collect();
    let members = epochs.iter().map(|metrics| metrics.train_loss.len()).max().unwrap_or(0);
    if epochs.len() < 2 || members == 0 {
        return false;
    }
    let steps: Vec<u32> = epochs.iter().map(|metrics| metrics.epoch as u32).collect();
    let value = |metrics: &&EpochMetrics, member: usize| metrics.train_loss.get(member).map_or(f32::NAN, |v| *v as f32);
    let lines: Vec<Vec<f32>> =
        (0..members).map(|member| epochs.iter().map(|metrics| value(metrics, member)).collect()).collect();
    linechart::draw(pen, area, &steps, &drawn(state, &lines), across(state, "epoch", None));
    true
}
