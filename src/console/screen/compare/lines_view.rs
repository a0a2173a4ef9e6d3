//! The rows of a measure of two models: as many columns as there is room for, the others a key away.

use super::columns::{Grid, room};
use super::keys::{LEFT, RIGHT};
use super::{HERE, Line, Measure, State};
use crate::console::glyph::Glyphs;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::dumbbell::dumbbell;
use crate::console::widget::scale::Scale;
use crate::console::widget::shift;
use crate::console::world::World;
use crate::diagnose::{ChangeVerdict, Fate};
use ratatui::layout::Rect;

/// A verdict's mark, word and colour; each tells it alone.
pub fn verdict_mark(verdict: ChangeVerdict, glyphs: &Glyphs) -> (&'static str, &'static str, Role) {
    match verdict {
        ChangeVerdict::Worse => (glyphs.ascending, "worse", Role::Bad),
        ChangeVerdict::Better => (glyphs.descending, "better", Role::Good),
        ChangeVerdict::NoDifference => (" ", "no diff", Role::Dim),
        ChangeVerdict::NotEnoughData => (glyphs.care, "few", Role::Warn),
    }
}

/// The colour of what became of a group.
pub fn fate_role(fate: Fate) -> Role {
    match fate {
        Fate::WorseOff => Role::Bad,
        Fate::LeftBehind => Role::Warn,
        Fate::Better => Role::Good,
        Fate::NotResolved | Fate::NotEnoughData => Role::Dim,
    }
}

/// Draws the rows.
pub fn table(pen: &mut Pen<'_>, world: &World, area: Rect, state: &State) {
    let measure = state.measure();
    let glyphs = pen.glyphs();
    let grid = Grid::of(state, room(area));
    let note = format!("{} before  {} after", glyphs.first, glyphs.second);
    let note = if grid.lane { note.as_str() } else { "" };
    let inside = pen.panel(area, &capital(measure.name()), note, true);
    if inside.height < 2 || inside.width < 40 {
        return;
    }
    heading(pen, inside, &grid);
    let scale = Scale::of(state.lines.iter().flat_map(|line| [line.then, line.now]).flatten()).with_zero();
    let page = usize::from(inside.height - 1);
    for (row, (place, &at)) in state.order.iter().enumerate().skip(state.cursor.offset).take(page).enumerate() {
        let Some(line) = state.lines.get(at) else { continue };
        let y = inside.y + 1 + row as u16;
        draw(pen, Rect { y, height: 1, ..inside }, &grid, line, scale, measure);
        if place == state.cursor.selected {
            pen.text(inside.x, y, 1, glyphs.selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
    foot(pen, world, area, state, &grid);
}

/// What the marks mean, which columns are out of sight, and the place of the selection.
fn foot(pen: &mut Pen<'_>, world: &World, area: Rect, state: &State, grid: &Grid) {
    let glyphs = pen.glyphs();
    let keys = [world.key(HERE, LEFT), world.key(HERE, RIGHT)];
    let hidden = shift::sign(&grid.seen, grid.columns.len(), [&keys[0], &keys[1]], glyphs);
    let (place, length) = state.place();
    let place =
        if hidden.is_empty() { format!("{place} of {length}") } else { format!("{hidden}  {place} of {length}") };
    let (up, down) = match state.measure() {
        Measure::Groups => ("rose", "fell"),
        Measure::LossGap | Measure::AurocGap => ("wider", "narrower"),
        _ => ("", ""),
    };
    let legend = format!(" {} {up}  {} {down} ", glyphs.ascending, glyphs.descending);
    if !up.is_empty() && text::width(&legend) + text::width(&place) + 10 < usize::from(area.width) {
        pen.text(area.x + 2, area.bottom() - 1, area.width, &legend, Role::Dim);
    }
    pen.footnote(area, &place);
}

fn heading(pen: &mut Pen<'_>, inside: Rect, grid: &Grid) {
    let x = inside.x + 2;
    pen.text(x, inside.y, grid.name, "name", Role::Dim);
    let mut at = x + grid.name;
    for column in &grid.columns[grid.seen.clone()] {
        if column.left {
            pen.text(at + 1, inside.y, column.width - 1, column.title, Role::Dim);
        } else {
            pen.right(at + column.width, inside.y, column.width - 1, column.title, Role::Dim);
        }
        at += column.width;
    }
}

fn draw(pen: &mut Pen<'_>, row: Rect, grid: &Grid, line: &Line, scale: Scale, measure: Measure) {
    let glyphs = pen.glyphs();
    let (x, y) = (row.x + 2, row.y);
    if let Some(fate) = line.heading {
        pen.text(row.x + 1, y, row.width - 1, &line.name, fate_role(fate));
        return;
    }
    let (mark, role) = mark(line, measure, glyphs);
    pen.text(row.x + 1, y, 1, mark, role);
    pen.text(x, y, grid.name, &line.name, Role::Text);
    let mut at = x + grid.name;
    for column in &grid.columns[grid.seen.clone()] {
        let (words, role) = (column.words)(line, glyphs);
        if column.left {
            pen.text(at + 1, y, column.width - 1, &words, role);
        } else {
            pen.right(at + column.width, y, column.width - 1, &words, role);
        }
        at += column.width;
    }
    // A loss and an AUROC have no scale in common.
    let common = line.group.as_ref().is_none_or(|group| group.of == "loss");
    if grid.lane && line.verdict.is_some() && common {
        let cells = (grid.rest - 1).min(60);
        pen.marks(at + 1, y, &dumbbell(scale, usize::from(cells), line.then, line.now, glyphs));
    }
}

/// Where a value went, in the colour of what that means.
fn mark(line: &Line, measure: Measure, glyphs: &Glyphs) -> (&'static str, Role) {
    let Some(verdict) = line.verdict else { return (" ", Role::Dim) };
    match &line.group {
        Some(group) if matches!(verdict, ChangeVerdict::Worse | ChangeVerdict::Better) => {
            let rose = line.change.is_some_and(|change| change > 0.0);
            (if rose { glyphs.ascending } else { glyphs.descending }, fate_role(group.fate))
        }
        // Of a loss and an AUROC side by side, better is down for one and up for the other.
        _ if measure == Measure::Losses => (" ", Role::Dim),
        _ => {
            let (mark, _, role) = verdict_mark(verdict, glyphs);
            (mark, role)
        }
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
