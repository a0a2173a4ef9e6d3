//! Bare `llm2loss`: the console. Also its keys as a page, and one of its frames as a picture.

use super::arguments::{Look, Picture};
use super::config::Config;
use super::context::{Failure, Place, current_or_trained, home, print, session};
use super::progress;
use super::signals::Signals;
use crate::console::msg::{Cmd, Msg, ScreenId};
use crate::console::{self, App, Catalogue, Depth, EnginePort, Exit, Links};
use crate::data::BUILTIN_AUDITS;
use crate::diagnose::{Additions, PromptScorer, Watch};
use crate::engine::{Answer, Command, Compared, Engine, Event, Left, RunView, ScoreRequest, Session, known_audits};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::sync::Arc;

/// The engine as the console sees it.
struct Port(Engine);

impl EnginePort for Port {
    fn command(&self, command: Command) {
        self.0.command(command);
    }

    fn score(&self, request: ScoreRequest) {
        self.0.score(request);
    }
}

pub fn run(
    place: Place,
    audit: Option<&str>,
    model: Option<&str>,
    look: &Look,
    config: &Config,
) -> Result<u8, Failure> {
    let home = home(place.home)?;
    let last = || console::last_audit(&home).filter(|last| known_audits(&home).is_ok_and(|known| known.contains(last)));
    let mut audit = audit.map(str::to_owned).or_else(last).unwrap_or_else(|| BUILTIN_AUDITS[0].to_owned());
    let hide_text = place.hide_text;
    let mut options = console::Options { hide_text, ..config.options(look, home.clone())? };
    let catalogue = Catalogue::load(&options.theme_folders()).0;
    for theme in options.theme.iter().chain(std::iter::once(&options.usual_theme)) {
        if catalogue.find(theme).is_none() && theme != "auto" {
            let known: Vec<&str> = catalogue.names().collect();
            return Err(Failure::usage(format!(
                "there is no theme '{theme}'; known themes: auto, {}",
                known.join(", ")
            )));
        }
    }
    let place = Place { home: Some(home.clone()), ..place };
    let mut opened = open(&place, &audit, model, &mut options)?;
    loop {
        options.audits = known_audits(&home).unwrap_or_default();
        let (exit, left) = show(opened, &options)?;
        let words = words_of(&left);
        let next = match exit {
            Exit::OpenAudit(next) => next,
            Exit::Quit => return Ok(said(words, 0)),
            Exit::Signal(number) => return Ok(said(words, u8::try_from(128 + number).unwrap_or(1))),
        };
        options.said = words.map(|words| (format!("{audit}: {words}"), left.problem.is_some()));
        // The console's handlers stay, and nobody heeds them until there is one again.
        let signals = Signals::listen().map_err(|error| Failure { message: format!("signals: {error}"), code: 1 })?;
        opened = match open(&place, &next, None, &mut options) {
            Ok(opened) => {
                audit = next;
                opened
            }
            Err(failure) => {
                options.said = Some((format!("{next}: {}", failure.message), true));
                open(&place, &audit, None, &mut options)?
            }
        };
        signals.end();
    }
}

/// Says what is to be said at the end, if anything.
fn said(words: Option<String>, code: u8) -> u8 {
    words.iter().for_each(|words| progress::say(words));
    code
}

/// Starts an engine on an audit.
fn open(
    place: &Place,
    audit: &str,
    model: Option<&str>,
    options: &mut console::Options,
) -> Result<(Engine, Links), Failure> {
    let session = session(place.clone(), audit)?;
    session.device()?;
    options.audit = audit.to_owned();
    options.may_have_images = session.encoder().reads_images() && !options.hide_text;
    let (engine, links) = Engine::start(session, model)?;
    Ok((engine, Links { events: links.events, progress: links.progress }))
}

/// Shows the console until it ends; what its engine left undone is told after the terminal has been given back.
fn show((engine, links): (Engine, Links), options: &console::Options) -> Result<(Exit, Left), Failure> {
    // Kept here as well: the engine is stopped after the terminal has been given back.
    let port = Arc::new(Port(engine));
    let exit = console::run(port.clone(), links, options)
        .map_err(|error| Failure { message: format!("{error:#}"), code: 1 })?;
    let left = Arc::into_inner(port).map(|port| port.0.close()).unwrap_or_default();
    Ok((exit, left))
}

/// What is said of jobs that were not done, once the terminal is given back.
fn words_of(left: &Left) -> Option<String> {
    let running = (left.running > 0).then(|| format!("{} running", left.running));
    let waiting = (left.waiting > 0).then(|| format!("{} waiting", left.waiting));
    let counts: Vec<String> = running.into_iter().chain(waiting).collect();
    let what = (!counts.is_empty()).then(|| counts.join(", "))?;
    Some(match &left.problem {
        None => format!("{what}: kept; the next start offers them, 'llm2loss runs' lists them"),
        Some(problem) => format!("{what}: could not be kept: {problem}"),
    })
}

