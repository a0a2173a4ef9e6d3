//! Draws the Validity screen: Table 2, the density of ranks, and the loss by tenth of what is predicted.

use super::{HERE, State, reliability};
use crate::audit::HeadKind;
use crate::console::glyph::Glyphs;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::table::cut_sign;
use crate::console::widget::{density, scale::Scale};
use crate::console::world::World;
use crate::diagnose::{Aggregate, Association, LEAST_ITEMS, Measured, Seen, ValidityRow, ValidityTable, tells_amounts};
use crate::engine::Place;
use ratatui::layout::Rect;

/// Width of the table's panel that says how many test items stand in training too; `n` is said in any.
const ROOM_FOR_SEEN: u16 = 104;
/// Lines of the table, above the one that says it where the title has no room.
const ROWS_BEFORE_SEEN: u16 = 13;

/// Places of the parts.
struct Layout {
    density: Rect,
    table: Rect,
    tenths: Option<Rect>,
}

fn layout(body: Rect, whole: bool) -> Layout {
    if whole {
        return Layout { density: Rect { height: 0, ..body }, table: body, tenths: None };
    }
    if body.width >= 108 && body.height >= 22 {
        let left = body.width / 2;
        let density = Rect { width: left, ..body };
        let right = Rect { x: body.x + left, width: body.width - left, ..body };
        let table = Rect { height: (body.height / 2).min(18), ..right };
        let tenths = Rect { y: table.bottom(), height: right.height - table.height, ..right };
        return Layout { density, table, tenths: Some(tenths) };
    }
    let below = if body.height >= 18 { 7 } else { 5 };
    let density = Rect { height: body.height - below, ..body };
    Layout { density, table: Rect { y: density.bottom(), height: below, ..body }, tenths: None }
}

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let places = layout(body, state.whole);
    let head = state.head;
    let examined = world.examined();
    let place = examined.and_then(|examined| examined.places.iter().find(|place| place.head == head));
    if state.whole {
        // The table has all the room.
    } else if state.calibration {
        reliability::draw(pen, places.density, examined.map(|examined| &*examined.calibration));
    } else {
        ranks(pen, places.density, head, place, world.no_heads_or("looking at the test items"));
    }
    let n = world.shown.as_ref().map_or(0, |shown| shown.tables.validity.n);
    let title = format!("Table 2 {} risk against loss", pen.glyphs().dot);
    let seen = world.shown.as_ref().and_then(|shown| shown.tables.validity.seen).filter(|seen| seen.items > 0);
    let few = few(n);
    let n = number::count(n);
    let note = match seen {
        _ if few.is_some() => few.unwrap_or_default(),
        Some(seen) if places.table.width >= ROOM_FOR_SEEN => {
            format!("n = {n}; {}", equal(seen))
        }
        _ => format!("n = {n} test items"),
    };
    let inside = inset(pen.panel(places.table, &title, &note, false), 1);
    if let Some(shown) = &world.shown {
        table(pen, inside, &shown.tables.validity, head);
        let rows = listed(&shown.tables.validity, head).count();
        cut_sign(pen, places.table, rows, inside, (!state.whole).then(|| world.key(HERE, Action::Zoom)));
        if let Some(seen) = seen.filter(|_| places.table.width < ROOM_FOR_SEEN && inside.height > ROWS_BEFORE_SEEN) {
            pen.text(inside.x, inside.bottom() - 1, inside.width, &equal(seen), Role::Dim);
        }
    }
    if let Some(area) = places.tenths {
        let fitted = world.shown.as_ref().is_some_and(|shown| shown.tables.validity.fitted.is_some());
        tenths(pen, area, (head, tells_amounts(head, fitted)), place);
    }
}

