//! What the chart of the Train screen shows, and how.

use super::{Row, State, rows};
use crate::audit::{HeadKind, RunId, RunRecord};
use crate::console::world::World;
use std::sync::Arc;

/// Runs whose curves lie over each other at most: more letters than these nobody tells apart.
const MOST: usize = 8;
/// How much of the smoothed value before is in the next.
const SMOOTHING: f32 = 0.8;

/// What stands in the place of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chart {
    /// Training loss of every member of one run.
    #[default]
    Training,
    /// Spearman over the validation items, epoch by epoch, of several runs.
    Validation,
    /// What two runs differ in.
    Difference,
}

/// How curves are drawn, and of what.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    pub chart: Chart,
    pub smooth: bool,
    pub log: bool,
    /// Runs that are laid over each other or compared, in the order of their marking.
    pub marked: Vec<RunId>,
}

impl Curves {
    /// Marks a run, or takes its mark away; false where there are too many.
    pub fn mark(&mut self, run: &RunId) -> bool {
        if let Some(at) = self.marked.iter().position(|marked| marked == run) {
            self.marked.remove(at);
            return true;
        }
        let fits = self.marked.len() < MOST;
        if fits {
            self.marked.push(run.clone());
        }
        fits
    }
}

impl State {
    /// The runs that are laid over each other: those marked, else the selected and the shown one.
    #[must_use]
    pub fn overlaid<'a>(&self, world: &'a World) -> Vec<&'a Arc<RunRecord>> {
        let known = |id: &RunId| world.runs.iter().chain(&world.unfinished).find(|run| run.id == *id);
        let marked: Vec<_> = self.curves.marked.iter().filter_map(known).collect();
        if !marked.is_empty() {
            return marked;
        }
        let selected = match rows(world).nth(self.runs.selected) {
            Some(Row::Run(run)) => Some(run),
            _ => None,
        };
        let shown = world.shown.as_ref().and_then(|shown| known(&shown.record.id));
        let mut runs: Vec<_> = selected.into_iter().chain(shown).collect();
        runs.dedup_by(|a, b| a.id == b.id);
        runs
    }

    /// The two runs that are compared: the first two marked.
    #[must_use]
    pub fn compared<'a>(&self, world: &'a World) -> Option<[&'a Arc<RunRecord>; 2]> {
        let [first, second, ..] = self.overlaid(world)[..] else { return None };
        (self.curves.marked.len() >= 2).then_some([first, second])
    }
}

/// Mean over members of the Spearman over the validation items, by epoch from the first; a gap where it is not known.
#[must_use]
pub fn validation(run: &RunRecord, head: HeadKind, epochs: usize) -> Vec<f32> {
    let mut values = vec![f32::NAN; epochs];
    for metrics in run.epochs.iter().filter(|metrics| metrics.head == head) {
        let rhos = &metrics.validation_spearman;
        if let (Some(value), false) = (values.get_mut(metrics.epoch.saturating_sub(1)), rhos.is_empty()) {
            *value = (rhos.iter().sum::<f64>() / rhos.len() as f64) as f32;
        }
    }
    values
}

/// The values as an exponential moving average that begins without a bias to nought (Kingma and Ba, 2015, section 3); gaps
/// stay gaps.
#[must_use]
pub fn smoothed(values: &[f32]) -> Vec<f32> {
    let (mut sum, mut weight) = (0.0, 0.0);
    let next = |value: &f32| {
        if !value.is_finite() {
            return *value;
        }
        sum = SMOOTHING * sum + (1.0 - SMOOTHING) * value;
        weight = SMOOTHING * weight + (1.0 - SMOOTHING);
        sum / weight
    };
    values.iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoothed_line_starts_where_the_line_does_and_keeps_its_gaps() {
        let found = smoothed(&[1.0, 2.0, f32::NAN, 2.0]);
        // By hand: (.8 · .2 · 1 + .2 · 2) / (.8 · .2 + .2) = .56 / .36; then (.8 · .56 + .4) / (.8 · .36 + .2).
        let expected = [1.0, 0.56 / 0.36, f32::NAN, 0.848 / 0.488];
        assert!(
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5 || (a.is_nan() && b.is_nan())),
            "{found:?}"
        );
    }
}