pub fn keys() -> Result<u8, Failure> {
    print(&console::keys_page::markdown())
}

/// Draws a screen from a real run, the way the console does: messages in, a frame out.
pub fn picture(place: Place, model: Option<&str>, given: &Picture) -> Result<u8, Failure> {
    let session = session(place, BUILTIN_AUDITS[0])?;
    let run = current_or_trained(&session, model)?;
    let scorer = session.scorer(&run)?;
    let catalogue = Catalogue::load(&[]).0;
    let theme =
        catalogue.find(&given.look).ok_or_else(|| Failure::usage(format!("there is no theme '{}'", given.look)))?;
    let look = console::Look { catalogue, theme, depth: Depth::True, ascii: false };
    let theme = look.resolve();
    let mut app = App::new((given.width, given.height), look);
    // A picture is not seen for the first time by anybody.
    app.hinted.extend(ScreenId::ALL);
    let engine = Answering { session: &session, scorer };
    let runs = session.store().runs(&session.record().name, None)?.into_iter().map(Arc::new).collect();
    let opened = Event::Opened { audit: Arc::new(session.view()), runs, history: Vec::new() };
    let shown = Event::Shown(RunView { record: Arc::new(run.record), tables: Arc::new(run.diagnosis.tables) });
    tell(&mut app, Msg::Engine(opened), &engine);
    tell(&mut app, Msg::Engine(shown), &engine);
    // The first row as the console sorts it, then its two prompts in the lab.
    let first = |screen: ScreenId| screen.number().chars().next().map(KeyCode::Char);
    let keys = match given.screen {
        ScreenId::Prompt => [first(ScreenId::Attributes), Some(KeyCode::Enter)],
        screen => [first(screen), None],
    };
    keys.into_iter().flatten().for_each(|key| press(&mut app, key, &engine));
    print(&console::svg(&console::frame(&app, given.width, given.height, &theme), &theme))
}

fn press(app: &mut App, key: KeyCode, engine: &Answering<'_>) {
    tell(app, Msg::Key(KeyEvent::new(key, KeyModifiers::NONE)), engine);
}

/// An engine that answers at once.
struct Answering<'a> {
    session: &'a Session,
    scorer: PromptScorer,
}

impl Answering<'_> {
    /// The event that answers a command of the console, if one does.
    fn answer(&self, command: Cmd) -> Option<Event> {
        let session = self.session;
        match command {
            Cmd::Score(request) => {
                let answer = Arc::new(Answer::of(&self.scorer, &request.a, &request.b));
                Some(Event::Scored { seq: request.seq, answer, micros: 0 })
            }
            Cmd::Send(Command::Find { model }) => {
                let found = session.findings(&model, None, Additions::default());
                Some(Event::Found { model, found: found.map(Arc::new).map_err(|error| error.to_string()) })
            }
            Cmd::Send(Command::Discover(request)) => {
                let found = session.discover_asked(&request, &Watch::silent());
                Some(Event::Discovered { request, found: found.map(Arc::new).map_err(|error| error.to_string()) })
            }
            Cmd::Send(Command::AskNames { run, names }) => {
                let scores = names.iter().map(|name| self.scorer.score(name).ok()).collect();
                Some(Event::NamesScored { run, scores: Arc::new(scores) })
            }
            Cmd::Send(Command::Intersect { model }) => {
                let found = session.intersections(&model).map(|(found, _)| found);
                Some(Event::Intersected { model, found: found.map(Arc::new).map_err(|error| error.to_string()) })
            }
            Cmd::Send(Command::Measure { model, within }) => {
                let found = session.measured_attributes(&model, &within);
                let found = found.map(Arc::new).map_err(|error| error.to_string());
                Some(Event::Measured { model, within, found })
            }
            Cmd::Send(Command::Inspect) => Some(Event::Inspected(Arc::new(session.inspect().ok()?))),
            Cmd::Send(Command::Examine { run }) => {
                let record = session.store().find_run(&run.0).ok()?;
                Some(Event::Examined(Arc::new(session.examine(record).ok()?)))
            }
            Cmd::Send(Command::OpenOther { run }) => {
                let run = session.load(session.store().find_run(&run.0).ok()?).ok()?;
                let (record, tables) = (Arc::new(run.record), Arc::new(run.diagnosis.tables));
                Some(Event::Other(RunView { record, tables }))
            }
            Cmd::Send(Command::CompareModels(request)) => {
                let found = session.compare_asked(&request, &mut Compared::default(), &|_, _| {});
                let found = found.map(Arc::new).map_err(|error| error.to_string());
                Some(Event::ModelsCompared { request, found })
            }
            _ => None,
        }
    }
}

/// Hands over a message and answers what the console asks the engine.
fn tell(app: &mut App, message: Msg, engine: &Answering<'_>) {
    for command in console::update(app, message) {
        if let Some(event) = engine.answer(command) {
            tell(app, Msg::Engine(event), engine);
        }
    }
}
