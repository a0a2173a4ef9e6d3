//! How much is done, as a row of whole and empty cells.

use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::Mark;
use crate::console::theme::Role;

/// Cells of a gauge.
#[must_use]
pub fn gauge(done: u64, total: u64, cells: usize, glyphs: &Glyphs) -> Vec<Mark> {
    let filled = number::percent(done, total) as usize * cells / 100;
    let mut row = vec![(glyphs.full, Role::Lane); filled.min(cells)];
    row.resize(cells, (glyphs.rest, Role::Axis));
    row
}
