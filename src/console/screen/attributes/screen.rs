//! Attributes as one of the screens.

use super::columns::COLUMNS;
use super::keys::{KEEP, PAIRS_KEY};
use super::{FILTER, HERE, PAIRS, State, contrast_word, layout, sheet, shown_contrast, view};
use crate::console::drawer::DRAWER;
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::items::Listing;
use crate::console::screen::{Effect, List, Screen, keep, kept};
use crate::console::shell::{self, quoted};
use crate::console::view::body;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::AttributesTable;
use crate::engine::{Command, Event};
use crate::report::{Evidence, Sheet};
use crossterm::event::{Event as TerminalEvent, KeyEvent};
use ratatui::layout::Rect;
use serde_json::{Map, Value};
use std::time::Duration;
use tui_input::backend::crossterm::EventHandler;

/// How long after the last move the detail follows: rows passed on the way are not worth a slow line's time.
const REST: Duration = Duration::from_millis(80);

impl State {
    /// The two sentences of an attribute, as it is shown.
    #[must_use]
    pub fn pair<'a>(&'a self, world: &'a World, name: &str) -> Option<(&'a str, &'a str)> {
        let row = self.table(world)?.rows.iter().find(|row| row.name == name)?;
        row.prompts.pair(shown_contrast(row, self.contrast))
    }

    /// Those of the selected one.
    fn selected_pair<'a>(&'a self, world: &'a World) -> Option<(&'a str, &'a str)> {
        let row = self.selected(self.table(world)?)?;
        row.prompts.pair(shown_contrast(row, self.contrast))
    }

    /// Selects an attribute, whatever the filter is.
    pub fn show(&mut self, world: &World, name: &str) {
        self.filter.reset();
        (self.filtering, self.pairs.shown) = (false, false);
        self.within.clear();
        self.select(world, Some(name.to_owned()));
    }

    /// Lays out the table in view anew and selects a row of it; without a table there is nothing to select.
    fn select(&mut self, world: &World, name: Option<String>) {
        let measured = self.within.table(world).cloned();
        match self.in_view(world, measured.as_deref()) {
            Some(table) => self.replace(name, false, table),
            None => (self.order, self.within.wished) = (Vec::new(), name),
        }
        self.follow();
    }

    fn rearrange(&mut self, world: &World) {
        let measured = self.within.table(world).cloned();
        if let Some(table) = self.in_view(world, measured.as_deref()) {
            self.arrange(table);
        }
    }

    /// Items with an attribute, of the group that is kept.
    fn listing(&self, name: &str) -> Listing {
        let mut listing = Listing::with(name);
        if self.within.is_kept() {
            listing.filter.with = self.within.names();
            if !listing.filter.with.iter().any(|kept| kept == name) {
                listing.filter.with.push(name.to_owned());
            }
            listing.title = listing.filter.with.join(" + ");
        }
        listing
    }

    /// The table in view of the two, so that the state may change beside it.
    pub(super) fn in_view<'a>(
        &self,
        world: &'a World,
        measured: Option<&'a AttributesTable>,
    ) -> Option<&'a AttributesTable> {
        let shown = world.shown.as_ref().filter(|_| !self.within.is_kept());
        shown.map(|shown| &shown.tables.attributes).or(measured)
    }
}

