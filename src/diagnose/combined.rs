//! Few labels, better numbers: a group's measured mean loss combined with what the heads predict of its items.

use super::group_losses::GroupLosses;
use super::policy::COVERAGE;
use super::{AttributesTable, DiscoveredSlice, Discovery, Evidence, IntersectionRow, IntersectionsTable};
use crate::audit::{Audit, HeadKind, ModelLosses};
use crate::stats::{self, Interval, Side, Stat, Units};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Share of the mean of all below which no group's level is taken to lie.
const FLOOR: f64 = 0.1;
/// Degrees of freedom beyond which a group says no more of that level: a huge one would be all of it.
const MOST_DF: f64 = 30.0;

/// A group's mean loss by Fay & Herriot's (1979) model: the measured mean counts by how sure it is, the regressor's mean
/// prediction of the group's test items, with a loss or without, for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Combined {
    pub value: f64,
    /// 95 % interval, by Prasad & Rao (1990).
    pub interval: Interval,
    /// The measured mean's share.
    pub weight: f64,
    /// Groups the model was fitted to, and whether they are too few (20) to trust the interval.
    pub groups: usize,
    pub few_groups: bool,
}

impl Combined {
    /// Whether the prediction adds to the measured mean: it has a tenth of the say.
    #[must_use]
    pub fn adds(&self) -> bool {
        self.weight < 0.9
    }
}

/// A group with its labels and what is predicted of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelledGroup {
    /// Mean loss, its variance, and the independent units it is over.
    pub mean: f64,
    pub variance: f64,
    pub units: usize,
    /// Mean prediction of the group's items.
    pub predicted: f64,
}

/// Combines all groups, in their order; no mean leaves the range of the losses there are.
///
/// # Errors
/// As [`stats::fay_herriot`]: too few groups, or predictions that do not vary.
pub fn combine(groups: &[LabelledGroup], losses: impl Iterator<Item = f64>) -> Stat<Vec<Combined>> {
    let variances = smoothed(groups);
    let means: Vec<f64> = groups.iter().map(|group| group.mean).collect();
    let covariates: Vec<Vec<f64>> = groups.iter().map(|group| vec![1.0, group.predicted]).collect();
    let found = stats::fay_herriot(&means, &variances, &covariates)?;
    let over_all = stats::fay_herriot_over_all_spreads(&means, &variances, &covariates)?;
    let of_means = means.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), m| (low.min(*m), high.max(*m)));
    let known = losses.filter(|loss| loss.is_finite());
    let (least, most) = known.fold(of_means, |(low, high), loss| (low.min(loss), high.max(loss)));
    let one = |(area, (mean, variance)): (&stats::SmallArea, (f64, f64))| {
        // The spread between groups is hardly known: the more careful of the two errors.
        let mse = area.mse.max(variance + (mean - area.value).powi(2));
        let interval = stats::SmallArea { mse, ..*area }.interval(COVERAGE).map(|end| end.clamp(least, most));
        let value = area.value.clamp(least, most);
        Combined { value, interval, weight: area.weight, groups: groups.len(), few_groups: found.few_areas }
    };
    Ok(found.areas.iter().zip(over_all).map(one).collect())
}

/// Variances of the groups' means, drawn to what a spread that follows the predicted level would make of them.
fn smoothed(groups: &[LabelledGroup]) -> Vec<f64> {
    let df = |group: &LabelledGroup| group.units.saturating_sub(1) as f64;
    let weight = |group: &LabelledGroup| df(group).min(MOST_DF);
    let all: f64 = groups.iter().map(weight).sum();
    let average = |of: &dyn Fn(&LabelledGroup) -> f64| {
        groups.iter().map(|group| weight(group) * of(group)).sum::<f64>() / all.max(1.0)
    };
    let (mean, predicted) = (average(&|group| group.mean), average(&|group| group.predicted));
    let across = average(&|group| (group.predicted - predicted).powi(2));
    let along = average(&|group| (group.predicted - predicted) * (group.mean - mean));
    let slope = if across > 0.0 { along / across } else { 0.0 };
    let spread = |group: &LabelledGroup| {
        // Losses of no positive mean have no level that a spread could follow.
        let level = if mean > 0.0 { (1.0 + slope * (group.predicted - predicted) / mean).max(FLOOR) } else { 1.0 };
        stats::GroupSpread { variance: group.variance * group.units as f64, df: df(group), level }
    };
    let spreads: Vec<stats::GroupSpread> = groups.iter().map(spread).collect();
    let items = stats::power_variances(&spreads);
    items.iter().zip(groups).map(|(variance, group)| variance / group.units.max(1) as f64).collect()
}

