//! The log of the Train screen, newest line first.

use super::{HERE, State};
use crate::console::msg::Action;
use crate::console::paint::{Pen, inset};
use crate::console::theme::Role;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the log in the place of the runs.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let title = format!("Log {} newest first", pen.glyphs().dot);
    let note = format!("{} shows the runs", world.key(HERE, Action::ToggleLog));
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    if world.log.lines.is_empty() && inside.height > 0 {
        pen.centre(inside, inside.y + inside.height / 2, "nothing happened yet", Role::Dim);
    }
    let scrolled = state.log_offset.min(world.log.lines.len().saturating_sub(usize::from(inside.height)));
    for (line, entry) in world.log.lines.iter().skip(scrolled).take(usize::from(inside.height)).enumerate() {
        let y = inside.y + line as u16;
        let seconds = entry.at.as_secs();
        let time = format!("{:>3}:{:02} ", seconds / 60, seconds % 60);
        let (mark, role) = if entry.warning { (pen.glyphs().care, Role::Warn) } else { (" ", Role::Text) };
        pen.pieces(inside.x, y, inside.width, &[(&time, Role::Dim), (mark, role), (" ", role), (&entry.words, role)]);
    }
}
