//! The Attributes screen before there is any table: what is happening, and what comes next.

use crate::console::jobs::{Job, JobState};
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::screen::train::way_to_a_run;
use crate::console::theme::Role;
use crate::console::widget::gauge::gauge;
use crate::console::world::World;
use crate::engine::Stage;
use ratatui::layout::Rect;

/// The stages of a first run, in order.
const STAGES: [Stage; 4] = [Stage::Loading, Stage::Embedding, Stage::Training, Stage::Tables];

/// Draws a quiet page in the middle of the body.
pub fn draw(world: &World, pen: &mut Pen<'_>, body: Rect) {
    let title = format!("Attributes {} max-min", pen.glyphs().dot);
    let inside = pen.panel(body, &title, "", true);
    let width = inside.width.min(72);
    let height = inside.height.min(13);
    let page = Rect::new(inside.x + (inside.width - width) / 2, inside.y + (inside.height - height) / 2, width, height);
    let mut y = page.y;
    for (words, role) in introduction(world) {
        if y < page.bottom() {
            pen.centre(page, y, &words, role);
        }
        y += 1;
    }
    y += 1;
    if let Some(job) = world.jobs.running() {
        stages(pen, page, y, job);
    } else if let Some(words) = ending(world)
        && y < page.bottom()
    {
        pen.centre(page, y, &words, Role::Warn);
    }
}

fn introduction(world: &World) -> Vec<(String, Role)> {
    let Some(audit) = &world.audit else {
        return vec![("opening the audit".into(), Role::Text)];
    };
    let items = format!(
        "{} training items, {} test items, {} attributes",
        number::count(audit.train_items),
        number::count(audit.test_items),
        number::count(audit.attributes.len()),
    );
    let trained = world.runs.iter().any(|run| Some(run.model.as_str()) == world.model());
    let why = if !trained {
        "There are no trained heads yet; they are being made now."
    } else {
        "The heads are being made ready."
    };
    vec![(audit.name.clone(), Role::Title), (items, Role::Dim), (String::new(), Role::Text), (why.into(), Role::Text)]
}

fn ending(world: &World) -> Option<String> {
    match &world.jobs.list.last()?.state {
        JobState::Failed(message) => Some(message.clone()),
        JobState::Cancelled | JobState::Dropped => {
            Some(format!("The job was stopped; {} describes a new run.", way_to_a_run(world)))
        }
        _ => None,
    }
}

fn stages(pen: &mut Pen<'_>, page: Rect, top: u16, job: &Job) {
    let glyphs = pen.glyphs();
    let now = job.progress.as_ref().map_or(Stage::Loading, |progress| progress.stage);
    // The fragments an encoder reads beforehand are part of the training to come.
    let listed = if now == Stage::Fragments { Stage::Training } else { now };
    let at = STAGES.iter().position(|stage| *stage == listed).unwrap_or(0);
    let (done, total) = job.progress.as_ref().map_or((0, 0), |progress| (progress.done, progress.total));
    for (index, stage) in STAGES.iter().enumerate() {
        let y = top + index as u16;
        if y >= page.bottom() {
            return;
        }
        let (mark, role) = match index.cmp(&at) {
            std::cmp::Ordering::Less => (glyphs.done, Role::Good),
            std::cmp::Ordering::Equal => (glyphs.running, Role::Accent),
            std::cmp::Ordering::Greater => (glyphs.queued, Role::Dim),
        };
        let words = if index == at { Role::Text } else { Role::Dim };
        let x = pen.text(page.x + 2, y, 2, mark, role);
        pen.text(x + 1, y, 16, (if index == at { now } else { *stage }).name(), words);
        if index == at && total > 0 && page.width > 34 {
            let cells = page.width - 30;
            pen.marks(page.x + 20, y, &gauge(done, total, usize::from(cells), glyphs));
            let share = format!("{} %", number::percent(done, total));
            pen.right(page.right() - 2, y, 6, &share, Role::Text);
        }
    }
    let y = top + STAGES.len() as u16 + 1;
    if y < page.bottom() {
        pen.centre(page, y, &job.task.words(), Role::Dim);
    }
}