/// Fills in the combined mean loss of each pair of attributes; `predictions` has the regressor's mean for every test item, with a
/// loss or without, by its position in the audit.
pub fn combine_pairs(table: &mut IntersectionsTable, audit: &Audit, model: &ModelLosses, predictions: &[(usize, f64)]) {
    let losses = GroupLosses::of(audit, model);
    let (rows, predicted) = predictions.iter().copied().unzip();
    let predicted = GroupLosses::over(audit, rows, predicted);
    let (pairs, of_predicted) = (losses.pairs(), predicted.pairs());
    let at: HashMap<&str, usize> =
        audit.attributes.iter().enumerate().map(|(at, attribute)| (attribute.name.as_str(), at)).collect();
    let group = |row: &IntersectionRow| {
        let (a, b) = (*at.get(row.attributes[0].as_str())?, *at.get(row.attributes[1].as_str())?);
        let (mean, variance, units) = pairs.mean(a, b).ok()?;
        let predicted = of_predicted.both(a, b).mean();
        (units > 1).then_some(LabelledGroup { mean, variance, units, predicted })
    };
    let groups: Vec<Option<LabelledGroup>> = table.rows.iter().map(group).collect();
    let known: Vec<LabelledGroup> = groups.iter().flatten().copied().collect();
    let Ok(combined) = combine(&known, losses.losses.iter().copied()) else { return };
    let mut combined = combined.into_iter();
    for (row, group) in table.rows.iter_mut().zip(&groups) {
        row.combined = group.and_then(|_| combined.next());
    }
}

/// Fills in the combined mean loss of each slice told; `predictions` as for pairs, training items not among them: heads know
/// their losses.
pub fn combine_slices(found: &mut Discovery, model: &ModelLosses, predictions: &[(usize, f64)]) {
    let predictions: HashMap<usize, f64> = predictions.iter().copied().collect();
    let group = |slice: &DiscoveredSlice| {
        let (variance, units) = slice.precision.filter(|(_, units)| *units > 1)?;
        let known: Vec<f64> = slice.items.iter().filter_map(|row| predictions.get(row).copied()).collect();
        let predicted = known.iter().sum::<f64>() / known.len() as f64;
        (!known.is_empty()).then_some(LabelledGroup { mean: slice.mean_loss, variance, units, predicted })
    };
    let groups: Vec<Option<LabelledGroup>> = found.slices.iter().chain(&found.untold).map(group).collect();
    let known: Vec<LabelledGroup> = groups.iter().flatten().copied().collect();
    let mut combined = combine(&known, model.losses.iter().copied()).unwrap_or_default().into_iter();
    for (slice, group) in found.slices.iter_mut().zip(&groups) {
        slice.combined = group.and_then(|_| combined.next());
    }
}

