//! What a screen needs of the engine before it can be drawn, asked for once.

use super::app::App;
use super::msg::{Cmd, ScreenId};
use crate::audit::{RunId, RunRecord, RunState};
use crate::engine::{Command, Event};
use std::sync::Arc;

/// What was asked for and has not come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Somebody looks at the store; whether it was asked for since they came.
    pub store: bool,
    pub examined: Option<RunId>,
    pub other: Option<RunId>,
}

impl Awaited {
    /// Takes off what has come. What failed is asked for again when somebody comes back to the screen.
    pub fn came(&mut self, event: &Event) {
        match event {
            Event::Inspected(_) => self.store = false,
            Event::Other(view) if self.other.as_ref() == Some(&view.record.id) => self.other = None,
            _ => {}
        }
    }
}

/// The runs that can be compared with the shown one, newest first.
#[must_use]
pub fn others(app: &App) -> Vec<Arc<RunRecord>> {
    let shown = app.shown.as_ref().map(|shown| &shown.record.id);
    let whole = |run: &&Arc<RunRecord>| run.state == RunState::Finished && Some(&run.id) != shown;
    app.runs.iter().filter(whole).cloned().collect()
}

/// Asks for what the screen in sight lacks.
pub fn ask(app: &mut App) -> Vec<Cmd> {
    match app.screen {
        ScreenId::Data if app.store.is_none() && !app.awaited.store && app.audit.is_some() => {
            app.awaited.store = true;
            vec![Cmd::Send(Command::Inspect)]
        }
        ScreenId::Ood | ScreenId::Validity => examine(app),
        ScreenId::Compare => other(app),
        _ => Vec::new(),
    }
}

fn examine(app: &mut App) -> Vec<Cmd> {
    let Some(shown) = &app.shown else { return Vec::new() };
    let run = shown.record.id.clone();
    let known = app.examined.as_ref().is_some_and(|examined| examined.run == run);
    if known || app.awaited.examined.as_ref() == Some(&run) {
        return Vec::new();
    }
    app.awaited.examined = Some(run.clone());
    vec![Cmd::Send(Command::Examine { run })]
}

/// The run to compare with: the one chosen, else the newest of another model, else the newest.
fn other(app: &mut App) -> Vec<Cmd> {
    let Some(shown) = &app.shown else { return Vec::new() };
    let choice = others(app);
    let chosen = app.compare.chosen.as_ref().and_then(|id| choice.iter().find(|run| run.id == *id));
    let elsewhere = || choice.iter().find(|run| run.model != shown.record.model);
    let Some(wanted) = chosen.or_else(elsewhere).or(choice.first()).map(|run| run.id.clone()) else {
        app.other = None;
        return Vec::new();
    };
    let known = app.other.as_ref().is_some_and(|other| other.record.id == wanted);
    if known || app.awaited.other.as_ref() == Some(&wanted) {
        return Vec::new();
    }
    app.awaited.other = Some(wanted.clone());
    vec![Cmd::Send(Command::OpenOther { run: wanted })]
}
