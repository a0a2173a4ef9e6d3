//! Kendall's tau-b in O(n log n) with SciPy's choice of exact or tie-corrected p-value.

use super::correlation::{Correlation, CorrelationMethod, require_pairs};
use super::distribution::normal_two_sided;
use super::inversions::{inversions, join_if_many};
use super::key_order::KeyOrder;
use super::moments::count;
use super::undefined::{Stat, Undefined};

/// Up to here SciPy's `method="auto"` enumerates the null distribution of untied data.
const EXACT_UP_TO: usize = 33;

/// Kendall's tau-b of `x` and `y` (shape `n` each) by counting inversions in order of `x` (Knight 1966).
///
/// p is exact for untied data of at most 33 pairs (or at most one pair out of order), else the normal
/// approximation with the tie-corrected variance: `scipy.stats.kendalltau(method="auto")`. Infinities rank like any value.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `TooFew` (one pair), `NotFinite` (NaN, or 2³² pairs and more), `Constant`.
pub fn kendall(x: &[f64], y: &[f64]) -> Stat<Correlation> {
    require_pairs(x, y)?;
    u32::try_from(x.len()).map_err(|_| Undefined::NotFinite)?;
    let pairs = PairCounts::of(x, y);
    if pairs.tied_x.pairs == pairs.total || pairs.tied_y.pairs == pairs.total {
        return Err(Undefined::Constant);
    }
    Ok(Correlation { value: pairs.tau_b(), p: pairs.p(), n: x.len(), method: CorrelationMethod::Kendall })
}

/// How many of the `n(n−1)/2` pairs of items are tied or in opposite order.
struct PairCounts {
    n: usize,
    total: u128,
    discordant: u128,
    tied_both: u128,
    tied_x: TieSums,
    tied_y: TieSums,
}

/// Sums over blocks of `t` equal values.
#[derive(Default)]
struct TieSums {
    /// Σ t(t−1)/2
    pairs: u128,
    /// Σ t(t−1)(t−2)
    triples: u128,
    /// Σ t(t−1)(2t+5)
    weighted: u128,
}

impl TieSums {
    fn of<T: PartialEq>(sorted: &[T]) -> Self {
        let mut sums = Self::default();
        for block in sorted.chunk_by(|a, b| a == b).filter(|b| b.len() > 1) {
            let t = block.len() as u128;
            sums.pairs += t * (t - 1) / 2;
            sums.triples += t * (t - 1) * (t - 2);
            sums.weighted += t * (t - 1) * (2 * t + 5);
        }
        sums
    }
}

impl PairCounts {
    fn of(x: &[f64], y: &[f64]) -> Self {
        let (by_x, by_y) = join_if_many(x.len(), || KeyOrder::of(x), || KeyOrder::of(y));
        let (rank_of, distinct) = dense_ranks(&by_y);
        let mut ranks: Vec<u32> = by_x.items().map(|item| rank_of[item]).collect();
        let tied_both = sort_within_ties(&by_x.keys, &mut ranks);
        let n = x.len() as u128;
        Self {
            n: x.len(),
            total: n * (n - 1) / 2,
            discordant: inversions(&mut ranks, distinct),
            tied_both,
            tied_x: TieSums::of(&by_x.keys),
            tied_y: TieSums::of(&by_y.keys),
        }
    }

    /// Concordant minus discordant pairs.
    fn balance(&self) -> f64 {
        let untied = self.total + self.tied_both - self.tied_x.pairs - self.tied_y.pairs;
        let concordant = untied - self.discordant;
        if concordant >= self.discordant {
            float(concordant - self.discordant)
        } else {
            -float(self.discordant - concordant)
        }
    }

    fn tau_b(&self) -> f64 {
        let untied_x = float(self.total - self.tied_x.pairs);
        let untied_y = float(self.total - self.tied_y.pairs);
        (self.balance() / untied_x.sqrt() / untied_y.sqrt()).clamp(-1.0, 1.0)
    }

    fn p(&self) -> f64 {
        let untied = self.tied_x.pairs == 0 && self.tied_y.pairs == 0;
        let fewer = self.discordant.min(self.total - self.discordant);
        if untied && (self.n <= EXACT_UP_TO || fewer <= 1) {
            return exact_p(self.n, fewer, self.total);
        }
        let z = self.balance() / self.null_variance().sqrt();
        normal_two_sided(z)
    }