impl Screen for State {
    fn context(&self) -> Context {
        match () {
            () if self.filtering => FILTER,
            () if self.pairs.shown => PAIRS,
            () => HERE,
        }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        if self.pairs.shown {
            return self.pairs.act(world, action, body(world.size));
        }
        if action == PAIRS_KEY {
            self.pairs.open();
            return Vec::new();
        }
        if action == Action::OpenItems {
            let row = self.table(world).and_then(|table| self.selected(table));
            return row.map(|row| Effect::ListItems(Box::new(self.listing(&row.name)))).into_iter().collect();
        }
        if action == DRAWER || action == Action::DropFilter && !self.filtering && self.drawer.open {
            self.drawer.open = !self.drawer.open;
            return Vec::new();
        }
        if action == KEEP {
            let row = self.table(world).and_then(|table| self.selected(table)).cloned();
            match row.map(|row| self.within.keep(&row)) {
                Some(Ok(())) => {
                    self.filter.reset();
                    self.select(world, None);
                }
                Some(Err(why)) => return Effect::say(why),
                None => {}
            }
            return Vec::new();
        }
        if action == Action::DropFilter && !self.filtering && self.filter.value().is_empty() && self.within.release() {
            let wished = self.within.wished.take();
            self.select(world, wished);
            return Vec::new();
        }
        if action == Action::OpenPair {
            let pair = self.selected_pair(world);
            return pair.map(|(a, b)| Effect::OpenPrompts(a.to_owned(), b.to_owned())).into_iter().collect();
        }
        let before = self.cursor.selected;
        let measured = self.within.table(world).cloned();
        let table = self.in_view(world, measured.as_deref());
        self.apply(action, table, layout(self.drawer.above(body(world.size))).page());
        if before != self.cursor.selected && self.order.len() > 1 {
            self.detail_due = Some(world.now + REST);
        } else {
            self.follow();
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        if self.pairs.shown {
            return super::pairs::draw(&self.pairs, world, pen, body);
        }
        view(self, world, pen, self.drawer.above(body));
        self.drawer.draw(pen, body, &self.behind(world), &world.key(HERE, DRAWER));
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let key = |action| world.key(HERE, action);
        let (items, open, help) = (key(Action::OpenItems), key(Action::OpenPair), key(Action::Help));
        let (down, up, find) = (key(Action::Down), key(Action::Up), key(Action::Palette));
        [
            format!(
                "{down} {up} move, {items} lists a row's items, {open} asks the heads, {help} explains every mark, {find} finds every command"
            ),
            format!("{items} lists a row's items, {open} asks the heads"),
        ]
    }

    fn about(&self, world: &World, glyphs: &Glyphs) -> String {
        if self.pairs.shown {
            return "shrunken loss".into();
        }
        let Some(table) = self.table(world) else { return String::new() };
        let down = self.sort.descends() != self.reversed;
        let arrow = if down { glyphs.descending } else { glyphs.ascending };
        let (sort, shown, total) = (self.sort.name(), self.order.len(), table.rows.len());
        match world.size.0 {
            0..140 => format!("{sort} {arrow} {shown}/{total}"),
            _ => format!("{}  sort {sort} {arrow}  {shown} of {total}", contrast_word(self, table)),
        }
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        if self.pairs.shown {
            let (audit, model) = (shell::audit(world), shell::model(world));
            return match action {
                Action::Screen(_) => Some(format!("llm2loss table {audit} intersections{model}")),
                Action::OpenItems => {
                    let names = self.pairs.selected(world)?.attributes.iter();
                    let flags: String = names.map(|name| format!(" --attribute {}", quoted(name))).collect();
                    Some(format!("llm2loss items {audit}{model}{flags}"))
                }
                _ => None,
            };
        }
        match action {
            Action::Screen(_) if self.within.is_kept() => {
                let (audit, model) = (shell::audit(world), shell::model(world));
                let within: String =
                    self.within.names().iter().map(|name| format!(" --within {}", quoted(name))).collect();
                Some(format!("llm2loss table {audit} attributes{model}{within}"))
            }
            Action::Screen(_) => Some(shell::ask(world, "table", " attributes")),
            Action::OpenItems => {
                let row = self.selected(self.table(world)?)?;
                let names = self.listing(&row.name).filter.with;
                let flags: String = names.iter().map(|name| format!(" --attribute {}", quoted(name))).collect();
                Some(shell::ask(world, "items", &flags))
            }
            Action::OpenPair => {
                let (a, b) = self.selected_pair(world)?;
                Some(shell::ask(world, "compare", &format!(" {} {}", quoted(a), quoted(b))))
            }
            _ => None,
        }
    }

    fn table(&self) -> Option<&'static str> {
        (!self.pairs.shown).then_some("attributes")
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        if self.pairs.shown { self.pairs.sheet(world) } else { sheet::sheet(self, world) }
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        if self.pairs.shown { self.pairs.document(world) } else { sheet::document(self, world) }
    }

