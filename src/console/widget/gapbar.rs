//! A signed bar from zero with the ends of its interval and a mark for what was predicted, on one axis.

use super::scale::{Place, Scale};
use crate::console::glyph::Glyphs;
use crate::console::paint::Mark;
use crate::console::theme::Role;

/// Cells of a bar for `measured`, whiskers at both ends of its `interval` where these are cells apart, and a mark for
/// `predicted`; zero is its own cell.
#[must_use]
pub fn gap_bar(
    scale: Scale,
    cells: usize,
    measured: Option<f64>,
    interval: Option<(f64, f64)>,
    predicted: Option<f64>,
    glyphs: &Glyphs,
) -> Vec<Mark> {
    let mut row: Vec<Mark> = vec![(" ", Role::Axis); cells];
    if cells == 0 {
        return row;
    }
    let scale = scale.with_zero();
    let zero = scale.clamped(0.0, cells);
    if let Some(value) = measured.filter(|value| value.is_finite()) {
        bar(&mut row, scale, zero, value, glyphs);
    }
    row[zero] = (glyphs.zero, Role::Axis);
    if let Some((low, high)) = interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        whiskers(&mut row, scale, (low, high), glyphs);
    }
    if let Some(value) = predicted.filter(|value| value.is_finite()) {
        match scale.place(value, cells) {
            Place::Left => row[0] = (glyphs.beyond_left, Role::Mark),
            Place::Inside(at) => row[at] = (glyphs.predicted, Role::Mark),
            Place::Right => row[cells - 1] = (glyphs.beyond_right, Role::Mark),
        }
    }
    row
}

/// Marks both ends, and joins them beyond the bar. In one cell they would hide where the bar ends.
fn whiskers(row: &mut [Mark], scale: Scale, (low, high): (f64, f64), glyphs: &Glyphs) {
    let cells = row.len();
    let [from, to] = [low, high].map(|end| scale.clamped(end, cells));
    if to.saturating_sub(from) < 2 {
        return;
    }
    for cell in row[from..=to].iter_mut().filter(|(mark, _)| *mark == " ") {
        *cell = (glyphs.whisker, Role::Lane);
    }
    for (end, mark) in [(low, glyphs.whisker_left), (high, glyphs.whisker_right)] {
        // An end beyond the axis has no mark, and none hides the axis.
        if let Place::Inside(at) = scale.place(end, cells)
            && row[at].0 != glyphs.zero
        {
            row[at] = (mark, Role::Lane);
        }
    }
}

/// Fills the half cells between zero and the value; whatever is not zero fills at least one.
fn bar(row: &mut [Mark], scale: Scale, zero: usize, value: f64, glyphs: &Glyphs) {
    let cells = row.len();
    let per_cell = scale.length() / (cells.max(2) - 1) as f64;
    let halves = (value.abs() / per_cell * 2.0).round().min(2.0 * cells as f64) as usize;
    let halves = if value == 0.0 { 0 } else { halves.max(1) };
    let (whole, half) = (halves / 2, halves % 2 == 1);
    for step in 1..=whole + usize::from(half) {
        let at = if value > 0.0 { zero.checked_add(step) } else { zero.checked_sub(step) };
        let Some(cell) = at.and_then(|at| row.get_mut(at)) else { break };
        let mark = match (step <= whole, value > 0.0) {
            (true, _) => glyphs.bar,
            (false, true) => glyphs.bar_left,
            (false, false) => glyphs.bar_right,
        };
        *cell = (mark, Role::Lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;

    fn drawn(scale: Scale, measured: Option<f64>, predicted: Option<f64>) -> String {
        gap_bar(scale, 9, measured, None, predicted, &UNICODE).iter().map(|(mark, _)| *mark).collect()
    }

    #[test]
    fn bars_grow_to_both_sides_of_zero() {
        let scale = Scale::new(-4.0, 4.0);
        assert_eq!(drawn(scale, Some(2.5), None), "    ┆━━╸ ");
        assert_eq!(drawn(scale, Some(-1.5), Some(3.0)), "  ╺━┆  ◆ ");
        assert_eq!(drawn(scale, Some(0.0), Some(0.0)), "    ◆    ");
        assert_eq!(drawn(scale, None, Some(9.0)), "    ┆   ▸");
        assert_eq!(drawn(scale, Some(0.001), None), "    ┆╸   ");
    }

    #[test]
    fn whiskers_stand_at_the_ends_of_the_interval() {
        let drawn = |low: f64, high: f64| -> String {
            let bar = gap_bar(Scale::new(-4.0, 4.0), 9, Some(2.0), Some((low, high)), None, &UNICODE);
            bar.iter().map(|(mark, _)| *mark).collect()
        };
        // A cell is 1: the bar ends at cell 6, the whiskers stand at 1 and 4, and at −1 and 3.
        assert_eq!(drawn(1.0, 4.0), "    ┆├━─┤");
        assert_eq!(drawn(-1.0, 3.0), "   ├┆━━┤ ");
        assert_eq!(drawn(1.8, 2.4), "    ┆━━  ", "in one cell");
        assert_eq!(drawn(-90.0, f64::NAN), "    ┆━━  ");
        assert_eq!(drawn(-90.0, 3.0), "────┆━━┤ ", "the low end is beyond the axis");
        assert_eq!(drawn(0.0, 3.0), "    ┆━━┤ ", "an end at zero leaves zero");
    }

    #[test]
    fn no_cells_and_no_numbers_are_survived() {
        assert!(gap_bar(Scale::new(0.0, 1.0), 0, Some(1.0), Some((0.0, 2.0)), Some(1.0), &UNICODE).is_empty());
        assert_eq!(drawn(Scale::of([]), Some(f64::NAN), Some(f64::INFINITY)), "┆        ");
    }
}
