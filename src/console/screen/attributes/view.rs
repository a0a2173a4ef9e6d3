//! Draws the Attributes screen.

use super::{HERE, State, Zoom, detail, layout, table, waiting};
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use crate::diagnose::{AttributeRow, AttributesTable, Tables};
use ratatui::layout::Rect;

/// Draws the screen into the body, or what is being prepared for it.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let Some(shown) = &world.shown else {
        waiting::draw(world, pen, body);
        return;
    };
    let attributes = &shown.tables.attributes;
    let places = layout(body);
    let outside = world.outside_attributes(&shown.record.model);
    let strip = places.detail.filter(|_| places.strip);
    let (title, note) = heading(pen, attributes, body, places.table, if strip.is_some() { &[] } else { &outside });
    let inside = pen.panel(places.table, &title, &note, true);
    let row = state.detailed(attributes);
    match (state.zoom, row) {
        (Zoom::Scatter, Some(row)) => detail::plot(pen, inside, &context(state, world, row, &shown.tables)),
        _ => {
            table::draw(pen, inside, attributes, state);
            foot(pen, places.table, attributes, state);
        }
    }
    if let Some(row) = row {
        let context = context(state, world, row, &shown.tables);
        if let Some(area) = places.detail {
            if places.strip {
                detail::strip(pen, area, &context);
                let fits = |words: &&String| text::width(words) + 6 <= usize::from(area.width);
                outside.iter().find(fits).into_iter().for_each(|words| pen.footnote(area, words));
            } else {
                detail::pane(pen, area, &context);
            }
        }
        if let Some(area) = places.scatter {
            detail::scatter(pen, area, &context);
        }
    } else if let Some(area) = places.detail {
        pen.panel(area, "", "", false);
    }
}

/// Title and note of the table. What no attribute explains comes before the long title; of its wordings the first that fits
/// whole.
fn heading(
    pen: &Pen<'_>,
    attributes: &AttributesTable,
    body: Rect,
    table: Rect,
    outside: &[String],
) -> (String, String) {
    let n = number::count(attributes.n);
    let title = "Attributes · Rawlsian max-min of AUROC and mean loss";
    let title = if body.width < 100 { "Attributes · max-min" } else { title };
    let usual = (title.replace('·', pen.glyphs().dot), format!("test items, n = {n}"));
    let short = [format!("Attributes, n = {n}"), "Attributes".to_owned()];
    let fits = |title: &str, words: &str| text::width(title) + text::width(words) + 10 <= usize::from(table.width);
    let both = outside.iter().flat_map(|words| short.iter().map(move |title| (title.clone(), words.clone())));
    both.into_iter().find(|(title, words)| fits(title, words)).unwrap_or(usual)
}

fn context<'a>(state: &'a State, world: &'a World, row: &'a AttributeRow, tables: &'a Tables) -> detail::Context<'a> {
    let open = world.key(HERE, Action::OpenPair);
    detail::Context { row, state, tables, open }
}

/// The filter while it is typed or holds, and the place of the selection.
fn foot(pen: &mut Pen<'_>, area: Rect, attributes: &AttributesTable, state: &State) {
    if area.height < 3 || area.width < 30 {
        return;
    }
    let y = area.bottom() - 1;
    let place = if state.order.is_empty() {
        format!("0 of {}", attributes.rows.len())
    } else {
        format!("{} of {}", state.cursor.selected + 1, state.order.len())
    };
    pen.footnote(area, &place);
    let glyphs = pen.glyphs();
    let bar = format!(" {} measured  {} predicted loss gap", glyphs.bar, glyphs.predicted);
    let root = if table::Axis::of(attributes, state).rooted { ", root scale" } else { "" };
    if state.filtering || !state.filter.value().is_empty() {
        let at = pen.text(area.x + 2, y, 3, " / ", Role::Accent);
        let room = (area.width - 24).min(30);
        let blank = " ".repeat(usize::from(room));
        pen.text(at, y, room, &blank, Role::Text);
        input::draw(pen, (at, y), room, &state.filter, state.filtering, &[]);
        return;
    }
    let unresolved = format!("; {} not resolved", table::UNRESOLVED);
    let groups: [&[(&str, Role)]; 4] = [
        &[(&bar, Role::Dim)],
        &[(root, Role::Dim)],
        &[(&unresolved, Role::Dim)],
        &[("; right: true harder", Role::Dim)],
    ];
    let end = pen.groups(area.x + 2, y, area.width.saturating_sub(20), &groups);
    pen.text(end, y, 1, " ", Role::Dim);
}
