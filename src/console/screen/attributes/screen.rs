//! Attributes as one of the screens.

use super::keys::PAIRS_KEY;
use super::{FILTER, HERE, PAIRS, State, contrast_word, layout, sheet, shown_contrast, view};
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
use crate::engine::{Command, Event};
use crate::report::Sheet;
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
    pub fn pair<'a>(&self, world: &'a World, name: &str) -> Option<(&'a str, &'a str)> {
        let row = world.shown.as_ref()?.tables.attributes.rows.iter().find(|row| row.name == name)?;
        row.prompts.pair(shown_contrast(row, self.contrast))
    }

    /// Those of the selected one.
    fn selected_pair<'a>(&self, world: &'a World) -> Option<(&'a str, &'a str)> {
        let row = self.selected(&world.shown.as_ref()?.tables.attributes)?;
        row.prompts.pair(shown_contrast(row, self.contrast))
    }

    /// Selects an attribute, whatever the filter is.
    pub fn show(&mut self, world: &World, name: &str) {
        let Some(shown) = &world.shown else { return };
        let rows = &shown.tables.attributes.rows;
        self.filter.reset();
        (self.filtering, self.pairs.shown) = (false, false);
        self.arrange(&shown.tables.attributes);
        self.cursor.selected = self.order.iter().position(|&at| rows[at].name == name).unwrap_or(0);
        self.follow();
    }

    fn rearrange(&mut self, world: &World) {
        if let Some(shown) = &world.shown {
            self.arrange(&shown.tables.attributes);
        }
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
            let row = world.shown.as_ref().and_then(|shown| self.selected(&shown.tables.attributes));
            return row.map(|row| Effect::ListItems(Box::new(Listing::with(&row.name)))).into_iter().collect();
        }
        if action == Action::OpenPair {
            let pair = self.selected_pair(world);
            return pair.map(|(a, b)| Effect::OpenPrompts(a.to_owned(), b.to_owned())).into_iter().collect();
        }
        let before = self.cursor.selected;
        let table = world.shown.as_ref().map(|shown| &shown.tables.attributes);
        self.apply(action, table, layout(body(world.size)).page());
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
        view(self, world, pen, body);
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
        let Some(shown) = &world.shown else { return String::new() };
        let table = &shown.tables.attributes;
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
            Action::Screen(_) => Some(shell::ask(world, "table", " attributes")),
            Action::OpenItems => {
                let row = self.selected(&world.shown.as_ref()?.tables.attributes)?;
                Some(shell::ask(world, "items", &format!(" --attribute {}", quoted(&row.name))))
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

    fn wants(&mut self, world: &World) -> Vec<Command> {
        self.pairs.wants(world).into_iter().collect()
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        if let Event::Intersected { model, found } = event {
            self.pairs.take(model, found);
        }
        if let Event::Shown(view) = event {
            let before = world.shown.as_ref().map(|shown| &shown.tables.attributes);
            self.replace(before, &view.tables.attributes);
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        self.pairs.settle(world, body);
        self.cursor.settle(self.order.len(), layout(body).page());
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        if self.pairs.shown {
            return Some(self.pairs.list(world, body));
        }
        Some(List::framed(layout(body).table, self.order.len()))
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
        world.shown.is_none() && !self.filtering && !self.pairs.shown
    }

    fn keep(&self, all: &mut Map<String, Value>, of_audit: &mut Map<String, Value>) {
        keep(all, "sort", &self.sort);
        keep(all, "reversed", &self.reversed);
        keep(all, "contrast", &self.contrast);
        keep(of_audit, "filter", &self.filter.value());
    }

    fn restore(&mut self, _world: &World, all: &Map<String, Value>, of_audit: &Map<String, Value>) {
        self.sort = kept(all, "sort").unwrap_or(self.sort);
        self.reversed = kept(all, "reversed").unwrap_or_default();
        self.contrast = kept(all, "contrast").unwrap_or(self.contrast);
        self.filter = input::holding(&kept::<String>(of_audit, "filter").unwrap_or_default());
    }
}
