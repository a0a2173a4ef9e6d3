//! Compare as one of the screens.

use super::columns::{Grid, room};
use super::kept::Kept;
use super::keys::LEDGER_KEY;
use super::other::{Other, others};
use super::{HERE, LEDGER, Line, Measure, Opens, State, layout, sheet, view};
use crate::audit::Side;
use crate::console::drawer::DRAWER;
use crate::console::export::ROW;
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
use crate::diagnose::{BothWays, ItemFilter, ItemOrder};
use crate::engine::{Command, Event};
use crate::report::{Evidence, Sheet, compare_models_json, trends_json, view_json};
use ratatui::layout::Rect;
use std::sync::Arc;

impl Screen for State {
    fn context(&self) -> Context {
        if self.ledger.shown { LEDGER } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        if action == LEDGER_KEY {
            return self.ledger.toggle(world);
        }
        if self.ledger.shown {
            self.ledger.act(action, body(world.size));
            return Vec::new();
        }
        match action {
            Action::NextOther | Action::PreviousOther => return self.choose_other(world, action == Action::NextOther),
            Action::Swap => {
                self.swapped = !self.swapped;
                self.pair_up(world, world.shown.as_ref());
            }
            Action::TrainAlike => return self.train_alike(world),
            DRAWER => self.drawer.open = !self.drawer.open,
            Action::OpenItems => return self.open_items(),
            Action::OpenPair => {
                let opened = self.opens().map(|opens| match opens {
                    Opens::Attribute(name) => Effect::OpenAttribute(name),
                    Opens::Prompt(text) => Effect::OpenPrompts(text, String::new()),
                });
                return opened.into_iter().collect();
            }
            _ => self.apply(action, layout(self.drawer.above(body(world.size))).page()),
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        if self.ledger.shown {
            return view(self, world, pen, body);
        }
        view(self, world, pen, self.drawer.above(body));
        self.drawer.draw(pen, body, &self.behind(world), &world.key(HERE, DRAWER));
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
        if self.ledger.shown { "ledger".into() } else { format!("sort {}", self.sort.name()) }
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        if let (true, Some(file)) = (self.ledger.shown, &world.ledger) {
            let file = quoted(&file.display().to_string());
            return matches!(action, Action::Screen(_)).then(|| format!("llm2loss ledger {file}"));
        }
        let (audit, (then, now)) = (world.audit.as_ref()?, self.models.as_ref()?);
        matches!(action, Action::Screen(_))
            .then(|| format!("llm2loss compare-models {} {} {}", quoted(&audit.name), quoted(then), quoted(now)))
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        if self.ledger.shown { self.ledger.sheet(world) } else { sheet::sheet(self, world) }
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        let trend = self.ledger.trend(world).filter(|_| self.ledger.shown);
        if let Some(trend) = trend {
            return Some(trends_json(std::slice::from_ref(trend)));
        }
        match (self.found().filter(|_| self.measure().is_of_models()), &world.audit) {
            (Some(found), Some(audit)) if !self.ledger.shown => {
                Some(compare_models_json(found, &audit.name, &audit.fingerprint))
            }
            _ => Some(view_json("compare", &self.sheet(world)?)),
        }
    }

    fn evidence(&self, world: &World) -> Option<Option<Evidence>> {
        self.drawer.shown(world, self.behind(world)).filter(|_| !self.ledger.shown)
    }

    /// The selected row: headings are no rows of the sheet.
    fn copied(&self, world: &World) -> Option<(&'static str, String)> {
        if self.ledger.shown || !self.order.iter().any(|&at| self.is_heading(at)) {
            return None;
        }
        Some((ROW, sheet::sheet(self, world)?.row_text(self.place().0.checked_sub(1)?)?))
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
        let request = self.request(world).filter(|request| {
            let known = self.kept.answer(&request.before, &request.after).map(|(known, _)| known);
            Some(request) != known
        });
        wanted.extend(request.map(Command::CompareModels));
        wanted.extend(self.drawer.wants(&self.behind(world)).filter(|_| !self.ledger.shown));
        wanted.extend(self.ledger.wants(world));
        wanted
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        self.drawer.on_event(event);
        match event {
            Event::Shown(view) => self.pair_up(world, Some(view)),
            // What was compared lacks it.
            Event::AttributeAdded { .. } => self.kept = Kept::default(),
            Event::Other(view) => {
                self.other = Some(view.clone());
                self.pair_up(world, world.shown.as_ref());
            }
            Event::Comparing { before, after, done, total } => {
                self.kept.draw([before.clone(), after.clone()], *done, *total);
            }
            Event::LedgerRead { file, found } if world.ledger.as_ref() == Some(file) => self.ledger.take(found.clone()),
            Event::ModelsCompared { request, found } => {
                let hidden = |found: &Arc<BothWays>| {
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

    fn settle(&mut self, world: &World, body: Rect) {
        let places = layout(self.drawer.above(body));
        let width = room(places.table);
        self.column = self.column.min(Grid::of(self, width).most(width));
        self.leave_heading(false);
        self.cursor.settle(self.order.len(), places.page());
        if self.cursor.offset == self.cursor.selected && places.page() > 1 {
            // The heading of the first row in sight.
            let above = self.cursor.selected.checked_sub(1);
            let heading = above.filter(|&place| self.order.get(place).is_some_and(|&at| self.is_heading(at)));
            self.cursor.offset = heading.unwrap_or(self.cursor.offset);
        }
        self.ledger.settle(world, body);
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        if self.ledger.shown {
            return self.ledger.list(world, body);
        }
        Some(List::framed(layout(self.drawer.above(body)).table, self.order.len()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(if self.ledger.shown { &mut self.ledger.cursor } else { &mut self.cursor })
    }
}

impl State {
    /// The items behind the row: of two models those whose loss rose most first.
    fn open_items(&self) -> Vec<Effect> {
        let mut listing = match (self.opens(), self.line()) {
            (Some(Opens::Prompt(text)), _) => Listing::near(&text),
            (Some(Opens::Attribute(name)), Some(Line { group: Some(group), name: title, .. })) => {
                let mut listing = Listing::with(&name);
                if group.side == Side::False {
                    std::mem::swap(&mut listing.filter.with, &mut listing.filter.without);
                }
                listing.title.clone_from(title);
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
        self.kept.forget_failures();
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
