//! Draws the contact sheet: twelve items of the list side by side, each with its picture or its text, id and figure.

use super::columns::Figure;
use super::{State, list_view, picture};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{ItemOrder, ListedItem};
use ratatui::layout::Rect;

/// Items of a sheet.
pub const TILES: usize = 12;
/// Ways to lay them out, across and down.
const SHAPES: [(u16, u16); 4] = [(4, 3), (6, 2), (3, 4), (12, 1)];

/// The places of the sheet that holds one of them.
#[must_use]
pub fn places(selected: usize, matching: usize) -> std::ops::Range<usize> {
    let start = selected / TILES * TILES;
    start..(start + TILES).min(matching)
}

/// Draws the sheet over the whole body.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let title = format!("Contact sheet {} {}", pen.glyphs().dot, list_view::title(state, world, pen.glyphs()));
    let inside = inset(pen.panel(area, &title, "", true), 1);
    if state.matching() > 0 {
        let place = number::count(state.cursor.selected + 1);
        pen.footnote(area, &format!("{place} of {}", number::count(state.matching())));
    } else {
        list_view::says_why_empty(state, world, pen, inside);
    }
    for (tile, place) in tiles(inside).into_iter().zip(places(state.cursor.selected, state.matching())) {
        if let Some(item) = state.at(place) {
            draw_tile(state, world, pen, tile, item, place == state.cursor.selected);
        }
    }
}

/// The tiles in an area: in the shape that leaves a square picture the most room.
fn tiles(area: Rect) -> Vec<Rect> {
    let size = |(across, down): (u16, u16)| (area.width / across, area.height / down);
    let room = |shape: &(u16, u16)| {
        let (width, height) = size(*shape);
        width.saturating_sub(1).min(2 * height.saturating_sub(1))
    };
    let shape = SHAPES.into_iter().rev().max_by_key(room).unwrap_or(SHAPES[0]);
    let (width, height) = size(shape);
    let place = |at: u16| {
        let (x, y) = (area.x + at % shape.0 * width, area.y + at / shape.0 * height);
        Rect { x, y, width: width.saturating_sub(1), height }
    };
    (0..TILES as u16).map(place).collect()
}

fn draw_tile(state: &State, world: &World, pen: &mut Pen<'_>, tile: Rect, item: &ListedItem, is_selected: bool) {
    if tile.width < 3 || tile.height < 2 {
        return;
    }
    let above = Rect { height: tile.height - 1, ..tile };
    match state.picture(item) {
        Some(Ok(found)) => {
            let cells = picture::place(found, above, world.pixels());
            picture::draw(pen, found, cells, world.pixels());
        }
        Some(Err(problem)) => words(pen, above, problem, Role::Warn),
        None => match (&item.image, &item.text) {
            (Some(path), _) if world.shows_images() => words(pen, above, path, Role::Dim),
            (_, Some(text)) | (Some(text), None) => words(pen, above, text, Role::Text),
            (None, None) => words(pen, above, if world.hide_text { "hidden" } else { "no text" }, Role::Dim),
        },
    }
    let y = tile.bottom() - 1;
    let figure = figure(state).words(item, pen.glyphs());
    let mark = if state.marked.contains_key(&item.row) { pen.glyphs().done } else { "" };
    let start = if is_selected { pen.glyphs().selected } else { " " };
    let at = pen.text(tile.x, y, tile.width, &format!("{start}{mark}"), Role::Accent);
    let room = tile.right().saturating_sub(at);
    let id = text::clean(&item.id);
    let left = usize::from(room).saturating_sub(text::width(&figure) + 1);
    let end = pen.text(at, y, left.min(text::width(&id)) as u16, &id, Role::Text);
    pen.text(end + 1, y, tile.right().saturating_sub(end + 1), &figure, Role::Dim);
    if is_selected {
        pen.select(Rect { y, height: 1, ..tile });
    }
}

/// What the list is ordered by.
fn figure(state: &State) -> Figure {
    let Some(listed) = &state.listed else { return Figure::Loss(String::new()) };
    match listed.question.order {
        ItemOrder::Loss => Figure::Loss(listed.question.model.clone()),
        ItemOrder::Risk => Figure::Risk,
        ItemOrder::Surprise => Figure::Surprise,
        ItemOrder::Similarity => Figure::Similarity,
        ItemOrder::Change => Figure::Change,
    }
}

/// The beginning of a text in a tile.
fn words(pen: &mut Pen<'_>, area: Rect, words: &str, role: Role) {
    let room = usize::from(area.width);
    let start: String = words.chars().take(room * usize::from(area.height) + 1).collect();
    for (line, y) in text::wrap_whole(&text::clean(&start), room).iter().zip(area.y..area.bottom()) {
        pen.text(area.x, y, area.width, line, role);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_side_by_side_in_the_area() {
        for (width, height) in [(116, 31), (76, 19), (56, 11), (300, 12), (12, 60), (0, 0)] {
            let area = Rect::new(2, 3, width, height);
            let tiles = tiles(area);
            assert_eq!(tiles.len(), TILES);
            for (at, tile) in tiles.iter().enumerate() {
                assert!(tile.is_empty() || area.intersection(*tile) == *tile, "{tile:?} in {area:?}");
                assert!(tiles[..at].iter().all(|other| !other.intersects(*tile)), "{tile:?}");
            }
        }
        assert_eq!(tiles(Rect::new(0, 0, 116, 31))[4].y, 10, "four across");
        assert_eq!(tiles(Rect::new(0, 0, 56, 11))[6].y, 5, "six across");
        assert_eq!(places(25, 30), 24..30);
        assert_eq!(places(0, 0), 0..0);
    }
}
