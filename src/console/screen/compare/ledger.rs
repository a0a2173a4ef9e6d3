//! The checks that a ledger holds, over time: what is remembered of them, and their keys.

use super::keys::{LEDGER_KEY, LEFT, RIGHT};
use super::{LEDGER, ledger_view};
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, List};
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{FigureTrend, TestSetTrend};
use crate::engine::Command;
use crate::report::{Sheet, trends_sheet};
use ratatui::layout::Rect;
use std::sync::Arc;

/// What is remembered of the ledger.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// It is in sight, in the place of the comparison.
    pub shown: bool,
    /// What it tells, or why nothing.
    found: Option<Result<Arc<Vec<TestSetTrend>>, String>>,
    /// It is to be read again: a check may have been added.
    stale: bool,
    /// The selected figure.
    pub cursor: Cursor,
    /// The look that is read out, from the newest back.
    pub back: usize,
}

impl State {
    /// Shows the ledger, read anew, or the comparison again.
    pub fn toggle(&mut self, world: &World) -> Vec<Effect> {
        if world.ledger.is_none() {
            let words =
                "no ledger is named: --ledger FILE at the start, or ledger = \"FILE\" under [console] of config.toml";
            return vec![Effect::Say(words.into(), true)];
        }
        self.shown = !self.shown;
        self.stale = self.shown;
        Vec::new()
    }

    /// Does what an action says.
    pub fn act(&mut self, action: Action, body: Rect) {
        let (length, page) = (self.figures(), ledger_view::Places::of(body).page());
        match action {
            // Cut to what there is when the state settles.
            LEFT => self.back += 1,
            RIGHT => self.back = self.back.saturating_sub(1),
            _ => _ = self.cursor.act(action, length, page),
        }
    }

    fn figures(&self) -> usize {
        self.trends().iter().map(|trend| trend.figures.len()).max().unwrap_or(0)
    }

    fn trends(&self) -> &[TestSetTrend] {
        self.found.as_ref().and_then(|found| found.as_ref().ok()).map_or(&[], |found| found.as_slice())
    }

    /// The looks at the test set of the open audit that was looked at last.
    #[must_use]
    pub fn trend(&self, world: &World) -> Option<&TestSetTrend> {
        let audit = &world.audit.as_ref()?.name;
        self.trends().iter().find(|trend| trend.audit == *audit)
    }

    /// The selected figure.
    #[must_use]
    pub fn figure(&self, world: &World) -> Option<&FigureTrend> {
        self.trend(world)?.figures.get(self.cursor.selected)
    }

    /// Takes in what was read.
    pub fn take(&mut self, found: Result<Arc<Vec<TestSetTrend>>, String>) {
        self.found = Some(found);
        self.stale = false;
    }

    /// What is asked of the engine.
    #[must_use]
    pub fn wants(&self, world: &World) -> Option<Command> {
        let file = world.ledger.clone().filter(|_| self.shown && (self.stale || self.found.is_none()))?;
        Some(Command::ReadLedger { file })
    }

    /// Keeps the selection inside what there is.
    pub fn settle(&mut self, world: &World, body: Rect) {
        let (figures, looks) = self.trend(world).map_or((0, 0), |trend| (trend.figures.len(), trend.looks.len()));
        self.cursor.settle(figures, ledger_view::Places::of(body).page());
        self.back = self.back.min(looks.saturating_sub(1));
    }

    /// The figures, for the mouse.
    #[must_use]
    pub fn list(&self, world: &World, body: Rect) -> Option<List> {
        Some(List::framed(ledger_view::Places::of(body).list, self.trend(world)?.figures.len()))
    }

    /// What it shows as a table: a row a look and figure.
    #[must_use]
    pub fn sheet(&self, world: &World) -> Option<Sheet> {
        self.trend(world).map(|trend| trends_sheet(std::slice::from_ref(trend)))
    }

    /// Draws it.
    pub fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        let said = match (&self.found, self.trend(world)) {
            (Some(Ok(_)), Some(trend)) => return ledger_view::draw(self, world, trend, pen, body),
            (Some(Err(why)), _) => why.clone(),
            (Some(Ok(_)), None) => {
                let audit = world.audit.as_ref().map(|audit| audit.name.as_str()).unwrap_or_default();
                format!("the ledger holds no check of audit {audit}: llm2loss check --ledger FILE adds one")
            }
            (None, _) => "reading the ledger".into(),
        };
        let inside = pen.panel(body, "Ledger of checks", "", true);
        ledger_view::say(pen, inside, &said, &format!("{} shows the comparison", world.key(LEDGER, LEDGER_KEY)));
    }
}
