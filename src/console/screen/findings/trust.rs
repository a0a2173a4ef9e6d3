//! What to know before trusting any finding: what it is over, where its certainty is from, what is wrong with the data.

use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{DataFault, Finding, Findings};
use ratatui::layout::Rect;

/// Cells of the words before a line.
const LABEL: u16 = 11;

/// Draws the pane, what may be wrong first.
pub fn draw(pen: &mut Pen<'_>, area: Rect, world: &World, found: &Findings) {
    let inside = inset(pen.panel(area, "Before you trust this", "", false), 1);
    let room = inside.width.saturating_sub(LABEL);
    let mut drawn = 0;
    for (label, words, role) in lines(world, found) {
        for (part, line) in text::wrap(&words, usize::from(room)).into_iter().enumerate() {
            let y = inside.y + drawn;
            if y < inside.bottom() {
                let label = if part == 0 { label } else { "" };
                pen.text(inside.x, y, LABEL - 1, label, Role::Dim);
                pen.text(inside.x + LABEL, y, room, &line, role);
            }
            drawn += 1;
        }
    }
    if drawn > inside.height {
        pen.footnote(area, &format!("{} more in a taller terminal", drawn - inside.height));
    }
}

fn lines(world: &World, found: &Findings) -> Vec<(&'static str, String, Role)> {
    let shown = world.shown.as_ref().filter(|shown| shown.record.model == found.model);
    let mut lines = Vec::new();
    // What is listed beside these lines is not said twice.
    lines.push(match found.findings.iter().filter(|finding| matches!(finding, Finding::Data(_))).count() {
        0 => ("data", "no fault found".to_owned(), Role::Good),
        1 => ("data", "a fault, told above".to_owned(), Role::Warn),
        faults => ("data", format!("{faults} faults, told above"), Role::Warn),
    });
    // The sentence about equal content counts all test items; what heads saw of a sample says it more vaguely.
    let leaked = found.findings.iter().any(|finding| matches!(finding, Finding::Data(DataFault::Leaked { .. })));
    let seen = shown.and_then(|shown| shown.tables.validity.seen).filter(|seen| seen.items > 0 && !leaked);
    lines.extend(seen.map(|seen| ("", Finding::Data(DataFault::NearlyLeaked(seen)).claim(), Role::Warn)));
    let unsaid = found.findings.iter().any(|finding| matches!(finding, Finding::Unsaid(_)));
    let gaps = if unsaid { "not all can be told from chance, as above" } else { "every one is resolved" };
    // Without attributes there are none.
    lines.extend((found.attributes > 0).then(|| ("gaps", gaps.to_owned(), Role::Text)));
    let units = match found.units == found.n {
        true => "items count one by one".to_owned(),
        false => format!("items of one of {} groups depend on each other", number::count(found.units)),
    };
    lines.push(("intervals", format!("95 %, from {}; {units}", found.intervals), Role::Text));
    let looks = format!("{} attributes, {} pairs; q allows for all", found.attributes, number::count(found.pairs));
    lines.push(("looked at", looks, Role::Text));
    let heads = match (shown, world.jobs.running()) {
        (Some(shown), _) => format!("run {} adds what words alone say", shown.record.id.short()),
        (None, Some(_)) => "not needed for this; they are being trained".into(),
        (None, None) => "not needed for this".into(),
    };
    lines.push(("heads", heads, Role::Text));
    lines.push(("", "A gap is an association, not a cause.".into(), Role::Dim));
    lines
}
