//! Compare as one of the screens.

use super::other::{Other, others};
use super::{HERE, Measure, Opens, State, layout, sheet, view};
use crate::console::glyph::Glyphs;
use crate::console::jobs::Task;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::items::Listing;
use crate::console::screen::train::way_to_a_run;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell::quoted;
use crate::console::view::body;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{ItemFilter, ItemOrder, ModelComparison};
use crate::engine::{Command, Event};
use crate::report::Sheet;
use ratatui::layout::Rect;
use std::sync::Arc;

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        match action {
            Action::NextOther | Action::PreviousOther => return self.choose_other(world, action == Action::NextOther),
            Action::Swap => {
                self.swapped = !self.swapped;
                self.pair_up(world, world.shown.as_ref());
            }
            Action::TrainAlike => return self.train_alike(world),
            Action::OpenItems => return self.open_items(),
            Action::OpenPair => {
                let opened = self.opens().map(|opens| match opens {
                    Opens::Attribute(name) => Effect::OpenAttribute(name),
                    Opens::Prompt(text) => Effect::OpenPrompts(text, String::new()),
                });
                return opened.into_iter().collect();
            }
            _ => self.apply(action, layout(body(world.size)).page()),
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let key = |action| world.key(HERE, action);
        let (before, next, what) = (key(Action::PreviousOther), key(Action::NextOther), key(Action::NextMeasure));
        let swap = key(Action::Swap);
        [
            format!(
                "whom did the other model make worse? {what} changes what is compared, {before} and {next} with what, {swap} swaps the two"
            ),
            format!("{what} changes what is compared, {before} {next} with what"),
        ]
    }

    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        format!("sort {}", self.sort.name())
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        let (audit, (then, now)) = (world.audit.as_ref()?, self.models.as_ref()?);
        matches!(action, Action::Screen(_))
            .then(|| format!("llm2loss compare-models {} {} {}", quoted(&audit.name), quoted(then), quoted(now)))
    }

    fn sheet(&self, _world: &World) -> Option<Sheet> {
        sheet::sheet(self)
    }

    /// The other run, and what changed between its model and the shown one.
    fn wants(&mut self, world: &World) -> Vec<Command> {
        let target = self.target(world);
        let models = self.models_of(world, target.as_ref());
        if models != self.models {
            self.models = models;
            self.arrange();
        }
        let mut wanted = Vec::new();
        if let Some(Other::Run(run)) = target {
            if self.other.as_ref().is_none_or(|other| other.record.id != run) {
                wanted.push(Command::OpenOther { run });
            }
        } else if self.other.take().is_some() {
            self.take(None);
        }
        let known = self.compared.as_ref().map(|(request, _)| request);
        wanted.extend(self.request(world).filter(|request| Some(request) != known).map(Command::CompareModels));
        wanted
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        match event {
            Event::Shown(view) => self.pair_up(world, Some(view)),
            // What was compared lacks it.
            Event::AttributeAdded { .. } => self.compared = None,
            Event::Other(view) => {
                self.other = Some(view.clone());
                self.pair_up(world, world.shown.as_ref());
            }
            Event::ModelsCompared { request, found } if self.request(world).as_ref() == Some(request) => {
                let hidden = |found: &Arc<ModelComparison>| {
                    let mut found = (**found).clone();
                    found.hide_texts();
                    Arc::new(found)
                };
                let found =
                    if world.hide_text { found.as_ref().map(hidden).map_err(Clone::clone) } else { found.clone() };
                self.take_models(request.clone(), found);
            }
            _ => {}
        }
    }

    fn settle(&mut self, _world: &World, body: Rect) {
        self.cursor.settle(self.order.len(), layout(body).page());
    }

    fn list(&self, _world: &World, body: Rect) -> Option<List> {
        Some(List::framed(layout(body).table, self.order.len()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }
}

impl State {
    /// The items behind the row: of two models those whose loss rose most first.
    fn open_items(&self) -> Vec<Effect> {
        let mut listing = match (self.opens(), self.line()) {
            (Some(Opens::Prompt(text)), _) => Listing::near(&text),
            (Some(Opens::Attribute(name)), Some(line)) if self.measure() == Measure::Groups => {
                let mut listing = Listing::with(&name);
                if line.name.starts_with("without ") {
                    std::mem::swap(&mut listing.filter.with, &mut listing.filter.without);
                }
                listing.title.clone_from(&line.name);
                listing
            }
            (Some(Opens::Attribute(name)), _) => Listing::with(&name),
            (None, Some(line)) if self.measure() == Measure::Items => {
                let filter = ItemFilter { ids: vec![line.name.clone()], ..ItemFilter::default() };
                Listing::of(filter, String::new())
            }
            (None, Some(_)) => Listing::default(),
            (None, None) => return Vec::new(),
        };
        if let Some((then, now)) = self.models.as_ref().filter(|_| self.measure().is_of_models()) {
            (listing.against, listing.model) = (Some(then.clone()), Some(now.clone()));
            if listing.near.is_none() {
                listing.order = ItemOrder::Change;
            }
        }
        vec![Effect::ListItems(Box::new(listing))]
    }

    fn choose_other(&mut self, world: &World, next: bool) -> Vec<Effect> {
        let others = others(world);
        if others.len() < 2 {
            let new = way_to_a_run(world);
            return Effect::say(format!("there is nothing further to compare with; {new} trains another run"));
        }
        let at = self.target(world).and_then(|target| others.iter().position(|other| *other == target)).unwrap_or(0);
        let chosen = others[(at + if next { 1 } else { others.len() - 1 }) % others.len()].clone();
        let model = chosen.model(world).unwrap_or_default();
        let said = match &chosen {
            Other::Run(id) => format!("reading run {}, model {model}", id.short()),
            Other::Model(_) => format!("model {model}, which has no heads yet"),
        };
        self.chosen = Some(chosen);
        Effect::say(said)
    }

    /// Trains heads of the other model as those shown were trained, so that predictions can be compared.
    fn train_alike(&self, world: &World) -> Vec<Effect> {
        let (Some(request), Some(shown)) = (self.request(world), &world.shown) else {
            return Effect::say("there is no other model in view");
        };
        let (shown, hyper) = (&shown.record.model, shown.record.hyper.clone());
        let model = if request.before == *shown { request.after } else { request.before };
        let task = Task::Train { model: model.clone(), hyper: hyper.clone() };
        if world.jobs.queued().chain(world.jobs.running()).any(|job| job.task == task) {
            return Effect::say("they are being trained");
        }
        if request.runs.is_some() {
            return Effect::say("heads of both are there, trained alike");
        }
        let mut effects = Effect::say(format!("training heads of {model} like those shown"));
        effects.extend(Effect::send(Command::Train { model, hyper }));
        effects
    }
}
