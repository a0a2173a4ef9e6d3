//! A few values as heights, one cell each.

use super::scale::Scale;
use crate::console::glyph::Glyphs;

/// One height a value on a common axis; a value beyond it takes the lowest or highest.
#[must_use]
pub fn spark(scale: Scale, values: impl IntoIterator<Item = f64>, glyphs: &Glyphs) -> String {
    values
        .into_iter()
        .map(|value| if value.is_finite() { glyphs.levels[scale.clamped(value, 8)] } else { " " })
        .collect()
}

/// At most `cells` values for members: all of them, or their order statistics where there are more.
#[must_use]
pub fn members(values: &[f64], cells: usize) -> Vec<f64> {
    if values.len() <= cells || cells < 2 {
        return values.iter().copied().take(cells).collect();
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    (0..cells).map(|cell| sorted[cell * (sorted.len() - 1) / (cells - 1)]).collect()
}

/// The newest `cells` values as heights between their own least and greatest.
#[must_use]
pub fn history(values: &[f64], cells: usize, glyphs: &Glyphs) -> String {
    let newest = &values[values.len().saturating_sub(cells)..];
    spark(Scale::of(newest.iter().copied()), newest.iter().copied(), glyphs)
}

/// The letter of a member: a to z, then none.
#[must_use]
pub fn letter(member: usize) -> char {
    u8::try_from(member).ok().filter(|m| *m < 26).map_or('*', |m| char::from(b'a' + m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::UNICODE;

    #[test]
    fn small_spread_looks_small_on_a_common_axis() {
        let scale = Scale::new(0.0, 7.0);
        assert_eq!(spark(scale, [0.0, 3.0, 3.2, 7.0, 99.0, f64::NAN], &UNICODE), "▁▄▄██ ");
    }

    #[test]
    fn many_members_become_order_statistics() {
        let values: Vec<f64> = (0..101).rev().map(f64::from).collect();
        assert_eq!(members(&values, 5), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(members(&[3.0, 1.0], 5), [3.0, 1.0]);
        assert_eq!(letter(4), 'e');
        assert_eq!(letter(400), '*');
    }
}
