//! Mean ± sd on the axis of the test items: `···├─●─┤····`.

use super::scale::{Place, Scale};
use crate::console::glyph::Glyphs;
use crate::console::paint::Mark;
use crate::console::theme::Role;

/// Cells of a lane; a mean beyond the axis becomes an arrow at its end.
#[must_use]
pub fn lane(scale: Scale, cells: usize, mean: f64, sd: f64, glyphs: &Glyphs) -> Vec<Mark> {
    let mut row: Vec<Mark> = vec![(glyphs.track, Role::Axis); cells];
    if cells == 0 || !mean.is_finite() {
        return row;
    }
    let spread = if sd.is_finite() && sd > 0.0 { sd } else { 0.0 };
    let (from, to) = (scale.place(mean - spread, cells), scale.place(mean + spread, cells));
    let first = match from {
        Place::Left => 0,
        Place::Inside(at) => at,
        Place::Right => cells,
    };
    let last = match to {
        Place::Left => None,
        Place::Inside(at) => Some(at),
        Place::Right => Some(cells - 1),
    };
    if let Some(last) = last {
        for cell in row.iter_mut().take(last + 1).skip(first) {
            *cell = (glyphs.whisker, Role::Lane);
        }
    }
    if let Place::Inside(at) = from {
        row[at] = (glyphs.whisker_left, Role::Lane);
    }
    if let Place::Inside(at) = to {
        row[at] = (glyphs.whisker_right, Role::Lane);
    }
    match scale.place(mean, cells) {
        Place::Left => row[0] = (glyphs.beyond_left, Role::Mark),
        Place::Inside(at) => row[at] = (glyphs.mean, Role::Accent),
        Place::Right => row[cells - 1] = (glyphs.beyond_right, Role::Mark),
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;

    fn drawn(mean: f64, sd: f64) -> String {
        lane(Scale::new(0.0, 10.0), 11, mean, sd, &UNICODE).iter().map(|(mark, _)| *mark).collect()
    }

    #[test]
    fn spread_shows_in_its_true_size() {
        assert_eq!(drawn(5.0, 2.0), "···├─●─┤···");
        assert_eq!(drawn(5.0, 0.1), "·····●·····");
        assert_eq!(drawn(9.5, 2.0), "········├─●");
        assert_eq!(drawn(20.0, 1.0), "··········▸");
        assert_eq!(drawn(-20.0, 1.0), "◂··········");
        assert_eq!(drawn(f64::NAN, 1.0), "···········");
    }
}
