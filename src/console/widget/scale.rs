//! Where a value falls on an axis of cells.

/// A closed range of values laid over a row of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

/// A place on an axis, or the side on which it lies beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Left,
    Inside(usize),
    Right,
}

impl Scale {
    /// A range with room in it; a senseless one becomes 0 to 1.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        if low.is_finite() && high.is_finite() && low < high && (high - low).is_finite() {
            Self { low, high }
        } else if low.is_finite() && low == high && low.abs() < 1e300 {
            let reach = low.abs().max(1.0) * 0.5;
            Self { low: low - reach, high: low + reach }
        } else {
            Self { low: 0.0, high: 1.0 }
        }
    }

    /// The range of some values; infinities and NaN are passed over.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        Self::new(low, high)
    }

    /// This range, made to contain zero.
    #[must_use]
    pub fn with_zero(self) -> Self {
        Self::new(self.low.min(0.0), self.high.max(0.0))
    }

    /// Length of the range.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.high - self.low
    }

    /// Share of the way from low to high; outside 0..=1 beyond the ends.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The cell of a value on an axis of `cells`.
    #[must_use]
    pub fn place(&self, value: f64, cells: usize) -> Place {
        let share = self.share(value);
        if cells == 0 || share.is_nan() {
            return Place::Left;
        }
        let last = (cells - 1) as f64;
        let at = (share * last).round();
        if at < 0.0 {
            Place::Left
        } else if at > last {
            Place::Right
        } else {
            Place::Inside(at as usize)
        }
    }

    /// The cell of a value, cut to the ends.
    #[must_use]
    pub fn clamped(&self, value: f64, cells: usize) -> usize {
        match self.place(value, cells) {
            Place::Left => 0,
            Place::Inside(at) => at,
            Place::Right => cells.saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_inside_and_more_is_beyond() {
        let scale = Scale::new(0.0, 10.0);
        assert_eq!(scale.place(0.0, 11), Place::Inside(0));
        assert_eq!(scale.place(10.0, 11), Place::Inside(10));
        assert_eq!(scale.place(11.0, 11), Place::Right);
        assert_eq!(scale.place(-1.0, 11), Place::Left);
        assert_eq!(scale.place(f64::NAN, 11), Place::Left);
    }

    #[test]
    fn senseless_ranges_become_useful_ones() {
        assert_eq!(Scale::new(f64::NAN, 1.0), Scale { low: 0.0, high: 1.0 });
        assert_eq!(Scale::of([]), Scale { low: 0.0, high: 1.0 });
        let one = Scale::of([2.0]);
        assert!(one.low < 2.0 && 2.0 < one.high);
        assert_eq!(Scale::new(1.0, 2.0).with_zero().low, 0.0);
    }
}
