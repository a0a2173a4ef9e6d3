//! The state of the console and the one function that changes it.

use super::keys::{self, Context, EVERYWHERE, EXPORT, HELP, PALETTE};
use super::msg::{Action, Cmd, Msg, ScreenId};
use super::screen::{Screen, Screens, help};
use super::theme::Catalogue;
use super::widget::input;
use super::world::{Look, World};
use super::{act, event, freeze, mouse, number, palette, view, wants};
use crate::engine::Command;
use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use std::collections::BTreeSet;
use std::time::Duration;
use tui_input::backend::crossterm::EventHandler;

/// Something that went wrong and deserves more than a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    pub title: String,
    pub message: String,
    /// What a person can do now.
    pub advice: String,
}

/// Everything the console knows.
#[derive(Debug, Clone)]
pub struct App {
    /// What every screen reads.
    pub world: World,
    /// What each screen remembers.
    pub screens: Screens,
    /// First row of the help, if it is open.
    pub help: Option<usize>,
    /// The command palette, if it is open.
    pub palette: Option<palette::State>,
    /// A form to export in is being chosen.
    pub exporting: bool,
    pub dialog: Option<Dialog>,
    /// The screen where the evidence in sight was opened, and the one it is on.
    pub came: Option<(ScreenId, ScreenId)>,
    /// A person chose the theme, now or before.
    pub theme_chosen: bool,
    /// Mouse events are asked for.
    pub mouse: bool,
    /// Screens whose first-run hint was seen.
    pub hinted: BTreeSet<ScreenId>,
    /// What was asked of the engine for the screen in sight.
    pub awaited: Vec<Command>,
    /// What the engine told since a person held everything still, if it is.
    pub frozen: Option<Vec<Msg>>,
}

impl App {
    /// A console that knows nothing yet.
    #[must_use]
    pub fn new(size: (u16, u16), look: Look) -> Self {
        Self {
            world: World::new(size, look),
            screens: Screens::default(),
            help: None,
            palette: None,
            exporting: false,
            dialog: None,
            came: None,
            theme_chosen: false,
            mouse: false,
            hinted: BTreeSet::new(),
            awaited: Vec::new(),
            frozen: None,
        }
    }

    /// The screen in sight.
    #[must_use]
    pub fn screen(&self) -> &dyn Screen {
        self.screens.get(self.world.screen)
    }

    /// The screen in sight, to change, and the world it reads.
    pub fn screen_mut(&mut self) -> (&mut dyn Screen, &World) {
        (self.screens.get_mut(self.world.screen), &self.world)
    }

    /// Where the next key goes.
    #[must_use]
    pub fn place(&self) -> Context {
        match () {
            () if self.palette.is_some() => PALETTE,
            () if self.exporting => EXPORT,
            () if self.help.is_some() => HELP,
            () => self.screen().context(),
        }
    }

    /// When the screen changes by time alone, if it does.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let notice = self.world.notice.as_ref().map(|notice| notice.until);
        let screens = ScreenId::ALL.into_iter().filter_map(|id| self.screens.get(id).deadline());
        notice.into_iter().chain(screens).min()
    }

    /// Whether a first-run hint of this screen is still to be shown.
    #[must_use]
    pub fn hints(&self) -> bool {
        !self.hinted.contains(&self.world.screen)
    }

    /// Keeps selections and scroll positions inside what there is and what is seen.
    fn settle(&mut self) {
        let pins = &self.screens.prompt.pins;
        if !pins.iter().map(|pin| &pin.text).eq(&self.world.pinned) {
            self.world.pinned = pins.iter().map(|pin| pin.text.clone()).collect();
        }
        let prompt = self.screens.prompt.text(self.screens.prompt.focus);
        if self.world.prompt != prompt {
            self.world.prompt = prompt.to_owned();
        }
        let body = view::body(self.world.size);
        for id in ScreenId::ALL {
            self.screens.get_mut(id).settle(&self.world, body);
        }
        if let Some(palette) = &mut self.palette {
            palette.settle(self.world.size);
        }
        if let Some(offset) = self.help {
            let most = help::most(self, self.world.look.resolve().glyphs);
            self.help = Some(offset.min(most));
        }
    }
}

