//! Discover as one of the screens.

use super::keys::{ADD, DROP_NAME, HERE, NAME, NEXT_LEVELS, NEXT_LOOK, TAKE_NAME, WRITE_IDS};
use super::layout::layout;
use super::{Look, Names, State, view};
use crate::audit::Split;
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::items::Listing;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell::quoted;
use crate::console::view::body;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{DiscoveredSlice, ItemFilter, ItemOrder, Step};
use crate::engine::{Command, Event, NewAttribute};
use crate::report::{DiscoveryTitle, Sheet, discover_json, discovery, slice_paragraph};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::sync::Arc;
use tui_input::backend::crossterm::EventHandler;

impl Screen for State {
    fn context(&self) -> Context {
        if self.naming.is_some() { NAME } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        match action {
            Action::OpenItems => self.selected(world).map(|slice| self.items(world, slice)).into_iter().collect(),
            Action::OpenPair => match self.selected(world).map(DiscoveredSlice::phrase) {
                Some(phrase) if phrase.is_empty() => Effect::say("the slice has no name that a sentence says"),
                phrase => phrase.map(|phrase| Effect::OpenPrompts(phrase, String::new())).into_iter().collect(),
            },
            WRITE_IDS => self.selected(world).map(|slice| ids(world, slice)).unwrap_or_default(),
            ADD => {
                self.naming = self.selected(world).map(|slice| input::holding(&slice.name));
                Vec::new()
            }
            TAKE_NAME => self.add(world),
            DROP_NAME => {
                self.naming = None;
                Vec::new()
            }
            NEXT_LOOK => self.ask(|question| {
                question.next(world);
                true
            }),
            NEXT_LEVELS => self.ask(|question| {
                question.next_levels();
                true
            }),
            Action::NextOther | Action::PreviousOther => {
                self.ask(|question| question.next_other(world, action == Action::NextOther))
            }
            _ => {
                let length = self.length(world);
                let page = view::page(layout(body(world.size), length).list);
                self.cursor.act(action, length, page);
                Vec::new()
            }
        }
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view::draw(self, world, pen, body);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let key = |action| world.key(HERE, action);
        let (items, add, what) = (key(Action::OpenItems), key(ADD), key(NEXT_LOOK));
        [
            format!(
                "{items} lists a slice's items, {add} makes it an attribute of the audit, {what} looks for something else"
            ),
            format!("{items} lists a slice's items, {add} makes it an attribute"),
        ]
    }

    fn about(&self, world: &World, _glyphs: &Glyphs) -> String {
        match self.length(world) {
            0 => self.question.word().to_owned(),
            length => format!("{}  {} of {length}", self.question.word(), self.cursor.selected + 1),
        }
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        let command = self.question.shell(world);
        match action {
            Action::Screen(_) => Some(command),
            ADD => Some(format!("{command} --add {}", quoted(&self.selected(world)?.name))),
            WRITE_IDS => Some(format!("{command} --ids slices.csv")),
            _ => None,
        }
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        Some(discovery(&self.found(world)?.found, &self.title()?))
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        let (title, (request, _)) = (self.title()?, self.answer.as_ref()?);
        let model = match &request.against {
            Some(against) => format!("{} against {against}", title.model),
            None => title.model.to_owned(),
        };
        Some(discover_json(&self.found(world)?.found, title.audit, &model, title.wanted))
    }

    fn tells_context(&self) -> bool {
        true
    }

    fn copied(&self, _world: &World) -> Option<(&'static str, String)> {
        let (_, found) = self.answer.as_ref()?;
        let found = &found.as_deref().ok()?.found;
        let slice = found.slices.get(self.cursor.selected)?;
        Some(("the slice", slice_paragraph(slice, found, &self.title()?)))
    }

