//! Where two attributes meet: every pair with items enough, measured, worst first. No run is needed.

mod view;

pub use view::draw;

use super::keys::{LEFT, PAIRS_KEY, RIGHT};
use crate::console::msg::Action;
use crate::console::screen::items::Listing;
use crate::console::screen::{Effect, List};
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{IntersectionRow, IntersectionsTable};
use crate::engine::Command;
use crate::report::{self, Sheet};
use ratatui::layout::Rect;
use std::sync::Arc;

/// What is remembered of the pairs.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// They are in sight, in the place of the attributes.
    pub shown: bool,
    /// The model that was asked about, and what was found or why nothing was.
    found: Option<(String, Result<Arc<IntersectionsTable>, String>)>,
    pub cursor: Cursor,
    /// The first column in sight beside the names.
    column: usize,
}

impl State {
    /// What was found of the model in view.
    #[must_use]
    pub fn table(&self, world: &World) -> Option<&IntersectionsTable> {
        let (model, found) = self.found.as_ref()?;
        found.as_ref().ok().filter(|_| Some(model.as_str()) == world.model()).map(AsRef::as_ref)
    }

    /// Why nothing was found of the model in view.
    #[must_use]
    pub fn failed(&self, world: &World) -> Option<&str> {
        let (model, found) = self.found.as_ref()?;
        found.as_ref().err().filter(|_| Some(model.as_str()) == world.model()).map(String::as_str)
    }

    fn rows<'a>(&'a self, world: &World) -> &'a [IntersectionRow] {
        self.table(world).map_or(&[], |table| table.rows.as_slice())
    }

    /// The selected pair.
    #[must_use]
    pub fn selected(&self, world: &World) -> Option<&IntersectionRow> {
        self.rows(world).get(self.cursor.selected)
    }

    /// Shows the pairs; what failed is asked for again.
    pub fn open(&mut self) {
        self.shown = true;
        self.found.take_if(|(_, found)| found.is_err());
    }

    /// Does what an action says.
    pub fn act(&mut self, world: &World, action: Action, body: Rect) -> Vec<Effect> {
        if self.cursor.act(action, self.rows(world).len(), view::page(self, world, body)) {
            return Vec::new();
        }
        match action {
            PAIRS_KEY => self.shown = false,
            LEFT => self.column = self.column.saturating_sub(1),
            // Cut to what there is when the state settles.
            RIGHT => self.column += 1,
            Action::OpenItems => {
                let row = self.selected(world);
                return row.map(|row| Effect::ListItems(Box::new(listing(row)))).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Takes in what was found of a model.
    pub fn take(&mut self, model: &str, found: &Result<Arc<IntersectionsTable>, String>) {
        if self.found.as_ref().is_none_or(|(known, _)| known != model) {
            self.cursor = Cursor::default();
        }
        self.found = Some((model.to_owned(), found.clone()));
    }

    /// What is asked of the engine.
    #[must_use]
    pub fn wants(&self, world: &World) -> Option<Command> {
        let model = world.model().filter(|_| self.shown)?;
        let known = self.found.as_ref().is_some_and(|(known, _)| known == model);
        (!known).then(|| Command::Intersect { model: model.to_owned() })
    }

    /// Keeps selection and columns inside what there is.
    pub fn settle(&mut self, world: &World, body: Rect) {
        self.cursor.settle(self.rows(world).len(), view::page(self, world, body));
        self.column = self.column.min(view::most(self, world, body));
    }

    /// The rows, for the mouse.
    #[must_use]
    pub fn list(&self, world: &World, body: Rect) -> List {
        view::list(self, world, body)
    }

    /// The table that `llm2loss table NAME intersections` prints.
    #[must_use]
    pub fn sheet(&self, world: &World) -> Option<Sheet> {
        let audit = &world.audit.as_ref()?.name;
        Some(report::intersections(self.table(world)?, audit, world.model()?, usize::MAX))
    }

    /// The document that `llm2loss table NAME intersections --json` prints.
    #[must_use]
    pub fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        let (audit, model) = (&world.audit.as_ref()?.name, world.model()?);
        let run = world.shown.as_ref().filter(|shown| shown.record.model == model).map(|shown| &shown.record.id);
        let table = self.table(world)?;
        // A run is named only where the table holds what its heads add.
        let run = run.filter(|_| table.rows.iter().any(|row| row.combined.is_some()));
        Some(report::intersections_json(table, (audit, model), run))
    }
}

/// The test items that have both.
fn listing(row: &IntersectionRow) -> Listing {
    let mut listing = Listing::default();
    listing.filter.with = row.attributes.to_vec();
    listing.title = row.attributes.join(" + ");
    listing
}
