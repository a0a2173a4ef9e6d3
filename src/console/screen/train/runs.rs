//! What runs, waits and is finished; of runs how well each of their heads orders the validation items.

use super::{Row, State, rows};
use crate::audit::{HeadKind, RunRecord, RunState, WaitingRun};
use crate::console::jobs::{Job, JobState, Task};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::spark;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the list.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let title = format!("Runs {} Spearman with the loss, validation items", pen.glyphs().dot);
    let note = match rows(world).count() {
        0 => "none yet".into(),
        n => format!("{} of {n}", state.runs.selected + 1),
    };
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    if inside.height == 0 {
        return;
    }
    let y = inside.y;
    head(pen, inside, y);
    let page = usize::from(inside.height - 1);
    let cursor = state.runs;
    let (shared, of_runs) = (shared_words(world), shared_by_runs(world));
    for (line, (place, row)) in rows(world).enumerate().skip(cursor.offset).take(page).enumerate() {
        let y = inside.y + 1 + line as u16;
        let area = Rect { y, height: 1, ..inside };
        match row {
            Row::Run(record) => {
                let shown = world.shown.as_ref().is_some_and(|shown| shown.record.id == record.id);
                run(pen, area, record, shown, &of_runs);
                // The letter that ends its curve.
                if let Some(at) = state.curves.marked.iter().position(|marked| *marked == record.id) {
                    let letter = spark::letter(at).to_string();
                    pen.styled(area.x + 1, area.y, 1, &letter, pen.theme.series(at));
                }
            }
            Row::Job(job) => waiting(pen, area, &shared, job_words(world, job)),
            Row::Elsewhere(run) => waiting(pen, area, &shared, words_elsewhere(run)),
        }
        if place == cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
}

/// Where the columns begin: run, model, regressor, ranker, seconds, heads.
fn columns(width: u16) -> [u16; 6] {
    let model = if width >= 90 { 22 } else { 14 };
    [2, 11, 11 + model, 21 + model, 29 + model, 41 + model]
}

fn head(pen: &mut Pen<'_>, area: Rect, y: u16) {
    let at = columns(area.width);
    for (x, words) in at.into_iter().zip(["run", "model", "regressor", "ranker", "trained in", "heads"]) {
        let room = area.width.saturating_sub(x);
        if usize::from(room) >= words.len() {
            pen.text(area.x + x, y, room, words, Role::Dim);
        }
    }
}

/// Words that stand in the settings of all that runs and waits, where that is more than one.
fn shared_words(world: &World) -> Vec<String> {
    let settings = rows(world).filter_map(|row| match row {
        Row::Job(Job { task: Task::Train { hyper, .. }, .. }) => Some(hyper.summary()),
        Row::Elsewhere(run) => Some(run.hyper.summary()),
        _ => None,
    });
    shared_in(&settings.collect::<Vec<_>>())
}

/// Likewise of the runs there are, whatever waits.
fn shared_by_runs(world: &World) -> Vec<String> {
    let summary = |row| if let Row::Run(run) = row { Some(run.summary()) } else { None };
    shared_in(&rows(world).filter_map(summary).collect::<Vec<_>>())
}

fn shared_in(all: &[String]) -> Vec<String> {
    let Some((first, others)) = all.split_first().filter(|(_, others)| !others.is_empty()) else { return Vec::new() };
    let in_all = |word: &&str| others.iter().all(|other| other.split(", ").any(|known| known == *word));
    first.split(", ").filter(in_all).map(str::to_owned).collect()
}

/// Settings with what tells them from the others first: a row may have no room for the end.
fn telling_first(settings: &str, shared: &[String]) -> String {
    let (same, own): (Vec<&str>, Vec<&str>) =
        settings.split(", ").partition(|word| shared.iter().any(|known| known == word));
    [own, same].concat().join(", ")
}

/// What is said of a run that is not one yet.
struct Waiting {
    running: bool,
    name: String,
    model: String,
    state: String,
    task: String,
}

