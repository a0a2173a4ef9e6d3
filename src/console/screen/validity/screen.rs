//! Validity as one of the screens.

use super::{HERE, State, TOGGLE_CALIBRATION, view};
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, Screen};
use crate::console::shell;
use crate::console::world::World;
use crate::engine::Command;
use crate::report::{Sheet, validity_json};
use ratatui::layout::Rect;

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, _world: &World, action: Action) -> Vec<Effect> {
        match action {
            Action::NextHead => self.next(),
            Action::Zoom => self.whole = !self.whole,
            TOGGLE_CALIBRATION => self.calibration = !self.calibration,
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let head = world.key(HERE, Action::NextHead);
        [
            format!("how well each head orders the test items by their true loss; {head} shows another head"),
            format!("do the heads know the true losses? {head}: another head"),
        ]
    }

    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        format!("head {}", self.head)
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        matches!(action, Action::Screen(_)).then(|| shell::ask(world, "table", " validity"))
    }

    fn table(&self) -> Option<&'static str> {
        Some("validity")
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        let shown = world.shown.as_ref()?;
        Some(crate::report::validity(&shown.tables.validity, &shown.record))
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        let shown = world.shown.as_ref()?;
        Some(validity_json(&shown.tables.validity, &shown.record))
    }

    fn wants(&mut self, world: &World) -> Vec<Command> {
        world.examine()
    }
}
