//! A measured mean loss combined with a prediction, as cells and in words.

use super::sheet::Cell;
use crate::diagnose::{Combined, grouped};

/// Value and 95 % interval; empty where there is none.
pub fn combined_cells(found: Option<Combined>) -> [Cell; 2] {
    [
        found.map_or(Cell::Empty, |found| Cell::Number { value: found.value, digits: 3, signed: false }),
        found.map_or(Cell::Empty, |found| Cell::Interval { interval: found.interval, digits: 3, signed: false }),
    ]
}

/// What the two columns hold, and over how many groups.
pub fn combined_note(found: Combined, of: &str) -> String {
    let few = if found.few_groups {
        "; under 20 groups do not tell how far groups lie apart: do not trust its interval"
    } else {
        ""
    };
    format!(
        "Combined is the mean loss of the {of} where labels are few: the measured mean and what the regressor predicts of its items, each as it deserves (Fay-Herriot over {} groups){few}.",
        grouped(found.groups)
    )
}
