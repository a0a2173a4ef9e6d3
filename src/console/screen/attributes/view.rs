//! Draws the Attributes screen.

use super::filter::{EXAMPLE, Filter};
use super::keys::RIGHT;
use super::{HERE, State, Zoom, columns, detail, layout, table, waiting};
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use crate::diagnose::{AttributeRow, AttributesTable};
use ratatui::layout::Rect;

/// Draws the screen into the body, or what is being prepared for it.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let Some(attributes) = state.table(world) else {
        if state.within.is_kept() {
            return measuring(state, world, pen, body);
        }
        waiting::draw(world, pen, body);
        return;
    };
    let places = layout(body);
    let kept = state.within.is_kept();
    let outside = world.model().filter(|_| !kept).map_or_else(Vec::new, |model| world.outside_attributes(model));
    let wordings: &[String] = if places.strip && places.detail.is_some() { &[] } else { &outside };
    let (title, note) = heading(state, pen, attributes, (body.width, places.table.width), wordings);
    let inside = pen.panel(places.table, &title, &note, true);
    let row = state.detailed(attributes);
    match (state.zoom, row) {
        (Zoom::Scatter, Some(row)) => detail::plot(pen, inside, &context(state, world, row, attributes)),
        _ => {
            table::draw(pen, inside, attributes, state);
            foot(pen, places.table, attributes, state, &world.key(HERE, RIGHT));
        }
    }
    if let Some(row) = row {
        let context = context(state, world, row, attributes);
        if let Some(area) = places.detail {
            if places.strip {
                detail::strip(pen, area, &context);
                let fits = |words: &&String| text::width(words) + 6 <= usize::from(area.width);
                outside.iter().find(fits).into_iter().for_each(|words| pen.footnote(area, words));
            } else {
                // Without predictions there is nothing to plot, and the detail has the room.
                let plot = places.scatter.filter(|_| context.bias.is_some());
                let height = plot.map_or(places.table.height, |_| area.height);
                detail::pane(pen, Rect { height, ..area }, &context);
                plot.into_iter().for_each(|area| detail::scatter(pen, area, &context));
            }
        }
    } else if let Some(area) = places.detail {
        pen.panel(area, "", "", false);
    }
}

/// Title and note of the table: the group that is kept, or before the long title what no attribute explains, in the first of
/// its wordings that fits whole.
fn heading(
    state: &State,
    pen: &Pen<'_>,
    attributes: &AttributesTable,
    (body, table): (u16, u16),
    outside: &[String],
) -> (String, String) {
    let glyphs = pen.glyphs();
    let n = number::count(attributes.n);
    if let Some((names, _, loss)) = state.within.crumbs(glyphs.prompt) {
        let loss = loss.map_or_else(String::new, |loss| format!(", mean loss {}", number::plain(loss, 3, glyphs)));
        return (format!("Attributes {} {names}", glyphs.prompt), format!("n = {n}{loss}"));
    }
    let title = "Attributes · Rawlsian max-min of AUROC and mean loss";
    let title = if body < 100 { "Attributes · max-min" } else { title };
    let usual = (title.replace('·', glyphs.dot), format!("test items, n = {n}"));
    let short = [format!("Attributes, n = {n}"), "Attributes".to_owned()];
    let fits = |title: &str, words: &str| text::width(title) + text::width(words) + 10 <= usize::from(table);
    let both = outside.iter().flat_map(|words| short.iter().map(move |title| (title.clone(), words.clone())));
    both.into_iter().find(|(title, words)| fits(title, words)).unwrap_or(usual)
}

/// The page while a group is being measured.
fn measuring(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let names = state.within.names().join(", ");
    let inside = pen.panel(body, "Attributes", "", true);
    let words = match state.within.failed(world) {
        Some(why) => why.to_owned(),
        None => format!("measuring the items with {names}"),
    };
    pen.centre(inside, inside.y + inside.height / 2, &words, Role::Dim);
}

fn context<'a>(
    state: &'a State,
    world: &'a World,
    row: &'a AttributeRow,
    table: &'a AttributesTable,
) -> detail::Context<'a> {
    let open = world.key(HERE, Action::OpenPair);
    let bias = world.shown.as_ref().filter(|_| !state.within.is_kept()).map(|shown| &shown.tables.bias);
    detail::Context { row, state, table, bias, open }
}

/// The first of some names that have room, and how many follow.
fn named(names: &[&str], room: usize) -> String {
    let fits = |count: &usize| names[..*count].join(", ").len() <= room;
    match (0..=names.len()).rev().find(fits).unwrap_or_default() {
        0 => format!("{} more", names.len()),
        all if all == names.len() => names.join(", "),
        some => format!("{}, {} more", names[..some].join(", "), names.len() - some),
    }
}

/// The filter while it is typed or holds, and the place of the selection.
fn foot(pen: &mut Pen<'_>, area: Rect, attributes: &AttributesTable, state: &State, key: &str) {
    if area.height < 3 || area.width < 30 {
        return;
    }
    let y = area.bottom() - 1;
    let place = if state.order.is_empty() {
        format!("0 of {}", attributes.rows.len())
    } else {
        format!("{} of {}", state.cursor.selected + 1, state.order.len())
    };
    let inside = Rect { width: area.width.saturating_sub(2), ..area };
    let shown = columns::columns_of(inside, attributes, state);
    let hidden = if state.zoom == Zoom::Table { shown.hidden } else { 0 };
    // As wide for every place: a move is not to shift all of it.
    let widest = text::width(&format!("{0} of {0}", state.order.len()));
    let root = if table::Axis::of(attributes, state).rooted { ", root scale" } else { "" };
    // What the scale is goes before names.
    let room = if root.is_empty() { usize::from(area.width / 4) } else { 0 };
    let columns = match state.passed {
        0 => format!("{key}: {}", named(&shown.out_of_sight(attributes), room)),
        _ => format!("{hidden} more: {key}"),
    };
    let columns = format!("{columns}, {place:>widest$}");
    // Where there is no room for both, the place is the news.
    let both = hidden > 0 && area.width >= 50 && !state.filtering && state.filter.value().is_empty();
    pen.footnote(area, if both { &columns } else { &place });
    let glyphs = pen.glyphs();
    let predicts = attributes.rows.iter().any(|row| !row.predicted.is_empty());
    let predicted = if predicts { format!("  {} predicted", glyphs.predicted) } else { String::new() };
    let bar = format!(" {} measured{predicted} loss gap", glyphs.bar);
    if state.filtering || !state.filter.value().is_empty() {
        let at = pen.text(area.x + 2, y, 3, " / ", Role::Accent);
        let room = (area.width - 24).min(60);
        let blank = " ".repeat(usize::from(room));
        pen.text(at, y, room, &blank, Role::Text);
        let line = state.filter.value();
        if line.is_empty() {
            pen.text(at + 1, y, room - 1, EXAMPLE, Role::Dim);
        }
        // What is not understood is marked as it is typed.
        let faults = Filter::parse(line).faults;
        input::draw_marked(pen, (at, y), room, &state.filter, state.filtering, &faults);
        return;
    }
    let unresolved = format!("; {} not resolved", table::UNRESOLVED);
    let groups: [&[(&str, Role)]; 4] = [
        &[(&bar, Role::Dim)],
        &[(root, Role::Dim)],
        &[(&unresolved, Role::Dim)],
        &[("; right: true harder", Role::Dim)],
    ];
    let used = if both { text::width(&columns) } else { 14 };
    let end = pen.groups(area.x + 2, y, area.width.saturating_sub(used as u16 + 6), &groups);
    pen.text(end, y, 1, " ", Role::Dim);
}
