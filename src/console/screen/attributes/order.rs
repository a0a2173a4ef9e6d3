//! The order of the rows.

use super::State;
use super::filter::Filter;
use crate::diagnose::{AttributeRow, AttributesTable, Verdict};
use std::cmp::Ordering;

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Rawlsian max-min of AUROC.
    Rmm,
    /// Size of the measured loss gap; what is not resolved comes after all that is.
    LossGap,
    /// Size of the regressor's predicted gap.
    Predicted,
    /// Distance between predicted and measured loss gap.
    Disagreement,
    /// Name of the attribute.
    Name,
    /// Items that have the attribute.
    Count,
}

impl Sort {
    /// The words of the status line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rmm => "RMM",
            Self::LossGap => "|loss gap|",
            Self::Predicted => "|predicted|",
            Self::Disagreement => "disagreement",
            Self::Name => "name",
            Self::Count => "n true",
        }
    }

    /// The sort after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Rmm => Self::LossGap,
            Self::LossGap => Self::Predicted,
            Self::Predicted => Self::Disagreement,
            Self::Disagreement => Self::Name,
            Self::Name => Self::Count,
            Self::Count => Self::Rmm,
        }
    }

    /// Whether the greatest comes first.
    #[must_use]
    pub fn descends(self) -> bool {
        self != Self::Name
    }
}

/// Positions of the rows that pass the filter, in order; rows without a value come last.
pub fn arrange(table: &AttributesTable, state: &State) -> Vec<usize> {
    let mut order = Filter::parse(state.filter.value()).matching(&table.rows, state);
    let descending = state.sort.descends() != state.reversed;
    order.sort_by(|&left, &right| {
        let (left, right) = (&table.rows[left], &table.rows[right]);
        let natural = if state.sort == Sort::Name {
            directed(left.name.to_lowercase().cmp(&right.name.to_lowercase()), descending)
        } else {
            let value = |row| measure(row, state);
            match (value(left), value(right)) {
                (Some(a), Some(b)) => directed(a.total_cmp(&b), descending),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            }
        };
        let unresolved =
            |row: &AttributeRow| state.sort == Sort::LossGap && row.loss_evidence.verdict != Verdict::Resolved;
        let resolved = unresolved(left).cmp(&unresolved(right));
        resolved.then(natural).then_with(|| left.name.cmp(&right.name))
    });
    order
}

fn directed(ordering: Ordering, descending: bool) -> Ordering {
    if descending { ordering.reverse() } else { ordering }
}

fn measure(row: &AttributeRow, state: &State) -> Option<f64> {
    let guess = || super::guess(row, state);
    let value = match state.sort {
        Sort::Rmm => row.rmm.value()?,
        Sort::LossGap => row.loss_gap.value()?.abs(),
        Sort::Predicted => guess()?.abs(),
        Sort::Disagreement => (guess()? - row.loss_gap.value()?).abs(),
        Sort::Count => row.n_true as f64,
        Sort::Name => return None,
    };
    (!value.is_nan()).then_some(value)
}
