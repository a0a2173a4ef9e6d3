//! The running job in numbers: stage, speed, time left, members, the gauge.

use super::{HERE, State, offer_of_kept, way_to_a_run};
use crate::audit::{EpochMetrics, HeadKind};
use crate::console::jobs::{Job, JobState, Task};
use crate::console::msg::{Action, ScreenId};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::screen::data;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::gauge::gauge;
use crate::console::widget::{scale::Scale, spark};
use crate::console::world::World;
use crate::engine::{GpuLoad, Progress, Stage};
use ratatui::layout::Rect;

/// The pane of the running job.
pub fn status(world: &World, pen: &mut Pen<'_>, area: Rect) {
    let running = world.jobs.running();
    let title = running.map_or_else(|| "No job".to_owned(), |job| format!("Job {}", job.id));
    let waiting = world.jobs.queued().count();
    let note = if waiting > 0 { format!("{waiting} waiting") } else { String::new() };
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let mut y = inside.y;
    for (label, words) in running.map_or_else(|| idle(world), lines) {
        let room = usize::from(inside.width.saturating_sub(10));
        for (part, words) in text::wrap(&words, room).into_iter().enumerate() {
            let label = if part == 0 { label } else { "" };
            if y < inside.bottom() {
                pen.pieces(inside.x, y, inside.width, &[(&format!("{label:<10}"), Role::Dim), (&words, Role::Text)]);
            }
            y += 1;
        }
    }
}

fn lines(job: &Job) -> Vec<(&'static str, String)> {
    let mut lines = match &job.task {
        Task::Train { model, hyper } => vec![("model", model.clone()), ("heads", hyper.summary())],
        task @ Task::Care(_) => vec![("task", task.words())],
    };
    let Some(progress) = &job.progress else {
        lines.push(("stage", "starting".into()));
        return lines;
    };
    let stage = if job.cancelling { "stopping after this step" } else { progress.stage.name() };
    lines.push(("stage", stage.into()));
    if progress.stage == Stage::Training {
        lines.push(("epoch", format!("{} of {}", progress.epoch.0, progress.epoch.1)));
    }
    lines.push(("speed", format!("{} items/s", number::metric(progress.speed))));
    let left = progress.eta.map_or_else(|| "not known yet".into(), number::duration);
    lines.push(("time", format!("{} so far, {left} left", number::duration(progress.elapsed))));
    lines.extend(progress.gpu.map(|load| ("GPU", load_words(load))));
    lines
}

/// `97 % busy, 12.3 of 80.0 GB`.
fn load_words(load: GpuLoad) -> String {
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let busy = load.busy.map(|share| format!("{share} % busy, ")).unwrap_or_default();
    format!("{busy}{:.1} of {:.1} GB", gigabytes(load.used), gigabytes(load.total))
}

fn idle(world: &World) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(audit) = &world.audit {
        lines.push(("device", audit.device.clone()));
        lines.push(("encoder", audit.encoder.clone()));
    }
    if let Some(shown) = &world.shown {
        let record = &shown.record;
        lines.push(("shown", format!("run {}", record.id.short())));
        lines.push(("heads", record.summary()));
        lines.push((
            "items",
            format!("{} train, {} valid.", number::count(record.train_items), number::count(record.validation_items)),
        ));
        lines.push(("trained", format!("in {} on {}", number::duration(record.seconds), record.device)));
    }
    lines
}

/// Newest loss of each member and its Spearman with the loss over the validation items.
pub fn members(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let head = state.head;
    let job = world.jobs.to_watch();
    let metrics = match job {
        Some(job) => job.metrics(head).cloned(),
        None => last_metrics(world, head),
    };
    let progress = job.and_then(|job| job.progress.as_ref());
    let live: Vec<f32> = progress.map(|progress| progress.losses_of(head).to_vec()).unwrap_or_default();
    let validation = metrics.as_ref().map(|m| m.validation_spearman.clone()).unwrap_or_default();
    let losses: Vec<f64> = if live.is_empty() {
        metrics.map(|m| m.train_loss).unwrap_or_default()
    } else {
        live.iter().map(|loss| f64::from(*loss)).collect()
    };
    let title = format!("Members {} {head}", pen.glyphs().dot);
    let inside = inset(pen.panel(area, &title, "", false), 1);
    if inside.height == 0 {
        return;
    }
    let wide = inside.width >= 36;
    // What a job reports is the mean since the point before; what a record keeps is the mean of its last epoch.
    let head_line = match (wide, live.is_empty()) {
        (true, false) => "    newest loss  Spearman",
        (true, true) => "     epoch mean  Spearman",
        (false, false) => "   newest  Spearman",
        (false, true) => "    epoch  Spearman",
    };
    pen.text(inside.x, inside.y, inside.width, head_line, Role::Dim);
    if losses.is_empty() && inside.height > 2 {
        pen.centre(inside, inside.y + inside.height / 2, "none yet", Role::Dim);
        return;
    }
    // The last line says what the Spearman is over.
    let rows = usize::from(inside.height.saturating_sub(2));
    for (member, loss) in losses.iter().enumerate().take(rows) {
        let y = inside.y + 1 + member as u16;
        let letter = spark::letter(member).to_string();
        pen.styled(inside.x, y, 1, &letter, pen.theme.series(member));
        let (loss_end, rho_end) = if wide { (15, 25) } else { (9, 19) };
        pen.right(inside.x + loss_end, y, 9, &number::plain(*loss, 5, pen.glyphs()), Role::Text);
        if let Some(rho) = validation.get(member) {
            pen.right(inside.x + rho_end, y, 9, &number::plain(*rho, 3, pen.glyphs()), Role::Text);
        }
        if let Some(heights) = progress.filter(|_| wide).and_then(|p| curve(p, head, member, pen)) {
            pen.text(inside.x + 27, y, inside.width.saturating_sub(27), &heights, Role::Lane);
        }
    }
    let more = losses.len().saturating_sub(rows);
    let note = if validation.is_empty() { "Spearman after each epoch" } else { "Spearman over validation items" };
    let note = if wide { note } else { "Spearman: validation items" };
    let note = if more > 0 { format!("and {more} more; {note}") } else { note.to_owned() };
    if inside.height > 2 {
        pen.text(inside.x, inside.bottom() - 1, inside.width, &note, Role::Dim);
    }
}

