//! Counts, means and variances of many overlapping groups in one pass: every flag, and every pair of flags.

use rayon::prelude::*;

use super::gap::{Better, Gap, MeasuredGap};
use super::gap_law::GapLaw;
use super::group::welch;
use super::moments::count;
use super::pooled::{Pooled, PooledSide};
use super::undefined::{Stat, Undefined, require_count};

/// Parts that the items are cut into, whatever the number of threads: sums are then always the same.
const PARTS: usize = 16;
/// A spread below this share of the squares it is the rest of is rounding: the values are equal.
const ROUNDING: f64 = 1e-12;

/// Count, sum, squares and cubes of some values about a centre that groups to be joined share.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    centre: f64,
    n: usize,
    sum: f64,
    squares: f64,
    cubes: f64,
    /// The squares that were ever summed: what rounding is measured by.
    scale: f64,
    /// No value is below it.
    least: f64,
}

impl Moments {
    /// Of values about a centre near their mean.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>, centre: f64) -> Self {
        let (mut n, mut sum, mut squares, mut cubes, mut least) = (0, 0.0, 0.0, 0.0, f64::INFINITY);
        for value in values {
            least = value.min(least);
            let off = value - centre;
            n += 1;
            sum += off;
            squares += off * off;
            cubes += off * off * off;
        }
        Self { centre, n, sum, squares, cubes, scale: squares, least }
    }

    /// From a count, a sum, squares and cubes about the centre, of values none of which is below `least`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count below 2^53")]
    pub const fn from_sums(centre: f64, [n, sum, squares, cubes]: [f64; 4], least: f64) -> Self {
        Self { centre, n: n as usize, sum, squares, cubes, scale: squares, least }
    }

    /// What the values are taken about.
    #[must_use]
    pub const fn centre(&self) -> f64 {
        self.centre
    }

    /// No value is below it.
    #[must_use]
    pub const fn least(&self) -> f64 {
        self.least
    }

    /// How many values.
    #[must_use]
    pub const fn n(&self) -> usize {
        self.n
    }

    /// The mean; NaN for no values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.centre + self.sum / count(self.n)
    }

    /// Sum of the values.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.centre.mul_add(count(self.n), self.sum)
    }

    /// The sample variance (denominator `n − 1`); 0 for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let spread = self.squares - self.sum * self.sum / count(self.n);
        if spread <= ROUNDING * self.scale { 0.0 } else { spread / count(self.n - 1) }
    }

    /// Sum of the cubes about the mean; 0 where the variance is.
    fn third(&self) -> f64 {
        if self.variance() == 0.0 {
            return 0.0;
        }
        let off = self.sum / count(self.n);
        2.0f64.mul_add(count(self.n) * off.powi(3), (3.0 * off).mul_add(-self.squares, self.cubes))
    }

    /// The group without some of its items.
    #[must_use]
    pub fn less(&self, part: &Self) -> Self {
        Self {
            centre: self.centre,
            n: self.n.saturating_sub(part.n),
            sum: self.sum - part.sum,
            squares: (self.squares - part.squares).max(0.0),
            cubes: self.cubes - part.cubes,
            scale: self.scale,
            least: self.least,
        }
    }

    /// The gap of the mean to another group of independent items, with Welch's variance and the law that
    /// [`mean_gap`](super::mean_gap) has.
    ///
    /// # Errors
    /// `Empty` for a group without items, `TooFew` for one of a single item, `NotFinite`.
    pub fn gap(&self, other: &Self, better: Better) -> Stat<MeasuredGap> {
        if self.n == 0 || other.n == 0 {
            return Err(Undefined::Empty);
        }
        require_count(self.n.min(other.n), 2)?;
        let [with, without] = [self, other].map(|side| side.variance() / count(side.n));
        let variance = with + without;
        let cubes = self.third() / count(self.n).powi(3) - other.third() / count(other.n).powi(3);
        let skew = if variance > 0.0 { cubes / variance.powf(1.5) } else { 0.0 };
        Ok(MeasuredGap {
            gap: Gap::new(self.mean(), other.mean(), better)?,
            variance,
            n_with: self.n,
            n_without: other.n,
            law: GapLaw::Student {
                df: welch([with, without], [self.n, other.n]),
                skew,
                pooled: Some(self.pooled(other)),
            },
        })
    }
}

impl Moments {
    /// What the items of both groups vary by.
    fn pooled(&self, other: &Self) -> Pooled {
        let both = [self, other];
        let side = |of: &Self| PooledSide {
            worth: count(of.n),
            share: count(of.n) / count(self.n + other.n),
            variance: of.variance() / count(of.n),
            third: of.third() / count(of.n),
        };
        let least = self.least.min(other.least);
        let (means, variances) = (both.map(Self::mean), both.map(Self::variance));
        Pooled::new(means, variances, both.map(Self::n), both.map(side), least, self.n + other.n)
    }
}

