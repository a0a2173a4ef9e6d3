//! The gap of a macro AUROC between the two sides of an attribute, with classes (identities) as the units.

use std::collections::BTreeMap;

use super::bootstrap::{Bootstrap, acceleration};
use super::gap::{Better, Gap, MeasuredGap};
use super::gap_bootstrap::{UnitShare, draw_ratio_gaps};
use super::gap_law::GapLaw;
use super::moments::count;
use super::one_vs_rest::{ClassAuroc, ClassWeight, MacroAuroc, macro_mean, unit_variance};
use super::resample::Resampling;
use super::undefined::{Stat, require_count};

/// The gap between two groups' macro AUROCs, from [`OneVsRest::classes`](super::OneVsRest::classes) of each.
///
/// Classes are the independent units, and a class on both sides counts once, so its two values may depend on each other.
/// That the classes of a group share their negatives is ignored.
///
/// # Errors
/// `OneClass` (a side without eligible class), `TooFew` (fewer than two classes in all).
pub fn macro_gap(with: &[ClassAuroc], without: &[ClassAuroc], weight: ClassWeight) -> Stat<MeasuredGap> {
    let both = BothSides::new(with, without, weight)?;
    let influences = both.influences();
    require_count(influences.len(), 2)?;
    Ok(MeasuredGap {
        gap: Gap::new(both.with.value, both.without.value, Better::Higher)?,
        variance: unit_variance(influences.iter().copied(), influences.len()),
        n_with: both.with.items,
        n_without: both.without.items,
        // Classes of the smaller side are what the spread is known from.
        law: GapLaw::Student { df: count(with.len().min(without.len()).max(2) - 1), skew: 0.0, pooled: None },
    })
}

/// Bootstraps the macro gap by drawing classes with replacement, both sides in the same draw.
///
/// # Errors
/// `OneClass` (a side without eligible class), `TooFew` when no replicate has a value.
pub fn macro_gap_bootstrap(
    with: &[ClassAuroc],
    without: &[ClassAuroc],
    weight: ClassWeight,
    plan: Resampling,
) -> Stat<Bootstrap> {
    let both = BothSides::new(with, without, weight)?;
    let gap = both.with.value - both.without.value;
    let skew = acceleration(&both.influences());
    Bootstrap::gather(gap, draw_ratio_gaps(&both.shares, gap, plan), Some(skew))
}

/// Classes of either side, each with its deviations from the sides' macro means.
struct BothSides {
    with: MacroAuroc,
    without: MacroAuroc,
    shares: Vec<UnitShare>,
}

impl BothSides {
    fn new(with: &[ClassAuroc], without: &[ClassAuroc], weight: ClassWeight) -> Stat<Self> {
        let (mean_with, mean_without) = (macro_mean(with, weight)?, macro_mean(without, weight)?);
        let mut shares: BTreeMap<usize, UnitShare> = BTreeMap::new();
        for class in with {
            let share = shares.entry(class.class).or_default();
            share.with.add(weight.of(class), class.value - mean_with.value);
        }
        for class in without {
            let share = shares.entry(class.class).or_default();
            share.without.add(weight.of(class), class.value - mean_without.value);
        }
        Ok(Self { with: mean_with, without: mean_without, shares: shares.into_values().collect() })
    }

    fn influences(&self) -> Vec<f64> {
        let all = self.shares.iter().fold(UnitShare::default(), UnitShare::plus);
        let one = |share: &UnitShare| share.with.total / all.with.weight - share.without.total / all.without.weight;
        self.shares.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Undefined;

    fn classes(from: usize, values: &[f64]) -> Vec<ClassAuroc> {
        let class = |(class, &value)| ClassAuroc { class, value, positives: 1 + class % 3 };
        (from..).zip(values).map(class).collect()
    }

    const VALUES: [f64; 5] = [0.9, 0.8, 0.95, 0.7, 0.85];

    #[test]
    fn classes_that_lose_alike_on_one_side_leave_no_doubt() {
        let lower = VALUES.map(|v| v - 0.1);
        let (with, without) = (classes(0, &VALUES), classes(0, &lower));
        let gap = macro_gap(&with, &without, ClassWeight::Class).unwrap();
        assert!((gap.gap.signed - 0.1).abs() < 1e-12 && gap.variance < 1e-30);
        // Other classes with the same values are no such proof.
        let apart = macro_gap(&with, &classes(5, &lower), ClassWeight::Class).unwrap();
        assert!(apart.variance > 1e-3);
    }

    #[test]
    fn the_bootstrap_spread_is_the_analytic_one() {
        let many: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 61) / 61.0).collect();
        let (with, without) = (classes(0, &many[..40]), classes(30, &many[20..]));
        for weight in [ClassWeight::Class, ClassWeight::Item] {
            let gap = macro_gap(&with, &without, weight).unwrap();
            let drawn = macro_gap_bootstrap(&with, &without, weight, Resampling::default()).unwrap();
            assert!((drawn.estimate - gap.gap.signed).abs() < 1e-12);
            assert!((drawn.standard_error() / gap.variance.sqrt() - 1.0).abs() < 0.1);
        }
    }

    #[test]
    fn an_empty_side_has_no_gap() {
        let with = classes(0, &VALUES);
        assert_eq!(macro_gap(&with, &[], ClassWeight::Class), Err(Undefined::OneClass));
        let one = &with[..1];
        assert_eq!(macro_gap(one, one, ClassWeight::Class), Err(Undefined::TooFew { n: 1, need: 2 }));
    }
}
