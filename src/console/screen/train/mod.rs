//! The Train screen: live curves, members, runs, and the form of a new run.

mod form;
mod form_view;
mod layout;
mod progress;
mod runs;
mod view;

pub use form::{Field, Form};
pub use form_view::draw as draw_form;
pub use layout::{Layout, layout};
pub use view::view;

use crate::audit::HeadKind;
use crate::console::msg::Action;
use crate::console::widget::table::Cursor;

/// What the Train screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    /// The head whose curves are shown.
    pub head: HeadKind,
    pub runs: Cursor,
    pub form: Option<Form>,
}

impl Default for State {
    fn default() -> Self {
        Self { head: HeadKind::Regressor, runs: Cursor::default(), form: None }
    }
}

impl State {
    /// Does what an action says to the curves and the list of `runs` runs.
    pub fn act(&mut self, action: Action, runs: usize) {
        match action {
            Action::NextHead => {
                self.head = HeadKind::ALL[(self.head.index() + 1) % HeadKind::ALL.len()];
            }
            Action::Down => self.runs.step(1, runs),
            Action::Up => self.runs.step(-1, runs),
            Action::First => self.runs.selected = 0,
            Action::Last => self.runs.selected = runs.saturating_sub(1),
            _ => {}
        }
    }
}
