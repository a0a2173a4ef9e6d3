//! Items as one of the screens.

use super::keys::{BACK, CONTACT_SHEET, ITEM_DOWN, ITEM_UP, MARK, NEXT_SPLIT, SIMILAR, WRITE_MARKED};
use super::{Broken, HERE, Listing, State, TEXT, copy, item_view, layout, list_view, pages, sheet_view};
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::{Action, Cmd, ExportForm};
use crate::console::paint::{Pen, inset};
use crate::console::screen::{Effect, List, Screen, ScreenId};
use crate::console::shell::quoted;
use crate::console::view::body;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::console::{export, number};
use crate::engine::{Command, Event, ItemsCommand};
use crate::report::Sheet;
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::ops::Range;
use std::time::Duration;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// How long after the last move the item follows.
const REST: Duration = Duration::from_millis(80);

impl Screen for State {
    fn context(&self) -> Context {
        if self.typing { TEXT } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        let before = self.cursor.selected;
        let page = if self.sheet { 2 * sheet_view::TILES } else { layout(body(world.size), self.alone).page().max(2) };
        if self.cursor.act(action, self.matching(), page) {
            self.moved(world, before);
            return Vec::new();
        }
        match action {
            Action::NextSort => self.change(|listing| listing.next_order(world)),
            Action::ReverseSort => self.change(|listing| listing.ascending = !listing.ascending),
            NEXT_SPLIT => self.change(Listing::next_split),
            Action::Filter => self.typing = true,
            Action::KeepFilter => self.typing = false,
            Action::DropFilter => self.clear_words(),
            BACK if self.sheet => self.sheet = false,
            CONTACT_SHEET => self.sheet = !self.sheet,
            BACK if !self.words.value().is_empty() => self.clear_words(),
            BACK => return self.leave().map(Effect::Go).into_iter().collect(),
            SIMILAR => return self.similar(),
            MARK => {
                self.mark();
                self.cursor.step(1, self.matching());
                self.moved(world, before);
            }
            WRITE_MARKED => return self.write(world),
            Action::Zoom => (self.alone, self.sheet) = (self.sheet || !self.alone, false),
            ITEM_DOWN => self.scroll += 1,
            ITEM_UP => self.scroll = self.scroll.saturating_sub(1),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        if self.sheet {
            return sheet_view::draw(self, world, pen, body);
        }
        let places = layout(body, self.alone);
        list_view::draw(self, world, pen, places);
        item_view::draw(self, world, pen, places.item);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        list_view::hint(world)
    }

    fn about(&self, world: &World, _glyphs: &Glyphs) -> String {
        list_view::about(self, world)
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        match action {
            Action::Screen(_) => shell(self, world),
            WRITE_MARKED if !self.marked.is_empty() => {
                let ids: Vec<String> =
                    self.marked.values().take(20).map(|item| format!(" --id {}", quoted(&item.id))).collect();
                Some(format!("llm2loss items {}{} --ids marked.csv", crate::console::shell::audit(world), ids.concat()))
            }
            _ => None,
        }
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        copy::sheet(self, world)
    }

    fn whole(&mut self, world: &World, form: Option<ExportForm>) -> Option<Command> {
        copy::whole(self, world, form)
    }

    fn copied(&self, _world: &World) -> Option<(&'static str, String)> {
        Some(("the item", copy::item(self)))
    }

    /// The list, the pages in sight, the item in full once the keys rest, what the worst have in common.
    fn wants(&mut self, world: &World) -> Vec<Command> {
        let Some((question, run)) = self.listing.question(world) else { return Vec::new() };
        if world.audit.is_none() {
            return Vec::new();
        }
        if self.asked.1.as_ref() != Some(&(question.clone(), run.clone())) {
            self.asked = (self.asked.0 + 1, Some((question.clone(), run.clone())));
            self.failed = None;
        }
        let list = self.asked.0;
        let Some(listed) = self.listed.as_ref().filter(|listed| listed.number == list) else {
            let count = pages::PAGE;
            return vec![Command::Items(ItemsCommand::List { list, question: Box::new(question), run, count })];
        };
        let seen = self.in_sight(world, listed.matching);
        let count = pages::PAGE;
        let page = listed.pages.lacking(seen.clone()).map(|offset| ItemsCommand::Page { list, offset, count });
        let row = self.selected().filter(|_| self.due.is_none()).map(|item| item.row);
        let item = row.filter(|row| listed.full.as_ref().is_none_or(|full| full.row != *row));
        let item = item.map(|row| ItemsCommand::Item { list, row });
        let pictured = if self.sheet { seen } else { self.cursor.selected..self.cursor.selected + 1 };
        let pictured = pictured.filter(|_| world.shows_images() && self.due.is_none()).filter_map(|at| self.at(at));
        let mut lacking = pictured.filter(|item| item.image.is_some() && self.picture(item).is_none());
        let picture = lacking.next().map(|item| ItemsCommand::Picture { list, row: item.row });
        let words = (listed.words.is_none() && listed.matching > 0).then_some(ItemsCommand::Words { list });
        page.into_iter().chain(item).chain(picture).chain(words).map(Command::Items).collect()
    }

    fn on_event(&mut self, _world: &World, event: &Event) {
        if let Event::Items(answer) = event {
            self.answered(answer);
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        let places = layout(body, self.alone);
        if self.is_current() && self.returning.is_none() {
            self.cursor.settle(self.matching(), places.page().max(1));
        }
        if world.screen == ScreenId::Items {
            self.break_text(world, inset(places.item, 2).width);
            self.scroll = self.scroll.min(item_view::most(self, world, inset(places.item, 2)));
        }
    }

    fn list(&self, _world: &World, body: Rect) -> Option<List> {
        let places = layout(body, self.alone);
        if self.sheet {
            return None;
        }
        let height = places.list.height.saturating_sub(u16::from(places.words));
        Some(List::framed(Rect { height, ..places.list }, self.matching()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pointed(&mut self) {
        self.follow();
    }

    fn type_key(&mut self, _world: &World, key: KeyEvent) {
        let full = self.words.value().chars().count() >= input::LIMIT;
        if self.typing && !(full && matches!(key.code, KeyCode::Char(_))) {
            self.words.handle_event(&TerminalEvent::Key(key));
            self.typed();
        }
    }

    fn paste(&mut self, _world: &World, text: &str) -> bool {
        if !self.typing {
            return false;
        }
        let cut = input::paste(&mut self.words, text);
        self.typed();
        cut
    }

    fn deadline(&self) -> Option<Duration> {
        self.due
    }

    fn tick(&mut self, now: Duration) {
        if self.due.is_some_and(|due| due <= now) {
            self.follow();
        }
    }
}

impl State {
    /// After a move: the item follows when the keys rest.
    fn moved(&mut self, world: &World, before: usize) {
        if before == self.cursor.selected {
            return;
        }
        if self.due.is_none() {
            self.detail = before;
        }
        self.due = Some(world.now + REST);
    }

    /// Another order or other items of the same list, looked at from the top.
    fn change(&mut self, how: impl FnOnce(&mut Listing)) {
        how(&mut self.listing);
        self.start_at(Cursor::default());
    }

    fn typed(&mut self) {
        let words = self.words.value().to_owned();
        self.change(|listing| listing.filter.text = words);
    }

    fn clear_words(&mut self) {
        self.typing = false;
        self.words = Input::default();
        self.typed();
    }

    /// Places of the list that are drawn.
    fn in_sight(&self, world: &World, matching: usize) -> Range<usize> {
        if self.sheet {
            return sheet_view::places(self.cursor.selected, matching);
        }
        let seen = layout(body(world.size), self.alone).page().max(1);
        let end = (self.cursor.offset + seen).max(self.cursor.selected + 1).min(matching);
        self.cursor.offset.min(self.cursor.selected).min(end)..end
    }

    /// The items most like the selected one.
    fn similar(&mut self) -> Vec<Effect> {
        let Some(listing) = self.selected().map(|item| self.listing.like(item)) else { return Vec::new() };
        if listing.near == self.listing.near {
            return Effect::say("these are the items most like it");
        }
        self.open(listing, ScreenId::Items);
        Vec::new()
    }

    /// Writes the ids of the marked items.
    fn write(&self, world: &World) -> Vec<Effect> {
        if self.marked.is_empty() {
            return Effect::say(format!("nothing is marked yet; {} marks an item", world.key(HERE, MARK)));
        }
        let text = copy::marked(self, world);
        let model = self.listed.as_ref().map_or("", |listed| listed.question.model.as_str());
        let name = format!("items-marked-{}.csv", export::in_file_name(model));
        let noun = if self.marked.len() == 1 { "id" } else { "ids" };
        let what = format!("{} {noun}", number::count(self.marked.len()));
        text.map(|text| Effect::Do(Cmd::Export { name, text, what })).into_iter().collect()
    }

    /// Breaks the drawn item's text into lines, unless they are there.
    fn break_text(&mut self, world: &World, width: u16) {
        let width = usize::from(width);
        let Some(item) = self.drawn() else {
            self.broken = Broken::default();
            return;
        };
        let row = item.row;
        if self.broken.row == row && self.broken.width == width && !self.broken.lines.is_empty() {
            return;
        }
        let note = self.listed.as_ref().and_then(|listed| listed.note.as_deref());
        let lines = item_view::content(item, note, world.hide_text, width);
        self.broken = Broken { row, width, lines };
    }
}

/// The same list in a shell.
fn shell(state: &State, world: &World) -> Option<String> {
    let (question, run) = state.listing.question(world)?;
    if question.filter.among.is_some() || question.like.is_some() {
        // Items of a slice: 'llm2loss discover --ids FILE' writes them. Of what is like an item --id tells the nearest.
        return None;
    }
    let mut command = format!("llm2loss items {}", crate::console::shell::audit(world));
    let mut flag = |name: &str, value: &str| command.push_str(&format!(" --{name} {}", quoted(value)));
    flag("model", &question.model);
    let filter = &question.filter;
    filter.with.iter().for_each(|name| flag("attribute", name));
    filter.without.iter().for_each(|name| flag("without", name));
    filter.ids.iter().for_each(|id| flag("id", id));
    flag("split", &filter.split.map_or_else(|| "all".into(), |split| split.to_string()));
    if !filter.text.trim().is_empty() {
        flag("text", filter.text.trim());
    }
    filter.least_loss.into_iter().for_each(|loss| flag("min-loss", &loss.to_string()));
    filter.most_loss.into_iter().for_each(|loss| flag("max-loss", &loss.to_string()));
    flag("sort", question.order.name());
    question.near.iter().for_each(|near| flag("near", near));
    question.against.iter().for_each(|against| flag("against", against));
    run.iter().for_each(|run| flag("run", &run.0));
    if question.ascending {
        command.push_str(" --ascending");
    }
    Some(command)
}