    /// Variance of the balance under independence (Kendall 1970, equation 4.4).
    fn null_variance(&self) -> f64 {
        let n = count(self.n);
        let (x, y) = (&self.tied_x, &self.tied_y);
        let m = n * (n - 1.0);
        let plain = (m * (2.0 * n + 5.0) - float(x.weighted) - float(y.weighted)) / 18.0;
        let by_pairs = 2.0 * float(x.pairs) * float(y.pairs) / m;
        // Two pairs cannot hold a triple, and the divisor would be zero.
        if self.n <= 2 {
            return plain + by_pairs;
        }
        plain + by_pairs + float(x.triples) * float(y.triples) / (9.0 * m * (n - 2.0))
    }
}

/// Twice the share of the `n!` orders with at most `inversions` pairs out of order, at most 1.
fn exact_p(n: usize, inversions: u128, total: u128) -> f64 {
    if n <= 2 || 2 * inversions >= total {
        return 1.0;
    }
    // At most n(n−1)/4 for n ≤ 33, or 1: always fits.
    let width = usize::try_from(inversions).unwrap_or(usize::MAX - 1) + 1;
    let mut share = vec![0.0; width];
    share[0] = 1.0;
    for items in 2..=n {
        // Placing one more item adds 0 to items − 1 inversions, all equally likely.
        let mut window = 0.0;
        let before = share.clone();
        for (k, slot) in share.iter_mut().enumerate() {
            window += before[k];
            if k >= items {
                window -= before[k - items];
            }
            *slot = window / count(items);
        }
        if share[width - 1] == 0.0 && share[0] == 0.0 {
            return 0.0;
        }
    }
    (2.0 * share.iter().sum::<f64>()).min(1.0)
}

/// Each item's rank among the distinct values, from 0, and how many those are.
fn dense_ranks(sorted: &KeyOrder) -> (Vec<u32>, u32) {
    let mut ranks = vec![0; sorted.keys.len()];
    let (mut distinct, mut last) = (0, None);
    for (item, &key) in sorted.items().zip(&sorted.keys) {
        distinct += u32::from(last != Some(key));
        last = Some(key);
        ranks[item] = distinct - 1;
    }
    (ranks, distinct)
}

/// Sorts `ranks` within ties of x, so that no pair tied there is an inversion; returns the pairs tied in both.
fn sort_within_ties(x_keys: &[u64], ranks: &mut [u32]) -> u128 {
    let mut tied_both = 0;
    let mut rest = ranks;
    for block in x_keys.chunk_by(|a, b| a == b) {
        let (tied, after) = rest.split_at_mut(block.len());
        rest = after;
        if tied.len() > 1 {
            tied.sort_unstable();
            tied_both += TieSums::of(tied).pairs;
        }
    }
    tied_both
}

#[allow(clippy::cast_precision_loss)]
const fn float(n: u128) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scipy_manual_example() {
        let k = kendall(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0]).unwrap();
        assert!((k.value + 0.471_404_520_791_031_7).abs() < 1e-14);
        assert!((k.p - 0.282_745_459_932_774_7).abs() < 1e-10, "{}", k.p);
    }

    #[test]
    fn pairs_are_counted_as_by_hand() {
        let wave = |step: u32, levels: u32| (0..700).map(|i| f64::from((i * step) % levels)).collect::<Vec<_>>();
        for (x, y) in [(wave(37, 701), wave(101, 709)), (wave(37, 30), wave(11, 50)), (wave(37, 701), wave(11, 2))] {
            let counts = PairCounts::of(&x, &y);
            let pairs = || (0..700).flat_map(|i| (i + 1..700).map(move |j| (i, j)));
            let discordant = pairs().filter(|&(i, j)| (x[i] - x[j]) * (y[i] - y[j]) < 0.0).count();
            let tied_both = pairs().filter(|&(i, j)| x[i] == x[j] && y[i] == y[j]).count();
            assert_eq!((counts.discordant, counts.tied_both), (discordant as u128, tied_both as u128));
        }
    }

    #[test]
    fn small_untied_data_get_the_exact_p() {
        let up = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(kendall(&up, &up).unwrap().p, 2.0 / 24.0);
        assert_eq!(kendall(&up[..2], &up[..2]).unwrap().p, 1.0);
    }

    #[test]
    fn a_perfect_order_of_many_has_p_zero() {
        let many: Vec<f64> = (0..5_000).map(f64::from).collect();
        let k = kendall(&many, &many).unwrap();
        assert_eq!((k.value, k.p), (1.0, 0.0));
    }

    #[test]
    fn constant_data_have_no_tau() {
        assert_eq!(kendall(&[1.0, 1.0], &[1.0, 2.0]).err(), Some(Undefined::Constant));
    }
}
