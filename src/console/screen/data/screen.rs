//! Data as one of the screens.

use super::{HERE, State, Whole, layout, view};
use crate::console::export::{heading, number};
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::engine::{Chore, Command, Event};
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet};
use ratatui::layout::Rect;

impl Screen for State {
    fn context(&self) -> Context {
        HERE
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        let models = world.models();
        match action {
            Action::Refresh => {
                self.store = None;
                return vec![Effect::AskAgain];
            }
            Action::EmbedItems => return vec![Effect::Care(Chore::Embed)],
            Action::CheckCache => return vec![Effect::Care(Chore::Verify)],
            Action::CancelRunning => return vec![Effect::CancelRunning],
            Action::OpenSelected => {
                return models.get(self.cursor.selected).cloned().map(Effect::OpenModel).into_iter().collect();
            }
            Action::Zoom => self.whole = self.whole.next(),
            // Nothing moves where nobody sees it.
            _ if self.whole != Whole::None => {}
            Action::Down => self.cursor.step(1, models.len()),
            Action::Up => self.cursor.step(-1, models.len()),
            Action::First => self.cursor.selected = 0,
            Action::Last => self.cursor.selected = models.len().saturating_sub(1),
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
    }

    fn hint(&self, _world: &World) -> [String; 2] {
        [
            "what is audited, what its losses look like, and what the store keeps of it".into(),
            "what is audited and what the store keeps of it".into(),
        ]
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        match action {
            Action::Screen(_) | Action::Refresh => Some("llm2loss doctor".into()),
            Action::EmbedItems => Some(format!("llm2loss embed {}", shell::audit(world))),
            Action::CheckCache => Some("llm2loss cache verify".into()),
            _ => None,
        }
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        let store = self.store.as_ref()?;
        let columns = [
            ("model", Left),
            ("n test", Right),
            ("mean", Right),
            ("q05", Right),
            ("q25", Right),
            ("median", Right),
            ("q75", Right),
            ("q95", Right),
            ("zero", Right),
        ];
        let mut sheet = Sheet::new(heading(world, "Losses over the test items"), &columns);
        for loss in &store.losses {
            let mut cells = vec![Cell::text(loss.model.clone()), Cell::Count(loss.n), number(loss.mean, false)];
            cells.extend(loss.quantiles.iter().map(|value| number(*value, false)));
            cells.push(Cell::Count(loss.zeros));
            sheet.row(cells);
        }
        Some(sheet)
    }

    fn wants(&mut self, world: &World) -> Vec<Command> {
        if self.store.is_none() && world.audit.is_some() { vec![Command::Inspect] } else { Vec::new() }
    }

    fn on_event(&mut self, _world: &World, event: &Event) {
        match event {
            // There is more in the store now.
            Event::Embedded { .. } | Event::JobFinished { .. } => self.store = None,
            Event::Verified { report, .. } => self.checked = Some(report.clone()),
            Event::Inspected(view) => self.store = Some(view.clone()),
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        self.cursor.settle(world.models().len(), layout(body).page());
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        (self.whole == Whole::None).then(|| List::framed(layout(body).models, world.models().len()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }
}
