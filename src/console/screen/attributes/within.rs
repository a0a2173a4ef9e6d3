//! Attributes as measured, without heads: of a group that is kept, and of all test items until heads have answered.

use crate::console::world::World;
use crate::diagnose::{AttributeRow, AttributesTable, Measured};
use crate::engine::Command;
use std::sync::Arc;

/// What is remembered of what was measured.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Attributes that all items in view have, the first kept first.
    path: Vec<Kept>,
    found: Option<Found>,
    /// The row to select once the table is there.
    pub wished: Option<String>,
}

#[derive(Debug, Clone)]
struct Kept {
    name: String,
    n: usize,
    loss: Measured,
}

/// An answer, with what was asked.
#[derive(Debug, Clone)]
struct Found {
    model: String,
    within: Vec<String>,
    table: Result<Arc<AttributesTable>, String>,
}

impl State {
    /// Whether a group is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.path.is_empty()
    }

    /// Names of the attributes that all items in view have.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.path.iter().map(|kept| kept.name.clone()).collect()
    }

    /// Keeps the items of a row.
    ///
    /// # Errors
    /// A sentence, where it has none or is kept already.
    pub fn keep(&mut self, row: &AttributeRow) -> Result<(), String> {
        if self.path.iter().any(|kept| kept.name == row.name) {
            return Err(format!("all items in view have {} already", row.name));
        }
        if row.n_true == 0 {
            return Err(format!("no test item here has {}: there is nothing to measure within it", row.name));
        }
        self.path.push(Kept { name: row.name.clone(), n: row.n_true, loss: row.loss_true });
        Ok(())
    }

    /// Gives back the group kept last, whose row is selected again.
    pub fn release(&mut self) -> bool {
        self.wished = self.path.pop().map(|kept| kept.name);
        self.wished.is_some()
    }

    /// The whole path at once; another audit has other attributes.
    pub fn clear(&mut self) {
        self.path.clear();
    }

    fn answer(&self, world: &World) -> Option<&Found> {
        let names = || self.path.iter().map(|kept| kept.name.as_str());
        let fits = |found: &&Found| Some(found.model.as_str()) == world.model() && names().eq(&found.within);
        self.found.as_ref().filter(fits)
    }

    /// What was measured of the model and the group in view.
    #[must_use]
    pub fn table(&self, world: &World) -> Option<&Arc<AttributesTable>> {
        self.answer(world)?.table.as_ref().ok()
    }

    /// Why nothing was.
    #[must_use]
    pub fn failed(&self, world: &World) -> Option<&str> {
        self.answer(world)?.table.as_ref().err().map(String::as_str)
    }

    /// What is asked of the engine.
    #[must_use]
    pub fn wants(&self, world: &World) -> Option<Command> {
        let model = world.model().filter(|_| self.answer(world).is_none())?;
        Some(Command::Measure { model: model.to_owned(), within: self.names() })
    }

    /// Takes in an answer.
    pub fn take(&mut self, model: &str, within: &[String], table: &Result<Arc<AttributesTable>, String>) {
        self.found = Some(Found { model: model.to_owned(), within: within.to_vec(), table: table.clone() });
    }

    /// `Senior › Self-employed`, and how many items with what mean loss.
    #[must_use]
    pub fn crumbs(&self, separator: &str) -> Option<(String, usize, Option<f64>)> {
        let last = self.path.last()?;
        let names: Vec<&str> = self.path.iter().map(|kept| kept.name.as_str()).collect();
        Some((names.join(&format!(" {separator} ")), last.n, last.loss.value()))
    }
}
