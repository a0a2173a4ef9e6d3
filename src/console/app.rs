//! The state of the console and the one function that changes it.

use super::depth::Depth;
use super::jobs::Jobs;
use super::keys::{self, Context, Keymap};
use super::log::Log;
use super::msg::{Action, Cmd, Msg, ScreenId};
use super::number;
use super::palette;
use super::screen::{attributes, compare, data, help, ood, prompt, train, validity};
use super::theme::{Catalogue, Theme};
use super::widget::input;
use super::{act, heard, mouse, view, wants};
use crate::audit::RunRecord;
use crate::engine::{AuditView, Examination, RunView, StoreView};
use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tui_input::backend::crossterm::EventHandler;

/// How long a notice stays.
const NOTICE: Duration = Duration::from_secs(6);

/// A sentence for the person, shown in the last line for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub message: String,
    pub warning: bool,
    /// When it goes.
    pub until: Duration,
}

/// Something that went wrong and deserves more than a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    pub title: String,
    pub message: String,
    /// What a person can do now.
    pub advice: String,
}

/// How things look: the theme, the depth, the alphabet.
#[derive(Debug, Clone)]
pub struct Look {
    pub catalogue: Catalogue,
    pub theme: usize,
    pub depth: Depth,
    pub ascii: bool,
}

impl Look {
    /// The embedded themes with the first one chosen.
    #[must_use]
    pub fn embedded(depth: Depth, ascii: bool) -> Self {
        Self { catalogue: Catalogue::load(&[]).0, theme: 0, depth, ascii }
    }

    /// The theme to draw with.
    #[must_use]
    pub fn resolve(&self) -> Theme {
        self.catalogue.theme(self.theme, self.depth, self.ascii)
    }
}

/// Everything the console knows.
#[derive(Debug, Clone)]
pub struct App {
    /// Time since the program began.
    pub now: Duration,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub screen: ScreenId,
    /// The key table in use.
    pub keymap: Arc<Keymap>,
    /// First row of the help, if it is open.
    pub help: Option<usize>,
    /// The command palette, if it is open.
    pub palette: Option<palette::State>,
    /// A form to export in is being chosen.
    pub exporting: bool,
    pub dialog: Option<Dialog>,
    /// A person chose the theme, now or before.
    pub theme_chosen: bool,
    /// Mouse events are asked for.
    pub mouse: bool,
    /// Screens whose first-run hint was seen.
    pub hinted: BTreeSet<ScreenId>,
    pub audit: Option<Arc<AuditView>>,
    /// The run that tables and prompts refer to.
    pub shown: Option<RunView>,
    /// The run it is compared with.
    pub other: Option<RunView>,
    /// The closer look at the shown run.
    pub examined: Option<Arc<Examination>>,
    /// What the store held when somebody last looked.
    pub store: Option<Arc<StoreView>>,
    /// What was asked of the engine and has not come yet.
    pub awaited: wants::Awaited,
    /// Finished runs, newest first.
    pub runs: Vec<Arc<RunRecord>>,
    /// Runs that were stopped or diverged, newest first.
    pub unfinished: Vec<Arc<RunRecord>>,
    pub jobs: Jobs,
    pub log: Log,
    pub notice: Option<Notice>,
    /// The model that was asked for and is not shown yet.
    pub opening: Option<String>,
    pub attributes: attributes::State,
    pub prompt: prompt::State,
    pub train: train::State,
    pub data: data::State,
    pub compare: compare::State,
    pub ood: ood::State,
    pub validity: validity::State,
    pub look: Look,
}

impl App {
    /// A console that knows nothing yet.
    #[must_use]
    pub fn new(size: (u16, u16), look: Look) -> Self {
        Self {
            now: Duration::ZERO,
            size,
            screen: ScreenId::Attributes,
            keymap: Arc::default(),
            help: None,
            palette: None,
            exporting: false,
            dialog: None,
            theme_chosen: false,
            mouse: false,
            hinted: BTreeSet::new(),
            audit: None,
            shown: None,
            other: None,
            examined: None,
            store: None,
            awaited: wants::Awaited::default(),
            runs: Vec::new(),
            unfinished: Vec::new(),
            jobs: Jobs::default(),
            log: Log::default(),
            notice: None,
            opening: None,
            attributes: attributes::State::default(),
            prompt: prompt::State::default(),
            train: train::State::default(),
            data: data::State::default(),
            compare: compare::State::default(),
            ood: ood::State::default(),
            validity: validity::State::default(),
            look,
        }
    }

    /// Where the next key goes.
    #[must_use]
    pub fn place(&self) -> Context {
        match () {
            () if self.palette.is_some() => Context::Palette,
            () if self.exporting => Context::Export,
            () if self.help.is_some() => Context::Help,
            () => self.under(),
        }
    }

