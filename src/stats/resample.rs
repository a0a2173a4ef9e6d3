//! Seeded drawing: one independent stream of random numbers per replicate, whatever the thread.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How many replicates to draw, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resampling {
    /// Replicates (B).
    pub replicates: usize,
    /// Replicate `b` draws from stream `b` of this seed, so the result is the same for any number of threads.
    pub seed: u64,
}

impl Default for Resampling {
    /// 2,000 replicates, enough for 95 % ends (beyond.md 3.9).
    fn default() -> Self {
        Self { replicates: 2_000, seed: 0 }
    }
}

impl Resampling {
    /// The random numbers of one replicate.
    pub(crate) fn stream(self, replicate: usize) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(replicate as u64);
        random
    }
}

/// `units` draws with replacement from `0..units`.
pub(crate) fn draws(random: &mut ChaCha8Rng, units: usize) -> impl Iterator<Item = usize> + '_ {
    (0..units).map(move |_| random.random_range(0..units))
}

/// How often each of `units` is drawn; `counts` is overwritten.
pub(crate) fn draw_counts(random: &mut ChaCha8Rng, units: usize, counts: &mut Vec<u32>) {
    counts.clear();
    counts.resize(units, 0);
    for unit in draws(random, units) {
        counts[unit] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replicate_is_reproducible_and_unlike_its_neighbour() {
        let plan = Resampling::default();
        let draw = |b| draws(&mut plan.stream(b), 50).collect::<Vec<_>>();
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        assert!(draw(5).iter().all(|&unit| unit < 50));
    }

    #[test]
    fn counts_are_the_draws_counted() {
        let plan = Resampling { seed: 9, ..Resampling::default() };
        let mut counts = vec![77; 3];
        draw_counts(&mut plan.stream(0), 10, &mut counts);
        assert_eq!(counts.iter().sum::<u32>(), 10);
        let unit = draws(&mut plan.stream(0), 10).next().unwrap();
        assert!(counts[unit] > 0);
    }

    #[test]
    fn nothing_to_draw_is_no_panic() {
        assert_eq!(draws(&mut Resampling::default().stream(0), 0).count(), 0);
    }
}
