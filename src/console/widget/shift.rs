//! Columns of a table that may be wider than its place: those that fit from the first one in sight, and a sign for the rest.

use crate::console::glyph::Glyphs;
use std::ops::Range;

/// Which columns are in sight; `widths` count the blank before each.
#[must_use]
pub fn seen(widths: &[u16], room: u16, first: usize) -> Range<usize> {
    let first = first.min(most(widths, room));
    let mut left = room;
    let fitting = widths[first..].iter().take_while(|&&width| {
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    });
    first..first + fitting.count()
}

/// The greatest column worth beginning with: from there on all fit, or it stands alone.
#[must_use]
pub fn most(widths: &[u16], room: u16) -> usize {
    let mut left = room;
    let fitting = widths.iter().rev().take_while(|&&width| {
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    });
    (widths.len() - fitting.count()).min(widths.len().saturating_sub(1))
}

/// How many columns are out of sight on either side, with the keys that reach them; empty for none.
#[must_use]
pub fn sign(seen: &Range<usize>, columns: usize, keys: [&str; 2], glyphs: &Glyphs) -> String {
    let (before, after) = (seen.start, columns.saturating_sub(seen.end));
    let noun = |n: usize| if n == 1 { "column" } else { "columns" };
    match (before, after) {
        (0, 0) => String::new(),
        (0, after) => format!("{} {after} more {} {}", keys[1], noun(after), glyphs.right),
        (before, 0) => format!("{} {before} {} {}", glyphs.left, noun(before), keys[0]),
        (before, after) => format!("{} {before} {}  {} {after} {}", glyphs.left, keys[0], keys[1], glyphs.right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;

    #[test]
    fn every_column_is_reached_and_what_is_out_of_sight_is_said() {
        let widths = [8, 8, 17, 6, 8];
        assert_eq!(seen(&widths, 47, 0), 0..5);
        assert_eq!(seen(&widths, 34, 0), 0..3);
        assert_eq!(seen(&widths, 34, 1), 1..4);
        // No further than to the last one in sight.
        assert_eq!((most(&widths, 34), seen(&widths, 34, 9)), (2, 2..5));
        for room in 0..60 {
            let reached: std::collections::BTreeSet<usize> =
                (0..=most(&widths, room)).flat_map(|first| seen(&widths, room, first)).collect();
            assert_eq!(reached.len(), widths.iter().filter(|&&width| width <= room).count().min(5), "{room}");
        }
        let said = |seen: Range<usize>| sign(&seen, 5, ["h", "l"], &UNICODE);
        assert_eq!(said(0..5), "");
        assert_eq!(said(0..4), "l 1 more column ▸");
        assert_eq!(said(1..4), "◂ 1 h  l 1 ▸");
        assert_eq!(said(2..5), "◂ 2 columns h");
        assert_eq!((seen(&[], 9, 3), most(&[], 9)), (0..0, 0));
    }
}