    fn evidence(&self, world: &World) -> Option<Option<Evidence>> {
        self.drawer.shown(world, self.behind(world)).filter(|_| !self.pairs.shown)
    }

    fn wants(&mut self, world: &World) -> Vec<Command> {
        let measured = || self.within.wants(world).filter(|_| self.within.is_kept() || world.shown.is_none());
        let evidence = self.drawer.wants(&self.behind(world)).filter(|_| !self.pairs.shown);
        self.pairs.wants(world).or_else(measured).into_iter().chain(evidence).collect()
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        self.drawer.on_event(event);
        if let Event::Intersected { model, found } = event {
            self.pairs.take(model, found);
        }
        let first = self.table(world).is_none();
        let name = self.table(world).and_then(|table| self.selected(table)).map(|row| row.name.clone());
        let name = name.or_else(|| self.within.wished.take());
        match event {
            Event::Shown(view) if !self.within.is_kept() => self.replace(name, first, &view.tables.attributes),
            Event::Measured { model, within, found } => {
                self.within.take(model, within, found);
                let lacked = self.within.is_kept() || world.shown.is_none();
                if let Some(table) = self.within.table(world).filter(|_| lacked).cloned() {
                    self.replace(name, first && !self.within.is_kept(), &table);
                }
            }
            Event::Opened { .. } => self.within.clear(),
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        self.pairs.settle(world, body);
        self.cursor.settle(self.order.len(), layout(self.drawer.above(body)).page());
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        if self.pairs.shown {
            return Some(self.pairs.list(world, body));
        }
        Some(List::framed(layout(self.drawer.above(body)).table, self.order.len()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(if self.pairs.shown { &mut self.pairs.cursor } else { &mut self.cursor })
    }

    fn pointed(&mut self) {
        self.follow();
    }

    fn type_key(&mut self, world: &World, key: KeyEvent) {
        if self.filtering {
            self.filter.handle_event(&TerminalEvent::Key(key));
            self.rearrange(world);
        }
    }

    fn paste(&mut self, world: &World, text: &str) -> bool {
        if !self.filtering {
            return false;
        }
        let cut = input::paste(&mut self.filter, text);
        self.rearrange(world);
        cut
    }

    fn deadline(&self) -> Option<Duration> {
        self.detail_due
    }

    fn tick(&mut self, now: Duration) {
        if self.detail_due.is_some_and(|due| due <= now) {
            self.follow();
        }
    }

    fn is_waiting(&self, world: &World) -> bool {
        self.table(world).is_none() && !self.filtering && !self.pairs.shown
    }

    fn keep(&self, all: &mut Map<String, Value>, of_audit: &mut Map<String, Value>) {
        keep(all, "sort", &self.sort);
        keep(all, "reversed", &self.reversed);
        keep(all, "contrast", &self.contrast);
        keep(all, "columns", &self.passed);
        keep(of_audit, "filter", &self.filter.value());
    }

    fn restore(&mut self, _world: &World, all: &Map<String, Value>, of_audit: &Map<String, Value>) {
        self.sort = kept(all, "sort").unwrap_or(self.sort);
        self.reversed = kept(all, "reversed").unwrap_or_default();
        self.contrast = kept(all, "contrast").unwrap_or(self.contrast);
        self.passed = kept::<usize>(all, "columns").unwrap_or_default().min(COLUMNS);
        self.filter = input::holding(&kept::<String>(of_audit, "filter").unwrap_or_default());
    }
}
