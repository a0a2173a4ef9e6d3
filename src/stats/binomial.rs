//! Intervals for a share: of attributes whose direction was foretold, of members that agree.

use super::distribution::two_sided_z;
use super::interval::Interval;
use super::moments::count;
use super::undefined::{Stat, Undefined};

/// Wilson's score interval (1927) for `successes` of `trials`: right on average over true shares.
///
/// # Errors
/// `Empty` (no trials), `LengthMismatch` (more successes than trials), `NotFinite` (`level` not in (0, 1)).
pub fn wilson(successes: usize, trials: usize, level: f64) -> Stat<Interval> {
    let z = checked_z(successes, trials, level)?;
    let n = count(trials);
    let share = count(successes) / n;
    let shrink = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrink;
    let reach = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(Interval {
        low: if successes == 0 { 0.0 } else { centre - reach },
        high: if successes == trials { 1.0 } else { centre + reach },
        level,
    })
}

fn checked_z(successes: usize, trials: usize, level: f64) -> Stat<f64> {
    if trials == 0 {
        return Err(Undefined::Empty);
    }
    if successes > trials {
        return Err(Undefined::LengthMismatch);
    }
    let z = two_sided_z(level);
    if z.is_nan() {
        return Err(Undefined::NotFinite);
    }
    Ok(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing_reaches_the_end() {
        assert_eq!(wilson(0, 5, 0.95).unwrap().low, 0.0);
        assert_eq!(wilson(5, 5, 0.95).unwrap().high, 1.0);
        assert!(wilson(5, 5, 0.95).unwrap().low < 0.6);
    }

    #[test]
    fn senseless_requests_are_error_values() {
        assert_eq!(wilson(0, 0, 0.95), Err(Undefined::Empty));
        assert_eq!(wilson(3, 2, 0.95), Err(Undefined::LengthMismatch));
        assert_eq!(wilson(1, 2, 1.0), Err(Undefined::NotFinite));
    }
}
