//! Fisher's exact test, one-sided: is a mark more frequent among those drawn than chance would have it?

use super::moments::count;
use super::undefined::{Stat, Undefined};
use statrs::distribution::{Discrete, Hypergeometric};

/// Terms smaller than this share of the sum change no digit of it.
const NEGLIGIBLE: f64 = 1e-18;

/// `P(X ≥ hits)` where `drawn` of `all` are drawn without replacement and `marked` of `all` have the mark: the upper
/// tail of the hypergeometric distribution (Fisher 1935).
///
/// # Errors
/// `LengthMismatch` where the counts cannot belong together, `Empty` without any.
pub fn fisher_greater(hits: usize, drawn: usize, marked: usize, all: usize) -> Stat<f64> {
    if all == 0 {
        return Err(Undefined::Empty);
    }
    if drawn > all || marked > all || hits > drawn.min(marked) {
        return Err(Undefined::LengthMismatch);
    }
    // So many hits there are at least, whatever is drawn.
    if hits + all <= drawn + marked {
        return Ok(1.0);
    }
    let law = Hypergeometric::new(all as u64, marked as u64, drawn as u64).map_err(|_| Undefined::LengthMismatch)?;
    let first = law.ln_pmf(hits as u64).exp();
    // Each term by the one before it: pmf(x + 1) / pmf(x).
    let (mut sum, mut term) = (1.0_f64, 1.0_f64);
    for x in hits..drawn.min(marked) {
        let chances = count(marked - x) * count(drawn - x);
        term *= chances / (count(x + 1) * count(all + x + 1 - marked - drawn));
        sum += term;
        // Past the mode they only fall.
        if term < NEGLIGIBLE * sum {
            break;
        }
    }
    Ok((first * sum).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tasting_tea() {
        // Fisher 1935: all four of four cups have p 1/70, three or more 17/70.
        assert!((fisher_greater(4, 4, 4, 8).unwrap() - 1.0 / 70.0).abs() < 1e-14);
        assert!((fisher_greater(3, 4, 4, 8).unwrap() - 17.0 / 70.0).abs() < 1e-14);
        assert_eq!(fisher_greater(0, 4, 4, 8).unwrap(), 1.0);
        assert_eq!(fisher_greater(2, 5, 4, 7).unwrap(), 1.0, "five of seven hold two of any four");
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        assert_eq!(fisher_greater(0, 0, 0, 0), Err(Undefined::Empty));
        for (hits, drawn, marked, all) in [(1, 0, 1, 2), (3, 3, 2, 9), (1, 10, 1, 9), (1, 1, 10, 9)] {
            assert_eq!(fisher_greater(hits, drawn, marked, all), Err(Undefined::LengthMismatch));
        }
    }
}
