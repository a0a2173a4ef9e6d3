//! The Data screen: the audit, its models and their losses, and what the store holds.

mod jobs;
mod layout;
mod view;

pub use layout::{Layout, layout};
pub use view::view;

use crate::console::msg::Action;
use crate::console::widget::table::Cursor;
use crate::engine::CacheReport;
use ratatui::layout::Rect;
use std::sync::Arc;

/// What the Data screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The model whose losses are drawn.
    pub cursor: Cursor,
    /// What the last check of the cache found.
    pub checked: Option<Arc<CacheReport>>,
}

impl State {
    /// Does what an action says to the list of `models` models.
    pub fn act(&mut self, action: Action, models: usize) {
        match action {
            Action::Down => self.cursor.step(1, models),
            Action::Up => self.cursor.step(-1, models),
            Action::First => self.cursor.selected = 0,
            Action::Last => self.cursor.selected = models.saturating_sub(1),
            _ => {}
        }
    }

    /// Keeps the selection in sight.
    pub fn settle(&mut self, models: usize, body: Rect) {
        self.cursor.settle(models, layout(body).page());
    }
}
