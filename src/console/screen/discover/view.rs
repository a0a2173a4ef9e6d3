//! Draws the Discover screen: the tree of slices with their figures, the selected slice beside or below.

use super::keys::NAME;
use super::keys::TAKE_NAME;
use super::layout::layout;
use super::{Look, State, detail, level, waiting};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::scale::Scale;
use crate::console::widget::{input, spark};
use crate::console::world::World;
use crate::diagnose::{DiscoveredSlice, Discovery};
use crate::report::{discovery_notes, outside_attributes};
use ratatui::layout::Rect;

/// Cells that a name has before the least needed figure gives way.
const NAME_CELLS: u16 = 30;

/// A figure of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    N,
    Loss,
    Interval,
    Q,
    Share,
    Tenths,
}

/// The figures in the order of their columns, with their cells.
const COLUMNS: [(Column, u16, &str); 6] = [
    (Column::N, 8, "n"),
    (Column::Loss, 8, "loss"),
    (Column::Interval, 16, "95 %"),
    (Column::Q, 7, "q"),
    (Column::Share, 7, "share"),
    (Column::Tenths, 12, "by tenth"),
];
/// What gives way first.
const LEAST_NEEDED: [Column; 3] = [Column::Interval, Column::Q, Column::Tenths];

/// Slices in sight in a list.
#[must_use]
pub fn page(list: Rect) -> usize {
    usize::from(list.height.saturating_sub(3))
}

/// Draws the screen into the body, or what is being done for it.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let length = state.length(world);
    let places = layout(body, length);
    let view = state.found(world);
    let note = view.map(|view| over(&view.found)).unwrap_or_default();
    let inside = inset(pen.panel(places.list, &title(state, world), &note, true), 1);
    let Some(view) = view.filter(|view| !view.found.slices.is_empty()) else {
        waiting::draw(state, world, pen, inside);
        return;
    };
    let slices = &view.found.slices;
    let columns = columns(inside.width);
    headings(pen, inside, &columns, slices.first());
    let seen = slices.iter().enumerate().skip(state.cursor.offset).take(page(places.list));
    let mut y = inside.y + 1;
    for (at, slice) in seen {
        row(pen, Rect { y, height: 1, ..inside }, &columns, slice, level(slices, slice));
        if at == state.cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
        y += 1;
    }
    if page(places.list) < slices.len() {
        pen.footnote(places.list, &format!("{} of {}", state.cursor.selected + 1, slices.len()));
    }
    foot(pen, Rect { y, height: inside.bottom().saturating_sub(y), ..inside }, &view.found);
    if let (Some(area), Some(slice)) = (places.slice, slices.get(state.cursor.selected)) {
        detail::draw(state, world, pen, (area, places.items), slice);
    }
    if let Some(name) = &state.naming {
        naming(pen, world, places.list, name);
    }
}

fn title(state: &State, world: &World) -> String {
    let Some(request) = state.question.request(world) else { return "Discover".into() };
    let model = &request.model;
    match (state.question.look, &request.against) {
        (Look::Hard, _) => format!("What {model} fails on"),
        (Look::Easy, _) => format!("What {model} finds easy"),
        (Look::Surprise, _) => format!("What {model} fails on beyond the attributes"),
        (Look::Change, Some(against)) => format!("Where {model} is worse than {against}"),
        (Look::Change, None) => format!("Where {model} is worse"),
    }
}

/// What every number is over.
fn over(found: &Discovery) -> String {
    if found.candidates == 0 { String::new() } else { format!("over {} test items", number::count(found.tested_on)) }
}

/// The columns there is room for.
fn columns(width: u16) -> Vec<(Column, u16, &'static str)> {
    let mut columns = COLUMNS.to_vec();
    for least in LEAST_NEEDED {
        let taken: u16 = columns.iter().map(|(_, cells, _)| cells).sum();
        if taken + NAME_CELLS > width {
            columns.retain(|(column, ..)| *column != least);
        }
    }
    columns
}