/// Moments of the items that have both flags, for every pair.
#[derive(Debug, Clone, PartialEq)]
pub struct PairMoments {
    flags: usize,
    centre: f64,
    /// No value is below it.
    least: f64,
    /// Count, sum, squares and cubes, row by row of the triangle whose rows begin at their own flag.
    cells: Vec<[f64; 4]>,
}

impl PairMoments {
    /// Of `values` (shape `n`) about a centre near their mean; `held` writes the flags an item has into the slots given,
    /// ascending, and returns how many. Costs the squares of what items have, not of all flags.
    #[must_use]
    pub fn of(values: &[f64], centre: f64, flags: usize, held: impl Fn(usize, &mut [usize]) -> usize + Sync) -> Self {
        let empty = || vec![[0.0; 4]; flags * (flags + 1) / 2];
        let step = values.len().div_ceil(PARTS).max(1);
        let part = |(at, part): (usize, &[f64])| {
            let (mut cells, mut slots) = (empty(), vec![0; flags]);
            for (item, value) in part.iter().enumerate() {
                let off = value - centre;
                let many = held(at * step + item, &mut slots);
                for (place, &first) in slots[..many].iter().enumerate() {
                    let row = start_of(flags, first);
                    for &second in &slots[place..many] {
                        let cell = &mut cells[row + second - first];
                        cell[0] += 1.0;
                        cell[1] += off;
                        cell[2] += off * off;
                        cell[3] += off * off * off;
                    }
                }
            }
            cells
        };
        let parts: Vec<Vec<[f64; 4]>> = values.par_chunks(step).enumerate().map(part).collect();
        let mut cells = empty();
        for part in &parts {
            for (all, part) in cells.iter_mut().zip(part) {
                (0..4).for_each(|at| all[at] += part[at]);
            }
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        Self { flags, centre, least, cells }
    }

    /// Of the items with both flags; those with one where the two are the same. Flags must be below their number.
    #[must_use]
    pub fn pair(&self, one: usize, other: usize) -> Moments {
        let (first, second) = (one.min(other), one.max(other));
        Moments::from_sums(self.centre, self.cells[start_of(self.flags, first) + second - first], self.least)
    }
}

/// Where a flag's row begins in the triangle.
const fn start_of(flags: usize, flag: usize) -> usize {
    flag * (2 * flags + 1 - flag) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Side, Units, mean_gap};
    use proptest::prelude::*;

    fn pairs_of(values: &[f64], held: &[[bool; 4]]) -> PairMoments {
        let centre = values.iter().sum::<f64>() / count(values.len());
        PairMoments::of(values, centre, 4, |item, slots| {
            let mut many = 0;
            for flag in (0..4).filter(|&flag| held[item][flag]) {
                slots[many] = flag;
                many += 1;
            }
            many
        })
    }

    proptest! {
        #[test]
        fn every_pair_and_its_complement_are_what_counting_one_by_one_gives(
            items in prop::collection::vec((0.0..9.0_f64, any::<[bool; 4]>()), 2..90)
        ) {
            let (values, held): (Vec<f64>, Vec<[bool; 4]>) = items.into_iter().unzip();
            let found = pairs_of(&values, &held);
            let all = Moments::of(values.iter().copied(), found.centre);
            for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
                let sides: Vec<Side> = held.iter().map(|held| (held[a] && held[b]).into()).collect();
                let with = found.pair(a, b);
                let ours = with.gap(&all.less(&with), Better::Lower);
                let theirs = mean_gap(&values, &sides, Units::Items(values.len()), Better::Lower);
                match (ours, theirs) {
                    (Ok(ours), Ok(theirs)) => {
                        prop_assert_eq!((ours.n_with, ours.n_without), (theirs.n_with, theirs.n_without));
                        prop_assert!((ours.gap.signed - theirs.gap.signed).abs() < 1e-9);
                        prop_assert!((ours.variance - theirs.variance).abs() < 1e-9);
                        let (ours, theirs) = (ours.interval(0.95), theirs.interval(0.95));
                        let apart = (ours.low - theirs.low).abs().max((ours.high - theirs.high).abs());
                        prop_assert!(apart < 1e-6 || ours == theirs, "{:?} {:?}", ours, theirs);
                    }
                    (ours, theirs) => prop_assert_eq!(ours.map(drop), theirs.map(drop)),
                }
            }
        }
    }

    #[test]
    fn equal_values_have_no_spread_whatever_rounding_leaves() {
        let values = vec![0.1; 1_000];
        let held: Vec<[bool; 4]> = (0..1_000).map(|item| [item % 3 == 0, true, false, item % 2 == 0]).collect();
        let found = pairs_of(&values, &held);
        let all = Moments::of(values.iter().copied(), found.centre);
        let with = found.pair(0, 3);
        assert_eq!((with.n(), with.variance(), all.less(&with).variance()), (167, 0.0, 0.0));
        assert_eq!(found.pair(2, 2).n(), 0);
        assert!((with.total() - 16.7).abs() < 1e-9);
    }
}
