//! Findings as one of the screens.

use super::{HERE, OPEN, State, evidence, layout, view};
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::discover::usual_request;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell;
use crate::console::view::body;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{Finding, Findings};
use crate::engine::{Command, Event};
use crate::report::{Sheet, finding_paragraph, findings_json, findings_sheet};
use ratatui::layout::Rect;
use std::time::Duration;

/// How long after the last move the evidence follows: findings passed on the way are not worth a slow line's time.
const REST: Duration = Duration::from_millis(80);

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        if action == OPEN {
            return self.selected().map(evidence).into_iter().collect();
        }
        let (before, length) = (self.cursor.selected, self.length());
        self.cursor.act(action, length, layout(body(world.size), length).page());
        if self.cursor.selected != before {
            self.behind_due = Some(world.now + REST);
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let key = |action| world.key(HERE, action);
        let (open, copy, help) = (key(OPEN), key(Action::CopyRow), key(Action::Help));
        if world.shown.is_none() && world.jobs.running().is_some() {
            return [
                "Heads are being trained, to score any sentence (2 Prompt); these findings need none".into(),
                "Heads are being trained; these findings need none".into(),
            ];
        }
        [
            format!("{open} shows the items behind a line, {copy} copies it for a ticket, {help} explains every word"),
            format!("{open} shows what is behind a line, {copy} copies it"),
        ]
    }

    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        match self.length() {
            0 => String::new(),
            length => format!("{} of {length}", self.cursor.selected + 1),
        }
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        // Measured: no run is meant.
        matches!(action, Action::Screen(_))
            .then(|| format!("llm2loss findings {}{}", shell::audit(world), shell::model(world)))
    }

    fn sheet(&self, _world: &World) -> Option<Sheet> {
        self.findings().map(findings_sheet)
    }

    fn document(&self, _world: &World) -> Option<serde_json::Result<String>> {
        self.findings().map(findings_json)
    }

    fn tells_context(&self) -> bool {
        true
    }

    fn copied(&self, _world: &World) -> Option<(&'static str, String)> {
        let found = self.findings()?;
        Some(("the finding", finding_paragraph(self.selected()?, found)))
    }

    /// The findings of the model in view, then the slices among them. What failed stays wanted, and is asked for again when somebody comes back.
    fn wants(&mut self, world: &World) -> Vec<Command> {
        let Some(model) = world.model() else { return Vec::new() };
        if self.found.as_ref().is_some_and(|(known, _)| known != model) {
            self.found = None;
        }
        match self.found {
            Some((_, Ok(_))) => {
                let slices = usual_request(world).filter(|request| self.discovered.as_ref() != Some(request));
                slices.map(Command::Discover).into_iter().collect()
            }
            _ => vec![Command::Find { model: model.to_owned() }],
        }
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        match event {
            Event::Found { model, found } if world.model() == Some(model.as_str()) => {
                let slices =
                    |found: &Findings| found.findings.iter().any(|finding| matches!(finding, Finding::Discovered(_)));
                // The search was faster than the measuring: its findings hold all that these hold.
                if self.has_slices(model) && !found.as_ref().is_ok_and(|found| slices(found)) {
                    return;
                }
                let found = found.as_ref().map(|found| (**found).clone()).map_err(Clone::clone);
                self.take(model, found, world.shown.as_ref());
            }
            Event::Discovered { request, .. } if usual_request(world).as_ref() == Some(request) => {
                self.discovered = Some(request.clone());
            }
            Event::AttributeAdded { .. } => self.found = None,
            Event::Shown(view) => self.add_heads(Some(view)),
            _ => {}
        }
    }

    fn settle(&mut self, _world: &World, body: Rect) {
        let length = self.length();
        self.cursor.settle(length, layout(body, length).page());
    }

    fn list(&self, _world: &World, body: Rect) -> Option<List> {
        let list = layout(body, self.length()).list;
        let area = Rect {
            x: list.x + 1,
            y: list.y + 1,
            width: list.width.saturating_sub(2),
            height: list.height.saturating_sub(2),
        };
        Some(List { area, length: self.length() })
    }

    fn lines_of_a_row(&self, body: Rect) -> u16 {
        layout(body, self.length()).lines
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn pointed(&mut self) {
        self.follow();
    }

    fn deadline(&self) -> Option<Duration> {
        self.behind_due
    }

    fn tick(&mut self, now: Duration) {
        if self.behind_due.is_some_and(|due| due <= now) {
            self.follow();
        }
    }

    fn is_waiting(&self, _world: &World) -> bool {
        self.length() == 0
    }
}
