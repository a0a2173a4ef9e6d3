//! What each action does to the whole console.

use super::app::App;
use super::msg::{Action, Cmd, ScreenId};
use super::screen::{attributes, train};
use super::view;
use crate::audit::{Architecture, HyperParameters, RunState};
use crate::engine::Command;

/// Does an action where the person is.
pub fn act(app: &mut App, action: Action) -> Vec<Cmd> {
    if app.help.is_some() && scroll_help(app, action) {
        return Vec::new();
    }
    match action {
        Action::Quit => return vec![Cmd::Quit],
        Action::Redraw => return vec![Cmd::Redraw],
        Action::Suspend => return vec![Cmd::Suspend],
        Action::Screen(screen) => app.screen = screen,
        Action::NextScreen => app.screen = app.screen.next(),
        Action::Help => app.help = Some(0),
        Action::NextTheme => {
            app.look.theme = (app.look.theme + 1) % app.look.catalogue.len().max(1);
            let name = app.look.resolve().name;
            app.say(format!("theme {name}"), false);
            return vec![Cmd::Redraw];
        }
        Action::NextDepth => {
            app.look.depth = app.look.depth.next();
            app.say(app.look.depth.name(), false);
            return vec![Cmd::Redraw];
        }
        Action::NextModel => return next_model(app),
        _ => {
            return match app.screen {
                ScreenId::Attributes => on_attributes(app, action),
                ScreenId::Prompt => on_prompt(app, action),
                ScreenId::Train => on_train(app, action),
            };
        }
    }
    Vec::new()
}

fn scroll_help(app: &mut App, action: Action) -> bool {
    let Some(offset) = &mut app.help else { return false };
    match action {
        Action::Down => *offset += 1,
        Action::Up => *offset = offset.saturating_sub(1),
        Action::First => *offset = 0,
        // Cut to what there is when the state settles.
        Action::Last => *offset = usize::MAX,
        Action::CloseHelp => app.help = None,
        _ => return false,
    }
    true
}

fn next_model(app: &mut App) -> Vec<Cmd> {
    let Some(audit) = app.audit.clone() else { return Vec::new() };
    if audit.models.len() < 2 {
        app.say("the audit has only this model", false);
        return Vec::new();
    }
    let at = app.model().and_then(|name| audit.models.iter().position(|known| known == name));
    let Some(model) = audit.models.get(at.map_or(0, |at| (at + 1) % audit.models.len())) else {
        return Vec::new();
    };
    if !app.runs.iter().any(|run| run.model == *model) {
        // Another model's numbers must not stand under this one's name while its heads are trained.
        app.shown = None;
        app.prompt.heads_changed();
    }
    app.opening = Some(model.clone());
    app.say(format!("opening {model}"), false);
    vec![Cmd::Send(Command::OpenModel { model: model.clone() })]
}

fn on_attributes(app: &mut App, action: Action) -> Vec<Cmd> {
    let table = app.shown.as_ref().map(|shown| shown.tables.clone());
    let table = table.as_ref().map(|tables| &tables.attributes);
    if action == Action::OpenPair {
        let row = table.and_then(|table| app.attributes.selected(table));
        let pair = row.and_then(|row| row.prompts.pair(attributes::shown_contrast(row, app.attributes.contrast)));
        if let Some((a, b)) = pair {
            app.prompt.open(a, b);
            app.screen = ScreenId::Prompt;
        }
        return Vec::new();
    }
    let page = attributes::layout(view::body(app.size)).page();
    app.attributes.act(action, table, page);
    Vec::new()
}

fn on_prompt(app: &mut App, action: Action) -> Vec<Cmd> {
    let commands = app.prompt.act(action);
    if action == Action::Keep && !commands.is_empty() {
        app.say("kept in the history", false);
    }
    commands
}

fn on_train(app: &mut App, action: Action) -> Vec<Cmd> {
    match action {
        Action::NewRun => open_form(app),
        Action::OpenRun => return open_run(app),
        Action::CancelRunning => match app.jobs.cancel_running() {
            Some(job) => return vec![Cmd::Send(Command::Cancel { job })],
            None => app.say("no job runs", false),
        },
        Action::CancelQueued => match app.jobs.newest_queued() {
            Some(job) => return vec![Cmd::Send(Command::Cancel { job })],
            None => app.say("no job waits", false),
        },
        Action::CloseForm => app.train.form = None,
        Action::StartRun => return start_run(app),
        Action::NextField => edit_form(app, |form| form.step(1)),
        Action::PreviousField => edit_form(app, |form| form.step(-1)),
        Action::NextChoice => edit_form(app, |form| form.choose(true)),
        Action::PreviousChoice => edit_form(app, |form| form.choose(false)),
        Action::FormDefaults => {
            edit_form(app, |form| form.fill(HyperParameters::new(form.hyper.architecture)));
        }
        Action::FormPaper => {
            edit_form(app, |form| form.fill(HyperParameters::paper(form.hyper.architecture)));
        }
        _ => app.train.act(action, app.runs.len()),
    }
    Vec::new()
}

fn edit_form(app: &mut App, edit: impl FnOnce(&mut train::Form)) {
    if let Some(form) = &mut app.train.form {
        edit(form);
    }
}

fn open_form(app: &mut App) {
    let Some(audit) = &app.audit else {
        app.say("the audit is not open yet", false);
        return;
    };
    let hyper = match &app.shown {
        Some(shown) => shown.record.hyper.clone(),
        None => HyperParameters::new(Architecture::Linear),
    };
    let model = app.model().unwrap_or_default();
    app.train.form = Some(train::Form::new(audit.models.clone(), model, hyper));
}

fn start_run(app: &mut App) -> Vec<Cmd> {
    let Some(form) = &mut app.train.form else { return Vec::new() };
    match form.read() {
        Ok((model, hyper)) => {
            app.train.form = None;
            vec![Cmd::Send(Command::Train { model, hyper })]
        }
        Err(_) => {
            form.refused = true;
            Vec::new()
        }
    }
}

fn open_run(app: &mut App) -> Vec<Cmd> {
    let Some(record) = app.runs.get(app.train.runs.selected) else { return Vec::new() };
    if record.state != RunState::Finished {
        let said = format!("run {} has no heads to show: it did not finish", record.id.short());
        app.say(said, true);
        return Vec::new();
    }
    vec![Cmd::Send(Command::OpenRun { run: record.id.clone() })]
}
