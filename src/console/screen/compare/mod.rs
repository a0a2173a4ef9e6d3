//! The Compare screen: two runs of an audit, or two models, attribute by attribute.

mod comparison;
mod layout;
mod view;

pub use comparison::{Change, Comparison, HeadQuality, Measure, Row};
pub use layout::{Layout, layout};
pub use view::view;

use crate::audit::RunId;
use crate::console::msg::Action;
use crate::console::widget::table::Cursor;
use crate::engine::RunView;
use ratatui::layout::Rect;

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Regressed first, then improved, each by size; then the rest.
    #[default]
    Change,
    First,
    Second,
    Name,
}

impl Sort {
    /// The words of the status line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::First => "A",
            Self::Second => "B",
            Self::Name => "name",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Change => Self::First,
            Self::First => Self::Second,
            Self::Second => Self::Name,
            Self::Name => Self::Change,
        }
    }
}

/// What the Compare screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The run to compare with, where a person chose one.
    pub chosen: Option<RunId>,
    pub comparison: Option<Comparison>,
    /// The measure asked for; the comparison's own default otherwise.
    pub measure: Option<Measure>,
    pub sort: Sort,
    pub reversed: bool,
    pub cursor: Cursor,
    /// Positions of the rows, in order.
    pub order: Vec<usize>,
    pair: Option<(RunView, RunView)>,
}

impl State {
    /// The selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.order.get(self.cursor.selected).and_then(|&at| self.comparison.as_ref()?.rows.get(at))
    }

    /// Takes in two runs: A is the other one, B the shown one.
    pub fn take(&mut self, other: &RunView, shown: &RunView) {
        self.pair = Some((other.clone(), shown.clone()));
        self.compare();
        self.cursor = Cursor::default();
    }

    fn compare(&mut self) {
        self.comparison = self.pair.as_ref().map(|(other, shown)| Comparison::of(other, shown, self.measure));
        self.arrange();
    }

    fn arrange(&mut self) {
        let Some(comparison) = &self.comparison else { return };
        let rows = &comparison.rows;
        let value = |row: &Row| match self.sort {
            Sort::Change => row.change.map_or(f64::NEG_INFINITY, |change| change.order() + row.size()),
            Sort::First => row.a.unwrap_or(f64::NEG_INFINITY),
            Sort::Second => row.b.unwrap_or(f64::NEG_INFINITY),
            Sort::Name => 0.0,
        };
        self.order = (0..rows.len()).collect();
        self.order.sort_by(|&left, &right| {
            let by = value(&rows[right]).total_cmp(&value(&rows[left]));
            let by = by.then_with(|| rows[left].name.cmp(&rows[right].name));
            if self.reversed { by.reverse() } else { by }
        });
    }

    /// Does what an action says; `page` is the number of rows in sight.
    pub fn act(&mut self, action: Action, page: usize) {
        let length = self.order.len();
        let half = isize::try_from((page / 2).max(1)).unwrap_or(1);
        match action {
            Action::Down => self.cursor.step(1, length),
            Action::Up => self.cursor.step(-1, length),
            Action::First => self.cursor.selected = 0,
            Action::Last => self.cursor.selected = length.saturating_sub(1),
            Action::HalfDown => self.cursor.step(half, length),
            Action::HalfUp => self.cursor.step(-half, length),
            Action::NextMeasure => {
                let now = self.comparison.as_ref().map_or(Measure::LossGap, |comparison| comparison.measure);
                self.measure = Some(now.next());
                self.compare();
            }
            Action::NextSort => {
                self.sort = self.sort.next();
                self.reversed = false;
                self.arrange();
                self.cursor.selected = 0;
            }
            Action::ReverseSort => {
                self.reversed = !self.reversed;
                self.arrange();
                self.cursor.selected = 0;
            }
            _ => {}
        }
    }

    /// Keeps the selection in sight.
    pub fn settle(&mut self, body: Rect) {
        self.cursor.settle(self.order.len(), layout(body).page());
    }
}
