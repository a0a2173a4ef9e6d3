//! Which pairs of a batch the ranker compares, and how much each counts.
//!
//! A batch is in random order, so the next row of it is a random other item: row `i` of a member's resample is
//! compared with row `i + 1`, the last with the first. No row meets itself and none needs a draw of its own.

/// One comparison of a row with the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairTerm {
    /// Sign of `loss − next loss`; zero for ties.
    pub order: f32,
    /// Share of the member's mean loss; zero for ties.
    pub weight: f32,
}

/// Terms of the rows a member keeps: `losses` and resample counts `weights` of each, in batch order.
///
/// Weights `wᵢ·wᵢ₊₁` are divided by their sum, ties counted: without a resample the loss is the batch's mean.
pub fn pair_terms(losses: &[f64], weights: &[f32]) -> Vec<PairTerm> {
    let next = |row: usize| if row + 1 == losses.len() { 0 } else { row + 1 };
    let raw: Vec<f32> = (0..losses.len()).map(|row| weights[row] * weights[next(row)]).collect();
    let total: f32 = raw.iter().sum();
    let term = |row: usize| {
        let order = if losses.len() < 2 { 0.0 } else { order(losses[row], losses[next(row)]) };
        PairTerm { order, weight: raw[row] / total * order * order }
    };
    (0..losses.len()).map(term).collect()
}

/// Sign of `a − b`, zero for equal values.
pub fn order(a: f64, b: f64) -> f32 {
    f32::from(i8::from(a > b) - i8::from(a < b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_meets_the_next_and_ties_weigh_nothing() {
        let terms = pair_terms(&[1.0, 2.0, 2.0, 0.0], &[1.0; 4]);
        let orders: Vec<f32> = terms.iter().map(|term| term.order).collect();
        assert_eq!(orders, [-1.0, 0.0, 1.0, -1.0]);
        let weights: Vec<f32> = terms.iter().map(|term| term.weight).collect();
        assert_eq!(weights, [0.25, 0.0, 0.25, 0.25]);
        assert_eq!(pair_terms(&[3.0], &[2.0])[0].weight, 0.0);
        assert!(pair_terms(&[], &[]).is_empty());
    }
}
