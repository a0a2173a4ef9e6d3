//! What each action does to the whole console.

use super::app::App;
use super::jobs::Task;
use super::keys::Context;
use super::msg::{Action, Cmd, ScreenId};
use super::screen::compare::{Opens, Other};
use super::screen::{attributes, compare, ood, train};
use super::{export, heard, palette, view, wants};
use crate::audit::{Architecture, HyperParameters, RunState};
use crate::engine::{Chore, Command};
use std::time::Duration;

/// How long after the last move the detail follows: rows passed on the way are not worth a slow line's time.
const REST: Duration = Duration::from_millis(80);

/// Does an action where the person is.
pub fn act(app: &mut App, action: Action) -> Vec<Cmd> {
    if app.help.is_some() && scroll_help(app, action) {
        return Vec::new();
    }
    match action {
        Action::Quit => return vec![Cmd::Quit],
        Action::Redraw => return vec![Cmd::Redraw],
        Action::Suspend => return vec![Cmd::Suspend],
        Action::Screen(screen) => {
            app.screen = screen;
            // Whatever failed may be asked for once more.
            app.awaited = wants::Awaited::default();
        }
        Action::NextScreen => app.screen = app.screen.next(),
        Action::Help => app.help = Some(0),
        Action::Palette => app.palette = Some(palette::State::open(app)),
        Action::RunCommand | Action::CopyCommand | Action::ClosePalette => return on_palette(app, action),
        Action::Down | Action::Up if app.palette.is_some() => {
            let by = if action == Action::Down { 1 } else { -1 };
            app.palette.iter_mut().for_each(|palette| palette.step(by));
        }
        Action::Export => app.exporting = true,
        Action::CloseExport => app.exporting = false,
        Action::ExportAs(form) => {
            app.exporting = false;
            return export::write(app, form);
        }
        Action::CopyRow => return export::copy_row(app),
        Action::CopyAll => return export::copy_all(app),
        Action::ToggleMouse => {
            app.mouse = !app.mouse;
            let words = if app.mouse { "mouse on; shift selects text" } else { "mouse off" };
            app.say(words, false);
            return vec![Cmd::Mouse(app.mouse)];
        }
        Action::Theme(index) => {
            app.look.theme = index;
            app.theme_chosen = true;
            let name = app.look.resolve().name;
            app.say(format!("theme {name}"), false);
            return vec![Cmd::Redraw];
        }
        Action::NextTheme => {
            app.theme_chosen = true;
            app.look.theme = (app.look.theme + 1) % app.look.catalogue.len().max(1);
            let name = app.look.resolve().name;
            app.say(format!("theme {name}"), false);
            // A file may have changed since it was read.
            return vec![Cmd::ReloadThemes, Cmd::Redraw];
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
                ScreenId::Data => on_data(app, action),
                ScreenId::Compare => on_compare(app, action),
                ScreenId::Ood => on_ood(app, action),
                ScreenId::Validity => {
                    match action {
                        Action::NextHead => app.validity.next(),
                        Action::ToggleCalibration => app.validity.calibration = !app.validity.calibration,
                        _ => {}
                    }
                    Vec::new()
                }
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
    open_model(app, model.clone())
}

fn open_model(app: &mut App, model: String) -> Vec<Cmd> {
    if !app.runs.iter().any(|run| run.model == model) {
        // Another model's numbers must not stand under this one's name while its heads are trained.
        app.shown = None;
        app.prompt.heads_changed();
    }
    app.opening = Some(model.clone());
    app.say(format!("opening {model}"), false);
    vec![Cmd::Send(Command::OpenModel { model })]
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
    let before = app.attributes.cursor.selected;
    app.attributes.act(action, table, page);
    let moved = before != app.attributes.cursor.selected && app.attributes.order.len() > 1;
    if moved {
        app.attributes.detail_due = Some(app.now + REST);
    } else {
        app.attributes.follow();
    }
    Vec::new()
}

fn on_palette(app: &mut App, action: Action) -> Vec<Cmd> {
    let Some(palette) = app.palette.take() else { return Vec::new() };
    let Some(entry) = palette.selected().cloned() else { return Vec::new() };
    match action {
        Action::RunCommand => {
            let mut commands = Vec::new();
            for action in entry.actions {
                commands.extend(act(app, action));
            }
            commands
        }
        Action::CopyCommand => match entry.shell {
            Some(shell) => {
                app.say(format!("copied: {shell}"), false);
                vec![Cmd::Copy(shell)]
            }
            None => {
                app.say("this one exists only in the console", false);
                Vec::new()
            }
        },
        _ => Vec::new(),
    }
}

fn on_data(app: &mut App, action: Action) -> Vec<Cmd> {
    let models = app.audit.as_ref().map(|audit| audit.models.clone()).unwrap_or_default();
    match action {
        Action::Refresh => {
            app.store = None;
            app.awaited.store = false;
        }
        Action::EmbedItems => return care(app, Chore::Embed),
        Action::CheckCache => return care(app, Chore::Verify),
        Action::CancelRunning => return cancel_running(app),
        Action::OpenSelected => {
            if let Some(model) = models.get(app.data.cursor.selected) {
                return open_model(app, model.clone());
            }
        }
        _ => app.data.act(action, models.len()),
    }
    Vec::new()
}

fn on_compare(app: &mut App, action: Action) -> Vec<Cmd> {
    match action {
        Action::NextOther | Action::PreviousOther => choose_other(app, action == Action::NextOther),
        Action::Swap => {
            app.compare.swapped = !app.compare.swapped;
            heard::compare(app);
        }
        Action::TrainAlike => return train_alike(app),
        Action::OpenPair => match app.compare.opens() {
            Some(Opens::Attribute(name)) => return open_attribute(app, &name),
            Some(Opens::Prompt(text)) => {
                app.prompt.open(&text, "");
                app.screen = ScreenId::Prompt;
            }
            None => {}
        },
        _ => app.compare.act(action, compare::layout(view::body(app.size)).page()),
    }
    Vec::new()
}

fn choose_other(app: &mut App, next: bool) {
    let others = wants::others(app);
    if others.len() < 2 {
        let said = format!("there is nothing further to compare with; {} trains another run", app.way_to_a_run());
        app.say(said, false);
        return;
    }
    let at = wants::target(app).and_then(|target| others.iter().position(|other| *other == target)).unwrap_or(0);
    let chosen = others[(at + if next { 1 } else { others.len() - 1 }) % others.len()].clone();
    let model = wants::model_of(app, &chosen).unwrap_or_default();
    let said = match &chosen {
        Other::Run(id) => format!("reading run {}, model {model}", id.short()),
        Other::Model(_) => format!("model {model}, which has no heads yet"),
    };
    app.say(said, false);
    app.compare.chosen = Some(chosen);
}

/// Trains heads of the other model as those shown were trained, so that predictions can be compared.
fn train_alike(app: &mut App) -> Vec<Cmd> {
    let (Some(request), Some(shown)) = (wants::request(app), &app.shown) else {
        app.say("there is no other model in view", false);
        return Vec::new();
    };
    let (shown, hyper) = (&shown.record.model, shown.record.hyper.clone());
    let model = if request.before == *shown { request.after } else { request.before };
    let waits = app
        .jobs
        .queued()
        .chain(app.jobs.running())
        .any(|job| job.task == Task::Train { model: model.clone(), hyper: hyper.clone() });
    if request.runs.is_some() || waits {
        app.say(if waits { "they are being trained" } else { "heads of both are there, trained alike" }, false);
        return Vec::new();
    }
    app.say(format!("training heads of {model} like those shown"), false);
    vec![Cmd::Send(Command::Train { model, hyper })]
}

fn on_ood(app: &mut App, action: Action) -> Vec<Cmd> {
    let Some(examined) = app.examined.clone() else { return Vec::new() };
    if action == Action::OpenPair {
        if let Some(prompt) = app.ood.selected(&examined) {
            app.prompt.open(&prompt.text, "");
            app.screen = ScreenId::Prompt;
        }
        return Vec::new();
    }
    app.ood.act(action, &examined, ood::layout(view::body(app.size)).page());
    Vec::new()
}

/// Opens an attribute's two sentences as prompts.
fn open_attribute(app: &mut App, name: &str) -> Vec<Cmd> {
    let Some(shown) = &app.shown else { return Vec::new() };
    if let Some(row) = shown.tables.attributes.rows.iter().find(|row| row.name == name) {
        let contrast = attributes::shown_contrast(row, app.attributes.contrast);
        if let Some((a, b)) = row.prompts.pair(contrast) {
            app.prompt.open(a, b);
            app.screen = ScreenId::Prompt;
        }
    }
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
        Action::ResumeRun => return resume_run(app),
        Action::CancelRunning => return cancel_running(app),
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
        _ => {
            let runs = app.listed().count();
            app.train.act(action, runs);
        }
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
    let Some(record) = app.selected_run().cloned() else { return Vec::new() };
    let said = match record.state {
        RunState::Finished => return vec![Cmd::Send(Command::OpenRun { run: record.id.clone() })],
        RunState::Cancelled => {
            let key = app.key(Context::Train, Action::ResumeRun);
            format!("run {} was stopped and has no tables yet; {key} trains it to its end", record.id.short())
        }
        RunState::Diverged => {
            format!("run {} diverged and has no heads; a lower learning rate may help", record.id.short())
        }
    };
    app.say(said, true);
    Vec::new()
}

/// Queues the selected run again: the engine goes on from its checkpoint.
fn resume_run(app: &mut App) -> Vec<Cmd> {
    let Some(record) = app.selected_run().cloned() else { return Vec::new() };
    let said = match record.state {
        RunState::Cancelled => {
            app.say(format!("going on with run {}", record.id.short()), false);
            return vec![Cmd::Send(Command::Train { model: record.model.clone(), hyper: record.hyper.clone() })];
        }
        RunState::Finished => format!("run {} is finished", record.id.short()),
        RunState::Diverged => {
            let new = app.way_to_a_run();
            format!("run {} diverged: the same settings would again; {new} describes another", record.id.short())
        }
    };
    app.say(said, record.state == RunState::Diverged);
    Vec::new()
}

/// Queues work on the cache, once.
fn care(app: &mut App, chore: Chore) -> Vec<Cmd> {
    if app.jobs.has(chore) {
        app.say("that is in the queue already", false);
        return Vec::new();
    }
    vec![Cmd::Send(Command::Care { chore })]
}

fn cancel_running(app: &mut App) -> Vec<Cmd> {
    match app.jobs.cancel_running() {
        Some(job) => return vec![Cmd::Send(Command::Cancel { job })],
        None => app.say("no job runs", false),
    }
    Vec::new()
}