fn ranks(pen: &mut Pen<'_>, area: Rect, head: HeadKind, place: Option<&Place>, missing: &str) {
    let title = format!("Density {} {head}, ranks", pen.glyphs().dot);
    let all = |n| format!("n = {} test items", number::count(n));
    let note = place.map(|place| few(place.n).unwrap_or_else(|| all(place.n))).unwrap_or_default();
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    let Some(place) = place else {
        if inside.height > 0 {
            pen.centre(inside, inside.y + inside.height / 2, missing, Role::Dim);
        }
        return;
    };
    if inside.height < 5 || inside.width < 30 {
        return;
    }
    let glyphs = pen.glyphs();
    let plot = Rect { x: inside.x + 6, y: inside.y + 1, width: inside.width - 6, height: inside.height - 3 };
    pen.text(inside.x, inside.y, inside.width, &format!("{} true loss", glyphs.ascending), Role::Dim);
    for (row, words) in [(0, "p100"), (plot.height / 2, "p50"), (plot.height - 1, "p0")] {
        pen.right(plot.x - 1, plot.y + row, 5, words, Role::Dim);
    }
    for y in plot.top()..plot.bottom() {
        pen.text(plot.x - 1, y, 1, glyphs.plain.vertical, Role::Axis);
    }
    density::draw(pen, plot, place.side, &place.density);
    let corner = if glyphs.ascii { "+" } else { "└" };
    let rule = format!("{corner}{}", glyphs.plain.horizontal.repeat(usize::from(plot.width)));
    pen.text(plot.x - 1, plot.bottom(), plot.width + 1, &rule, Role::Axis);
    let [a, b, c, d] = glyphs.shades;
    let y = inside.bottom() - 1;
    let legend = format!("{a} under  {b} as if by chance  {c} over  {d} twice as many or more");
    let short = format!("{a}{b}{c}{d} few to many");
    let right = format!("predicted risk {}", glyphs.right);
    let room = usize::from(plot.width).saturating_sub(text::width(&right) + 2);
    for words in [legend, short] {
        if text::width(&words) <= room {
            pen.text(plot.x, y, plot.width, &words, Role::Dim);
            break;
        }
    }
    pen.right(plot.right(), y, plot.width, &right, Role::Dim);
}

fn association(value: &Measured<Association>, glyphs: &Glyphs) -> String {
    match value {
        Measured::Value(found) => number::plain(found.value, 3, glyphs),
        Measured::Undefined { .. } => "n/a".into(),
    }
}

fn interval(value: &Measured<Association>, glyphs: &Glyphs) -> String {
    match value.value().and_then(|found| found.interval.value()) {
        Some(ends) => format!("{} to {}", number::plain(ends.low, 3, glyphs), number::plain(ends.high, 3, glyphs)),
        None => "n/a".into(),
    }
}

fn aggregate(row: &ValidityRow) -> String {
    match row.aggregate {
        Aggregate::Mean => "mean".into(),
        Aggregate::Median => "median".into(),
        Aggregate::Member(at) => format!("member {}", crate::console::widget::spark::letter(at)),
    }
}

/// The count that the findings tell, in their words, on a line of the narrow table.
fn equal(seen: Seen) -> String {
    let (items, of) = (number::count(seen.items), number::count(seen.of));
    format!("{items} of {of} looked at: all but equal to a training item")
}

/// What is said of items too few for a verdict; `None` where there are enough.
fn few(n: usize) -> Option<String> {
    (0 < n && n < LEAST_ITEMS).then(|| format!("n = {n}: too few to go by ({LEAST_ITEMS} are asked for)"))
}

/// Mean and median of every head, then the members of the head in view.
fn listed(table: &ValidityTable, head: HeadKind) -> impl Iterator<Item = &ValidityRow> {
    let is_member = |row: &&ValidityRow| matches!(row.aggregate, Aggregate::Member(_));
    let joined = table.rows.iter().filter(move |row| !is_member(row));
    joined.chain(table.rows.iter().filter(move |row| is_member(row) && row.head == head))
}

