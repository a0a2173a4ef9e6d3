//! Floats sorted by their order keys with the items they came from, by one or more spreads over buckets.

use super::rank::order_key;

/// Fewer are sorted by comparison: a histogram would cost more than it saves.
const SPREAD_FROM: usize = 512;
/// So many items fall in a bucket on average; small buckets sort inside the first-level cache.
const PER_BUCKET: usize = 64;

/// Values in ascending order; tied values stand next to each other in no promised order.
pub(crate) struct KeyOrder {
    /// `order_key` of each value.
    pub keys: Vec<u64>,
    /// Where each value stood.
    items: Vec<u64>,
}

impl KeyOrder {
    /// Sorts `values` (shape `n`), NaN absent. O(n log n), close to O(n) unless the values gather in few places.
    pub(crate) fn of(values: &[f64]) -> Self {
        let all_keys = || values.iter().map(|&v| order_key(v));
        let (least, most) = all_keys().fold((u64::MAX, 0), |(least, most), key| (least.min(key), most.max(key)));
        let item_bits = width(values.len() as u64);
        let lost_bits = (item_bits + width(most.saturating_sub(least))).saturating_sub(u64::BITS);
        // One integer holds the item and as much of its key as fits: it moves and compares twice as fast as a pair.
        let pack = |(key, item): (u64, u64)| ((key - least) >> lost_bits) << item_bits | item;
        let mut items: Vec<u64> = all_keys().zip(0..).map(pack).collect();
        let mut keys = vec![0; items.len()];
        sort_packed(&mut items, &mut keys, item_bits);
        for (item, key) in items.iter_mut().zip(&mut keys) {
            *item &= (1 << item_bits) - 1;
            *key = order_key(values[index(*item)]);
        }
        let mut sorted = Self { keys, items };
        if lost_bits > 0 {
            sorted.sort_by_lost_bits(|key| (key - least) >> lost_bits);
        }
        sorted
    }

    /// Where each value stood, in ascending order of value.
    pub(crate) fn items(&self) -> impl Iterator<Item = usize> {
        self.items.iter().map(|&item| index(item))
    }

    /// Orders the keys that differ only in the bits that did not fit.
    fn sort_by_lost_bits(&mut self, prefix: impl Fn(u64) -> u64) {
        let mut rest = self.items.as_mut_slice();
        for keys in self.keys.chunk_by_mut(|&a, &b| prefix(a) == prefix(b)) {
            let (items, after) = rest.split_at_mut(keys.len());
            rest = after;
            if keys.is_sorted() {
                continue;
            }
            let mut block: Vec<(u64, u64)> = keys.iter().copied().zip(items.iter().copied()).collect();
            block.sort_unstable();
            for (slot, entry) in keys.iter_mut().zip(items).zip(block) {
                (*slot.0, *slot.1) = entry;
            }
        }
    }
}

/// Sorts packed integers whose low `item_bits` ascend within equal high bits.
fn sort_packed(packed: &mut [u64], spare: &mut [u64], item_bits: u32) {
    if packed.len() < SPREAD_FROM {
        packed.sort_unstable();
        return;
    }
    let (least, most) = packed.iter().fold((u64::MAX, 0), |(least, most), &p| (least.min(p), most.max(p)));
    let base = least >> item_bits << item_bits;
    let key_bits = width((most - base) >> item_bits);
    if key_bits == 0 {
        return;
    }
    let bucket_bits = (packed.len() / PER_BUCKET).ilog2();
    // Only key bits choose the bucket, so equal keys stay together, in order of item.
    let shift = key_bits.saturating_sub(bucket_bits) + item_bits;
    let bucket = |p: u64| index((p - base) >> shift);
    let mut ends = vec![0; (1 << bucket_bits) + 1];
    for &p in &*packed {
        ends[bucket(p) + 1] += 1;
    }
    let mut total = 0;
    for end in &mut ends {
        total += *end;
        *end = total;
    }
    // Each entry starts as its bucket's start and moves to its end.
    for &p in &*packed {
        let slot = &mut ends[bucket(p)];
        spare[*slot] = p;
        *slot += 1;
    }
    packed.copy_from_slice(spare);
    let mut start = 0;
    for end in ends {
        if end > start + 1 {
            // A crowded bucket spreads again over its own, narrower range, so outliers do no harm.
            sort_packed(&mut packed[start..end], &mut spare[start..end], item_bits);
        }
        start = end;
    }
}

/// How many bits `value` needs.
const fn width(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// An item or bucket number, both below a length in memory.
#[allow(clippy::cast_possible_truncation)]
const fn index(number: u64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::rank::sorted_order;

    fn check(values: &[f64]) {
        let sorted = KeyOrder::of(values);
        let mut seen = vec![false; values.len()];
        sorted.items().for_each(|item| seen[item] = true);
        assert!(seen.iter().all(|&s| s));
        let expected: Vec<u64> = sorted_order(values).into_iter().map(|i| order_key(values[i])).collect();
        assert_eq!(sorted.keys, expected);
        assert!(sorted.items().zip(&sorted.keys).all(|(item, &key)| order_key(values[item]) == key));
    }

    fn scrambled(n: u32) -> impl Iterator<Item = f64> {
        (0..n).map(|i| f64::from(i.wrapping_mul(2_654_435_761)) - 2e9)
    }

    #[test]
    fn any_spread_of_values_is_sorted() {
        for n in [0, 1, 2, 511, 512, 513, 20_000] {
            check(&scrambled(n).collect::<Vec<_>>());
            check(&scrambled(n).map(|v| (v / 1e9).floor()).collect::<Vec<_>>());
            check(&scrambled(n).map(|v| (v / 1e8).exp()).collect::<Vec<_>>());
            check(&vec![1.5; n as usize]);
        }
    }

    #[test]
    fn keys_alike_in_their_high_bits_are_told_apart() {
        // The infinities stretch the range, so the last bits of the others do not fit beside the item.
        let near = scrambled(5_000).map(|v| 1.0 + v.rem_euclid(64.0) * f64::EPSILON);
        check(&near.chain([f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0]).collect::<Vec<_>>());
    }
}
