//! What stands in the place of slices while there are none: those found and not tested yet, how far the search is, or why
//! there is nothing.

use super::State;
use super::view::in_tree;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{FoundSlice, Step};
use crate::report::discovery_notes;
use ratatui::layout::Rect;

/// What is said of a slice that is not tested yet.
const UNTESTED: &str = "being tested";

/// Draws it into the inside of the list.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, inside: Rect) {
    let (sentences, role) = match (state.found(world), state.failure(world), &world.audit) {
        (Some(view), ..) => (discovery_notes(&view.found), Role::Text),
        (_, Some(why), _) => (vec![format!("{} {why}", pen.glyphs().care)], Role::Warn),
        (.., None) => (vec!["opening the audit".into()], Role::Dim),
        _ if !state.untested.is_empty() => {
            untested(pen, inside, &state.untested, &progress(state));
            return;
        }
        _ => (vec![progress(state)], Role::Dim),
    };
    let room = usize::from(inside.width);
    let lines: Vec<String> = sentences.iter().flat_map(|sentence| text::wrap(sentence, room)).collect();
    let top = inside.y + (usize::from(inside.height).saturating_sub(lines.len()) / 2) as u16;
    for (line, y) in lines.iter().zip(top..inside.bottom()) {
        pen.centre(inside, y, line, role);
    }
}

/// How far the search is.
fn progress(state: &State) -> String {
    match &state.step {
        None => "looking for what the losses have in common".into(),
        Some(Step::Reading) => "reading the items' words".into(),
        Some(Step::Searching(names)) => format!("trying {} names and their pairs", number::count(*names)),
        Some(Step::Found(slices)) => format!("{} found so far, the search goes on", slices.len()),
        Some(Step::Testing(found)) => format!("testing {found} on other items"),
    }
}

/// The names found so far, each where it will stand, and the progress above. They bear no figure: those of the half they
/// were found on flatter, and those of the other half hang on all that are found.
fn untested(pen: &mut Pen<'_>, inside: Rect, slices: &[FoundSlice], progress: &str) {
    pen.text(inside.x, inside.y, inside.width, progress, Role::Dim);
    let cells = text::width(UNTESTED) as u16 + 1;
    let room = inside.width.saturating_sub(cells + 2);
    let rows = usize::from(inside.height.saturating_sub(1));
    let shown = if slices.len() > rows { rows.saturating_sub(1) } else { slices.len() };
    let mut y = inside.y + 1;
    for slice in &slices[..shown] {
        pen.text(inside.x + 2, y, room, &in_tree(&slice.name, slice.level), Role::Text);
        pen.right(inside.right(), y, cells, UNTESTED, Role::Dim);
        y += 1;
    }
    if shown < slices.len() && y < inside.bottom() {
        pen.text(inside.x + 2, y, room, &format!("and {} more", slices.len() - shown), Role::Dim);
    }
}
