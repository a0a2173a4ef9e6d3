//! Why a statistic has no value.

use serde::{Deserialize, Serialize};

/// Why a statistic has no value; `Display` gives the words for a table cell ("n/a: one class").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// No values at all.
    Empty,
    /// A discrimination metric needs both a positive and a negative.
    OneClass,
    /// Every value is the same, so nothing can vary with it.
    Constant,
    /// Fewer than the least number of values for which the statistic exists.
    TooFew {
        /// How many there are.
        n: usize,
        /// How many are needed.
        need: usize,
    },
    /// A NaN, or an infinity where moments are taken, or a parameter outside its domain.
    NotFinite,
    /// Two columns that should be parallel differ in length.
    LengthMismatch,
}

/// The value of a statistic, or why there is none.
pub type Stat<T> = Result<T, Undefined>;

impl std::fmt::Display for Undefined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("n/a: no values"),
            Self::OneClass => f.write_str("n/a: one class"),
            Self::Constant => f.write_str("n/a: constant"),
            Self::TooFew { n, need } => write!(f, "n/a: {n} of {need} needed"),
            Self::NotFinite => f.write_str("n/a: not finite"),
            Self::LengthMismatch => f.write_str("n/a: lengths differ"),
        }
    }
}

impl std::error::Error for Undefined {}

/// `Empty` for no values, `NotFinite` if any is NaN or infinite.
pub(crate) fn require_finite(values: &[f64]) -> Stat<()> {
    if values.is_empty() {
        return Err(Undefined::Empty);
    }
    if values.iter().all(|v| v.is_finite()) { Ok(()) } else { Err(Undefined::NotFinite) }
}

/// `Empty` for no values, `NotFinite` if any is NaN; infinities pass, for they have a rank.
pub(crate) fn require_ordered(values: &[f64]) -> Stat<()> {
    if values.is_empty() {
        return Err(Undefined::Empty);
    }
    if values.iter().any(|v| v.is_nan()) { Err(Undefined::NotFinite) } else { Ok(()) }
}

/// `TooFew` when `n < need`.
pub(crate) fn require_count(n: usize, need: usize) -> Stat<()> {
    if n < need { Err(Undefined::TooFew { n, need }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_as_a_table_cell() {
        assert_eq!(Undefined::OneClass.to_string(), "n/a: one class");
        assert_eq!(Undefined::TooFew { n: 7, need: 9 }.to_string(), "n/a: 7 of 9 needed");
    }

    #[test]
    fn infinities_have_a_rank_but_no_moment() {
        let values = [1.0, f64::INFINITY];
        assert_eq!(require_ordered(&values), Ok(()));
        assert_eq!(require_finite(&values), Err(Undefined::NotFinite));
        assert_eq!(require_ordered(&[f64::NAN]), Err(Undefined::NotFinite));
        assert_eq!(require_ordered(&[]), Err(Undefined::Empty));
    }
}
