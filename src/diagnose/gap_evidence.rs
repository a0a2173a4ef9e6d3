//! How far a measured gap can be trusted: interval, p, q and verdict of the two gaps of each attribute.

use super::attributes::{Groups, MeasuredItems};
use super::classes::ClassSides;
use super::policy::{COVERAGE, LEVEL, POWER, enough, enough_of_class};
use super::reference::grouped;
use super::{GapEvidence, Measured, Verdict};
use crate::stats::{self, Bootstrap, Interval, MeasuredGap, Permutation, Resampling, Stat, Undefined, Units};

/// Where intervals and p-values of gaps come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalMethod {
    /// DeLong's and Welch's variances: at once.
    Analytic,
    /// Percentile bootstrap over the test items.
    Percentile { replicates: usize },
    /// Bias-corrected and accelerated bootstrap over the test items.
    Bca { replicates: usize },
}

/// What a bootstrap or a permutation says of one gap.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// `None` where the formulas' stays.
    interval: Option<Stat<Interval>>,
    p: Stat<f64>,
}

/// One gap before it is compared with those of the other attributes.
#[derive(Clone, Copy)]
pub(super) struct OneGap {
    measured: Stat<MeasuredGap>,
    /// Whether there is enough to judge it by.
    enough: Stat<()>,
    drawn: Option<Drawn>,
}

/// What gaps are measured on: the test items, by position.
pub(super) struct GapMaterial<'a> {
    pub losses: Vec<f64>,
    /// Scores and labels, where there are both.
    pub scored: Option<(Vec<f64>, Vec<bool>)>,
    pub units: Units<'a>,
}

impl<'a> GapMaterial<'a> {
    pub fn of(items: &MeasuredItems, units: Units<'a>) -> Self {
        let scored = items
            .audit
            .labels
            .as_ref()
            .zip(items.model.scores.as_ref())
            .map(|(labels, scores)| items.rows.iter().map(|&row| (scores[row], labels[row])).unzip());
        Self { losses: items.losses.to_vec(), scored, units }
    }
}

/// An attribute's two gaps.
pub(super) struct BothGaps {
    pub auroc: OneGap,
    pub loss: OneGap,
}

impl IntervalMethod {
    /// In words; `classes` is whether AUROC is one of many classes, and then whether items are its units.
    pub(super) fn words(self, units: Units, classes: Option<bool>) -> String {
        let of_units = match units {
            Units::Items(_) => String::new(),
            Units::Clusters(clusters) => format!(" over {} groups of items", grouped(clusters.len())),
        };
        let permuted = "; p of attributes that belong to groups by permuting these";
        match (self, units) {
            (Self::Analytic, Units::Items(_)) if classes.is_some() => {
                format!(
                    "{}, Welch's t for loss, corrected for skew and rare losses",
                    self.words_of_classes(classes == Some(true))
                )
            }
            (Self::Analytic, Units::Items(_)) => {
                "DeLong's variance in score intervals for AUROC, Welch's t for loss, corrected for skew and rare losses"
                    .into()
            }
            (Self::Analytic, Units::Clusters(_)) if classes.is_some() => {
                format!("{}, the sandwich variance{of_units} for loss{permuted}", self.words_of_classes(false))
            }
            (Self::Analytic, Units::Clusters(_)) => format!("the sandwich variance{of_units}{permuted}"),
            (Self::Percentile { replicates } | Self::Bca { replicates }, _) => {
                let kind = if matches!(self, Self::Bca { .. }) { "BCa" } else { "percentile" };
                let classes = classes.map(|over_items| format!("; {}", self.words_of_classes(over_items)));
                let classes = classes.unwrap_or_default();
                format!("{kind} bootstrap, {} replicates{of_units}{classes}", grouped(replicates))
            }
        }
    }

    /// Asks a bootstrap of this many replicates, if one is wanted.
    pub(super) fn draw(self, bootstrap: impl FnOnce(Resampling) -> Stat<Bootstrap>) -> Option<Drawn> {
        let (Self::Percentile { replicates } | Self::Bca { replicates }) = self else { return None };
        let found = bootstrap(Resampling { replicates, ..Resampling::default() });
        let interval = |found: &Bootstrap| match self {
            Self::Bca { .. } => found.bca(COVERAGE),
            Self::Percentile { .. } | Self::Analytic => found.percentile(COVERAGE),
        };
        Some(match found {
            Ok(found) => Drawn { interval: Some(interval(&found)), p: Ok(found.p_zero()) },
            Err(why) => Drawn { interval: Some(Err(why)), p: Err(why) },
        })
    }
}