/// Mean and median of every head first, then the members of the head in view as far as there is room.
fn table(pen: &mut Pen<'_>, area: Rect, table: &ValidityTable, head: HeadKind) {
    if area.height < 2 || area.width < 40 {
        return;
    }
    let columns: [(u16, &str); 4] = [(29, "Pearson"), (38, "Spearman"), (47, "Kendall"), (64, "Spearman 95 %")];
    pen.text(area.x, area.y, 20, "head", Role::Dim);
    for (end, words) in columns {
        if end <= area.width {
            pen.right(area.x + end, area.y, 14, words, Role::Dim);
        }
    }
    for (line, row) in listed(table, head).take(usize::from(area.height - 1)).enumerate() {
        let y = area.y + 1 + line as u16;
        let glyphs = pen.glyphs();
        let role = if row.head == head { Role::Accent } else { Role::Text };
        pen.text(area.x, y, 10, row.head.name(), role);
        pen.text(area.x + 11, y, 10, &aggregate(row), Role::Dim);
        let found = &row.correlations;
        for ((end, _), value) in columns.into_iter().zip([&found.pearson, &found.spearman, &found.kendall]) {
            if end <= area.width {
                pen.right(area.x + end, y, 8, &association(value, glyphs), Role::Text);
            }
        }
        if columns[3].0 <= area.width {
            pen.right(area.x + 64, y, 14, &interval(&found.spearman, glyphs), Role::Dim);
        }
    }
}

/// Mean true loss of each tenth of the test items, by what the head predicts.
fn tenths(pen: &mut Pen<'_>, area: Rect, (head, amounts): (HeadKind, bool), place: Option<&Place>) {
    let inside = inset(pen.panel(area, "True loss by tenth of predicted risk", "lowest first", false), 1);
    let Some(place) = place.filter(|_| inside.height > 2) else { return };
    let glyphs = pen.glyphs();
    let most = place.groups.iter().map(|group| group.loss).fold(0.0, f64::max);
    let scale = Scale::new(0.0, most);
    let cells = inside.width.saturating_sub(34);
    let said = if head == HeadKind::Regressor { "predicted" } else { "output" };
    pen.text(inside.x, inside.y, 6, "tenth", Role::Dim);
    pen.right(inside.x + 16, inside.y, 10, said, Role::Dim);
    pen.right(inside.x + 26, inside.y, 10, "true loss", Role::Dim);
    for (line, group) in place.groups.iter().take(usize::from(inside.height.saturating_sub(1))).enumerate() {
        let y = inside.y + 1 + line as u16;
        let predicted = if amounts { number::plain(group.predicted, 4, glyphs) } else { "n/a".into() };
        pen.right(inside.x + 4, y, 4, &(line + 1).to_string(), Role::Dim);
        pen.right(inside.x + 16, y, 10, &predicted, Role::Text);
        pen.right(inside.x + 26, y, 10, &number::plain(group.loss, 4, glyphs), Role::Text);
        let filled = scale.clamped(group.loss, usize::from(cells));
        let bar = vec![(glyphs.bar, Role::Lane); filled + 1];
        pen.marks(inside.x + 28, y, &bar);
    }
    let below = inside.y + 1 + place.groups.len() as u16;
    if let (Some(first), Some(last)) = (place.groups.first(), place.groups.last())
        && below + 1 < inside.bottom()
        && first.loss > 0.0
    {
        let times = number::plain(last.loss / first.loss, 3, glyphs);
        let (words, role) = match few(first.n) {
            Some(few) => (format!("in each tenth {few}"), Role::Warn),
            None => {
                let n = number::count(first.n);
                (format!("the last tenth loses {times} times what the first does; {n} items each"), Role::Text)
            }
        };
        pen.text(inside.x, below + 1, inside.width, &words, role);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_few_items_say_so() {
        assert_eq!((few(0), few(LEAST_ITEMS)), (None, None));
        assert!(few(12).is_some_and(|said| said.starts_with("n = 12: too few to go by")));
    }
}
