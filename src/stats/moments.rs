//! Sums, means and variances that stay accurate over hundreds of thousands of values.

/// Neumaier's compensated sum: an error of about one rounding, whatever the length.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    // An infinity has lost nothing, but its bookkeeping is ∞ − ∞.
    if total.is_finite() { total + lost } else { total }
}

/// The arithmetic mean; NaN for no values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / count(values.len())
}

/// The sample variance (denominator `n − 1`); 0 for fewer than two values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let centre = mean(values);
    sum(values.iter().map(|v| (v - centre).powi(2))) / count(values.len() - 1)
}

/// A count as a float: exact up to 2^53, far above any data set here.
#[allow(clippy::cast_precision_loss)]
pub(crate) const fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_keeps_what_a_plain_sum_loses() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum([1.0, f64::INFINITY, 1.0]), f64::INFINITY);
    }

    #[test]
    fn a_single_value_has_no_spread() {
        assert_eq!(variance(&[3.0]), 0.0);
        assert_eq!(variance(&[1.0, 3.0]), 2.0);
        assert!(mean(&[]).is_nan());
    }
}
