//! Minimum, quartiles and maximum of the members' differences around zero: `··├─█┃█─┤·┆···`.

use super::scale::Scale;
use crate::console::glyph::Glyphs;
use crate::console::paint::Mark;
use crate::console::theme::Role;
use crate::stats::Summary;

/// Cells of a quartile bar on a scale that holds zero.
#[must_use]
pub fn quartile_bar(scale: Scale, cells: usize, summary: &Summary, glyphs: &Glyphs) -> Vec<Mark> {
    let mut row: Vec<Mark> = vec![(glyphs.track, Role::Axis); cells];
    if cells == 0 {
        return row;
    }
    let scale = scale.with_zero();
    row[scale.clamped(0.0, cells)] = (glyphs.zero, Role::Text);
    if ![summary.min, summary.q1, summary.median, summary.q3, summary.max].iter().all(|v| v.is_finite()) {
        return row;
    }
    let at = |value: f64| scale.clamped(value, cells);
    let (min, q1, median) = (at(summary.min), at(summary.q1), at(summary.median));
    let (q3, max) = (at(summary.q3), at(summary.max));
    for cell in &mut row[min..=max] {
        *cell = (glyphs.whisker, Role::Lane);
    }
    row[min] = (glyphs.whisker_left, Role::Lane);
    row[max] = (glyphs.whisker_right, Role::Lane);
    for cell in &mut row[q1..=q3] {
        *cell = (glyphs.quartile, Role::Lane);
    }
    row[median] = (glyphs.median, Role::Accent);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;
    use crate::stats::summary;

    fn drawn(values: &[f64]) -> String {
        let summary = summary(values).unwrap();
        let row = quartile_bar(Scale::new(-5.0, 5.0), 11, &summary, &UNICODE);
        row.iter().map(|(mark, _)| *mark).collect()
    }

    #[test]
    fn the_box_stands_on_the_axis_of_zero() {
        assert_eq!(drawn(&[1.0, 2.0, 3.0, 4.0, 5.0]), "·····┆├█┃█┤");
        assert_eq!(drawn(&[-4.0]), "·┃···┆·····");
        assert_eq!(drawn(&[99.0, 98.0]), "·····┆····┃");
    }
}
