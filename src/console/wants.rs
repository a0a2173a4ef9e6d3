//! What a screen needs of the engine before it can be drawn, asked for once.

use super::app::App;
use super::msg::{Cmd, ScreenId};
use super::screen::compare::Other;
use crate::audit::{RunId, RunRecord, RunState};
use crate::engine::{Command, ComparisonRequest, Event, RunView};
use std::sync::Arc;

/// What was asked for and has not come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Somebody looks at the store; whether it was asked for since they came.
    pub store: bool,
    pub examined: Option<RunId>,
    pub other: Option<RunId>,
    pub models: Option<ComparisonRequest>,
}

impl Awaited {
    /// Takes off what has come. What failed is asked for again when somebody comes back to the screen.
    pub fn came(&mut self, event: &Event) {
        match event {
            Event::Inspected(_) => self.store = false,
            Event::Other(view) if self.other.as_ref() == Some(&view.record.id) => self.other = None,
            Event::ModelsCompared { request, .. } if self.models.as_ref() == Some(request) => self.models = None,
            _ => {}
        }
    }
}

/// What the shown run can be compared with: finished runs, newest first, then models that have none.
#[must_use]
pub fn others(app: &App) -> Vec<Other> {
    let Some(shown) = app.shown.as_ref().map(|shown| &shown.record) else { return Vec::new() };
    let finished = |run: &&Arc<RunRecord>| run.state == RunState::Finished && run.id != shown.id;
    let runs = app.runs.iter().filter(finished);
    let bare = |model: &&String| **model != shown.model && !runs.clone().any(|run| run.model == **model);
    let models = app.audit.iter().flat_map(|audit| &audit.models).filter(bare);
    runs.clone().map(|run| Other::Run(run.id.clone())).chain(models.map(|model| Other::Model(model.clone()))).collect()
}

/// The model of a choice.
#[must_use]
pub fn model_of<'a>(app: &'a App, other: &'a Other) -> Option<&'a str> {
    match other {
        Other::Model(model) => Some(model),
        Other::Run(id) => app.runs.iter().find(|run| run.id == *id).map(|run| run.model.as_str()),
    }
}

/// What is compared with the shown run: what a person chose, else the newest run of another model, else another
/// model, else the newest run.
#[must_use]
pub fn target(app: &App) -> Option<Other> {
    let choice = others(app);
    let shown = app.shown.as_ref().map(|shown| shown.record.model.as_str());
    let elsewhere = |other: &&Other| model_of(app, other) != shown;
    let chosen = app.compare.chosen.as_ref().filter(|chosen| choice.contains(chosen));
    chosen.or_else(|| choice.iter().find(elsewhere)).or(choice.first()).cloned()
}

/// Two runs as A and B: of two models the one that the audit names first comes first, else the shown one comes last.
#[must_use]
pub fn in_order(app: &App, other: &RunView, shown: &RunView) -> (RunView, RunView) {
    let earlier = later(app, &shown.record.model, &other.record.model);
    let (a, b) = if earlier { (shown, other) } else { (other, shown) };
    let (a, b) = if app.compare.swapped { (b, a) } else { (a, b) };
    (a.clone(), b.clone())
}

/// Whether the audit names the second model after the first.
fn later(app: &App, first: &str, second: &str) -> bool {
    let place = |name: &str| app.audit.as_ref()?.models.iter().position(|model| model == name);
    place(first).zip(place(second)).is_some_and(|(first, second)| first < second)
}

/// The two models in view, then and now, if they are two.
fn models(app: &App, target: Option<&Other>) -> Option<(String, String)> {
    let shown = &app.shown.as_ref()?.record.model;
    let other = model_of(app, target?)?;
    if other == shown {
        return None;
    }
    let first = later(app, shown, other) != app.compare.swapped;
    let (then, now) = if first { (shown.as_str(), other) } else { (other, shown.as_str()) };
    Some((then.to_owned(), now.to_owned()))
}

/// The comparison of the two models in view, with runs of both where some were trained alike.
#[must_use]
pub fn request(app: &App) -> Option<ComparisonRequest> {
    let (before, after) = app.compare.models.clone()?;
    let shown = &app.shown.as_ref()?.record;
    let alike = |model: &str| {
        let like = |run: &&Arc<RunRecord>| run.model == model && run.trained_like(shown);
        let run = if model == shown.model { Some(shown) } else { app.runs.iter().find(like) };
        run.map(|run| run.id.clone())
    };
    let runs = alike(&before).zip(alike(&after)).map(|(before, after)| [before, after]);
    let prompts = app.prompt.pins.iter().map(|pin| pin.text.clone()).collect();
    Some(ComparisonRequest { before, after, runs, prompts })
}

/// Asks for what the screen in sight lacks.
pub fn ask(app: &mut App) -> Vec<Cmd> {
    match app.screen {
        ScreenId::Data if app.store.is_none() && !app.awaited.store && app.audit.is_some() => {
            app.awaited.store = true;
            vec![Cmd::Send(Command::Inspect)]
        }
        ScreenId::Ood | ScreenId::Validity => examine(app),
        ScreenId::Compare => compared(app),
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

/// The other run, and what changed between its model and the shown one.
fn compared(app: &mut App) -> Vec<Cmd> {
    let target = target(app);
    let models = models(app, target.as_ref());
    if models != app.compare.models {
        app.compare.models = models;
        app.compare.arrange();
    }
    let mut commands = other(app, target);
    let wanted = request(app);
    let known = app.compare.compared.as_ref().map(|(request, _)| request);
    if let Some(wanted) = wanted.filter(|wanted| Some(wanted) != known && Some(wanted) != app.awaited.models.as_ref()) {
        app.awaited.models = Some(wanted.clone());
        commands.push(Cmd::Send(Command::CompareModels(wanted)));
    }
    commands
}

fn other(app: &mut App, target: Option<Other>) -> Vec<Cmd> {
    let Some(Other::Run(wanted)) = target else {
        if app.other.take().is_some() {
            app.compare.take(None);
        }
        return Vec::new();
    };
    let known = app.other.as_ref().is_some_and(|other| other.record.id == wanted);
    if known || app.awaited.other.as_ref() == Some(&wanted) {
        return Vec::new();
    }
    app.awaited.other = Some(wanted.clone());
    vec![Cmd::Send(Command::OpenOther { run: wanted })]
}