/// A member's own curve in ten heights.
fn curve(progress: &Progress, head: HeadKind, member: usize, pen: &Pen<'_>) -> Option<String> {
    let all = &progress.curves.series[head.index()];
    let values = all.get(member).filter(|values| values.len() > 1)?;
    let scale = Scale::of(all.iter().flatten().map(|value| f64::from(*value)));
    let last = values.len() - 1;
    let picked = (0..10).map(|at| f64::from(values[at * last / 9]));
    Some(spark::spark(scale, picked, pen.glyphs()))
}

fn last_metrics(world: &World, head: HeadKind) -> Option<EpochMetrics> {
    let record = &world.shown.as_ref()?.record;
    record.epochs.iter().rev().find(|metrics| metrics.head == head).cloned()
}

/// The gauge and its words in one line.
pub fn line(world: &World, pen: &mut Pen<'_>, area: Rect) {
    let area = inset(area, 2);
    let Some(job) = world.jobs.running() else {
        let words = last_words(world);
        pen.text(area.x, area.y, area.width, &words, Role::Dim);
        return;
    };
    let Some(progress) = &job.progress else {
        let words = format!("starting {} {}", pen.glyphs().dot, job.task.words());
        pen.text(area.x, area.y, area.width, &words, Role::Dim);
        return;
    };
    if progress.total == 0 {
        // There is nothing to measure yet: a gauge would only say nought.
        let words = format!("{} {} {}", progress.stage.name(), pen.glyphs().dot, job.task.words());
        pen.text(area.x, area.y, area.width, &words, Role::Accent);
        return;
    }
    let stage = format!("{:<15}", progress.stage.name());
    let x = pen.text(area.x, area.y, area.width, &stage, Role::Accent);
    let share = format!("{} %", number::percent(progress.done, progress.total));
    let left = progress.eta.map(|eta| format!("  ETA {}", number::duration(eta))).unwrap_or_default();
    let pace = format!("  {} items/s", number::metric(progress.speed));
    let busy = progress.gpu.and_then(|load| load.busy).map(|share| format!("  GPU {share:>3} %"));
    // Where there is no pane of its own for them, epoch and speed, or how busy a GPU is, stand behind the gauge.
    let (epochs, tail) = match area.width {
        0..50 => (String::new(), 6),
        50..70 => (busy.unwrap_or_default(), 23),
        _ if area.width < 100 && busy.is_some() => {
            (format!("  epoch {}/{}{}", progress.epoch.0, progress.epoch.1, busy.unwrap_or_default()), 40)
        }
        _ if progress.stage == Stage::Training => {
            (format!("  epoch {}/{}{pace}", progress.epoch.0, progress.epoch.1), 45)
        }
        _ => (pace, 36),
    };
    let words = format!("{share:>5}{left}{epochs}");
    let tail = tail.max(text::width(&words) as u16 + 1);
    let cells = area.right().saturating_sub(x + tail);
    let marks = gauge(progress.done, progress.total, usize::from(cells), pen.glyphs());
    pen.marks(x, area.y, &marks);
    pen.text(x + cells + 1, area.y, tail, &words, Role::Text);
}

fn last_words(world: &World) -> String {
    if world.jobs.kept() > 0 {
        return offer_of_kept(world);
    }
    if world.elsewhere.iter().any(|run| run.running) {
        return "another process trains; its runs stand here as they are finished".into();
    }
    let new = format!("{} describes a new run", way_to_a_run(world));
    if world.screen == ScreenId::Data {
        let key = |action| world.key(data::HERE, action);
        let (embed, check) = (key(Action::EmbedItems), key(Action::CheckCache));
        return format!("nothing runs; {embed} embeds what is missing, {check} checks the cache");
    }
    match world.jobs.list.last() {
        None => format!("nothing runs; {new}"),
        Some(job) => match &job.state {
            JobState::Failed(message) => format!("job {} failed: {message}", job.id),
            JobState::Cancelled if job.trains() => {
                let resume = world.key(HERE, Action::ResumeRun);
                format!("job {} was stopped; {resume} on the stopped run goes on with it, {new}", job.id)
            }
            JobState::Cancelled => format!("job {} was stopped", job.id),
            JobState::Dropped => format!("job {} was dropped; {new}", job.id),
            JobState::Queued | JobState::Kept => format!("job {} waits", job.id),
            _ => format!("job {} is done; {new}", job.id),
        },
    }
}
