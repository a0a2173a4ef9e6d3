//! A gap of means held against what all items vary by: a small side may lack the rare large losses that the others have,
//! and then its own variance is no measure of chance.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::clusters::{Clusters, Units};
use super::distribution::{student_two_sided, two_sided_student};
use super::gap::Side;
use super::interval::Interval;
use super::moments::{count, sum};

/// A skewness beyond this leaves Wilson & Hilferty's transformation no tail.
const MOST_SKEW: f64 = 2.0;
/// Halvings that pin an end of an interval.
const HALVINGS: usize = 50;

/// One side of a gap of means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PooledSide {
    /// Items, fewer where items of a cluster are alike (Kish's design effect).
    pub worth: f64,
    /// Its share of the items of both sides.
    pub share: f64,
    /// Variance of its mean, by its own items.
    pub variance: f64,
    /// Third central moment of its items.
    pub third: f64,
}

/// What the items of both sides vary by about their side's mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Mean of all items.
    pub mean: f64,
    /// Variance and third central moment of an item.
    pub variance: f64,
    pub third: f64,
    /// Whether a lower mean means less of either, as with losses, which are never below 0: then rare ones are rarer.
    pub scales: bool,
    /// Degrees of freedom, of units.
    pub df: f64,
    pub with: PooledSide,
    pub without: PooledSide,
}

impl Pooled {
    /// Of two sides; their variances of the mean stand in them, their items' in `variances`. `least` is the smallest value,
    /// `units` how many independent ones there are.
    #[must_use]
    pub fn new(
        means: [f64; 2],
        variances: [f64; 2],
        n: [usize; 2],
        sides: [PooledSide; 2],
        least: f64,
        units: usize,
    ) -> Self {
        let [with, without] = sides;
        let items = n.map(count);
        let weighed = |of: [f64; 2], less: f64| {
            ((items[0] - less) * of[0] + (items[1] - less) * of[1]) / (items[0] + items[1] - 2.0 * less)
        };
        let mean = weighed(means, 0.0);
        Self {
            mean,
            variance: weighed(variances, 1.0),
            third: weighed([with.third, without.third], 0.0),
            scales: least >= 0.0 && mean > 0.0,
            df: count(units.max(3) - 2),
            with,
            without,
        }
    }

    /// Variance of the gap and its third cumulant if the true gap were `gap`: a side that varies less than all items let
    /// expect is given what they do. `own` is the gap's variance by the sides' own items.
    fn law(&self, gap: f64, own: f64) -> (f64, f64) {
        let (mut variance, mut third) = (own, 0.0);
        for (side, sign, off) in [(self.with, 1.0, self.without.share), (self.without, -1.0, self.with.share)] {
            // The side's mean that goes with that gap, the mean of all being as it is.
            let level = (self.mean + sign * gap * off) / self.mean;
            let rate = if self.scales { level.clamp(0.0, 1.0) } else { 1.0 };
            let expected = rate * self.variance / side.worth;
            let cubes = if expected > side.variance { rate * self.third } else { side.third };
            variance += (expected - side.variance).max(0.0);
            third += sign * cubes / (side.worth * side.worth);
        }
        (variance, third)
    }

    /// The normal deviate of a measured gap if the true one were `gap`, by Wilson & Hilferty's (1931) transformation: sums of
    /// skewed values follow a gamma law more closely than a normal one.
    fn deviate(&self, measured: f64, gap: f64, own: f64) -> f64 {
        let (variance, third) = self.law(gap, own);
        if variance <= 0.0 {
            return 0.0;
        }
        let z = (measured - gap) / variance.sqrt();
        let skew = (third / variance.powf(1.5)).clamp(-MOST_SKEW, MOST_SKEW);
        if skew.abs() < 1e-6 {
            return z;
        }
        6.0 / skew * ((1.0 + skew * z / 2.0).max(0.0).cbrt() - 1.0) + skew / 6.0
    }

    /// Units of a side; at least one.
    fn units(&self, side: PooledSide) -> f64 {
        ((self.df + 2.0) * side.share).round().max(1.0)
    }

