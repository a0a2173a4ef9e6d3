//! The Train screen: live curves, members, runs, and the form of a new run.

mod form;
mod form_view;
mod keys;
mod layout;
mod log;
mod progress;
mod runs;
mod screen;
mod sheet;
mod view;

pub use form::{Field, Form};
pub use keys::{CONTEXTS, FORM, HERE, KEYS};
pub use layout::{Layout, layout};
pub use progress::line as job_line;
use view::view;

use crate::audit::{HeadKind, RunRecord};
use crate::console::keys::EVERYWHERE;
use crate::console::msg::Action;
use crate::console::screen::ScreenId;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use std::sync::Arc;

/// What the Train screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    /// The head whose curves are shown.
    pub head: HeadKind,
    pub runs: Cursor,
    pub form: Option<Form>,
    /// The log stands in the place of the runs.
    pub show_log: bool,
    /// First line of the log in sight.
    pub log_offset: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { head: HeadKind::Regressor, runs: Cursor::default(), form: None, show_log: false, log_offset: 0 }
    }
}

/// The keys that describe a new run, from wherever a person is: `3 then n`.
#[must_use]
pub fn way_to_a_run(world: &World) -> String {
    let new = world.key(HERE, Action::NewRun);
    match world.screen {
        ScreenId::Train => new,
        _ => format!("{} then {new}", world.key(EVERYWHERE, Action::Screen(ScreenId::Train))),
    }
}

impl State {
    /// The selected run.
    #[must_use]
    pub fn selected<'a>(&self, world: &'a World) -> Option<&'a Arc<RunRecord>> {
        world.listed().nth(self.runs.selected)
    }

    /// Does what an action says to the curves and the list of `runs` runs.
    fn apply(&mut self, action: Action, runs: usize) {
        match action {
            Action::ToggleLog => (self.show_log, self.log_offset) = (!self.show_log, 0),
            Action::Down if self.show_log => self.log_offset = self.log_offset.saturating_add(1),
            Action::Up if self.show_log => self.log_offset = self.log_offset.saturating_sub(1),
            Action::First if self.show_log => self.log_offset = 0,
            Action::Last if self.show_log => self.log_offset = usize::MAX,
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