/// Takes in what happened; what comes back is to be done outside.
pub fn update(app: &mut App, msg: Msg) -> Vec<Cmd> {
    let Some(msg) = freeze::hold(app, msg) else { return Vec::new() };
    let mut commands = match msg {
        Msg::Key(key) => keys::apart(key).into_iter().flat_map(|key| answer(app, key)).collect(),
        Msg::Paste(text) => {
            paste(app, &text);
            Vec::new()
        }
        Msg::Resize(columns, rows) => {
            app.world.size = (columns, rows);
            vec![Cmd::Redraw]
        }
        Msg::Click(column, row) => mouse::click(app, column, row),
        Msg::Wheel(rows) => mouse::wheel(app, rows),
        Msg::Themes(catalogue, warnings) => themes(app, catalogue, warnings),
        Msg::Engine(event) => event::engine(app, event),
        Msg::Progress(progress) => {
            app.world.jobs.progress(progress);
            Vec::new()
        }
        Msg::Tick(now) => {
            app.world.now = now;
            if app.world.notice.as_ref().is_some_and(|notice| notice.until <= now) {
                app.world.notice = None;
            }
            ScreenId::ALL.into_iter().for_each(|id| app.screens.get_mut(id).tick(now));
            Vec::new()
        }
    };
    app.settle();
    commands.extend(wants::ask(app));
    if app.world.shown.is_some() {
        commands.extend(app.screens.prompt.request().map(Cmd::Score));
    }
    commands.extend(freeze::end_if_asked(app, &commands));
    commands
}

/// Does what a key says; what the key before was answered is of the past, what this one is answered stays until the next.
fn answer(app: &mut App, key: KeyEvent) -> Vec<Cmd> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    app.world.notice.take_if(|notice| notice.of_key);
    let before = app.world.notice.clone();
    let commands = press(app, key);
    if app.world.notice != before {
        app.world.notice.iter_mut().for_each(|notice| notice.of_key = true);
    }
    commands
}

fn press(app: &mut App, key: KeyEvent) -> Vec<Cmd> {
    let seen = view::is_seen(app.world.size);
    let Some(name) = keys::name(key) else {
        if seen {
            type_key(app, key);
        }
        return Vec::new();
    };
    if !seen {
        // Nobody sees what a key does: only leaving is left.
        let leaves = name.starts_with('^') || !app.place().takes_text();
        let quit = app.world.keymap.find(&[EVERYWHERE], &name) == Some(Action::Quit) && leaves;
        return if quit { act::act(app, Action::Quit) } else { Vec::new() };
    }
    if app.dialog.take().is_some() && matches!(name.as_str(), "Esc" | "Enter" | "q") {
        // Any other key closes it too and goes on to what lies below.
        return Vec::new();
    }
    if !app.place().is_overlay() {
        app.hinted.insert(app.world.screen);
    }
    let place = app.place();
    let contexts: &[Context] = if place.is_overlay() { &[place] } else { &[place, EVERYWHERE] };
    match app.world.keymap.find(contexts, &name) {
        Some(action) if place.is_overlay() || !app.screen().takes_key(action, &name) => act::act(app, action),
        // Over a screen only what leaves work untouched is reached through an overlay.
        _ if place.is_overlay() => match app.world.keymap.find(&[EVERYWHERE], &name) {
            Some(Action::Quit) if name.starts_with('^') || !place.takes_text() => act::act(app, Action::Quit),
            Some(action @ Action::Redraw) => act::act(app, action),
            Some(action @ (Action::NextTheme | Action::NextDepth)) if place == HELP => act::act(app, action),
            _ => {
                type_key(app, key);
                Vec::new()
            }
        },
        _ if name == "Esc" && !place.takes_text() => {
            go_back(app);
            Vec::new()
        }
        _ => {
            type_key(app, key);
            Vec::new()
        }
    }
}

/// Where nothing else is left by it, Esc leads to the screen whose finding or row was opened here.
fn go_back(app: &mut App) {
    if let Some((from, _)) = app.came.take_if(|(_, to)| *to == app.world.screen) {
        app.world.screen = from;
    }
}

fn themes(app: &mut App, catalogue: Catalogue, warnings: Vec<String>) -> Vec<Cmd> {
    let name = app.world.look.resolve().name;
    app.world.look.theme = catalogue.find(&name).unwrap_or(0);
    app.world.look.catalogue = catalogue;
    if let Some(warning) = warnings.into_iter().next() {
        // Which theme is in use stands first: a long warning would hide that the key did its work.
        app.world.say(format!("theme {name}; {warning}"), true);
    }
    vec![Cmd::Redraw]
}

/// Gives a key that names no action to the line that is being typed.
fn type_key(app: &mut App, key: KeyEvent) {
    if let Some(palette) = &mut app.palette {
        palette.input.handle_event(&TerminalEvent::Key(key));
        palette.search();
    } else if !app.place().is_overlay() {
        let (screen, world) = app.screen_mut();
        screen.type_key(world, key);
    }
}

fn paste(app: &mut App, text: &str) {
    if !view::is_seen(app.world.size) {
        return;
    }
    let cut = if let Some(palette) = &mut app.palette {
        let cut = input::paste(&mut palette.input, text);
        palette.search();
        cut
    } else if app.place().is_overlay() {
        false
    } else {
        let (screen, world) = app.screen_mut();
        screen.paste(world, text)
    };
    if cut {
        let said = format!("what was pasted is cut: a line takes {} characters", number::count(input::LIMIT));
        app.world.say(said, true);
    }
}
