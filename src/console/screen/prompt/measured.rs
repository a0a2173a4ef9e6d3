//! What is measured of the focused prompt: both models on the items with its words, words that raise its estimate.

use super::State;
use crate::audit::RunId;
use crate::console::world::World;
use crate::diagnose::{BothModels, Raised};
use crate::engine::{Command, Event};
use std::sync::Arc;

/// What is wanted, and the newest answers.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Which other model is shown beside the one in view: the first, the second, …; 0 for none.
    pub both: usize,
    /// Words that raise the estimate are looked for and stand in the ladder's place.
    pub raise: bool,
    compared: Option<Compared>,
    raised: Option<Searched>,
}

/// An answer, or why there is none.
pub type Found<T> = Result<Option<Arc<T>>, String>;

#[derive(Debug, Clone)]
struct Compared {
    text: String,
    models: [String; 2],
    found: Found<BothModels>,
}

#[derive(Debug, Clone)]
struct Searched {
    run: RunId,
    text: String,
    found: Found<Raised>,
}

impl Measured {
    /// Takes in an answer.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::BothModels { text, models, found } => {
                let (text, models, found) = (text.clone(), models.clone(), found.clone());
                self.compared = Some(Compared { text, models, found });
            }
            Event::Raised { run, text, found } => {
                self.raised = Some(Searched { run: run.clone(), text: text.clone(), found: found.clone() });
            }
            _ => {}
        }
    }
}

impl State {
    /// The model in view and the other one that is wanted beside it.
    #[must_use]
    pub fn both_models(&self, world: &World) -> Option<[String; 2]> {
        let first = world.model()?;
        let mut others = world.models().iter().filter(|model| *model != first);
        let other = others.nth(self.measured.both.checked_sub(1)?)?;
        Some([first.to_owned(), other.clone()])
    }

    /// What was found of both models under the focused prompt; `None` while it is measured.
    #[must_use]
    pub fn compared(&self, world: &World) -> Option<&Found<BothModels>> {
        let models = self.both_models(world)?;
        let known = self.measured.compared.as_ref()?;
        (known.text == self.text(self.focus) && known.models == models).then_some(&known.found)
    }

    /// The words that were found for the focused prompt; `None` while they are looked for.
    #[must_use]
    pub fn raised(&self, world: &World) -> Option<&Found<Raised>> {
        let run = &world.shown.as_ref()?.record.id;
        let known = self.measured.raised.as_ref()?;
        (known.text == self.text(self.focus) && known.run == *run).then_some(&known.found)
    }

    /// What is wanted and not there yet.
    pub(super) fn wanted(&self, world: &World) -> Vec<Command> {
        let text = self.text(self.focus).to_owned();
        if text.is_empty() {
            return Vec::new();
        }
        let mut wanted = Vec::new();
        if let Some(models) = self.both_models(world).filter(|_| self.compared(world).is_none()) {
            wanted.push(Command::BothModels { text: text.clone(), models });
        }
        // Without an estimate there is nothing to raise yet.
        let estimated = self.scores(self.focus).is_some_and(|scores| scores.estimate.is_some());
        if self.measured.raise && estimated && !self.pending() && self.raised(world).is_none() {
            let run = world.shown.iter().map(|shown| shown.record.id.clone());
            wanted.extend(run.map(|run| Command::Raise { run, text: text.clone() }));
        }
        wanted
    }

    /// The next other model beside the one in view, none after the last; what is to be said.
    pub(super) fn next_both(&mut self, world: &World) -> Option<String> {
        let others = world.models().len().saturating_sub(1);
        if others == 0 {
            return Some("the audit has only this model".into());
        }
        self.measured.both = (self.measured.both + 1) % (others + 1);
        None
    }

    /// Adds the best word to the focused prompt; what is to be said where there is none.
    pub(super) fn take_word(&mut self, world: &World) -> Option<String> {
        let best = match self.raised(world).filter(|_| self.measured.raise) {
            Some(Ok(Some(found))) => found.single.first().map(|first| first.text.clone()),
            _ => return Some("no words are shown that could be added".into()),
        };
        match best {
            Some(text) => {
                self.lines[self.focus].input = crate::console::widget::input::holding(&text);
                self.edited();
                None
            }
            None => Some("no word raises it".into()),
        }
    }
}
