//! The model's groups beside those of another model: who loses more, item by item.

use super::{ChangedFinding, ChangedGroup, words};
use crate::audit::{Audit, ModelLosses, Side, Split};
use crate::diagnose::group_losses::GroupLosses;
use crate::diagnose::policy::{COVERAGE, LEAST_ITEMS, LEAST_LOSS_SHARE, LEAST_UNITS, LEVEL};
use crate::stats::{self, Interval, Stat, Undefined};

/// Own losses of both sides of every attribute, paired: the mean difference over a group with its own variance, which is
/// what the bootstrap of a comparison converges to, at once. `None` where no item has a loss of both.
pub fn changed(audit: &Audit, model: &ModelLosses, other: &ModelLosses) -> Option<ChangedFinding> {
    let mut rows = audit.rows_of(model, Split::Test);
    rows.retain(|&row| other.losses[row].is_finite());
    if rows.is_empty() || audit.attributes.is_empty() {
        return None;
    }
    let before: f64 = rows.iter().map(|&row| other.losses[row]).sum::<f64>() / rows.len() as f64;
    let differences = rows.iter().map(|&row| model.losses[row] - other.losses[row]).collect();
    let over = GroupLosses::over(audit, rows, differences);
    let every = (0..audit.attributes.len()).flat_map(|at| [(at, Side::True), (at, Side::False)]);
    let groups: Vec<(usize, Side, Shift)> =
        every.filter_map(|(at, side)| Some((at, side, Shift::of(&over, at, side)?))).collect();
    let p: Vec<Stat<f64>> = groups.iter().map(|(_, _, shift)| shift.p()).collect();
    let q = stats::benjamini_hochberg(&p);
    let resolved = |at: &usize| {
        let shift = groups[*at].2.mean;
        q[*at].is_ok_and(|q| q < LEVEL) && shift.abs() >= LEAST_LOSS_SHARE * before && shift != 0.0
    };
    let resolved: Vec<usize> = (0..groups.len()).filter(resolved).collect();
    let is_worse = |at: &&usize| groups[**at].2.mean > 0.0;
    let worse = resolved.iter().filter(is_worse).count();
    let worst = resolved.iter().filter(is_worse).max_by(|a, b| groups[**a].2.low().total_cmp(&groups[**b].2.low()));
    let group = |&at: &usize| {
        let (attribute, side, shift) = &groups[at];
        shift.group(&over, [model, other], (*attribute, *side), q[at].unwrap_or(1.0))
    };
    Some(ChangedFinding {
        model: model.name.clone(),
        against: other.name.clone(),
        n: over.rows.len(),
        groups: groups.len(),
        worse,
        better: resolved.len() - worse,
        worst: worst.map(group),
    })
}

/// How much more a group loses on average, and the standard error.
struct Shift {
    mean: f64,
    error: f64,
    n: usize,
}

impl Shift {
    /// `None` for a group with too few independent units.
    fn of(over: &GroupLosses, at: usize, side: Side) -> Option<Self> {
        let moments = over.single(at)[usize::from(side == Side::False)];
        if moments.n() < LEAST_ITEMS {
            return None;
        }
        let stats::Units::Clusters(_) = over.units() else {
            let error = (moments.variance() / moments.n() as f64).sqrt();
            return Some(Self { mean: moments.mean(), error, n: moments.n() });
        };
        let values = &over.audit.attributes[at].values;
        let sides: Vec<stats::Side> = over.rows.iter().map(|&row| values[row].into()).collect();
        let wanted = if side == Side::True { stats::Side::With } else { stats::Side::Without };
        let found = stats::group_mean_of_units(&over.losses, &sides, wanted, over.units()).ok()?;
        if found.units < LEAST_UNITS {
            return None;
        }
        Some(Self { mean: found.value, error: found.variance.sqrt(), n: found.n })
    }

    /// Two-sided normal p of no difference.
    fn p(&self) -> Stat<f64> {
        if self.error > 0.0 {
            let above = stats::p_above(self.mean, 0.0, self.error, f64::INFINITY);
            return Ok((2.0 * above.min(1.0 - above)).clamp(0.0, 1.0));
        }
        // Every item differs by the same amount: that is no chance, unless it is none.
        if self.mean == 0.0 { Err(Undefined::Constant) } else { Ok(0.0) }
    }

    /// The least it can be, of one that is above 0.
    fn low(&self) -> f64 {
        Interval::normal(self.mean, self.error, COVERAGE).low
    }

    fn group(&self, over: &GroupLosses, models: [&ModelLosses; 2], (at, side): (usize, Side), q: f64) -> ChangedGroup {
        let attribute = &over.audit.attributes[at];
        let mean = |model: &ModelLosses| {
            let on = over.rows.iter().filter(|row| attribute.values[**row] == Some(side == Side::True));
            on.map(|&row| model.losses[row]).sum::<f64>() / self.n as f64
        };
        ChangedGroup {
            subject: attribute.name.clone(),
            side,
            group: words::group(&attribute.name, &attribute.prompts, side),
            n: self.n,
            loss: mean(models[0]),
            loss_against: mean(models[1]),
            interval: Interval::normal(self.mean, self.error, COVERAGE),
            q,
        }
    }
}
