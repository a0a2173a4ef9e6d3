//! What the shown run is compared with, and what is asked of the engine for it.

use super::State;
use crate::audit::{RunId, RunRecord, RunState};
use crate::console::world::World;
use crate::engine::{ComparisonRequest, RunView};
use std::sync::Arc;

/// What the shown run is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// A finished run.
    Run(RunId),
    /// A model that has none.
    Model(String),
}

impl Other {
    /// The model of a choice.
    #[must_use]
    pub fn model<'a>(&'a self, world: &'a World) -> Option<&'a str> {
        match self {
            Self::Model(model) => Some(model),
            Self::Run(id) => world.runs.iter().find(|run| run.id == *id).map(|run| run.model.as_str()),
        }
    }
}

/// The model that is compared with others: of the shown run, else the one in view, for losses need no heads.
fn own_model(world: &World) -> Option<&str> {
    world.shown.as_ref().map(|shown| shown.record.model.as_str()).or_else(|| world.model())
}

/// What the shown run can be compared with: finished runs, newest first, then models that have none. Without a run the
/// other models.
#[must_use]
pub fn others(world: &World) -> Vec<Other> {
    let Some(shown) = world.shown.as_ref().map(|shown| &shown.record) else {
        let own = own_model(world);
        let others = world.models().iter().filter(|model| Some(model.as_str()) != own);
        return others.map(|model| Other::Model(model.clone())).collect();
    };
    let finished = |run: &&Arc<RunRecord>| run.state == RunState::Finished && run.id != shown.id;
    let runs = world.runs.iter().filter(finished);
    let bare = |model: &&String| **model != shown.model && !runs.clone().any(|run| run.model == **model);
    let models = world.models().iter().filter(bare);
    runs.clone().map(|run| Other::Run(run.id.clone())).chain(models.map(|model| Other::Model(model.clone()))).collect()
}

/// Whether the audit names the second model after the first.
fn later(world: &World, first: &str, second: &str) -> bool {
    let place = |name: &str| world.models().iter().position(|model| model == name);
    place(first).zip(place(second)).is_some_and(|(first, second)| first < second)
}

impl State {
    /// What is compared with the shown run: what a person chose, else the newest run of another model, else another
    /// model, else the newest run.
    #[must_use]
    pub fn target(&self, world: &World) -> Option<Other> {
        let choice = others(world);
        let own = own_model(world);
        let elsewhere = |other: &&Other| other.model(world) != own;
        let chosen = self.chosen.as_ref().filter(|chosen| choice.contains(chosen));
        // A model that was chosen before it had a run is still meant.
        let model = self.chosen.as_ref().and_then(|chosen| chosen.model(world)).filter(|model| Some(*model) != own);
        let same = || choice.iter().find(|other| model.is_some() && other.model(world) == model);
        chosen.or_else(same).or_else(|| choice.iter().find(elsewhere)).or(choice.first()).cloned()
    }

    /// The two models in view, then and now, if they are two.
    pub(super) fn models_of(&self, world: &World, target: Option<&Other>) -> Option<(String, String)> {
        let own = own_model(world)?;
        let other = target?.model(world)?;
        if other == own {
            return None;
        }
        let first = later(world, own, other) != self.swapped;
        let (then, now) = if first { (own, other) } else { (other, own) };
        Some((then.to_owned(), now.to_owned()))
    }

    /// The comparison of the two models in view, with runs of both where some were trained alike. It is asked for in the
    /// audit's order: the answer holds both ways.
    #[must_use]
    pub fn request(&self, world: &World) -> Option<ComparisonRequest> {
        let (then, now) = self.models.clone()?;
        let (before, after) = if later(world, &then, &now) { (then, now) } else { (now, then) };
        let shown = world.shown.as_ref().map(|shown| &shown.record);
        let alike = |model: &str| {
            let shown = shown?;
            let like = |run: &&Arc<RunRecord>| run.model == model && run.trained_like(shown);
            let run = if model == shown.model { Some(shown) } else { world.runs.iter().find(like) };
            run.map(|run| run.id.clone())
        };
        let runs = alike(&before).zip(alike(&after)).map(|(before, after)| [before, after]);
        Some(ComparisonRequest { before, after, runs, prompts: world.pinned.clone() })
    }

    /// Puts the other run and a shown one side by side as A and B: of two models the one that the audit names first
    /// comes first, else the shown one comes last.
    pub(super) fn pair_up(&mut self, world: &World, shown: Option<&RunView>) {
        let pair = self.other.clone().zip(shown.cloned()).map(|(other, shown)| {
            let earlier = later(world, &shown.record.model, &other.record.model);
            if earlier != self.swapped { (shown, other) } else { (other, shown) }
        });
        self.take(pair);
    }
}
