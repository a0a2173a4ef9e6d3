//! The OOD screen: the audit's prompts from familiar to foreign (Figure 2) and the AUROC of each list (Table 1).

mod keys;
mod screen;
mod view;

pub use keys::{CONTEXTS, HERE, KEYS};
use view::{layout, view};

use crate::console::msg::Action;
use crate::console::widget::table::Cursor;
use crate::engine::{Examination, Familiarity};
use ratatui::layout::Rect;

/// What the OOD screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub cursor: Cursor,
    /// The foreign list shown beside the data's own prompts; all of them without one.
    pub list: Option<String>,
    /// Positions of the prompts shown in the examination's ladder.
    pub shown: Vec<usize>,
    /// Table 1 stands alone.
    pub whole: bool,
}

/// The foreign lists of an examination, in order.
#[must_use]
pub fn lists(examined: &Examination) -> Vec<String> {
    let mut lists: Vec<String> = examined.ladder.iter().filter_map(|prompt| prompt.foreign.clone()).collect();
    lists.sort();
    lists.dedup();
    lists
}

impl State {
    /// The selected prompt.
    #[must_use]
    pub fn selected<'a>(&self, examined: &'a Examination) -> Option<&'a Familiarity> {
        self.shown.get(self.cursor.selected).and_then(|&at| examined.ladder.get(at))
    }

    /// Does what an action says; `page` is the number of rows in sight.
    fn apply(&mut self, action: Action, examined: &Examination, page: usize) {
        if action == Action::Zoom {
            self.whole = !self.whole;
            return;
        }
        // Nothing moves where nobody sees it.
        if self.whole || self.cursor.act(action, self.shown.len(), page) {
            return;
        }
        if action == Action::NextList {
            let lists = lists(examined);
            let at = self.list.as_ref().and_then(|list| lists.iter().position(|known| known == list));
            self.list = lists.get(at.map_or(0, |at| at + 1)).cloned();
            self.cursor = Cursor::default();
        }
    }

    /// Chooses the prompts that are shown and keeps the selection in sight.
    fn choose(&mut self, examined: Option<&Examination>, body: Rect) {
        let Some(examined) = examined else {
            self.shown.clear();
            return;
        };
        let passes = |prompt: &Familiarity| match (&self.list, &prompt.foreign) {
            (Some(list), Some(foreign)) => list == foreign,
            _ => true,
        };
        self.shown = (0..examined.ladder.len()).filter(|&at| passes(&examined.ladder[at])).collect();
        self.cursor.settle(self.shown.len(), layout(body, self.whole).page());
    }
}
