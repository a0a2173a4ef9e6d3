//! What actions of every screen do, and what a screen's own want to happen.

use super::app::App;
use super::msg::{Action, Cmd, ScreenId};
use super::screen::Effect;
use super::screen::items::Listing;
use super::{export, freeze, palette, world};
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
        Action::Screen(screen) => {
            app.world.screen = screen;
            // Whatever failed may be asked for once more.
            app.awaited.clear();
        }
        Action::NextScreen => app.world.screen = app.world.screen.next(),
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
        Action::Freeze => return freeze::switch(app),
        Action::ToggleMouse => {
            app.mouse = !app.mouse;
            let words = if app.mouse { "mouse on; shift selects text" } else { "mouse off" };
            app.world.say(words, false);
            return vec![Cmd::Mouse(app.mouse)];
        }
        Action::Theme(index) => {
            app.world.look.theme = index;
            app.theme_chosen = true;
            let name = app.world.look.resolve().name;
            app.world.say(format!("theme {name}"), false);
            return vec![Cmd::Redraw];
        }
        Action::NextTheme => {
            app.theme_chosen = true;
            app.world.look.theme = (app.world.look.theme + 1) % app.world.look.catalogue.len().max(1);
            let name = app.world.look.resolve().name;
            app.world.say(format!("theme {name}"), false);
            // A file may have changed since it was read.
            return vec![Cmd::ReloadThemes, Cmd::Redraw];
        }
        Action::NextDepth => {
            app.world.look.depth = app.world.look.depth.next();
            app.world.say(app.world.look.depth.name(), false);
            return vec![Cmd::Redraw];
        }
        Action::NextModel => return next_model(app),
        Action::NewestRun => match &app.world.newer {
            Some(newer) => return vec![Cmd::Send(Command::OpenRun { run: newer.id.clone() })],
            None => app.world.say("no run of this model is newer than the one shown", false),
        },
        _ => {
            let (screen, world) = app.screen_mut();
            let effects = screen.act(world, action);
            return effects.into_iter().flat_map(|effect| happen(app, effect)).collect();
        }
    }
    Vec::new()
}

/// Does what a screen wants to happen beyond its own state.
fn happen(app: &mut App, effect: Effect) -> Vec<Cmd> {
    match effect {
        Effect::Do(command) => return vec![command],
        Effect::Say(words, warning) => app.world.say(words, warning),
        Effect::Go(screen) => {
            // The Items screen goes back by itself: going back is no way to come from.
            app.came = (app.world.screen != ScreenId::Items).then_some((app.world.screen, screen));
            app.world.screen = screen;
        }
        Effect::OpenPrompts(a, b) => open_prompts(app, &a, &b),
        Effect::OpenAttribute(name) => {
            let pair = app.screens.attributes.pair(&app.world, &name);
            if let Some((a, b)) = pair.map(|(a, b)| (a.to_owned(), b.to_owned())) {
                open_prompts(app, &a, &b);
            }
        }
        Effect::ShowAttribute(name) => {
            app.screens.attributes.show(&app.world, &name);
            app.world.screen = ScreenId::Attributes;
        }
        Effect::OpenItems(filter, title) => {
            return happen(app, Effect::ListItems(Box::new(Listing::of(*filter, title))));
        }
        Effect::ListItems(listing) => {
            app.screens.items.open(*listing, app.world.screen);
            app.world.screen = ScreenId::Items;
        }
        Effect::OpenModel(model) => return open_model(app, model),
        Effect::CancelRunning => match app.world.jobs.cancel_running() {
            Some(job) => return vec![Cmd::Send(Command::Cancel { job })],
            None => app.world.say("no job runs", false),
        },
        Effect::Care(chore) if app.world.jobs.has(chore) => app.world.say("that is in the queue already", false),
        Effect::Care(chore) => return vec![Cmd::Send(Command::Care { chore })],
        Effect::AskAgain => app.awaited.clear(),
    }
    Vec::new()
}

fn open_prompts(app: &mut App, a: &str, b: &str) {
    app.screens.prompt.open(a, b);
    app.world.screen = ScreenId::Prompt;
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
    let Some(audit) = app.world.audit.clone() else { return Vec::new() };
    if audit.models.len() < 2 {
        app.world.say("the audit has only this model", false);
        return Vec::new();
    }
    let at = app.world.model().and_then(|name| audit.models.iter().position(|known| known == name));
    let Some(model) = audit.models.get(at.map_or(0, |at| (at + 1) % audit.models.len())) else {
        return Vec::new();
    };
    open_model(app, model.clone())
}

fn open_model(app: &mut App, model: String) -> Vec<Cmd> {
    if !app.world.runs.iter().any(|run| run.model == model) {
        // Another model's numbers must not stand under this one's name while its heads are trained.
        app.world.shown = None;
        app.screens.prompt.heads_changed();
    }
    app.world.say(world::opening(&model), false);
    app.world.opening = Some(model.clone());
    vec![Cmd::Send(Command::OpenModel { model })]
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
            commands.extend(entry.effect.into_iter().flat_map(|effect| happen(app, effect)));
            commands
        }
        Action::CopyCommand => match entry.shell {
            Some(shell) => {
                app.world.say(format!("copied: {shell}"), false);
                vec![Cmd::Copy(shell)]
            }
            None => {
                app.world.say("this one exists only in the console", false);
                Vec::new()
            }
        },
        _ => Vec::new(),
    }
}
