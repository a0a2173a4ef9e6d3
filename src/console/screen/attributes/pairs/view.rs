//! Draws the pairs of attributes.

use super::super::PAIRS;
use super::super::keys::{LEFT, PAIRS_KEY, RIGHT};
use super::super::table::UNRESOLVED;
use super::State;
use crate::console::glyph::Glyphs;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::screen::List;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::shift;
use crate::console::world::World;
use crate::diagnose::{IntersectionRow, IntersectionsTable, Measured, Verdict};
use ratatui::layout::Rect;
use std::ops::Range;

/// Lines of what stands above the table, at most.
const ABOVE: usize = 3;
/// Cells of the marks before the names, and a blank behind the last column.
const BESIDE: u16 = 3;

/// A column: its heading, its cells with the blank before them, and its words.
struct Column(&'static str, u16, fn(&IntersectionRow, &Glyphs) -> String);

const COLUMNS: [Column; 8] = [
    Column("n", 7, |row, _| number::count(row.n)),
    Column("shrunken", 9, |row, glyphs| plain(row.loss_shrunken, glyphs)),
    Column("loss", 7, |row, glyphs| number::plain(row.loss, 3, glyphs)),
    Column("others", 7, |row, glyphs| number::plain(row.loss_others, 3, glyphs)),
    Column("gap", 7, |row, glyphs| number::signed(row.loss_gap, 3, glyphs)),
    Column("gap 95 %", 16, |row, glyphs| {
        let end = |value| number::signed(value, 3, glyphs);
        let interval = row.loss_evidence.interval.value();
        interval.map_or_else(|| "n/a".into(), |ends| format!("[{}, {}]", end(ends.low), end(ends.high)))
    }),
    Column("q", 7, |row, _| row.loss_evidence.q.value().map_or_else(|| "n/a".into(), number::probability)),
    Column("verdict", 17, |row, _| row.loss_evidence.verdict.words().into()),
];

fn plain(value: Measured, glyphs: &Glyphs) -> String {
    value.value().map_or_else(|| "n/a".into(), |value| number::plain(value, 3, glyphs))
}

/// `Senior + Widowed`.
fn name(names: &[String; 2]) -> String {
    names.join(" + ")
}

/// What stands above: the two groups that lie farthest apart, and what all is over.
fn above(table: &IntersectionsTable, glyphs: &Glyphs, width: u16) -> Vec<String> {
    let shrunken = |value| number::plain(value, 3, glyphs);
    let farthest = table.farthest.as_ref().map(|found| {
        format!(
            "Farthest apart: {} {} (n {}) and {} {} (n {}), by {}; both shrunken.",
            name(&found.high),
            shrunken(found.loss_high),
            number::count(found.n_high),
            name(&found.low),
            shrunken(found.loss_low),
            number::count(found.n_low),
            shrunken(found.difference)
        )
    });
    let cut = if table.is_cut() { format!(" of the first {} attributes", table.attributes) } else { String::new() };
    let over = format!(
        "{} of {} pairs{cut} have {} test items or more; q is over these.",
        number::count(table.rows.len()),
        number::count(table.pairs),
        table.least_items
    );
    let lines = farthest.into_iter().chain([over]).map(|words| text::clean(&words));
    lines.flat_map(|words| text::wrap(&words, usize::from(width))).take(ABOVE).collect()
}

/// Where the parts are, in a panel over the whole body.
struct Places {
    above: Vec<String>,
    /// Heading and rows.
    table: Rect,
}

fn places(state: &State, world: &World, body: Rect) -> Places {
    let inside = Rect {
        x: body.x + 1,
        y: body.y + 1,
        width: body.width.saturating_sub(2),
        height: body.height.saturating_sub(2),
    };
    let glyphs = world.look.resolve().glyphs;
    let width = inset(inside, 1).width;
    let above = state.table(world).map_or_else(Vec::new, |table| above(table, glyphs, width));
    let used = (above.len() as u16).min(inside.height);
    Places { above, table: Rect { y: inside.y + used, height: inside.height - used, ..inside } }
}

/// Rows in sight.
pub fn page(state: &State, world: &World, body: Rect) -> usize {
    usize::from(places(state, world, body).table.height.saturating_sub(1))
}

/// The rows, for the mouse.
pub fn list(state: &State, world: &World, body: Rect) -> List {
    let table = places(state, world, body).table;
    let area = Rect { y: table.y + 1, height: table.height.saturating_sub(1), ..table };
    List { area, length: state.rows(world).len() }
}

/// Cells of the names, and the widths of the columns.
fn divided(state: &State, world: &World, width: u16) -> (u16, Vec<u16>) {
    let widths: Vec<u16> = COLUMNS.iter().map(|column| column.1).collect();
    let longest = state.rows(world).iter().map(|row| text::width(&name(&row.attributes))).max();
    let longest = longest.unwrap_or(9).clamp(9, 60) as u16;
    let spare = width.saturating_sub(BESIDE + widths.iter().sum::<u16>());
    (longest.min(spare.max(width / 2)), widths)
}

/// The greatest column worth beginning with.
pub fn most(state: &State, world: &World, body: Rect) -> usize {
    let width = body.width.saturating_sub(2);
    let (name, widths) = divided(state, world, width);
    shift::most(&widths, width.saturating_sub(BESIDE + name))
}

/// Draws the pairs of the model in view, or that they are being measured.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let note = state.table(world).map(|table| format!("test items, n = {}", number::count(table.n)));
    let model = world.model().unwrap_or_default();
    let title = format!("Attributes {} where two meet, {model}", pen.glyphs().dot);
    let inside = pen.panel(body, &title, &note.unwrap_or_default(), true);
    let Some(table) = state.table(world) else {
        let y = inside.y + inside.height / 2;
        match state.failed(world) {
            Some(why) => pen.centre(inside, y, why, Role::Warn),
            None => pen.centre(inside, y, "measuring every pair of attributes", Role::Dim),
        }
        return;
    };
    let places = places(state, world, body);
    for (at, words) in places.above.iter().enumerate() {
        pen.text(inside.x + 1, inside.y + at as u16, inside.width.saturating_sub(2), words, Role::Text);
    }
    if places.table.height < 2 || places.table.width < 30 {
        return;
    }
    let (name, widths) = divided(state, world, places.table.width);
    let seen = shift::seen(&widths, places.table.width.saturating_sub(BESIDE + name), state.column);
    rows(state, table, pen, places.table, name, &seen);
    let keys = [world.key(PAIRS, LEFT), world.key(PAIRS, RIGHT)];
    let hidden = shift::sign(&seen, COLUMNS.len(), [&keys[0], &keys[1]], pen.glyphs());
    let hidden = if hidden.is_empty() { hidden } else { format!("{hidden}  ") };
    let place = format!("{} of {}", (state.cursor.selected + 1).min(table.rows.len()), number::count(table.rows.len()));
    pen.footnote(body, &format!("{hidden}{place}"));
    let items =
        format!(" {} lists both, {} goes back ", world.key(PAIRS, Action::OpenItems), world.key(PAIRS, PAIRS_KEY));
    if text::width(&items) + text::width(&hidden) + text::width(&place) + 10 < usize::from(body.width) {
        pen.text(body.x + 2, body.bottom() - 1, body.width, &items, Role::Dim);
    }
}

