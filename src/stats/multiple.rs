//! Many comparisons at once: false discovery rates as q-values.

use super::moments::count;
use super::undefined::{Stat, Undefined};

/// Benjamini & Hochberg's (1995) q-value of each p; entries without a p keep their reason and do not count.
///
/// Valid for independent or positively dependent tests. A p outside [0, 1] becomes `NotFinite`.
#[must_use]
pub fn benjamini_hochberg(p_values: &[Stat<f64>]) -> Vec<Stat<f64>> {
    let mut q_values: Vec<Stat<f64>> = p_values.iter().map(|&p| valid(p)).collect();
    let mut tests: Vec<(f64, usize)> =
        q_values.iter().enumerate().filter_map(|(index, p)| p.ok().map(|p| (p, index))).collect();
    tests.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut smallest = 1.0_f64;
    for (rank, &(p, index)) in tests.iter().enumerate().rev() {
        smallest = smallest.min(p * count(tests.len()) / count(rank + 1));
        q_values[index] = Ok(smallest);
    }
    q_values
}

fn valid(p: Stat<f64>) -> Stat<f64> {
    p.and_then(|p| if (0.0..=1.0).contains(&p) { Ok(p) } else { Err(Undefined::NotFinite) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbook_step_up() {
        let p = [0.01, 0.04, 0.03, 0.5].map(Ok);
        let q: Vec<f64> = benjamini_hochberg(&p).into_iter().map(Result::unwrap).collect();
        for (q, expected) in q.iter().zip([0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]) {
            assert!((q - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn entries_without_a_p_pass_through_and_do_not_count() {
        let with_gap = [Ok(0.01), Err(Undefined::OneClass), Ok(0.02), Ok(f64::NAN)];
        let q = benjamini_hochberg(&with_gap);
        assert_eq!(q, [Ok(0.02), Err(Undefined::OneClass), Ok(0.02), Err(Undefined::NotFinite)]);
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