fn job_words(world: &World, job: &Job) -> Waiting {
    let state = match &job.state {
        JobState::Running => match job.progress.as_ref().filter(|progress| progress.total > 0) {
            Some(progress) => {
                format!("{} {} %", progress.stage.name(), number::percent(progress.done, progress.total))
            }
            None => "runs".into(),
        },
        JobState::Kept => "left waiting the last time".into(),
        _ => match world.jobs.queued().position(|queued| queued.id == job.id) {
            Some(0) => "begins next".into(),
            turn => format!("waits, {} before it", turn.unwrap_or_default()),
        },
    };
    let (model, task) = match &job.task {
        Task::Train { model, hyper } => (model.clone(), hyper.summary()),
        Task::Care(chore) => (String::new(), chore.name().to_owned()),
    };
    Waiting { running: job.state == JobState::Running, name: format!("job {}", job.id), model, state, task }
}

fn words_elsewhere(run: &WaitingRun) -> Waiting {
    let state = if run.running { "runs in another process" } else { "waits in another process" };
    Waiting {
        running: run.running,
        name: "beside".into(),
        model: run.model.clone(),
        state: state.into(),
        task: run.hyper.summary(),
    }
}

fn waiting(pen: &mut Pen<'_>, area: Rect, shared: &[String], said: Waiting) {
    let (at, glyphs) = (columns(area.width), pen.glyphs());
    let (mark, role) = if said.running { (glyphs.running, Role::Accent) } else { (glyphs.queued, Role::Dim) };
    let x = pen.text(area.x + at[0], area.y, 1, mark, role);
    pen.text(x + 1, area.y, at[1].saturating_sub(at[0] + 2), &said.name, Role::Text);
    let room = at[2] - at[1] - 1;
    pen.text(area.x + at[1], area.y, room, &text::fit(&said.model, usize::from(room), glyphs.ellipsis), Role::Text);
    let room = area.width.min(at[5]).saturating_sub(at[2] + 1);
    pen.text(area.x + at[2], area.y, room, &text::fit(&said.state, usize::from(room), glyphs.ellipsis), Role::Dim);
    let room = area.width.saturating_sub(at[5]);
    if room >= 8 {
        pen.text(area.x + at[5], area.y, room, &telling_first(&said.task, shared), Role::Text);
    }
}

fn run(pen: &mut Pen<'_>, area: Rect, record: &RunRecord, shown: bool, shared: &[String]) {
    let at = columns(area.width);
    let glyphs = pen.glyphs();
    let mark = match (record.state, shown) {
        (RunState::Finished, true) => (glyphs.idle, Role::Accent),
        (RunState::Finished, false) => (glyphs.done, Role::Good),
        (RunState::Cancelled, _) => (glyphs.queued, Role::Dim),
        (RunState::Diverged, _) => (glyphs.care, Role::Bad),
    };
    let x = pen.text(area.x + at[0], area.y, 1, mark.0, mark.1);
    pen.text(x + 1, area.y, 5, record.id.short(), Role::Text);
    let room = at[2] - at[1] - 1;
    let model = text::fit(&record.model, usize::from(room), glyphs.ellipsis);
    pen.text(area.x + at[1], area.y, room, &model, Role::Text);
    for (x, head) in [(at[2], HeadKind::Regressor), (at[3], HeadKind::Ranker)] {
        let words = match record.validation_spearman(head) {
            Some(rho) => number::plain(rho, 3, glyphs),
            None => "n/a".into(),
        };
        pen.text(area.x + x, area.y, 9, &words, Role::Text);
    }
    pen.text(area.x + at[4], area.y, 10, &number::duration(record.seconds), Role::Dim);
    let epoch = record.epochs.iter().map(|metrics| metrics.epoch).max().unwrap_or(0);
    let end = match record.state {
        RunState::Finished => String::new(),
        RunState::Cancelled => format!("stopped after epoch {epoch} of {}; ", record.hyper.epochs),
        RunState::Diverged => "diverged; ".into(),
    };
    let words = format!("{end}{}", telling_first(&record.summary(), shared));
    let room = area.width.saturating_sub(at[5]);
    // A few letters of a summary say nothing.
    if room >= 8 {
        pen.text(area.x + at[5], area.y, room, &words, Role::Text);
    }
}
