//! Kendall's tau-b in O(n log n) with SciPy's choice of exact or tie-corrected p-value.

use super::correlation::{Correlation, CorrelationMethod, require_pairs};
use super::distribution::normal_two_sided;
use super::moments::count;
use super::rank::order_key;
use super::undefined::{Stat, Undefined};

/// Up to here SciPy's `method="auto"` enumerates the null distribution of untied data.
const EXACT_UP_TO: usize = 33;

/// Kendall's tau-b of `x` and `y` (shape `n` each) by Knight's merge sort (Knight 1966).
///
/// p is exact for untied data of at most 33 pairs (or at most one pair out of order), else the normal
/// approximation with the tie-corrected variance: `scipy.stats.kendalltau(method="auto")`. Infinities rank like any value.
///
/// # Errors
/// `LengthMismatch`, `Empty`, `TooFew` (one pair), `NotFinite` (NaN), `Constant`.
pub fn kendall(x: &[f64], y: &[f64]) -> Stat<Correlation> {
    require_pairs(x, y)?;
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
    fn of(sorted: &[Keyed]) -> Self {
        let mut sums = Self::default();
        for block in sorted.chunk_by(same_key).filter(|b| b.len() > 1) {
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
        let (by_x, by_y) = join_above(PARALLEL_FROM, x.len(), || sort_keyed(x), || sort_keyed(y));
        let (rank_of, distinct) = dense_ranks(&by_y);
        let mut ranks: Vec<Rank> = by_x.items.iter().map(|&item| rank_of[item as usize]).collect();
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

/// Each item's rank among the distinct keys, from 0, and how many those are.
fn dense_ranks(sorted: &Sorted) -> (Vec<Rank>, Rank) {
    let mut ranks = vec![0; sorted.keys.len()];
    let mut rank = 0;
    let mut last = sorted.keys[0];
    for (&key, &item) in sorted.keys.iter().zip(&sorted.items) {
        rank += Rank::from(key != last);
        last = key;
        ranks[item as usize] = rank;
    }
    (ranks, rank + 1)
}

/// Sorts the `ranks` of items tied in x, so that no tied pair is an inversion; returns the pairs tied in both.
fn sort_within_ties(by_x: &[Keyed], ranks: &mut [Rank]) -> u128 {
    let mut tied_both = 0;
    let mut rest = ranks;
    for block in by_x.chunk_by(same_key) {
        let (tied, after) = rest.split_at_mut(block.len());
        rest = after;
        if tied.len() > 1 {
            tied.sort_unstable();
            let pairs = |b: &[Rank]| b.len() as u128 * (b.len() as u128 - 1) / 2;
            tied_both += tied.chunk_by(|a, b| a == b).map(pairs).sum::<u128>();
        }
    }
    tied_both
}

/// Runs both, in parallel if `size` makes a thread worth waking.
fn join_above<A: Send, B: Send>(
    grain: usize,
    size: usize,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if size < grain { (a(), b()) } else { rayon::join(a, b) }
}

const PARALLEL_FROM: usize = 8_192;
type Rank = u32;
type Keyed = u64;

fn same_key(a: &u64, b: &u64) -> bool {
    a == b
}

struct Sorted { keys: Vec<u64>, items: Vec<u64> }
fn sort_keyed(values: &[f64]) -> Sorted {
    let key = |value: &f64| order_key(*value);
    let (least, most) = values.iter().map(key).fold((u64::MAX, 0), |(l, m), k| (l.min(k), m.max(k)));
    let item_bits = usize::BITS - values.len().leading_zeros();
    let lost_bits = (item_bits + (u64::BITS - (most - least).leading_zeros())).saturating_sub(u64::BITS);
    let prefix = |key: u64| (key - least) >> lost_bits;
    let mut items: Vec<u64> = values.iter().map(key).zip(0..).map(|(key, item)| prefix(key) << item_bits | item).collect();
    let mut keys = vec![0; items.len()];
    sort_spread(&mut items, &mut keys, item_bits);
    for (key, item) in keys.iter_mut().zip(&mut items) {
        *item &= (1 << item_bits) - 1;
        *key = order_key(values[*item as usize]);
    }
    if lost_bits > 0 {
    let mut rest = &mut items[..];
    for block in keys.chunk_by_mut(|a, b| prefix(*a) == prefix(*b)) {
        let (its, r) = rest.split_at_mut(block.len());
        rest = r;
        if !block.is_sorted() {
            let mut v: Vec<(u64, u64)> = block.iter().copied().zip(its.iter().copied()).collect();
            v.sort_unstable();
            for (((k, i), bk), bi) in v.into_iter().zip(block).zip(its) { *bk = k; *bi = i; }
        }
    }
    }
    Sorted { keys, items }
}

const SPREAD_FROM: usize = 256;

fn sort_spread(items: &mut [u64], spare: &mut [u64], item_bits: u32) {
    if items.len() < SPREAD_FROM {
        items.sort_unstable();
        return;
    }
    let (least, most) = items.iter().fold((u64::MAX, 0), |(l, m), &i| (l.min(i), m.max(i)));
    let (least, most) = (least >> item_bits, most >> item_bits);
    if least == most {
        return;
    }
    let bits = (items.len() / PER_BUCKET).ilog2();
    let shift = (u64::BITS - (most - least).leading_zeros()).saturating_sub(bits) + item_bits;
    let bucket = |item: u64| ((item - (least << item_bits)) >> shift) as usize;
    let mut ends = vec![0; (1 << bits) + 1];
    for &item in &*items {
        ends[bucket(item) + 1] += 1;
    }
    let mut total = 0;
    for e in &mut ends {
        total += *e;
        *e = total;
    }
    for &item in &*items {
        let slot = &mut ends[bucket(item)];
        spare[*slot] = item;
        *slot += 1;
    }
    items.copy_from_slice(spare);
    let mut start = 0;
    for &end in &ends {
        if end > start + 1 {
            sort_spread(&mut items[start..end], &mut spare[start..end], item_bits);
        }
        start = end;
    }
}

const PER_BUCKET: usize = 16;

fn inversions(ranks: &mut [Rank], distinct: Rank) -> u128 {
    let mut spare = vec![0; ranks.len()];
    u128::from(inversions_within(ranks, &mut spare, 0, distinct))
}

fn inversions_within(ranks: &mut [Rank], spare: &mut [Rank], low: Rank, high: Rank) -> u64 {
    if high - low < 2 {
        return 0;
    }
    if ranks.len() <= FEW {
        return inversions_of_few(ranks, low);
    }
    let middle = low + (high - low) / 2;
    let (mut lower, mut lower_so_far) = (0, 0);
    for i in 0..ranks.len() {
        let rank = ranks[i];
        ranks[lower] = rank;
        spare[i - lower] = rank;
        lower += usize::from(rank < middle);
        lower_so_far += lower as u64;
    }
    let n = ranks.len();
    let (rl, rh) = ranks.split_at_mut(lower);
    rh.copy_from_slice(&spare[..n - lower]);
    let (sl, sh) = spare.split_at_mut(lower);
    let l = lower as u64;
    let at = l * n as u64 - lower_so_far - l * l.saturating_sub(1) / 2;
    let (a, b) = join_above(PARALLEL_FROM, n, || inversions_within(rl, sl, low, middle), || inversions_within(rh, sh, middle, high));
    at + a + b
}

const FEW: usize = 32;

fn inversions_of_few(ranks: &[Rank], low: Rank) -> u64 {
    let mut padded = [i8::MAX; 2 * FEW];
    for (p, r) in padded.iter_mut().zip(ranks) {
        *p = (r - low) as i8;
    }
    let mut counts = [0_i8; FEW];
    for ahead in 1..FEW {
        for i in 0..FEW {
            counts[i] += i8::from(padded[i + ahead] < padded[i]);
        }
    }
    counts.iter().map(|&c| c as u64).sum()
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
    fn inversions_are_counted_as_by_hand() {
        let mut values: Vec<u32> = (0..100).map(|i| (i * 37) % 50).collect();
        let brute =
            (0..100).flat_map(|i| (i + 1..100).map(move |j| (i, j))).filter(|&(i, j)| values[i] > values[j]).count();
        assert_eq!(inversions(&mut values, 50), brute as u128);
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
