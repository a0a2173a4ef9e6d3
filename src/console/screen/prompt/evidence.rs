//! What the evidence drawer is asked of the prompts.

use super::State;
use crate::audit::Split;
use crate::console::drawer::{Question, run_of};
use crate::console::world::World;
use crate::diagnose::ItemFilter;
use crate::engine::{BackingRequest, BackingSide};

impl State {
    /// The sentences that are typed, or why nothing is asked.
    pub(super) fn evidence_asked(&self, world: &World) -> Result<Question, String> {
        let model = world.model().ok_or("opening the audit")?;
        let typed = || [(0, "A"), (1, "B")].into_iter().filter(|(line, _)| !self.text(*line).is_empty());
        let side = |(line, _): (usize, &str)| BackingSide {
            model: model.to_owned(),
            run: run_of(world, model),
            sentence: self.text(line).to_owned(),
            group: None,
        };
        let sides: Vec<BackingSide> = typed().map(side).collect();
        let versus = match (sides.len(), typed().next()) {
            (_, None) => return Err("type a sentence: the items nearest to it are shown here".into()),
            (1, Some((_, letter))) => format!("{letter} less all items"),
            _ => "A less B".into(),
        };
        let names = typed().map(|(line, letter)| format!("{letter} \"{}\"", self.text(line))).collect();
        let among = ItemFilter { split: Some(Split::Test), ..ItemFilter::default() };
        let about = String::new();
        Ok(Question { about, names, versus, request: BackingRequest { sides, among, hide_text: world.hide_text } })
    }
}