fn headings(pen: &mut Pen<'_>, inside: Rect, columns: &[(Column, u16, &str)], first: Option<&DiscoveredSlice>) {
    let all = first.map(|slice| format!("slice (all lose {})", number::plain(slice.overall, 3, pen.glyphs())));
    let taken: u16 = columns.iter().map(|(_, cells, _)| cells).sum();
    let room = inside.width.saturating_sub(taken + 2);
    pen.text(inside.x + 2, inside.y, room, &all.unwrap_or_default(), Role::Dim);
    let mut end = inside.right() - taken;
    for (_, cells, name) in columns {
        end += cells;
        pen.right(end, inside.y, cells - 1, name, Role::Dim);
    }
}

fn row(pen: &mut Pen<'_>, area: Rect, columns: &[(Column, u16, &str)], slice: &DiscoveredSlice, level: usize) {
    let taken: u16 = columns.iter().map(|(_, cells, _)| cells).sum();
    let name = slice.terms.last().filter(|_| level > 0).unwrap_or(&slice.name);
    let name = in_tree(name, level);
    pen.text(area.x + 2, area.y, area.width.saturating_sub(taken + 2), &name, Role::Text);
    let mut end = area.right() - taken;
    for (column, cells, _) in columns {
        end += cells;
        let (words, role) = cell(pen, *column, slice);
        pen.right(end, area.y, cells - 1, &words, role);
    }
}

/// A name at its place in the tree; of a finer slice, what it adds.
#[must_use]
pub fn in_tree(name: &str, level: usize) -> String {
    if level == 0 { name.to_owned() } else { format!("{}+ {name}", "  ".repeat(level)) }
}

fn cell(pen: &Pen<'_>, column: Column, slice: &DiscoveredSlice) -> (String, Role) {
    let glyphs = pen.glyphs();
    match column {
        Column::N => (number::count(slice.n), Role::Text),
        Column::Loss => (number::plain(slice.mean_loss, 4, glyphs), Role::Text),
        Column::Interval => (detail::interval(slice, glyphs), Role::Dim),
        Column::Q => (number::probability(slice.q), Role::Dim),
        Column::Share => (format!("{:.0} %", 100.0 * slice.share_of_excess), Role::Text),
        Column::Tenths => (tenths(slice, glyphs), Role::Lane),
    }
}

/// How many of the slice's losses are in each tenth of all, lowest first: even for a slice like any other.
fn tenths(slice: &DiscoveredSlice, glyphs: &crate::console::glyph::Glyphs) -> String {
    let counts = slice.tenths.iter().map(|count| *count as f64);
    let most = counts.clone().fold(0.0, f64::max);
    spark::spark(Scale::new(0.0, most), counts, glyphs)
}

/// What the slices rest on, as far as there is room.
fn foot(pen: &mut Pen<'_>, area: Rect, found: &Discovery) {
    let mut sentences: Vec<String> = outside_attributes(found, "the slices above show where").into_iter().collect();
    // What it rests on comes last.
    let mut notes = discovery_notes(found);
    notes.rotate_left(1);
    sentences.extend(notes);
    let lines: Vec<String> =
        sentences.iter().flat_map(|sentence| text::wrap(sentence, usize::from(area.width))).collect();
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        pen.text(area.x, y, area.width, line, Role::Dim);
    }
}

/// The line of the name that is typed, over the foot of the list.
fn naming(pen: &mut Pen<'_>, world: &World, list: Rect, name: &tui_input::Input) {
    let line = Rect { y: list.bottom().saturating_sub(2), height: 1, ..inset(list, 2) };
    pen.clear(Rect { x: list.x + 1, width: list.width.saturating_sub(2), ..line });
    let label = format!("attribute, {} adds it: ", world.key(NAME, TAKE_NAME));
    let x = pen.text(line.x, line.y, line.width, &label, Role::Accent);
    input::draw(pen, (x, line.y), line.right().saturating_sub(x), name, true, &[]);
}