    /// The slices, then what heads say of their names. What failed stays wanted, and is asked for again when somebody comes
    /// back.
    fn wants(&mut self, world: &World) -> Vec<Command> {
        let Some(request) = self.question.request(world) else { return Vec::new() };
        let Some(view) = self.found(world) else { return vec![Command::Discover(request)] };
        let Some(shown) = world.shown.as_ref().filter(|shown| shown.record.model == request.model) else {
            return Vec::new();
        };
        let run = shown.record.id.clone();
        let known = self.names.as_ref().is_some_and(|names| names.run == run && names.request == request);
        if known || view.found.slices.is_empty() {
            return Vec::new();
        }
        let names = view.found.slices.iter().map(DiscoveredSlice::phrase).collect();
        vec![Command::AskNames { run, names }]
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        match event {
            Event::Discovering { request, step } if self.question.request(world).as_ref() == Some(request) => {
                if let Step::Found(slices) = step {
                    self.untested = slices.clone();
                }
                self.step = Some(step.clone());
            }
            Event::Discovered { request, found } if self.question.request(world).as_ref() == Some(request) => {
                self.answer = Some((request.clone(), found.clone()));
                (self.naming, self.cursor) = (None, Cursor::default());
                self.forget_search();
            }
            // Items have embeddings now, and with them more names.
            Event::Embedded { .. } | Event::JobFinished { .. } if self.waits_for_embeddings() => self.answer = None,
            Event::NamesScored { run, scores } => {
                let request = self.answer.as_ref().map(|(request, _)| request.clone());
                self.names = request.map(|request| Names { run: run.clone(), request, scores: scores.clone() });
            }
            // With the evidence there are estimates.
            Event::EvidenceRead { .. } => self.names = None,
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        let length = self.length(world);
        // While slices are found anew, the place is kept.
        if length > 0 {
            self.cursor.settle(length, view::page(layout(body, length).list));
        }
        self.naming.take_if(|_| length == 0);
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        let length = self.length(world);
        Some(List::framed(layout(body, length).list, length))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pointed(&mut self) {
        // A name that is typed is that of the slice it was begun on.
        self.naming = None;
    }

    fn type_key(&mut self, _world: &World, key: KeyEvent) {
        let Some(name) = &mut self.naming else { return };
        let full = name.value().chars().count() >= input::LIMIT;
        if !(full && matches!(key.code, KeyCode::Char(_))) {
            name.handle_event(&TerminalEvent::Key(key));
        }
    }

    fn paste(&mut self, _world: &World, text: &str) -> bool {
        self.naming.as_mut().is_some_and(|name| input::paste(name, text))
    }

    fn is_waiting(&self, world: &World) -> bool {
        self.length(world) == 0 && self.failure(world).is_none() && self.found(world).is_none()
    }
}

impl State {
    /// Looks for something else, from the top.
    fn ask(&mut self, change: impl FnOnce(&mut super::Question) -> bool) -> Vec<Effect> {
        if !change(&mut self.question) {
            return Effect::say("the audit has only this model");
        }
        self.cursor = Cursor::default();
        self.forget_search();
        Vec::new()
    }

    /// The search that was followed has ended, or is wanted no more.
    fn forget_search(&mut self) {
        (self.step, self.untested) = (None, Arc::default());
    }

    fn waits_for_embeddings(&self) -> bool {
        self.answer.as_ref().is_some_and(|(_, found)| found.as_ref().is_ok_and(|view| view.found.unembedded))
    }

    /// What the answer is about.
    fn title(&self) -> Option<DiscoveryTitle<'_>> {
        let (request, _) = self.answer.as_ref()?;
        let (audit, model) = (request.audit.as_str(), request.model.as_str());
        Some(DiscoveryTitle { audit, model, wanted: request.word(), within: None })
    }

    /// The test items of a slice, worst first.
    fn items(&self, world: &World, slice: &DiscoveredSlice) -> Effect {
        let among = slice.items.iter().map(|&row| row as u32).collect();
        let filter = ItemFilter { split: Some(Split::Test), among: Some(Arc::new(among)), ..ItemFilter::default() };
        let request = self.question.request(world);
        let against = request.and_then(|request| request.against);
        let order = if against.is_some() { ItemOrder::Change } else { ItemOrder::Loss };
        let ascending = self.question.look == Look::Easy;
        Effect::ListItems(Box::new(Listing { order, ascending, against, ..Listing::of(filter, slice.name.clone()) }))
    }

    /// Makes the selected slice an attribute under the name typed.
    fn add(&mut self, world: &World) -> Vec<Effect> {
        let Some(name) = self.naming.take() else { return Vec::new() };
        let (Some(slice), Some(view)) = (self.selected(world), self.found(world)) else { return Vec::new() };
        let name = name.value().trim().to_owned();
        if name.is_empty() {
            return vec![Effect::Say("an attribute needs a name".into(), true)];
        }
        let added = NewAttribute {
            name,
            phrase: slice.attribute_phrase(),
            items: slice.items.clone(),
            searched: view.found.searched.clone(),
            origin: format!("slice '{}' ({})", slice.name, self.question.shell(world)),
        };
        Effect::send(Command::AddAttribute(Box::new(added)))
    }
}

/// Asks for the ids of a slice.
fn ids(world: &World, slice: &DiscoveredSlice) -> Vec<Effect> {
    let Some(model) = world.model() else { return Vec::new() };
    let rows = Arc::new(slice.items.iter().map(|&row| row as u32).collect());
    Effect::send(Command::TellIds { name: slice.name.clone(), model: model.to_owned(), rows })
}
