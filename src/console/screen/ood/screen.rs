//! OOD as one of the screens.

use super::{HERE, State, layout, view};
use crate::console::export::{heading, number};
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell;
use crate::console::view::body;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::engine::Command;
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet, ood_json, view_json};
use ratatui::layout::Rect;

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        let Some(examined) = &world.examined else { return Vec::new() };
        if action == Action::OpenPair && !self.whole {
            let prompt = self.selected(examined);
            return prompt.map(|prompt| Effect::OpenPrompts(prompt.text.clone(), String::new())).into_iter().collect();
        }
        self.apply(action, examined, layout(body(world.size), self.whole).page());
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let list = world.key(HERE, Action::NextList);
        [
            format!("prompts from familiar to foreign; {list} shows one foreign list at a time"),
            format!("prompts from familiar to foreign; {list} chooses a list"),
        ]
    }

    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        self.list.clone().unwrap_or_else(|| "all lists".into())
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        matches!(action, Action::Screen(_)).then(|| shell::ask(world, "table", " ood"))
    }

    fn table(&self) -> Option<&'static str> {
        Some("ood")
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        let examined = world.examined.as_ref()?;
        let columns = [("prompt", Left), ("list", Left), ("logit", Right), ("sd", Right), ("sigmoid", Right)];
        let mut sheet = Sheet::new(heading(world, "Prompts by familiarity"), &columns);
        for prompt in self.shown.iter().filter_map(|&at| examined.ladder.get(at)) {
            sheet.row(vec![
                Cell::text(prompt.text.clone()),
                Cell::text(prompt.foreign.clone().unwrap_or_else(|| "the data's own".into())),
                number(prompt.mean, true),
                number(prompt.sd, false),
                number(1.0 / (1.0 + (-prompt.mean).exp()), false),
            ]);
        }
        sheet.notes.push(format!("Logit of being in distribution: mean and sd of {} members.", examined.members));
        Some(sheet)
    }

    /// Table 1, as its command prints it, where it alone is shown; else the prompts in view.
    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        match &world.shown {
            Some(shown) if self.whole => Some(ood_json(&shown.tables.ood, &shown.record)),
            _ => Some(view_json("ood", &self.sheet(world)?)),
        }
    }

    fn wants(&mut self, world: &World) -> Vec<Command> {
        world.examine()
    }

    fn settle(&mut self, world: &World, body: Rect) {
        self.choose(world.examined.as_deref(), body);
    }

    fn list(&self, _world: &World, body: Rect) -> Option<List> {
        (!self.whole).then(|| List::framed(layout(body, false).ladder, self.shown.len()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }
}
