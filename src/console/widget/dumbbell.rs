//! Two values on one axis and the line between them: `··○───●`.

use super::scale::Scale;
use crate::console::glyph::Glyphs;
use crate::console::paint::Mark;
use crate::console::theme::Role;

/// Cells of a dumbbell; where both fall into one cell the second is seen.
#[must_use]
pub fn dumbbell(scale: Scale, cells: usize, first: Option<f64>, second: Option<f64>, glyphs: &Glyphs) -> Vec<Mark> {
    let mut row: Vec<Mark> = vec![(glyphs.track, Role::Axis); cells];
    if cells == 0 {
        return row;
    }
    let place = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| scale.clamped(value, cells));
    let (first, second) = (place(first), place(second));
    // The track leads to the values; beyond them it would say nothing.
    let end = first.into_iter().chain(second).max().map_or(0, |at| at + 1);
    row[end..].fill((" ", Role::Axis));
    if let (Some(a), Some(b)) = (first, second) {
        for cell in &mut row[a.min(b)..=a.max(b)] {
            *cell = (glyphs.between, Role::Lane);
        }
    }
    if let Some(at) = first {
        row[at] = (glyphs.first, Role::Lane);
    }
    if let Some(at) = second {
        row[at] = (glyphs.second, Role::Mark);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;

    #[test]
    fn both_ends_are_seen() {
        let drawn = |a, b| -> String {
            dumbbell(Scale::new(0.0, 8.0), 9, a, b, &UNICODE).iter().map(|(mark, _)| *mark).collect()
        };
        assert_eq!(drawn(Some(1.0), Some(5.0)), "·○───●   ");
        assert_eq!(drawn(Some(6.0), Some(2.0)), "··●───○  ");
        assert_eq!(drawn(Some(3.0), Some(3.0)), "···●     ");
        assert_eq!(drawn(None, Some(f64::NAN)), "         ");
    }
}