    /// Two-sided p of "no gap" where each side has one value of its own: of all ways to deal the values out to units, those
    /// that part them so.
    pub(super) fn p_of_alike(&self) -> f64 {
        let [with, without] = [self.with, self.without].map(|side| self.units(side));
        let ways = ln_gamma(with + without + 1.0) - ln_gamma(with + 1.0) - ln_gamma(without + 1.0);
        let mirrored = if with == without { 2.0 } else { 1.0 };
        (mirrored * (-ways).exp()).min(1.0)
    }

    /// The interval of a gap between two sides of one value each: as many of either side may truly have the other one's value as
    /// so many units can have missed (Clopper & Pearson 1934, of none).
    pub(super) fn ends_of_alike(&self, measured: f64, level: f64) -> Interval {
        let missed = |side: PooledSide| 1.0 - ((1.0 - level) / 2.0).powf(1.0 / self.units(side));
        let least = measured * (1.0 - missed(self.with) - missed(self.without)).max(0.0);
        Interval { low: least.min(measured), high: least.max(measured), level }
    }

    /// Two-sided p of "no gap".
    pub(super) fn p(&self, measured: f64, own: f64) -> f64 {
        student_two_sided(self.deviate(measured, 0.0, own), self.df)
    }

    /// The gaps that a test at `1 − level` leaves standing (a score interval); NaN ends when `level` is not in (0, 1).
    pub(super) fn ends(&self, measured: f64, own: f64, level: f64) -> (f64, f64) {
        let reach = two_sided_student(level, self.df);
        let end = |sign: f64| {
            let (mut inside, mut outside) = (0.0, 2.0 * reach * self.most_variance(own).sqrt());
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(inside, outside);
                if self.deviate(measured, measured + sign * middle, own).abs() <= reach {
                    inside = middle;
                } else {
                    outside = middle;
                }
            }
            measured + sign * outside
        };
        (end(-1.0), end(1.0))
    }

    /// The gap's variance where each side varies as all items do, or more.
    pub(super) fn most_variance(&self, own: f64) -> f64 {
        let more = |side: PooledSide| (self.variance / side.worth - side.variance).max(0.0);
        own + more(self.with) + more(self.without)
    }
}

/// How many independent items each side is worth: `n / (1 + (b − 1) ρ)`, with `b` the mean size of a side's part of a
/// cluster as an item sees it and `ρ` the intraclass correlation by analysis of variance (Kish 1965; Donner 1986).
/// `residuals` are deviations from the side's mean, shape `n`.
pub(super) fn worth(residuals: &[f64], sides: &[Side], n: [usize; 2], units: Units) -> [f64; 2] {
    let Units::Clusters(clusters) = units else { return n.map(count) };
    let (correlation, squares) = within(residuals, sides, clusters);
    [0, 1].map(|side| {
        let size = squares[side] / count(n[side]);
        count(n[side]) / (1.0 + (size - 1.0).max(0.0) * correlation)
    })
}

