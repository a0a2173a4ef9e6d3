//! Points of two measures in a box, with zero lines and one point picked out.

use super::scale::{Place, Scale};
use crate::console::paint::Pen;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// Draws points (across, up); `picked` is the position of the one to mark.
pub fn draw(pen: &mut Pen<'_>, area: Rect, points: &[(f64, f64)], picked: Option<usize>) {
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    if columns < 2 || rows < 2 {
        return;
    }
    let across = Scale::of(points.iter().map(|point| point.0)).with_zero();
    let up = Scale::of(points.iter().map(|point| point.1)).with_zero();
    let glyphs = pen.glyphs();
    let zero_column = area.x + across.clamped(0.0, columns) as u16;
    let zero_row = area.bottom() - 1 - up.clamped(0.0, rows) as u16;
    for x in area.left()..area.right() {
        pen.text(x, zero_row, 1, glyphs.zero_horizontal, Role::Axis);
    }
    for y in area.top()..area.bottom() {
        pen.text(zero_column, y, 1, glyphs.zero, Role::Axis);
    }
    let place = |point: &(f64, f64)| match (across.place(point.0, columns), up.place(point.1, rows)) {
        (Place::Inside(x), Place::Inside(y)) => Some((area.x + x as u16, area.bottom() - 1 - y as u16)),
        _ => None,
    };
    let mut taken: Vec<(u16, u16)> = Vec::with_capacity(points.len());
    for at in points.iter().filter_map(place) {
        let mark = if taken.contains(&at) { glyphs.points } else { glyphs.point };
        pen.text(at.0, at.1, 1, mark, Role::Lane);
        taken.push(at);
    }
    if let Some(at) = picked.and_then(|index| points.get(index)).and_then(place) {
        pen.text(at.0, at.1, 1, glyphs.predicted, Role::Mark);
    }
}
