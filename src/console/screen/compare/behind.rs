//! What the evidence drawer is asked of a row: its group under both models, the later one first.

use super::{Opens, State};
use crate::audit::{Side, Split};
use crate::console::drawer::Question;
use crate::console::world::World;
use crate::diagnose::ItemFilter;
use crate::engine::{BackingRequest, BackingSide};

impl State {
    /// The group, or the sentence, of the selected row under both models.
    pub(super) fn behind(&self, world: &World) -> Result<Question, String> {
        let of_models = self.models.as_ref().filter(|_| self.measure().is_of_models());
        let (then, now) = of_models.ok_or("evidence is told of two models, not of two runs")?;
        let line = self.line().ok_or("no row is selected")?;
        let among = ItemFilter { split: Some(Split::Test), ..ItemFilter::default() };
        let (sentence, group) = match &line.opens {
            Some(Opens::Prompt(text)) => (text.clone(), None),
            Some(Opens::Attribute(name)) => {
                let side = line.group.as_ref().map_or(Side::True, |group| group.side);
                let mut filter = among.clone();
                let side_of = if side == Side::True { &mut filter.with } else { &mut filter.without };
                side_of.push(name.clone());
                (phrase(world, name, side), Some(filter))
            }
            None => return Err("this row is no group and no sentence: nothing lies near it".into()),
        };
        let runs = self.request(world).and_then(|request| Some((request.before, request.runs?)));
        let side = |model: &String| BackingSide {
            model: model.clone(),
            run: runs.as_ref().map(|(before, [first, second])| if before == model { first } else { second }.clone()),
            sentence: sentence.clone(),
            group: group.clone(),
        };
        let names = [now, then].map(|model| match sentence.as_str() {
            "" => model.clone(),
            sentence => format!("{model}: \"{sentence}\""),
        });
        let request = BackingRequest { sides: vec![side(now), side(then)], among, hide_text: world.hide_text };
        Ok(Question { about: line.name.clone(), names: names.to_vec(), versus: format!("{now} less {then}"), request })
    }
}

/// The sentence of a side of an attribute; empty where there is none for those without it.
fn phrase(world: &World, name: &str, side: Side) -> String {
    let attributes = world.audit.as_ref().map(|audit| audit.attributes.as_slice()).unwrap_or_default();
    let Some((_, prompts)) = attributes.iter().find(|(known, _)| known == name) else { return String::new() };
    match side {
        Side::True => prompts.phrase.clone(),
        Side::False => prompts.antonym.clone().unwrap_or_default(),
    }
}
