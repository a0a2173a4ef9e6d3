//! Counts as columns that stand side by side, in eighths of a cell.

use crate::console::paint::Pen;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// Draws counts over the whole width; whatever is not zero shows.
pub fn draw(pen: &mut Pen<'_>, area: Rect, counts: &[usize]) {
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == 0 || area.width == 0 || area.height == 0 {
        return;
    }
    let steps = if pen.glyphs().ascii { 1 } else { 8 };
    let full = usize::from(area.height) * steps;
    for column in 0..area.width {
        let at = usize::from(column) * counts.len() / usize::from(area.width);
        let Some(&count) = counts.get(at).filter(|count| **count > 0) else { continue };
        let height = (count * full).div_ceil(most);
        for row in 0..area.height {
            let left = height.saturating_sub(usize::from(row) * steps);
            if left == 0 {
                break;
            }
            let mark = if steps == 1 { "#" } else { pen.glyphs().levels[left.min(8) - 1] };
            pen.text(area.x + column, area.bottom() - 1 - row, 1, mark, Role::Lane);
        }
    }
}
