//! Gaps of a model that tells many classes apart: macro one-vs-rest AUROC, measured when its scores were taken in.

use super::IntervalMethod;
use super::MacroSides;
use super::gap_evidence::Drawn;
use super::policy::{LEAST_CLASSES, LEAST_OF_CLASS, at_least};
use crate::audit::{ClassAuroc, ClassAurocs};
use crate::stats::{self, ClassWeight, GapLaw, MeasuredGap, Stat, Undefined};

/// The classes of an attribute's two sides: those among the items with it, and among those without.
pub(super) struct ClassSides {
    with: Vec<stats::ClassAuroc>,
    without: Vec<stats::ClassAuroc>,
    /// Variance of the gap over items, where classes are too few to be the units.
    over_items: Option<f64>,
}

impl ClassSides {
    pub(super) fn new(aurocs: &ClassAurocs, at: usize) -> Self {
        let [with, without] = &aurocs.attributes[at];
        let over_items = match aurocs.item_variances.get(at) {
            Some([Some(with), Some(without)]) => Some(with + without),
            _ => None,
        };
        let measured = |class: &ClassAuroc| stats::ClassAuroc {
            class: class.class,
            value: class.auroc,
            positives: class.positives,
        };
        let side = |classes: &[ClassAuroc]| classes.iter().map(measured).collect();
        Self { with: side(with), without: side(without), over_items }
    }

    /// Macro AUROC of the items with the attribute, and of those without: every class counts alike.
    pub(super) fn aurocs(&self) -> [Stat<f64>; 2] {
        [&self.with, &self.without].map(|classes| {
            let values: Vec<f64> = classes.iter().map(|class| class.value).collect();
            if values.is_empty() { Err(Undefined::OneClass) } else { stats::summary(&values).map(|all| all.mean) }
        })
    }

    pub(super) fn gap(&self) -> Stat<MeasuredGap> {
        let gap = stats::macro_gap(&self.with, &self.without, ClassWeight::Class)?;
        Ok(match self.over_items {
            Some(variance) => MeasuredGap { variance, law: GapLaw::Normal, ..gap },
            None => gap,
        })
    }

    /// Draws whole classes; nothing where items are the units, of which only the variance is kept.
    pub(super) fn bootstrap(&self, method: IntervalMethod) -> Option<Drawn> {
        if self.over_items.is_some() {
            return None;
        }
        method.draw(|plan| stats::macro_gap_bootstrap(&self.with, &self.without, ClassWeight::Class, plan))
    }

    /// Whether classes, or where these are few the items of each, are enough for a verdict.
    pub(super) fn enough(&self) -> Stat<()> {
        let classes = self.with.len().min(self.without.len());
        if self.over_items.is_none() {
            return at_least(classes, LEAST_CLASSES);
        }
        at_least(classes, self.with.len().max(self.without.len()))?;
        let least = self.with.iter().chain(&self.without).map(|class| class.positives).min();
        at_least(least.unwrap_or(0), LEAST_OF_CLASS)
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
    pub(super) fn words_of_classes(self, over_items: bool) -> &'static str {
        match self {
            _ if over_items => "the items' influence on all classes for AUROC",
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
        let of =
            |attributes| ClassAurocs { classes: 9, items: 6, attributes: vec![attributes], item_variances: vec![] };
        let mut aurocs = of([vec![class(0, 0.9), class(4, 0.7)], vec![class(0, 1.0)]]);
        let sides = ClassSides::new(&aurocs, 0);
        let [with, without] = sides.aurocs().map(Result::unwrap);
        assert!((with - 0.8).abs() < 1e-12 && (without - 1.0).abs() < 1e-12);
        assert!((sides.gap().unwrap().gap.signed + 0.2).abs() < 1e-12);
        assert_eq!((sides.counts().classes_true, sides.counts().items_false), (2, 2));
        assert!(sides.enough().is_err());
        assert_eq!(ClassSides::new(&of([vec![], vec![class(1, 0.5)]]), 0).aurocs()[0], Err(Undefined::OneClass));
        // Where items are the units, their variance is the gap's, and two of a class are too few for a verdict.
        aurocs.item_variances = vec![[Some(0.01), Some(0.02)]];
        let sides = ClassSides::new(&aurocs, 0);
        assert!((sides.gap().unwrap().variance - 0.03).abs() < 1e-12 && sides.enough().is_err());
    }
}
