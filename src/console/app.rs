//! The state of the console and the one function that changes it.

use super::depth::Depth;
use super::jobs::Jobs;
use super::keys::{self, Context};
use super::msg::{Action, Cmd, Msg, ScreenId};
use super::number;
use super::screen::{attributes, help, prompt, train};
use super::theme::{Catalogue, Theme};
use super::widget::input;
use super::{act, view};
use crate::audit::RunRecord;
use crate::engine::{AuditView, Event, RunView};
use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
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
        Self { catalogue: Catalogue::load(None).0, theme: 0, depth, ascii }
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
    /// First row of the help, if it is open.
    pub help: Option<usize>,
    pub audit: Option<Arc<AuditView>>,
    /// The run that tables and prompts refer to.
    pub shown: Option<RunView>,
    /// Finished runs, newest first.
    pub runs: Vec<Arc<RunRecord>>,
    pub jobs: Jobs,
    pub notice: Option<Notice>,
    /// The model that was asked for and is not shown yet.
    pub opening: Option<String>,
    pub attributes: attributes::State,
    pub prompt: prompt::State,
    pub train: train::State,
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
            help: None,
            audit: None,
            shown: None,
            runs: Vec::new(),
            jobs: Jobs::default(),
            notice: None,
            opening: None,
            attributes: attributes::State::default(),
            prompt: prompt::State::default(),
            train: train::State::default(),
            look,
        }
    }

    /// Where the next key goes.
    #[must_use]
    pub fn place(&self) -> Context {
        match self.screen {
            ScreenId::Attributes if self.attributes.filtering => Context::Filter,
            ScreenId::Attributes => Context::Attributes,
            ScreenId::Prompt if self.prompt.typing => Context::Typing,
            ScreenId::Prompt => Context::Prompt,
            ScreenId::Train if self.train.form.is_some() => Context::Form,
            ScreenId::Train => Context::Train,
        }
    }

    /// The model in view: the one asked for, else that of the shown run, else the first.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        let shown = || self.shown.as_ref().map(|shown| shown.record.model.as_str());
        let first = || self.audit.as_ref().and_then(|audit| audit.models.first()).map(String::as_str);
        self.opening.as_deref().or_else(shown).or_else(first)
    }

    /// Says something in the last line for a while.
    pub fn say(&mut self, message: impl Into<String>, warning: bool) {
        let until = self.now + NOTICE;
        self.notice = Some(Notice { message: message.into(), warning, until });
    }

    /// When the screen changes by time alone, if it does.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.notice.as_ref().map(|notice| notice.until)
    }

    /// Keeps selections and scroll positions inside what there is and what is seen.
    fn settle(&mut self) {
        let body = view::body(self.size);
        let page = attributes::layout(body).page();
        self.attributes.cursor.settle(self.attributes.order.len(), page);
        let places = prompt::layout(body, self.prompt.show_ladder);
        let seen = places.ladder.map_or(1, |area| usize::from(area.height.saturating_sub(2)));
        self.prompt.cursor.settle(self.prompt.pins.len(), seen);
        self.train.runs.settle(self.runs.len(), train::layout(body).page());
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
        Msg::Engine(event) => {
            engine(app, event);
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
            Vec::new()
        }
    };
    app.settle();
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
    let place = app.place();
    let contexts: &[Context] = match app.help {
        // Under the help only its own keys and those that leave work.
        Some(_) => &[Context::Help],
        None => &[place, Context::Everywhere],
    };
    match keys::find(contexts, &name) {
        Some(action) if !typed_in_form(app, action, &name) => act::act(app, action),
        _ if app.help.is_some() => match keys::find(&[Context::Everywhere], &name) {
            Some(action @ (Action::Quit | Action::Redraw | Action::NextTheme | Action::NextDepth)) => {
                act::act(app, action)
            }
            _ => Vec::new(),
        },
        _ => {
            type_key(app, key);
            Vec::new()
        }
    }
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
    if app.help.is_some() {
        return;
    }
    let event = TerminalEvent::Key(key);
    match app.place() {
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
    if app.help.is_some() {
        return;
    }
    let cut = match app.place() {
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

fn engine(app: &mut App, event: Event) {
    if let Some((message, warning)) = app.jobs.event(&event) {
        app.say(message, warning);
    }
    match event {
        Event::Opened { audit, runs, history } => {
            app.audit = Some(audit);
            app.runs = runs;
            app.runs.sort_by_key(|record| std::cmp::Reverse(record.finished_at));
            app.prompt.remember(&history);
        }
        Event::Shown(view) => show(app, view),
        Event::JobFinished { record, .. } => add_run(app, record),
        Event::Scored { seq, answer, micros } => app.prompt.answered(seq, &answer, micros),
        Event::Notice { message, warning } => app.say(message, warning),
        _ => {}
    }
}

fn show(app: &mut App, view: RunView) {
    let before = app.shown.take();
    let tables = view.tables.clone();
    add_run(app, view.record.clone());
    app.opening = None;
    app.shown = Some(view);
    let before = before.as_ref().map(|shown| &shown.tables.attributes);
    app.attributes.replace(before, &tables.attributes);
    app.prompt.heads_changed();
}

fn add_run(app: &mut App, record: Arc<RunRecord>) {
    if app.runs.iter().any(|known| known.id == record.id) {
        return;
    }
    // The selection stays on the run it was on.
    if !app.runs.is_empty() && app.train.runs.selected > 0 {
        app.train.runs.selected += 1;
    }
    app.runs.insert(0, record);
}
