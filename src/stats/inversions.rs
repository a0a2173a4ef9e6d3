//! Pairs out of order, counted by splitting ranks at their middle again and again.

/// Slices this long are halved in parallel: shorter ones finish before another thread wakes.
const PARALLEL_FROM: usize = 8_192;
/// So few ranks are compared each with each, in one vector register.
const FEW: usize = 16;

/// How many pairs of `ranks`, each in `0..distinct` and every rank taken, stand in descending order.
///
/// O(n log distinct). Leaves `ranks` in another order.
pub(crate) fn inversions(ranks: &mut [u32], distinct: u32) -> u128 {
    let mut spare = vec![0; ranks.len()];
    u128::from(inversions_within(ranks, &mut spare, 0, distinct))
}

/// Runs both, in parallel if there are enough items to make it worth the while.
pub(crate) fn join_if_many<A: Send, B: Send>(
    items: usize,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if items < PARALLEL_FROM { (a(), b()) } else { rayon::join(a, b) }
}

// At most n²/4 pairs cross each middle and n²/2 in all, which fits for 2³² ranks.
fn inversions_within(ranks: &mut [u32], spare: &mut [u32], low: u32, high: u32) -> u64 {
    if high - low < 2 {
        return 0;
    }
    if ranks.len() <= FEW {
        return inversions_of_few(ranks, low);
    }
    let n = ranks.len();
    let middle = low + (high - low) / 2;
    let (mut lower, mut lower_so_far) = (0, 0);
    // The order is random, so write to both sides and advance one: a branch would be mispredicted half the time.
    for i in 0..n {
        let rank = ranks[i];
        ranks[lower] = rank;
        spare[i - lower] = rank;
        lower += usize::from(rank < middle);
        lower_so_far += lower as u64;
    }
    let (lower_ranks, upper_ranks) = ranks.split_at_mut(lower);
    upper_ranks.copy_from_slice(&spare[..n - lower]);
    let (lower_spare, upper_spare) = spare.split_at_mut(lower);
    // A lower rank at position p is counted in n − p of the running sums, and passed p less its new place.
    let (all, moved) = (n as u64, lower as u64);
    let crossing = moved * all - lower_so_far - moved * moved.saturating_sub(1) / 2;
    let (below, above) = join_if_many(
        n,
        || inversions_within(lower_ranks, lower_spare, low, middle),
        || inversions_within(upper_ranks, upper_spare, middle, high),
    );
    crossing + below + above
}

fn inversions_of_few(ranks: &[u32], low: u32) -> u64 {
    // Every rank from `low` up is taken, so they are below FEW; the padding is above them all.
    let mut padded = [i8::MAX; 2 * FEW];
    for (slot, rank) in padded.iter_mut().zip(ranks) {
        *slot = i8::try_from(rank - low).unwrap_or(i8::MAX);
    }
    let mut passed = [0_u8; FEW];
    for ahead in 1..FEW {
        for (i, count) in passed.iter_mut().enumerate() {
            *count += u8::from(padded[i + ahead] < padded[i]);
        }
    }
    passed.iter().map(|&count| u64::from(count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brute(ranks: &[u32]) -> u128 {
        (0..ranks.len()).map(|i| ranks[i + 1..].iter().filter(|&&later| later < ranks[i]).count() as u128).sum()
    }

    #[test]
    fn inversions_are_counted_as_by_hand() {
        for (n, distinct) in
            [(0, 1), (1, 1), (15, 15), (16, 16), (17, 17), (16, 3), (100, 50), (3_000, 2), (3_000, 3_000)]
        {
            let mut ranks: Vec<u32> = (0..n).map(|i| (i * 37) % distinct).collect();
            let expected = brute(&ranks);
            assert_eq!(inversions(&mut ranks, distinct), expected, "{n} {distinct}");
        }
    }

    #[test]
    fn any_number_of_threads_counts_the_same() {
        let n = 100_003;
        let down: Vec<u32> = (0..n).rev().collect();
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let counted = pool.install(|| inversions(&mut down.clone(), n));
            assert_eq!(counted, u128::from(n) * u128::from(n - 1) / 2);
        }
    }
}
