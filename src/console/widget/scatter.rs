//! Points of two measures in a box, with zero lines and one point picked out.

use super::scale::{Place, Scale};
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// Cells of the first row that hold the name of the axis.
const AXIS_NAME: u16 = 14;

/// Draws points (across, up) with those of their names that fit; `picked` is the position of the one to mark.
pub fn draw(pen: &mut Pen<'_>, area: Rect, points: &[(f64, f64)], names: &[&str], picked: Option<usize>) {
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
    label(pen, area, points, names, picked, &mut taken, place);
    if let Some(at) = picked.and_then(|index| points.get(index)).and_then(place) {
        pen.text(at.0, at.1, 1, glyphs.predicted, Role::Mark);
    }
}

/// Writes names beside their points where nothing is covered: the picked one first, then the outermost.
fn label(
    pen: &mut Pen<'_>,
    area: Rect,
    points: &[(f64, f64)],
    names: &[&str],
    picked: Option<usize>,
    taken: &mut Vec<(u16, u16)>,
    place: impl Fn(&(f64, f64)) -> Option<(u16, u16)>,
) {
    let mut order: Vec<usize> = (0..names.len().min(points.len())).collect();
    let reach = |at: &usize| points[*at].0.abs() + points[*at].1.abs();
    order.sort_by(|a, b| reach(b).total_cmp(&reach(a)));
    order.sort_by_key(|at| Some(*at) != picked);
    for at in order {
        let Some((x, y)) = place(&points[at]) else { continue };
        let name = text::clean(names[at]);
        let cells = text::width(&name) as u16;
        let free = |from: u16| {
            from >= area.left()
                && from + cells <= area.right()
                && !taken.iter().any(|(column, row)| *row == y && (from..from + cells).contains(column))
        };
        let left = x.checked_sub(cells + 1);
        // The first row holds the name of the axis, on its left.
        let named = |from: u16| y == area.y && from < area.x + AXIS_NAME;
        let from = [Some(x + 2), left].into_iter().flatten().find(|from| free(*from) && !named(*from));
        if let Some(from) = from {
            pen.text(from, y, cells, &name, if Some(at) == picked { Role::Title } else { Role::Dim });
            taken.extend((from..from + cells).map(|column| (column, y)));
        }
    }
}
