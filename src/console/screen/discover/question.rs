//! What slices are looked for, as a person says it, and the request that follows from it.

use crate::console::shell::{self, quoted};
use crate::console::world::World;
use crate::diagnose::{DiscoverQuestion, Wanted};
use crate::engine::DiscoverRequest;

/// Most levels of the tree.
const LEVELS: usize = 3;

/// Which items count as failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Hard,
    Easy,
    Surprise,
    Change,
}

impl Look {
    fn wanted(self) -> Wanted {
        match self {
            Self::Easy => Wanted::Easy,
            Self::Surprise => Wanted::Surprising(Vec::new()),
            Self::Hard | Self::Change => Wanted::Hard,
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub look: Look,
    pub levels: usize,
    /// The model that the change is measured against; the one before in the audit unless chosen.
    against: Option<String>,
}

impl Default for Question {
    fn default() -> Self {
        Self { look: Look::Hard, levels: DiscoverQuestion::default().depth, against: None }
    }
}

impl Question {
    /// What the engine is asked; `None` while no model is known.
    #[must_use]
    pub fn request(&self, world: &World) -> Option<DiscoverRequest> {
        let model = world.model()?.to_owned();
        let known = world.audit.as_ref()?;
        let against = (self.look == Look::Change).then(|| self.other(world)).flatten();
        let wanted = self.look.wanted();
        let (audit, attributes) = (known.name.clone(), known.attributes.len());
        let (depth, hide_text) = (self.levels, world.hide_text);
        Some(DiscoverRequest { audit, model, against, wanted, depth, attributes, hide_text })
    }

    /// The model that the change is measured against.
    fn other(&self, world: &World) -> Option<String> {
        let (model, models) = (world.model()?, world.models());
        let at = models.iter().position(|known| known == model)?;
        let beside = models.get(at.checked_sub(1).unwrap_or(at + 1)).cloned();
        self.against.clone().filter(|known| known != model && models.contains(known)).or(beside)
    }

    /// The next kind there is something to look for.
    pub fn next(&mut self, world: &World) {
        let several = world.models().len() > 1;
        let attributes = world.audit.as_ref().is_some_and(|audit| !audit.attributes.is_empty());
        self.look = match self.look {
            Look::Hard => Look::Easy,
            Look::Easy if attributes => Look::Surprise,
            Look::Easy | Look::Surprise if several => Look::Change,
            _ => Look::Hard,
        };
    }

    /// The change against the next model, or the one before; false where there is no other.
    pub fn next_other(&mut self, world: &World, forward: bool) -> bool {
        let others: Vec<&String> =
            world.models().iter().filter(|known| Some(known.as_str()) != world.model()).collect();
        let now = self.other(world);
        let at = others.iter().position(|known| Some(*known) == now.as_ref()).unwrap_or(0);
        let step = if self.look != Look::Change {
            0
        } else if forward {
            1
        } else {
            others.len().saturating_sub(1)
        };
        let Some(chosen) = others.get((at + step) % others.len().max(1)) else { return false };
        self.against = Some((*chosen).clone());
        self.look = Look::Change;
        true
    }

    pub fn next_levels(&mut self) {
        self.levels = self.levels % LEVELS + 1;
    }

    /// The kind as documents and the command line say it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.look.wanted().word(self.look == Look::Change)
    }

    /// The command that finds the same.
    #[must_use]
    pub fn shell(&self, world: &World) -> String {
        let (model, levels) = (shell::model(world), self.levels);
        let flags = match (self.look, self.other(world), world.model()) {
            (Look::Change, Some(other), Some(model)) => format!(" --change {} {}", quoted(&other), quoted(model)),
            (Look::Easy | Look::Surprise, ..) => format!("{model} --{}", self.word()),
            _ => model,
        };
        let levels = if levels == Self::default().levels { String::new() } else { format!(" --depth {levels}") };
        format!("llm2loss discover {}{flags}{levels}", shell::audit(world))
    }
}
