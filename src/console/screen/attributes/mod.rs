//! The Attributes screen: where the model fails, attribute by attribute.

mod behind;
mod columns;
mod detail;
mod evidence;
mod filter;
mod keys;
mod layout;
mod order;
mod pairs;
mod screen;
mod sheet;
mod table;
mod view;
mod waiting;
mod within;

pub use keys::{CONTEXTS, FILTER, HERE, KEYS, PAIRS};
use keys::{LEFT, RIGHT};
pub use layout::{Layout, layout};
pub use order::Sort;
use view::view;

use crate::audit::{Contrast, HeadKind};
use crate::console::drawer::Drawer;
use crate::console::msg::Action;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{AttributeRow, AttributesTable, PredictedGap};
use std::time::Duration;
use tui_input::Input;

/// What the Attributes screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    pub sort: Sort,
    pub reversed: bool,
    pub filter: Input,
    /// The filter line is being typed.
    pub filtering: bool,
    /// The contrast asked for; a row without it shows its own.
    pub contrast: Contrast,
    /// The estimate's gap to everybody is shown as the predicted one, where the tables have it.
    pub everybody: bool,
    pub cursor: Cursor,
    /// Positions of the shown rows in the table, in order.
    pub order: Vec<usize>,
    pub zoom: Zoom,
    /// Columns on the left that are passed over.
    pub passed: usize,
    /// Where two attributes meet, when that is in sight.
    pub pairs: pairs::State,
    /// The items behind the row.
    pub drawer: Drawer,
    /// What is measured without heads: of a group that is kept.
    within: within::State,
    /// The place whose detail is drawn; it lags behind while keys move the selection, until `detail_due`.
    detail: usize,
    pub detail_due: Option<Duration>,
}

/// What the table gives way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zoom {
    /// All columns.
    #[default]
    Table,
    /// Names and bars over the whole width.
    Bars,
    /// Predicted against measured gaps, by name.
    Scatter,
}

impl Default for State {
    fn default() -> Self {
        Self {
            sort: Sort::LossGap,
            reversed: false,
            filter: Input::default(),
            filtering: false,
            contrast: Contrast::Antonym,
            everybody: true,
            cursor: Cursor::default(),
            order: Vec::new(),
            zoom: Zoom::Table,
            passed: 0,
            pairs: pairs::State::default(),
            drawer: Drawer::default(),
            within: within::State::default(),
            detail: 0,
            detail_due: None,
        }
    }
}

/// The predicted gap of a head under the contrast asked for, else under the row's own.
#[must_use]
pub fn predicted(row: &AttributeRow, head: HeadKind, contrast: Contrast) -> Option<&PredictedGap> {
    row.predicted(head, contrast).or_else(|| row.predicted(head, row.contrast))
}

/// The predicted loss gap of a row: the estimate's to everybody, or the regressor's under the contrast asked for.
#[must_use]
pub fn guess(row: &AttributeRow, state: &State) -> Option<f64> {
    let everybody = row.everybody.filter(|_| state.everybody).map(|gap| gap.value);
    everybody.or_else(|| predicted(row, HeadKind::Regressor, state.contrast)?.amount().map(|said| said.mean))
}

/// What predicted gaps are against, in a word.
#[must_use]
pub fn contrast_word(state: &State, table: &AttributesTable) -> &'static str {
    if state.everybody && has_everybody(table) { "everybody" } else { state.contrast.name() }
}

fn has_everybody(table: &AttributesTable) -> bool {
    table.rows.iter().any(|row| row.everybody.is_some())
}

/// The contrast a row is really shown under.
#[must_use]
pub fn shown_contrast(row: &AttributeRow, contrast: Contrast) -> Contrast {
    if row.prompts.pair(contrast).is_some() { contrast } else { row.contrast }
}

/// Whether any attribute has prompts for a contrast.
fn has_contrast(table: &AttributesTable, contrast: Contrast) -> bool {
    table.rows.iter().any(|row| row.prompts.pair(contrast).is_some())
}

impl State {
    /// The table in view: of the group that is kept, else of the heads in view, else as measured without heads.
    #[must_use]
    pub fn table<'a>(&'a self, world: &'a World) -> Option<&'a AttributesTable> {
        self.in_view(world, self.within.table(world).map(AsRef::as_ref))
    }

