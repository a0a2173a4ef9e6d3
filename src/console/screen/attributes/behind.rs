//! What the evidence drawer is asked of a row: its group and phrase against everybody, or against the other of the two.

use super::{State, has_everybody, shown_contrast};
use crate::audit::{Contrast, Split};
use crate::console::drawer::{Question, run_of};
use crate::console::world::World;
use crate::diagnose::ItemFilter;
use crate::engine::{BackingRequest, BackingSide};

impl State {
    /// The selected attribute under the contrast in view, within the group that is kept.
    pub(super) fn behind(&self, world: &World) -> Result<Question, String> {
        let (model, table) = world.model().zip(self.table(world)).ok_or("measuring the attributes")?;
        let row = self.detailed(table).ok_or("no attribute is selected")?;
        let contrast = shown_contrast(row, self.contrast);
        let among = ItemFilter { split: Some(Split::Test), with: self.within.names(), ..ItemFilter::default() };
        let (mut with, mut without) = (among.clone(), among.clone());
        with.with.push(row.name.clone());
        without.without.push(row.name.clone());
        let everybody = self.everybody && has_everybody(table);
        let (phrase, other) = match row.prompts.pair(contrast).filter(|_| !everybody) {
            Some((phrase, other)) => (phrase, other),
            None => (row.prompts.phrase.as_str(), ""),
        };
        let other_group = if other.is_empty() || contrast == Contrast::Generic { among.clone() } else { without };
        let side = |sentence: &str, group: ItemFilter| BackingSide {
            model: model.to_owned(),
            run: run_of(world, model),
            sentence: sentence.to_owned(),
            group: Some(group),
        };
        let sides = vec![side(phrase, with), side(other, other_group)];
        let all = if self.within.is_kept() { "all within" } else { "everybody" };
        let other = if other.is_empty() { all.to_owned() } else { format!("\"{other}\"") };
        let names = vec![format!("A \"{phrase}\""), format!("B {other}")];
        let request = BackingRequest { sides, among, hide_text: world.hide_text };
        Ok(Question { about: row.name.clone(), names, versus: "A less B".into(), request })
    }
}
