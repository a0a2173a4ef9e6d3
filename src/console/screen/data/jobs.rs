//! The queue as the Data screen shows it: what runs and how far it is, what waits, how the last ones ended.

use crate::console::jobs::{Job, JobState};
use crate::console::paint::{Pen, inset};
use crate::console::screen::train;
use crate::console::theme::Role;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the panel, or one line where there is only room for one.
pub fn draw(world: &World, pen: &mut Pen<'_>, area: Rect) {
    if area.height < 3 {
        train::job_line(world, pen, area);
        return;
    }
    let running = usize::from(world.jobs.running().is_some());
    let waiting = world.jobs.queued().count() + world.jobs.kept();
    let note = format!("{running} running {} {waiting} waiting", pen.glyphs().dot);
    let inside = pen.panel(area, "Jobs", &note, false);
    train::job_line(world, pen, Rect { height: 1, ..inside });
    let rest = inset(Rect { y: inside.y + 1, height: inside.height - 1, ..inside }, 2);
    // What waits in the order of its turn, then what ended, newest first.
    let ended = world.jobs.list.iter().rev().filter(|job| !job.is_open());
    for (line, job) in
        world.jobs.open().filter(|job| job.waits()).chain(ended).take(usize::from(rest.height)).enumerate()
    {
        row(pen, Rect { y: rest.y + line as u16, height: 1, ..rest }, job);
    }
}

fn row(pen: &mut Pen<'_>, area: Rect, job: &Job) {
    let glyphs = pen.glyphs();
    let (mark, role, end) = match &job.state {
        JobState::Queued => (glyphs.queued, Role::Dim, "waits".into()),
        JobState::Kept => (glyphs.queued, Role::Dim, "kept".into()),
        JobState::Running => (glyphs.running, Role::Accent, "runs".into()),
        JobState::Finished => (glyphs.done, Role::Good, "done".into()),
        JobState::Cancelled => (glyphs.queued, Role::Dim, "stopped".into()),
        JobState::Dropped => (glyphs.queued, Role::Dim, "dropped".into()),
        JobState::Failed(message) => (glyphs.care, Role::Bad, format!("failed: {message}")),
    };
    let x = pen.text(area.x, area.y, 2, mark, role);
    let task = format!("{:<15}", format!("job {} {end}", job.id));
    let room = area.right().saturating_sub(x + 1);
    pen.pieces(x + 1, area.y, room, &[(&task, Role::Text), (" ", Role::Dim), (&job.task.words(), Role::Dim)]);
}
