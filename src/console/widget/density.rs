//! How many points lie where, in four shades that read without colour.

use crate::console::paint::Pen;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// Draws a square grid of counts, `counts[up * side + across]`, low at the left and at the bottom; the shades
/// say how far a cell is above or below what it would hold if the points were spread evenly.
pub fn draw(pen: &mut Pen<'_>, area: Rect, side: usize, counts: &[u32]) {
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    if columns == 0 || rows == 0 || side == 0 || counts.len() != side * side {
        return;
    }
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let even = total / (columns * rows) as f64;
    for row in 0..rows {
        for column in 0..columns {
            // Each cell takes its share of every grid cell it overlaps, so that no moiré appears.
            let held = share(side, columns, column).map(|(across, w)| {
                share(side, rows, rows - 1 - row)
                    .map(|(up, h)| w * h * f64::from(counts[up * side + across]))
                    .sum::<f64>()
            });
            let ratio = if even > 0.0 { held.sum::<f64>() / even } else { 0.0 };
            let mark = match ratio {
                r if r < 0.25 => " ",
                r if r < 0.75 => pen.glyphs().shades[0],
                r if r < 1.25 => pen.glyphs().shades[1],
                r if r < 2.0 => pen.glyphs().shades[2],
                _ => pen.glyphs().shades[3],
            };
            pen.text(area.x + column as u16, area.y + row as u16, 1, mark, Role::Lane);
        }
    }
}

/// The grid cells that a cell of `cells` overlaps, each with the share of it that is covered.
fn share(side: usize, cells: usize, at: usize) -> impl Iterator<Item = (usize, f64)> {
    let width = side as f64 / cells as f64;
    let (from, to) = (at as f64 * width, (at + 1) as f64 * width);
    (from as usize..(to.ceil() as usize).min(side)).map(move |cell| {
        let covered = to.min((cell + 1) as f64) - from.max(cell as f64);
        (cell, covered.max(0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole_grid() {
        for (side, cells) in [(60, 37), (60, 80), (60, 60), (3, 1)] {
            let sum: f64 = (0..cells).flat_map(|at| share(side, cells, at)).map(|(_, share)| share).sum();
            assert!((sum - side as f64).abs() < 1e-9, "{side} {cells}: {sum}");
        }
    }
}
