//! Items as one of the screens.

use super::{HERE, State};
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, Screen};
use crate::console::shell;
use crate::console::world::World;
use ratatui::layout::Rect;

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, _world: &World, _action: Action) -> Vec<Effect> {
        Vec::new()
    }

    fn draw(&self, _world: &World, _pen: &mut Pen<'_>, _body: Rect) {}

    fn hint(&self, _world: &World) -> [String; 2] {
        ["the items behind the figures, one by one".into(), "the items, one by one".into()]
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        matches!(action, Action::Screen(_)).then(|| shell::ask(world, "items", ""))
    }
}
