//! The Compare screen: two models on the same items, or two runs by what they predict.

mod behind;
mod columns;
mod comparison;
mod kept;
mod keys;
mod layout;
mod ledger;
mod ledger_view;
mod lines_view;
mod models;
mod models_view;
mod other;
mod screen;
mod sheet;
mod view;

pub use comparison::{Change, Comparison, HeadQuality, Measure, Row};
pub use kept::Kept;
pub use keys::{CONTEXTS, HERE, KEYS, LEDGER};
pub use layout::{Layout, layout};
pub use models::{GroupLine, Line, Opens};
pub use other::Other;
use view::view;

use crate::console::drawer::Drawer;
use crate::console::msg::Action;
use crate::console::widget::table::Cursor;
use crate::diagnose::ModelComparison;
use crate::engine::{ComparisonRequest, RunView};

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Harm first, under headings; of runs those that regressed, then those that improved.
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
            Self::First => "before",
            Self::Second => "after",
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
    /// What a person chose to compare with.
    pub chosen: Option<Other>,
    /// The other run.
    pub other: Option<RunView>,
    /// The two models in view, then and now; `None` where both runs are of one model.
    pub models: Option<(String, String)>,
    /// Then and now, or A and B, the other way round.
    pub swapped: bool,
    /// What was found of pairs of models in this session.
    pub kept: Kept,
    /// The checks over time, and whether they are in sight.
    pub ledger: ledger::State,
    pub comparison: Option<Comparison>,
    /// The measure asked for.
    pub measure: Option<Measure>,
    pub sort: Sort,
    pub reversed: bool,
    pub cursor: Cursor,
    /// The first column in sight beside the names.
    pub column: usize,
    /// Rows of the measure in view, where it is one of models.
    pub lines: Vec<Line>,
    /// Positions of the rows, in order.
    pub order: Vec<usize>,
    /// The items behind the row.
    pub drawer: Drawer,
    pair: Option<(RunView, RunView)>,
}