    /// The selected row.
    #[must_use]
    pub fn selected<'a>(&self, table: &'a AttributesTable) -> Option<&'a AttributeRow> {
        self.order.get(self.cursor.selected).and_then(|&at| table.rows.get(at))
    }

    /// The row whose detail is drawn.
    #[must_use]
    pub fn detailed<'a>(&self, table: &'a AttributesTable) -> Option<&'a AttributeRow> {
        match self.detail_due {
            Some(_) => self.order.get(self.detail).and_then(|&at| table.rows.get(at)).or_else(|| self.selected(table)),
            None => self.selected(table),
        }
    }

    /// Lets the detail follow the selection.
    pub fn follow(&mut self) {
        self.detail = self.cursor.selected;
        self.detail_due = None;
    }

    /// Computes the order anew and keeps the selected attribute selected.
    pub fn arrange(&mut self, table: &AttributesTable) {
        let kept = self.order.get(self.cursor.selected).copied();
        self.order = order::arrange(table, self);
        let place = kept.and_then(|row| self.order.iter().position(|&at| at == row));
        if let Some(place) = place {
            self.cursor.selected = place;
        }
    }

    /// Takes in a new table, the first one or not, and selects a row by its name: positions of the old one mean nothing in it.
    fn replace(&mut self, name: Option<String>, first: bool, table: &AttributesTable) {
        if !has_contrast(table, self.contrast)
            && let Some(row) = table.rows.first()
        {
            // An audit whose prompts were made has no antonyms: it starts on what it has.
            self.contrast = row.contrast;
        }
        if first && table.rows.iter().all(|row| row.rmm.value().is_none()) {
            // Without labels and scores there is no AUROC, but there is a loss.
            self.sort = Sort::LossGap;
        }
        self.order = order::arrange(table, self);
        let at = |name: String| self.order.iter().position(|&at| table.rows[at].name == name);
        self.cursor.selected = name.and_then(at).unwrap_or(0);
    }

    /// Does what an action says; `page` is the number of rows in sight.
    fn apply(&mut self, action: Action, table: Option<&AttributesTable>, page: usize) {
        if self.cursor.act(action, self.order.len(), page) {
            return;
        }
        match action {
            Action::NextSort => {
                self.sort = self.sort.next();
                self.reversed = false;
            }
            Action::ReverseSort => self.reversed = !self.reversed,
            Action::Zoom => {
                self.zoom = match self.zoom {
                    Zoom::Table => Zoom::Bars,
                    Zoom::Bars => Zoom::Scatter,
                    Zoom::Scatter => Zoom::Table,
                };
            }
            RIGHT => self.passed = (self.passed + 1).min(columns::COLUMNS),
            LEFT => self.passed = self.passed.saturating_sub(1),
            Action::Filter => self.filtering = true,
            Action::KeepFilter => self.filtering = false,
            Action::DropFilter => {
                self.filtering = false;
                self.filter.reset();
            }
            Action::NextContrast => {
                let estimated = table.is_some_and(has_everybody);
                if self.everybody && estimated {
                    self.everybody = false;
                    if let Some(table) = table {
                        self.arrange_if_needed(action, table);
                    }
                    return;
                }
                let at = Contrast::ALL.iter().position(|c| *c == self.contrast).unwrap_or(0);
                let others = Contrast::ALL.iter().cycle().skip(at + 1).take(Contrast::ALL.len());
                let known = |contrast: &&Contrast| table.is_none_or(|table| has_contrast(table, **contrast));
                self.contrast = others.copied().find(|contrast| known(&contrast)).unwrap_or(self.contrast);
                let next = Contrast::ALL.iter().position(|contrast| *contrast == self.contrast).unwrap_or(0);
                // Once round, and the estimate's own comes again.
                self.everybody = next <= at && estimated;
            }
            _ => return,
        }
        if let Some(table) = table {
            self.arrange_if_needed(action, table);
        }
    }

    fn arrange_if_needed(&mut self, action: Action, table: &AttributesTable) {
        match action {
            Action::NextSort | Action::ReverseSort | Action::DropFilter | Action::NextContrast => {
                self.arrange(table);
            }
            _ => {}
        }
    }
}