fn rows(state: &State, table: &IntersectionsTable, pen: &mut Pen<'_>, area: Rect, cells: u16, seen: &Range<usize>) {
    let x = area.x + 2;
    let line = |pen: &mut Pen<'_>, y: u16, first: &str, words: &dyn Fn(&Column) -> String, role: Role| {
        pen.text(x, y, cells, first, role);
        let mut at = x + cells;
        for column in &COLUMNS[seen.clone()] {
            at += column.1;
            pen.right(at, y, column.1 - 1, &words(column), role);
        }
    };
    line(pen, area.y, "both", &|column| column.0.to_owned(), Role::Dim);
    let glyphs = pen.glyphs();
    let page = usize::from(area.height - 1);
    for (at, (place, row)) in table.rows.iter().enumerate().skip(state.cursor.offset).take(page).enumerate() {
        let y = area.y + 1 + at as u16;
        // What may be chance steps back, as among the attributes.
        let (mark, role) = match row.loss_evidence.verdict {
            Verdict::Resolved => (" ", Role::Text),
            Verdict::NotResolved => (UNRESOLVED, Role::Dim),
            Verdict::NotEnoughData => (glyphs.care, Role::Dim),
        };
        pen.text(area.x + 1, y, 1, mark, role);
        line(pen, y, &name(&row.attributes), &|column| (column.2)(row, glyphs), role);
        if place == state.cursor.selected {
            pen.text(area.x, y, 1, glyphs.selected, Role::Text);
            pen.select(Rect { y, height: 1, ..area });
        }
    }
    if table.rows.is_empty() && area.height > 2 {
        pen.centre(area, area.y + area.height / 2, "no pair has items enough", Role::Dim);
    }
}
