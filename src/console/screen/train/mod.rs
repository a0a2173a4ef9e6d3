//! The Train screen: live curves, members, runs, and the form of a new run.

mod curves;
mod difference;
mod form;
mod form_view;
mod keys;
mod layout;
mod log;
mod offer;
mod progress;
mod rows;
mod runs;
mod screen;
mod sheet;
mod view;

pub use curves::{Chart, Curves};
pub use form::{Field, Form};
pub use keys::{CONTEXTS, FORM, HERE, KEYS};
pub use layout::{Layout, layout};
pub use offer::offer_of_kept;
pub use progress::line as job_line;
use rows::{Key, Row, rows};
use view::view;

use crate::audit::{HeadKind, RunRecord};
use crate::console::keys::EVERYWHERE;
use crate::console::msg::Action;
use crate::console::screen::ScreenId;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::engine::JobId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the Train screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    /// The head whose curves are shown.
    pub head: HeadKind,
    pub runs: Cursor,
    /// What the selected row was when somebody last chose or saw it, and its place: rows come and go.
    at: Option<(usize, Key)>,
    pub curves: Curves,
    pub form: Option<Form>,
    /// What stood in the form when it was left, by the names of its fields.
    written: BTreeMap<String, String>,
    /// The log stands in the place of the runs.
    pub show_log: bool,
    /// First line of the log in sight.
    pub log_offset: usize,
    /// The key that drops what was kept was pressed: once more, and it is gone.
    dropping: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            head: HeadKind::Regressor,
            runs: Cursor::default(),
            at: None,
            curves: Curves::default(),
            form: None,
            written: BTreeMap::new(),
            show_log: false,
            log_offset: 0,
            dropping: false,
        }
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
    /// The selected row.
    fn selected<'a>(&self, world: &'a World) -> Option<Row<'a>> {
        rows(world).nth(self.runs.selected)
    }

    /// The selected run, if the row is one.
    fn selected_run<'a>(&self, world: &'a World) -> Option<&'a Arc<RunRecord>> {
        match self.selected(world)? {
            Row::Run(run) => Some(run),
            Row::Job(_) | Row::Elsewhere(_) => None,
        }
    }

    /// The selected job, if the row is one that waits.
    fn selected_waiting(&self, world: &World) -> Option<JobId> {
        match self.selected(world)? {
            Row::Job(job) if job.waits() => Some(job.id),
            _ => None,
        }
    }

    /// Keeps the selection on what it was on while rows come and go; on the first row it stays the first, so that what
    /// is new is seen.
    fn follow(&mut self, world: &World, page: usize) {
        let at = self.at.take().filter(|(place, _)| *place == self.runs.selected);
        if let Some((_, key)) = at.filter(|(place, key)| *place > 0 || matches!(key, Key::Job(_)))
            && let Some(now) = rows(world).position(|row| row.key() == key)
        {
            self.runs.selected = now;
        }
        self.runs.settle(rows(world).count(), page);
        self.at = self.selected(world).map(|row| (self.runs.selected, row.key()));
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
