//! Prompt as one of the screens.

use super::keys::{BOTH_MODELS, COMPLETE, PIN_AGAIN, RAISE, TAKE_WORD};
use super::{HERE, Pin, State, TYPING, layout, sheet, view};
use crate::console::drawer::DRAWER;
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::items::Listing;
use crate::console::screen::{Effect, Screen, ScreenId, keep, kept};
use crate::console::shell::{self, quoted};
use crate::console::view::body;
use crate::console::widget::input;
use crate::console::world::World;
use crate::engine::{Command, Event};
use crate::report::{Evidence, Sheet};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use serde_json::{Map, Value};
use tui_input::backend::crossterm::EventHandler;

impl Screen for State {
    fn context(&self) -> Context {
        if self.typing { TYPING } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        if let Some(effects) = self.act_on_ladder(world, action) {
            return effects;
        }
        let said = match action {
            BOTH_MODELS => self.next_both(world),
            RAISE if world.hide_text => Some("texts of items are hidden: their words are not told".into()),
            RAISE => {
                self.measured.raise = !self.measured.raise;
                None
            }
            TAKE_WORD => self.take_word(world),
            COMPLETE => self.complete(world.audit.as_ref().map_or(&[][..], |audit| &audit.phrases[..])),
            _ => None,
        };
        if let Some(said) = said {
            return Effect::say(said);
        }
        if action == DRAWER {
            self.drawer.open = !self.drawer.open;
            return Vec::new();
        }
        if action == Action::OpenItems {
            return match self.text(self.focus) {
                "" => Effect::say("the prompt is empty: there is nothing to be near to"),
                text => vec![Effect::ListItems(Box::new(Listing::near(text)))],
            };
        }
        let commands = self.apply(action);
        let said = (action == Action::Keep && !commands.is_empty()).then(|| Effect::say("kept in the history"));
        commands.into_iter().map(Effect::Do).chain(said.into_iter().flatten()).collect()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, self.drawer.above(body));
        self.drawer.draw(pen, body, &self.evidence_asked(world), &world.key(HERE, DRAWER));
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let key = |action| world.key(TYPING, action);
        let (other, stop) = (key(Action::OtherPrompt), key(Action::StopTyping));
        [
            format!("type a sentence; {other} and another one to compare; {stop} turns letters into keys"),
            format!("type a sentence; {stop} turns letters into keys"),
        ]
    }

    fn about(&self, world: &World, _glyphs: &Glyphs) -> String {
        match (&self.scored, self.pending()) {
            (_, true) if world.shown.is_some() => "scoring".into(),
            (Some(scored), _) => format!("scored in {}", elapsed(scored.micros)),
            _ => String::new(),
        }
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        if action == Action::OpenItems {
            let text = Some(self.text(self.focus)).filter(|text| !text.is_empty())?;
            return Some(shell::ask(world, "items", &format!(" --near {}", quoted(text))));
        }
        if !matches!(action, Action::Screen(_) | Action::Type | Action::Swap) {
            return None;
        }
        let (a, b) = (self.text(0), self.text(1));
        Some(match (a.is_empty(), b.is_empty()) {
            (true, true) => shell::ask(world, "score", " 'a sentence'"),
            (false, false) => shell::ask(world, "compare", &format!(" {} {}", quoted(a), quoted(b))),
            (true, false) => shell::ask(world, "score", &format!(" {}", quoted(b))),
            (false, true) => shell::ask(world, "score", &format!(" {}", quoted(a))),
        })
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        sheet::sheet(self, world)
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        sheet::document(self, world)
    }

    fn evidence(&self, world: &World) -> Option<Option<Evidence>> {
        self.drawer.shown(world, self.evidence_asked(world))
    }

    fn copied(&self, _world: &World) -> Option<(&'static str, String)> {
        Some(("the prompt", self.said()))
    }

    fn wants(&mut self, world: &World) -> Vec<Command> {
        let evidence = self.drawer.wants(&self.evidence_asked(world));
        self.wanted(world).into_iter().chain(evidence).collect()
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        self.measured.on_event(event);
        self.drawer.on_event(event);
        match event {
            Event::Opened { history, .. } => self.remember(history),
            Event::Shown(_) => self.heads_changed(),
            Event::Scored { seq, answer, micros } => self.answered(*seq, answer, *micros),
            Event::EvidenceRead { run } if world.shown.as_ref().is_some_and(|shown| shown.record.id == *run) => {
                self.evidence_read();
            }
            _ => {}
        }
    }

    fn settle(&mut self, _world: &World, body: Rect) {
        let places = layout(self.drawer.above(body), self.wish());
        let seen = places.ladder.map_or(1, |area| usize::from(area.height.saturating_sub(2)));
        self.cursor.settle(self.pins.len(), seen);
    }

    fn type_key(&mut self, _world: &World, key: KeyEvent) {
        if !self.typing {
            return;
        }
        let line = &mut self.lines[self.focus].input;
        let full = line.value().chars().count() >= input::LIMIT;
        if full && matches!(key.code, KeyCode::Char(_)) {
            return;
        }
        if line.handle_event(&TerminalEvent::Key(key)).is_some_and(|change| change.value) {
            self.edited();
        }
    }

    fn paste(&mut self, _world: &World, text: &str) -> bool {
        let cut = input::paste(&mut self.lines[self.focus].input, text);
        self.edited();
        cut
    }

    fn beside(&self) -> Option<Context> {
        Some(if self.typing { HERE } else { TYPING })
    }

    fn keep(&self, all: &mut Map<String, Value>, of_audit: &mut Map<String, Value>) {
        let pins: Vec<&str> = self.pins.iter().map(|pin| pin.text.as_str()).collect();
        keep(all, "ladder", &self.order);
        keep(of_audit, "pins", &pins);
    }

    fn restore(&mut self, world: &World, all: &Map<String, Value>, of_audit: &Map<String, Value>) {
        self.order = kept(all, "ladder").unwrap_or(self.order);
        let pins: Vec<String> = kept(of_audit, "pins").unwrap_or_default();
        self.pins = pins.into_iter().take(super::PINS).map(|text| Pin { text, scores: None }).collect();
        // A prompt is typed when somebody comes to type, not because they left there.
        self.typing = world.screen != ScreenId::Prompt;
    }
}

impl State {
    /// What an action on the ladder does; said where the ladder is not in sight: nothing acts on what nobody sees.
    fn act_on_ladder(&mut self, world: &World, action: Action) -> Option<Vec<Effect>> {
        let acts = [Action::Down, Action::Up, Action::Recall, Action::Unpin, Action::OrderLadder, PIN_AGAIN];
        if !acts.contains(&action) {
            return None;
        }
        if self.measured.raise || layout(self.drawer.above(body(world.size)), self.wish()).ladder.is_none() {
            let key = |action| world.key(HERE, action);
            let way = if self.measured.raise { key(RAISE) } else { key(Action::ToggleLadder) };
            return Some(Effect::say(format!("the ladder is not in sight; {way} shows it")));
        }
        let said = match action {
            Action::Unpin if !self.pins.is_empty() => format!("dropped; {} puts it back", world.key(HERE, PIN_AGAIN)),
            PIN_AGAIN if !self.pin_again() => "nothing was dropped".to_owned(),
            _ => String::new(),
        };
        self.apply(action);
        Some(if said.is_empty() { Vec::new() } else { Effect::say(said) })
    }
}

fn elapsed(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{} ms", micros / 1_000),
    }
}