    /// Where it goes once what lies over the screen is closed.
    #[must_use]
    pub fn under(&self) -> Context {
        match self.screen {
            ScreenId::Attributes if self.attributes.filtering => Context::Filter,
            ScreenId::Attributes => Context::Attributes,
            ScreenId::Prompt if self.prompt.typing => Context::Typing,
            ScreenId::Prompt => Context::Prompt,
            ScreenId::Train if self.train.form.is_some() => Context::Form,
            ScreenId::Train => Context::Train,
            ScreenId::Data => Context::Data,
            ScreenId::Compare => Context::Compare,
            ScreenId::Ood => Context::Ood,
            ScreenId::Validity => Context::Validity,
        }
    }

    /// The model in view: the one asked for, else that of the shown run, else the first.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        let shown = || self.shown.as_ref().map(|shown| shown.record.model.as_str());
        let first = || self.audit.as_ref().and_then(|audit| audit.models.first()).map(String::as_str);
        self.opening.as_deref().or_else(shown).or_else(first)
    }

    /// The key of an action in a place, as it is shown; where a person took it away, the one that finds every command.
    #[must_use]
    pub fn key(&self, context: Context, action: Action) -> String {
        let key = self.keymap.key_of(context, action).or_else(|| self.keymap.key_of(context, Action::Palette));
        keys::shown(key.unwrap_or(":"), self.look.ascii).to_owned()
    }

    /// The keys that describe a new run, from wherever a person is: `3 then n`.
    #[must_use]
    pub fn way_to_a_run(&self) -> String {
        let new = self.key(Context::Train, Action::NewRun);
        match self.screen {
            ScreenId::Train => new,
            _ => format!("{} then {new}", self.key(Context::Everywhere, Action::Screen(ScreenId::Train))),
        }
    }

    /// The runs as the Train screen lists them: those that wait to be gone on with, then the finished ones.
    pub fn listed(&self) -> impl Iterator<Item = &Arc<RunRecord>> {
        self.unfinished.iter().filter(|run| !self.jobs.trains(run)).chain(&self.runs)
    }

    /// The run selected on the Train screen.
    #[must_use]
    pub fn selected_run(&self) -> Option<&Arc<RunRecord>> {
        self.listed().nth(self.train.runs.selected)
    }

    /// Says something in the last line for a while.
    pub fn say(&mut self, message: impl Into<String>, warning: bool) {
        let until = self.now + NOTICE;
        self.notice = Some(Notice { message: message.into(), warning, until });
    }

    /// When the screen changes by time alone, if it does.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let notice = self.notice.as_ref().map(|notice| notice.until);
        let detail = self.attributes.detail_due;
        notice.into_iter().chain(detail).min()
    }

    /// Whether a first-run hint of this screen is still to be shown.
    #[must_use]
    pub fn hints(&self) -> bool {
        !self.hinted.contains(&self.screen)
    }

    /// Keeps selections and scroll positions inside what there is and what is seen.
    fn settle(&mut self) {
        let body = view::body(self.size);
        let page = attributes::layout(body).page();
        self.attributes.cursor.settle(self.attributes.order.len(), page);
        let places = prompt::layout(body, self.prompt.show_ladder);
        let seen = places.ladder.map_or(1, |area| usize::from(area.height.saturating_sub(2)));
        self.prompt.cursor.settle(self.prompt.pins.len(), seen);
        let runs = self.listed().count();
        let page = train::layout(body).page();
        self.train.runs.settle(runs, page);
        // The log has no line of headings: one more fits.
        self.train.log_offset = self.train.log_offset.min(self.log.lines.len().saturating_sub(page + 1));
        self.data.settle(self.audit.as_ref().map_or(0, |audit| audit.models.len()), body);
        self.compare.settle(body);
        self.ood.settle(self.examined.as_deref(), body);
        if let Some(palette) = &mut self.palette {
            palette.settle(self.size);
        }
        if let Some(offset) = self.help {
            let most = help::most(self, self.look.resolve().glyphs);
            self.help = Some(offset.min(most));
        }
    }
}

/// Takes in what happened; what comes back is to be done outside.
pub fn update(app: &mut App, msg: Msg) -> Vec<Cmd> {
    let mut commands = match msg {
        Msg::Key(key) => press(app, key),
        Msg::Paste(text) => {
            paste(app, &text);
            Vec::new()
        }
        Msg::Resize(columns, rows) => {
            app.size = (columns, rows);
            vec![Cmd::Redraw]
        }
        Msg::Click(column, row) => mouse::click(app, column, row),
        Msg::Wheel(rows) => mouse::wheel(app, rows),
        Msg::Themes(catalogue, warnings) => themes(app, catalogue, warnings),
        Msg::Engine(event) => {
            heard::engine(app, event);
            Vec::new()
        }
        Msg::Progress(progress) => {
            app.jobs.progress(progress);
            Vec::new()
        }
        Msg::Tick(now) => {
            app.now = now;
            if app.notice.as_ref().is_some_and(|notice| notice.until <= now) {
                app.notice = None;
            }
            if app.attributes.detail_due.is_some_and(|due| due <= now) {
                app.attributes.follow();
            }
            Vec::new()
        }
    };
    app.settle();
    commands.extend(wants::ask(app));
    if app.shown.is_some() {
        commands.extend(app.prompt.request().map(Cmd::Score));
    }
    commands
}