impl State {
    /// The measures that two models, or two runs, can be compared by now.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let mut measures = Vec::new();
        if self.models.is_some() {
            let scored = self.found().is_none_or(|found| found.losses.auroc.before.value().is_some());
            measures.extend(Measure::OF_MODELS.into_iter().filter(|measure| scored || *measure != Measure::AurocGap));
        }
        if self.pair.is_some() {
            measures.extend(Measure::OF_RUNS);
        }
        measures
    }

    /// The measure in view.
    #[must_use]
    pub fn measure(&self) -> Measure {
        let known = self.measures();
        let asked = self.measure.filter(|measure| known.contains(measure));
        asked.or(known.first().copied()).unwrap_or(Measure::Predicted)
    }

    /// What was found of the two models in view.
    #[must_use]
    pub fn found(&self) -> Option<&ModelComparison> {
        let (then, now) = self.models.as_ref()?;
        self.kept.found(then, now)
    }

    /// The selected row of two runs.
    #[must_use]
    pub fn selected(&self) -> Option<&Row> {
        self.order.get(self.cursor.selected).and_then(|&at| self.comparison.as_ref()?.rows.get(at))
    }

    /// The selected row of two models.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        self.order.get(self.cursor.selected).and_then(|&at| self.lines.get(at)).filter(|line| line.heading.is_none())
    }

    /// The place of the selection among the rows that are no headings, counted from one, and how many these are.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        let rows = |places: &[usize]| places.iter().filter(|&&at| !self.is_heading(at)).count();
        let upto = self.order.len().min(self.cursor.selected + 1);
        (rows(&self.order[..upto]), rows(&self.order))
    }

    fn is_heading(&self, at: usize) -> bool {
        self.comparison.is_none() && self.lines.get(at).is_some_and(|line| line.heading.is_some())
    }

    /// Nobody rests on a heading: the selection goes on, up or down, and keeps the heading above the first row in sight.
    fn leave_heading(&mut self, up: bool) {
        let heads = |place: usize| self.order.get(place).is_some_and(|&at| self.is_heading(at));
        if heads(self.cursor.selected) {
            let above = self.cursor.selected.checked_sub(1).filter(|_| up);
            self.cursor.selected = above.unwrap_or(self.cursor.selected + 1);
        }
    }

    /// What the selected row opens as prompts.
    #[must_use]
    pub fn opens(&self) -> Option<Opens> {
        if self.measure().is_of_models() {
            return self.line()?.opens.clone();
        }
        Some(Opens::Attribute(self.selected()?.name.clone()))
    }

    /// Takes in two runs, A and B; none where the other one is not there.
    fn take(&mut self, pair: Option<(RunView, RunView)>) {
        self.pair = pair;
        self.cursor = Cursor::default();
        self.arrange();
    }

    /// Takes in what was found of two models. The selection stays where their first answer is only made finer.
    fn take_models(&mut self, request: ComparisonRequest, found: kept::Answer) {
        let pair = self.models.clone();
        let known = pair.as_ref().is_some_and(|(then, now)| self.kept.found(then, now).is_some());
        self.kept.put(request, found);
        if !known {
            self.cursor = Cursor::default();
        }
        self.arrange();
    }

    /// Makes the rows of the measure in view, and their order.
    fn arrange(&mut self) {
        let measure = self.measure();
        self.lines = match self.found() {
            Some(found) if measure.is_of_models() => models::lines(found, measure),
            _ => Vec::new(),
        };
        self.comparison = match &self.pair {
            Some((a, b)) if !measure.is_of_models() => Some(Comparison::of(a, b, measure)),
            _ => None,
        };
        type Key<'a> = (f64, Option<f64>, Option<f64>, &'a str);
        let keys: Vec<Key> = match &self.comparison {
            Some(comparison) => {
                let rank = |row: &Row| row.change.map_or(-1.0, |change| change.order() + row.size());
                comparison.rows.iter().map(|row| (rank(row), row.a, row.b, row.name.as_str())).collect()
            }
            None => {
                let listed = measure.is_listed() || measure == Measure::Groups;
                let rank = |line: &Line| if listed { 0.0 } else { line.rank() };
                self.lines.iter().map(|line| (rank(line), line.then, line.now, line.name.as_str())).collect()
            }
        };
        let value = |key: &Key| match self.sort {
            Sort::Change => key.0,
            Sort::First => key.1.unwrap_or(f64::NEG_INFINITY),
            Sort::Second => key.2.unwrap_or(f64::NEG_INFINITY),
            Sort::Name => 0.0,
        };
        // Lists that came sorted keep their order.
        let by_name = self.sort != Sort::Change || !(measure.is_listed() || measure == Measure::Groups);
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|&left, &right| {
            let by = value(&keys[right]).total_cmp(&value(&keys[left]));
            let by = if by_name { by.then_with(|| keys[left].3.cmp(keys[right].3)) } else { by };
            let by = by.then(left.cmp(&right));
            if self.reversed { by.reverse() } else { by }
        });
        if self.sort != Sort::Change || self.reversed {
            // Under another order a heading heads nothing.
            order.retain(|&at| !self.is_heading(at));
        }
        self.order = order;
        self.leave_heading(false);
    }

    /// Does what an action says; `page` is the number of rows in sight.
    fn apply(&mut self, action: Action, page: usize) {
        if self.cursor.act(action, self.order.len(), page) {
            self.leave_heading(matches!(action, Action::Up | Action::HalfUp));
            return;
        }
        match action {
            keys::LEFT => self.column = self.column.saturating_sub(1),
            // Cut to what there is when the state settles.
            keys::RIGHT => self.column += 1,
            Action::NextMeasure => {
                let known = self.measures();
                let at = known.iter().position(|measure| *measure == self.measure()).unwrap_or(0);
                self.measure = known.get((at + 1) % known.len().max(1)).copied();
                self.column = 0;
                self.again();
            }
            Action::NextSort => {
                self.sort = self.sort.next();
                self.reversed = false;
                self.resort();
            }
            Action::ReverseSort => {
                self.reversed = !self.reversed;
                self.resort();
            }
            _ => {}
        }
    }

    /// Another order of the same rows: the selection stays on its row.
    fn resort(&mut self) {
        let kept = self.order.get(self.cursor.selected).copied();
        self.arrange();
        if let Some(place) = kept.and_then(|row| self.order.iter().position(|&at| at == row)) {
            self.cursor.selected = place;
            self.leave_heading(false);
        }
    }

    /// Other rows are looked at from their top.
    fn again(&mut self) {
        self.cursor.selected = 0;
        self.arrange();
    }
}