/// Intraclass correlation, and of each side the sum of the squares of its clusters' sizes.
fn within(residuals: &[f64], sides: &[Side], clusters: &Clusters) -> (f64, [f64; 2]) {
    let (mut squares, mut between, mut sizes, mut active, mut items) = ([0.0; 2], 0.0, 0.0, 0.0, 0.0);
    for cluster in 0..clusters.len() {
        let of = |side: Side| clusters.members(cluster).iter().filter(move |&&item| sides[item] == side);
        let parts = [Side::With, Side::Without]
            .map(|side| (count(of(side).count()), sum(of(side).map(|&item| residuals[item]))));
        let (n, total) = (parts[0].0 + parts[1].0, parts[0].1 + parts[1].1);
        if n > 0.0 {
            (0..2).for_each(|side| squares[side] += parts[side].0 * parts[side].0);
            (between, sizes, active, items) = (between + total * total / n, sizes + n * n, active + 1.0, items + n);
        }
    }
    if active < 2.0 || items <= active {
        return (0.0, squares);
    }
    let all = sum(residuals.iter().zip(sides).filter(|(_, side)| **side != Side::Neither).map(|(off, _)| off * off));
    let (between, inside) = (between / (active - 1.0), (all - between).max(0.0) / (items - active));
    let size = (items - sizes / items) / (active - 1.0);
    let spread = between + (size - 1.0) * inside;
    (if spread > 0.0 { ((between - inside) / spread).clamp(0.0, 1.0) } else { 0.0 }, squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Better, mean_gap};

    fn sides(n: usize, with: usize) -> Vec<Side> {
        (0..n).map(|item| Side::from(item < with)).collect()
    }

    #[test]
    fn a_small_side_without_an_error_is_no_finding() {
        // Five errors in 600 items, none among the first 34: of any 34 items .75 have none.
        let losses: Vec<f64> = (0..600).map(|item| f64::from(u8::from(item >= 100 && item % 100 == 0))).collect();
        let gap = mean_gap(&losses, &sides(600, 34), Units::Items(600), Better::Lower).unwrap();
        assert!(gap.p().unwrap() > 0.3 && gap.interval(0.95).high > 0.0, "{gap:?}");
        // Sixty errors among the others are: none of 200 has a chance of 1e-9.
        let losses: Vec<f64> = (0..600).map(|item| f64::from(u8::from(item >= 200 && item % 7 == 0))).collect();
        let gap = mean_gap(&losses, &sides(600, 200), Units::Items(600), Better::Lower).unwrap();
        assert!(gap.p().unwrap() < 1e-6 && gap.interval(0.95).high < 0.0, "{gap:?}");
    }

    #[test]
    fn sides_of_one_value_each_are_judged_by_how_chance_deals_values_out() {
        let gap = |with: usize, without: usize| {
            let losses: Vec<f64> = (0..with + without).map(|item| f64::from(u8::from(item < with))).collect();
            let units = Units::Items(with + without);
            mean_gap(&losses, &sides(with + without, with), units, Better::Lower).unwrap()
        };
        // By hand: three of five ones and noughts stand so in 1 of 10 ways, two of four in 1 of 6, or the other way round.
        assert!((gap(3, 2).p().unwrap() - 0.1).abs() < 1e-12);
        assert!((gap(2, 2).p().unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert!(gap(45, 955).p().unwrap() < 1e-70);
        // Of 30 units 11.57 % may be otherwise and none be seen, at 2.5 %.
        let ends = gap(30, 30).interval(0.95);
        assert!((ends.low - (1.0 - 2.0 * 0.115_703)).abs() < 1e-5 && ends.high == 1.0, "{ends:?}");
        let none = mean_gap(&[1.0; 80], &sides(80, 40), Units::Items(80), Better::Lower).unwrap();
        assert!(none.p().is_err(), "nothing differs");
    }

    #[test]
    fn photos_of_few_persons_are_worth_as_many_as_there_are_persons() {
        let labels: Vec<usize> = (0..60).map(|item| item / 6).collect();
        let clusters = Clusters::from_labels(&labels);
        let alike: Vec<f64> = labels.iter().map(|label| if label % 2 == 0 { -1.0 } else { 1.0 }).collect();
        let worth_of = |residuals: &[f64]| worth(residuals, &sides(60, 30), [30, 30], Units::Clusters(&clusters));
        // By hand: all photos of a person equal, so the correlation is 1 and thirty photos are five persons.
        assert!(worth_of(&alike).iter().all(|worth| (worth - 5.0).abs() < 1e-9));
        let apart: Vec<f64> = (0..60).map(|item| f64::from(item % 2 * 2) - 1.0).collect();
        assert_eq!(worth_of(&apart), [30.0, 30.0], "photos of a person are less alike than those of two");
    }

    #[test]
    fn p_and_ends_belong_together() {
        let side = |worth, share, variance, third| PooledSide { worth, share, variance, third };
        for (mean, measured) in [(0.1, -0.1), (0.1, 0.2), (1.0, -0.4), (-1.0, 0.3)] {
            let pooled = Pooled {
                mean,
                variance: 0.4,
                third: 0.9,
                scales: mean > 0.0,
                df: 300.0,
                with: side(30.0, 0.1, 0.001, 0.1),
                without: side(270.0, 0.9, 0.0016, 0.9),
            };
            let own = 0.0026;
            let p = pooled.p(measured, own);
            let excludes = |level| {
                let (low, high) = pooled.ends(measured, own, level);
                low > 0.0 || high < 0.0
            };
            assert!(!excludes(1.0 - 0.98 * p) && (p > 0.9 || excludes(1.0 - 1.02 * p)), "{mean} {measured} {p}");
        }
    }
}
