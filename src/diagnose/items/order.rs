//! By which figure a list of items is ordered.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The figure a list is ordered by, largest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemOrder {
    /// The model's loss.
    #[default]
    Loss,
    /// The regressor's prediction, mean of its members.
    Risk,
    /// Loss less risk.
    Surprise,
    /// Cosine with a prompt.
    Similarity,
    /// Loss less that of another model.
    Change,
}

impl ItemOrder {
    /// Every order, in that of the command line.
    pub const ALL: [Self; 5] = [Self::Loss, Self::Risk, Self::Surprise, Self::Similarity, Self::Change];

    /// Its name on the command line and in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Risk => "risk",
            Self::Surprise => "surprise",
            Self::Similarity => "similarity",
            Self::Change => "change",
        }
    }

    /// Whether it needs trained heads.
    #[must_use]
    pub fn needs_heads(self) -> bool {
        matches!(self, Self::Risk | Self::Surprise)
    }
}

/// Rows by a figure, one a row, and the figures in the same order: largest first, or smallest first if `ascending`;
/// equal ones stay in the order of the audit, and rows whose figure is NaN come last either way.
#[must_use]
pub fn sort_rows(rows: &[u32], figures: &[f64], ascending: bool) -> (Vec<u32>, Vec<f64>) {
    let sign = if ascending { 1.0 } else { -1.0 };
    // As one number each, they are compared without a branch.
    let place = |(row, figure): (&u32, &f64)| u128::from(key(sign * figure)) << 32 | u128::from(*row);
    let mut places: Vec<u128> = rows.par_iter().zip(figures).map(place).collect();
    places.par_sort_unstable();
    let (mut rows, mut figures) = (Vec::new(), Vec::new());
    let told = places.par_iter().map(|place| (*place as u32, sign * figure((*place >> 32) as u64)));
    told.unzip_into_vecs(&mut rows, &mut figures);
    (rows, figures)
}

/// A whole number that orders as the figure does, NaN last; adding zero makes one zero of two.
fn key(figure: f64) -> u64 {
    let bits = (figure + 0.0).to_bits();
    match bits >> 63 {
        _ if figure.is_nan() => u64::MAX,
        1 => !bits,
        _ => bits | 1 << 63,
    }
}

/// The figure of a key.
fn figure(key: u64) -> f64 {
    match key >> 63 {
        _ if key == u64::MAX => f64::NAN,
        1 => f64::from_bits(key & !(1 << 63)),
        _ => f64::from_bits(!key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_figures_keep_the_order_of_the_audit_and_none_comes_last() {
        let figures = [1.0, f64::NAN, 3.0, 1.0, -0.0, 0.0, f64::INFINITY, -2.5];
        let rows: Vec<u32> = (0..8).collect();
        let ordered = |ascending| sort_rows(&rows, &figures, ascending).0;
        assert_eq!(ordered(false), [6, 2, 0, 3, 4, 5, 7, 1]);
        assert_eq!(ordered(true), [7, 4, 5, 0, 3, 2, 6, 1]);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_numbers(figures in proptest::collection::vec(any::<f64>(), 1..200)) {
            let rows: Vec<u32> = (0..figures.len() as u32).collect();
            let (rows, sorted) = sort_rows(&rows, &figures, false);
            let looked_up: Vec<f64> = rows.iter().map(|row| figures[*row as usize]).collect();
            prop_assert_eq!(&looked_up, &sorted);
            prop_assert!(sorted.windows(2).all(|pair| pair[0] >= pair[1]));
        }
    }
}