impl From<Stat<Permutation>> for Drawn {
    fn from(found: Stat<Permutation>) -> Self {
        Self { interval: None, p: found.map(|found| found.p) }
    }
}

impl BothGaps {
    pub fn of(material: &GapMaterial, groups: &Groups, classes: Option<&ClassSides>, method: IntervalMethod) -> Self {
        let (losses, units) = (&material.losses, material.units);
        let mut sides = vec![stats::Side::Neither; losses.len()];
        groups.with.iter().for_each(|&position| sides[position] = stats::Side::With);
        groups.without.iter().for_each(|&position| sides[position] = stats::Side::Without);
        let enough = enough(&groups.with, units).and(enough(&groups.without, units));
        let auroc = match (classes, &material.scored) {
            (Some(classes), _) => {
                OneGap { measured: classes.gap(), enough: classes.enough(), drawn: classes.bootstrap(method) }
            }
            (None, Some((scores, labels))) => {
                let of_class = enough_of_class(&groups.with, labels).and(enough_of_class(&groups.without, labels));
                let between = |plan| match units {
                    Units::Clusters(clusters) => stats::auroc_gap_between(scores, labels, &sides, clusters, plan),
                    Units::Items(_) => None,
                };
                OneGap {
                    measured: stats::auroc_gap(scores, labels, &sides, units),
                    enough: enough.and(of_class),
                    drawn: method
                        .draw(|plan| stats::auroc_gap_bootstrap(scores, labels, &sides, units, plan))
                        .or_else(|| between(Resampling::default()).map(Drawn::from)),
                }
            }
            (None, None) => OneGap { measured: Err(Undefined::Empty), enough: Err(Undefined::Empty), drawn: None },
        };
        let between = |plan| match units {
            Units::Clusters(clusters) => stats::mean_gap_between(losses, &sides, clusters, plan),
            Units::Items(_) => None,
        };
        let loss = OneGap {
            measured: stats::mean_gap(losses, &sides, units, stats::Better::Lower),
            enough,
            drawn: method
                .draw(|plan| stats::mean_gap_bootstrap(losses, &sides, units, plan))
                .or_else(|| between(Resampling::default()).map(Drawn::from)),
        };
        Self { auroc, loss }
    }
}

impl OneGap {
    /// A gap whose p is that of its law, or of a permutation.
    pub(super) fn new(measured: Stat<MeasuredGap>, enough: Stat<()>, permuted: Option<Stat<Permutation>>) -> Self {
        Self { measured, enough, drawn: permuted.map(Drawn::from) }
    }

    /// p of no gap; none where there is not enough to judge by, so that it does not make the others' q larger.
    fn p(&self) -> Stat<f64> {
        let measured = self.measured?;
        self.enough?;
        self.drawn.map_or_else(|| measured.p(), |drawn| drawn.p)
    }

    fn interval(&self) -> Stat<Interval> {
        let drawn = self.drawn.and_then(|drawn| drawn.interval);
        drawn.unwrap_or_else(|| self.measured.map(|gap| gap.interval(COVERAGE)))
    }
}

/// Intervals, q-values and verdicts of one kind of gap over all attributes.
pub(super) fn judged(gaps: Vec<OneGap>) -> Vec<GapEvidence> {
    let p: Vec<Stat<f64>> = gaps.iter().map(OneGap::p).collect();
    let q = stats::benjamini_hochberg(&p);
    let measured: Vec<Stat<MeasuredGap>> = gaps.iter().map(|gap| gap.measured).collect();
    let shrunken = stats::shrink_gaps(&measured);
    let one = |(index, gap): (usize, &OneGap)| GapEvidence {
        interval: gap.interval().into(),
        p: p[index].into(),
        q: q[index].into(),
        shrunken: shrunken[index].into(),
        items_needed: gap.measured.and_then(|gap| gap.items_needed(COVERAGE, POWER)).into(),
        verdict: match q[index] {
            Ok(q) if q < LEVEL => Verdict::Resolved,
            Ok(_) => Verdict::NotResolved,
            Err(_) => Verdict::NotEnoughData,
        },
    };
    gaps.iter().enumerate().map(one).collect()
}

impl GapEvidence {
    /// What stands in a row until it is compared with the others.
    pub(super) fn pending() -> Self {
        let none = Measured::Undefined { undefined: Undefined::Empty };
        let interval = Measured::Undefined { undefined: Undefined::Empty };
        let items_needed = Measured::Undefined { undefined: Undefined::Empty };
        Self { interval, p: none, q: none, shrunken: none, items_needed, verdict: Verdict::NotEnoughData }
    }
}
