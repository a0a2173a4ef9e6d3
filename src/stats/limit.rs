//! An estimate held against a limit: is it above by more than chance, and what would have been seen to be?

use super::distribution::{normal_quantile, student_cdf, two_sided_student};

/// Above so many degrees of freedom Student's quantile is the normal one to three digits.
const NORMAL_FROM: f64 = 1_000.0;

/// One-sided p of "the true value is at most `limit`", for an estimate with a standard error of so many degrees of
/// freedom (Student's t); with no error at all, 0 above the limit and 1 up to it. NaN for NaN.
#[must_use]
pub fn p_above(estimate: f64, limit: f64, error: f64, degrees: f64) -> f64 {
    if error > 0.0 {
        student_cdf((limit - estimate) / error, degrees)
    } else if (estimate - limit).is_nan() {
        f64::NAN
    } else {
        f64::from(estimate <= limit)
    }
}

/// The smallest true value that [`p_above`] puts under `level` with probability `power`:
/// `limit + (t₁₋level + t_power) · error` (Bloom 1995, minimum detectable effect). NaN for senseless arguments.
#[must_use]
pub fn smallest_seen(limit: f64, error: f64, degrees: f64, level: f64, power: f64) -> f64 {
    limit + (quantile(1.0 - level, degrees) + quantile(power, degrees)) * error
}

/// Probability that [`p_above`] puts an estimate under `level` whose true value is `value`; the inverse of
/// [`smallest_seen`]. NaN for senseless arguments.
#[must_use]
pub fn power_to_see(value: f64, limit: f64, error: f64, degrees: f64, level: f64) -> f64 {
    if error > 0.0 {
        student_cdf((value - limit) / error - quantile(1.0 - level, degrees), degrees)
    } else {
        f64::from(value > limit)
    }
}

/// Student's quantile, one-sided.
fn quantile(p: f64, degrees: f64) -> f64 {
    if degrees > NORMAL_FROM {
        return normal_quantile(p);
    }
    // 1 − |1 − 2p| keeps the digits of a small tail.
    let size = if p == 0.5 { 0.0 } else { two_sided_student((2.0 * p - 1.0).abs(), degrees) };
    size.copysign(p - 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_above_a_limit_is_the_tail() {
        // scipy.stats.norm.sf(1.5), scipy.stats.t.sf(1.5, 9)
        for degrees in [1e9, f64::INFINITY] {
            assert!((p_above(1.3, 1.0, 0.2, degrees) - 0.066_807_201_268_858_1).abs() < 1e-9);
        }
        assert!((p_above(1.3, 1.0, 0.2, 9.0) - 0.083_925_328_028_537_53).abs() < 1e-10);
        assert_eq!((p_above(1.0, 1.0, 0.0, 9.0), p_above(1.1, 1.0, 0.0, 9.0)), (1.0, 0.0));
        assert!(p_above(f64::NAN, 1.0, 0.0, 9.0).is_nan());
    }

    #[test]
    fn what_is_seen_at_a_power_has_that_power() {
        // scipy.stats.norm.ppf(.95) + scipy.stats.norm.ppf(.8)
        assert!((smallest_seen(0.0, 1.0, 1e9, 0.05, 0.8) - 2.486_474_860_524_387).abs() < 1e-9);
        // scipy.stats.t.ppf(.999, 9) + scipy.stats.t.ppf(.8, 9)
        assert!((smallest_seen(0.0, 1.0, 9.0, 0.001, 0.8) - 5.180_209_522_415_453).abs() < 1e-6);
        for (degrees, level, power) in [(9.0, 1e-4, 0.8), (299.0, 0.025, 0.5), (20_000.0, 1e-5, 0.95), (9.0, 0.5, 0.8)]
        {
            let value = smallest_seen(0.3, 0.7, degrees, level, power);
            assert!((power_to_see(value, 0.3, 0.7, degrees, level) - power).abs() < 1e-3, "{degrees} {level} {power}");
        }
        assert_eq!(power_to_see(1.0, 0.5, 0.0, 9.0, 0.05), 1.0);
    }
}
