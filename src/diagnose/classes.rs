//! Gaps of a model that tells many classes apart: macro one-vs-rest AUROC, measured when its scores were taken in.

use super::{IntervalMethod, MacroSides};
use crate::audit::ClassAuroc;
use crate::stats::{self, Bootstrap, ClassWeight, MeasuredGap, Resampling, Stat, Undefined};

/// Fewest classes of a side whose gap is worth a verdict: they are the independent units.
const LEAST_CLASSES: usize = 10;

/// The classes of an attribute's two sides: those among the items with it, and among those without.
pub(super) struct ClassSides {
    with: Vec<stats::ClassAuroc>,
    without: Vec<stats::ClassAuroc>,
}

impl ClassSides {
    pub(super) fn new([with, without]: &[Vec<ClassAuroc>; 2]) -> Self {
        let measured = |class: &ClassAuroc| stats::ClassAuroc {
            class: class.class,
            value: class.auroc,
            positives: class.positives,
        };
        Self { with: with.iter().map(measured).collect(), without: without.iter().map(measured).collect() }
    }

    /// Macro AUROC of the items with the attribute, and of those without: every class counts alike.
    pub(super) fn aurocs(&self) -> [Stat<f64>; 2] {
        [&self.with, &self.without].map(|classes| {
            let values: Vec<f64> = classes.iter().map(|class| class.value).collect();
            if values.is_empty() { Err(Undefined::OneClass) } else { stats::summary(&values).map(|all| all.mean) }
        })
    }

    pub(super) fn gap(&self) -> Stat<MeasuredGap> {
        stats::macro_gap(&self.with, &self.without, ClassWeight::Class)
    }

    pub(super) fn bootstrap(&self, plan: Resampling) -> Stat<Bootstrap> {
        stats::macro_gap_bootstrap(&self.with, &self.without, ClassWeight::Class, plan)
    }

    pub(super) fn enough(&self) -> bool {
        self.with.len().min(self.without.len()) >= LEAST_CLASSES
    }

    /// How many classes and items stand behind either side.
    pub(super) fn counts(&self) -> MacroSides {
        let items = |classes: &[stats::ClassAuroc]| classes.iter().map(|class| class.positives).sum();
        MacroSides {
            classes_true: self.with.len(),
            classes_false: self.without.len(),
            items_true: items(&self.with),
            items_false: items(&self.without),
        }
    }
}

impl IntervalMethod {
    /// Where the intervals of a macro AUROC come from, in words.
    pub(super) fn words_of_classes(self) -> &'static str {
        match self {
            Self::Analytic => "the spread of the classes for AUROC",
            Self::Percentile { .. } | Self::Bca { .. } => "whole classes drawn for AUROC",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(class: usize, auroc: f64) -> ClassAuroc {
        ClassAuroc { class, auroc, positives: 2 }
    }

    #[test]
    fn every_class_counts_alike_on_its_side() {
        let sides = ClassSides::new(&[vec![class(0, 0.9), class(4, 0.7)], vec![class(0, 1.0)]]);
        let [with, without] = sides.aurocs().map(Result::unwrap);
        assert!((with - 0.8).abs() < 1e-12 && (without - 1.0).abs() < 1e-12);
        assert!((sides.gap().unwrap().gap.signed + 0.2).abs() < 1e-12);
        assert_eq!((sides.counts().classes_true, sides.counts().items_false), (2, 2));
        assert!(!sides.enough());
        assert_eq!(ClassSides::new(&[vec![], vec![class(1, 0.5)]]).aurocs()[0], Err(Undefined::OneClass));
    }
}
