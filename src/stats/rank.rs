//! Ranks with ties shared.

use super::undefined::{Stat, require_ordered};

/// Mid-ranks, 1-based: tied values share the mean of the ranks they span. Shape `n` → `n`, O(n log n).
///
/// Infinities rank like any value. `scipy.stats.rankdata(method="average")`.
///
/// # Errors
/// `Empty`; `NotFinite` if any value is NaN.
pub fn mid_ranks(values: &[f64]) -> Stat<Vec<f64>> {
    require_ordered(values)?;
    let mut ranks = vec![0.0; values.len()];
    let order = sorted_order(values);
    for block in tie_blocks(values, &order) {
        let shared = block_mid_rank(&block);
        for &index in &order[block] {
            ranks[index] = shared;
        }
    }
    Ok(ranks)
}

/// The indices of `values` in ascending order; ties in order of index. NaN must be absent.
pub(crate) fn sorted_order(values: &[f64]) -> Vec<usize> {
    let mut keyed: Vec<(u64, usize)> = values.iter().map(|&v| order_key(v)).zip(0..).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// An integer that sorts like the float it came from, with −0 equal to 0.
pub(crate) fn order_key(value: f64) -> u64 {
    // Adding +0 turns −0 into +0 and changes nothing else.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | (1 << 63) } else { !bits }
}

/// Runs of equal values along `order`, as ranges of positions in it.
pub(crate) fn tie_blocks<'a>(
    values: &'a [f64],
    order: &'a [usize],
) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = values[*order.get(start)?];
        let length = order[start..].iter().take_while(|&&index| values[index] == first).count();
        let block = start..start + length;
        start = block.end;
        Some(block)
    })
}

/// The mean of the 1-based ranks in a block of 0-based positions.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn block_mid_rank(block: &std::ops::Range<usize>) -> f64 {
    (block.start + 1 + block.end) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Undefined;

    #[test]
    fn tied_values_share_their_mean_rank() {
        assert_eq!(mid_ranks(&[3.0, 1.0, 3.0, 2.0]), Ok(vec![3.5, 1.0, 3.5, 2.0]));
    }

    #[test]
    fn signed_zeros_are_one_value() {
        assert_eq!(mid_ranks(&[0.0, -0.0, -1.0]), Ok(vec![2.5, 2.5, 1.0]));
    }

    #[test]
    fn infinities_rank_and_nan_does_not() {
        let ranks = mid_ranks(&[f64::INFINITY, 0.0, f64::NEG_INFINITY]);
        assert_eq!(ranks, Ok(vec![3.0, 2.0, 1.0]));
        assert_eq!(mid_ranks(&[0.0, f64::NAN]), Err(Undefined::NotFinite));
        assert_eq!(mid_ranks(&[]), Err(Undefined::Empty));
    }
}