fn press(app: &mut App, key: KeyEvent) -> Vec<Cmd> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let Some(name) = keys::name(key) else {
        type_key(app, key);
        return Vec::new();
    };
    if app.dialog.take().is_some() && matches!(name.as_str(), "Esc" | "Enter" | "q") {
        // Any other key closes it too and goes on to what lies below.
        return Vec::new();
    }
    if !app.place().is_overlay() {
        app.hinted.insert(app.screen);
    }
    let place = app.place();
    let contexts: &[Context] = if place.is_overlay() { &[place] } else { &[place, Context::Everywhere] };
    match app.keymap.find(contexts, &name) {
        Some(action) if !typed_in_form(app, action, &name) => act::act(app, action),
        // Over a screen only what leaves work untouched is reached through an overlay.
        _ if place.is_overlay() => match app.keymap.find(&[Context::Everywhere], &name) {
            Some(Action::Quit) if name.starts_with('^') || !place.takes_text() => act::act(app, Action::Quit),
            Some(action @ Action::Redraw) => act::act(app, action),
            Some(action @ (Action::NextTheme | Action::NextDepth)) if place == Context::Help => act::act(app, action),
            _ => {
                type_key(app, key);
                Vec::new()
            }
        },
        _ => {
            type_key(app, key);
            Vec::new()
        }
    }
}

fn themes(app: &mut App, catalogue: Catalogue, warnings: Vec<String>) -> Vec<Cmd> {
    let name = app.look.resolve().name;
    app.look.theme = catalogue.find(&name).unwrap_or(0);
    app.look.catalogue = catalogue;
    if let Some(warning) = warnings.into_iter().next() {
        app.say(warning, true);
    }
    vec![Cmd::Redraw]
}

/// In a typed field of the form the arrows move the cursor and the space is text.
fn typed_in_form(app: &App, action: Action, name: &str) -> bool {
    let typed = app.train.form.as_ref().is_some_and(|form| form.field().is_typed());
    typed
        && app.place() == Context::Form
        && matches!(action, Action::NextChoice | Action::PreviousChoice)
        && matches!(name, "Left" | "Right" | "Space")
}

/// Gives a key that names no action to the line that is being typed.
fn type_key(app: &mut App, key: KeyEvent) {
    let event = TerminalEvent::Key(key);
    match app.place() {
        Context::Palette => {
            if let Some(palette) = &mut app.palette {
                palette.input.handle_event(&event);
                palette.search();
            }
        }
        Context::Filter => {
            app.attributes.filter.handle_event(&event);
            rearrange(app);
        }
        Context::Typing => {
            let focus = app.prompt.focus;
            let line = &mut app.prompt.lines[focus].input;
            let full = line.value().chars().count() >= input::LIMIT;
            let letter = matches!(key.code, crossterm::event::KeyCode::Char(_));
            if full && letter {
                return;
            }
            if line.handle_event(&event).is_some_and(|change| change.value) {
                app.prompt.edited();
            }
        }
        Context::Form => {
            if let Some(form) = &mut app.train.form {
                form.refused = false;
                if let Some(line) = form.selected_input() {
                    line.handle_event(&event);
                }
            }
        }
        _ => {}
    }
}

fn paste(app: &mut App, text: &str) {
    let cut = match app.place() {
        Context::Palette => {
            let cut = app.palette.as_mut().is_some_and(|palette| input::paste(&mut palette.input, text));
            app.palette.iter_mut().for_each(palette::State::search);
            cut
        }
        Context::Filter => {
            let cut = input::paste(&mut app.attributes.filter, text);
            rearrange(app);
            cut
        }
        Context::Typing | Context::Prompt => {
            let focus = app.prompt.focus;
            let cut = input::paste(&mut app.prompt.lines[focus].input, text);
            app.prompt.edited();
            cut
        }
        Context::Form => match app.train.form.as_mut().and_then(train::Form::selected_input) {
            Some(line) => input::paste(line, text),
            None => false,
        },
        _ => false,
    };
    if cut {
        app.say(format!("what was pasted is cut: a line takes {} characters", number::count(input::LIMIT)), true);
    }
}

fn rearrange(app: &mut App) {
    if let Some(shown) = &app.shown {
        app.attributes.arrange(&shown.tables.attributes);
    }
}