/// Fills in the combined mean loss of each attribute's group.
pub(super) fn fill(table: &mut AttributesTable, evidence: &Evidence, units: Units) {
    let predictions = evidence.items.mean(HeadKind::Regressor);
    let group = |attribute: &crate::audit::Attribute| {
        let sides: Vec<Side> = evidence.rows.iter().map(|&row| (attribute.values[row] == Some(true)).into()).collect();
        let measured = stats::group_mean_of_units(&evidence.losses, &sides, Side::With, units).ok()?;
        let held: Vec<usize> = (0..sides.len()).filter(|&at| sides[at] == Side::With).collect();
        let independent = units.among(&held);
        // A group of few labels may have many items.
        let others =
            evidence.unlabelled.iter().filter(|(row, _)| attribute.values[*row] == Some(true)).map(|other| other.1);
        let all: Vec<f64> = held.iter().map(|&at| predictions[at]).chain(others).collect();
        let predicted = all.iter().sum::<f64>() / all.len() as f64;
        let (mean, variance) = (measured.value, measured.variance);
        (independent > 1).then_some(LabelledGroup { mean, variance, units: independent, predicted })
    };
    let groups: Vec<Option<LabelledGroup>> = evidence.audit.attributes.iter().map(group).collect();
    let known: Vec<LabelledGroup> = groups.iter().flatten().copied().collect();
    let Ok(combined) = combine(&known, evidence.losses.iter().copied()) else { return };
    let mut combined = combined.into_iter();
    for (row, group) in table.rows.iter_mut().zip(&groups) {
        row.combined = group.and_then(|_| combined.next());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_labels_lean_on_the_prediction_and_many_on_themselves() {
        let group = |at: usize| {
            let truth = 0.5 + 0.1 * (at % 7) as f64 + 0.03 * ((at * 5) % 3) as f64;
            let units = if at.is_multiple_of(2) { 5 } else { 5_000 };
            let error = 0.1 * ((at * 11) % 5) as f64 - 0.2;
            let mean = if units == 5 { truth + error } else { truth };
            LabelledGroup { mean, variance: 0.3 / units as f64, units, predicted: 0.1 * (at % 7) as f64 }
        };
        let groups: Vec<LabelledGroup> = (0..28).map(group).collect();
        let found = combine(&groups, std::iter::empty()).unwrap();
        assert!(found[0].weight < 0.2 && found[1].weight > 0.8, "{:?}", &found[..2]);
        assert!((found[1].value - groups[1].mean).abs() < 0.01 && !found[0].few_groups);
        assert!(found[1].interval.width() < found[0].interval.width());
        assert!(combine(&groups[..3], std::iter::empty()).is_err());
    }

    #[test]
    fn combined_means_are_those_of_dense_matrices_and_quadrature() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/estimate.json")).unwrap();
        let case = &fixture["combined"];
        let figure = |name: &str, at: usize| case[name][at].as_f64().unwrap();
        let group = |at: usize| LabelledGroup {
            mean: figure("mean", at),
            variance: figure("variance", at),
            units: case["units"][at].as_u64().unwrap() as usize,
            predicted: figure("predicted", at),
        };
        let found = combine(&(0..24).map(group).collect::<Vec<_>>(), [-100.0, 100.0].into_iter()).unwrap();
        for (at, combined) in found.iter().enumerate() {
            assert!((combined.value - figure("value", at)).abs() < 1e-6, "{at}: {combined:?}");
            let ends = &case["interval"][at];
            let off = (combined.interval.low - ends[0].as_f64().unwrap()).abs()
                + (combined.interval.high - ends[1].as_f64().unwrap()).abs();
            assert!(off < 1e-4, "{at}: {combined:?} {ends}");
        }
    }

    #[test]
    fn no_mean_leaves_the_range_of_the_losses() {
        let group = |at: usize| {
            let mean = if at.is_multiple_of(3) { 0.0 } else { 0.05 * (at % 5) as f64 };
            LabelledGroup { mean, variance: 0.01, units: 5, predicted: at as f64 }
        };
        let found = combine(&(0..24).map(group).collect::<Vec<_>>(), [0.0, 1.0].into_iter()).unwrap();
        assert!(found.iter().all(|one| one.interval.low >= 0.0 && one.interval.high <= 1.0 && one.value >= 0.0));
    }

    #[test]
    fn slices_told_are_combined_with_a_fit_to_all_that_were_tested() {
        // Slice s holds items 3s to 3s + 2, of which the last is a training item that no prediction is of.
        let slice = |at: usize| DiscoveredSlice {
            mean_loss: 1.0 + 0.1 * (at * 7 % 10) as f64,
            precision: (at != 3).then_some((0.2 / (5 + at) as f64, 5 + at)),
            items: (3 * at..3 * at + 3).collect(),
            ..DiscoveredSlice::default()
        };
        let predicted = |at: usize| 0.2 + 0.05 * (at * 7 % 10) as f64;
        let predictions: Vec<(usize, f64)> =
            (0..24).flat_map(|at| [(3 * at, predicted(at) - 0.1), (3 * at + 1, predicted(at) + 0.1)]).collect();
        let model = ModelLosses { name: "m".into(), losses: vec![0.0, 3.0], scores: None, class_aurocs: None };
        let mut found = Discovery {
            slices: (0..4).map(slice).collect(),
            untold: (4..24).map(slice).collect(),
            ..Discovery::default()
        };
        combine_slices(&mut found, &model, &predictions);
        let group = |at: usize| {
            let (variance, units) = slice(at).precision.unwrap();
            LabelledGroup { mean: slice(at).mean_loss, variance, units, predicted: predicted(at) }
        };
        let groups: Vec<LabelledGroup> = (0..24).filter(|at| *at != 3).map(group).collect();
        let expected = combine(&groups, model.losses.iter().copied()).unwrap();
        for (slice, expected) in found.slices.iter().zip(&expected).take(3) {
            let combined = slice.combined.unwrap();
            assert!((combined.value - expected.value).abs() < 1e-12 && combined.groups == 23, "{combined:?}");
            assert!((combined.interval.low - expected.interval.low).abs() < 1e-12);
        }
        // Not measured by enough of its own, or predicted nowhere: not combined.
        assert!(found.slices[3].combined.is_none());
        combine_slices(&mut found, &model, &[]);
        assert!(found.slices.iter().all(|slice| slice.combined.is_none()));
    }
}
