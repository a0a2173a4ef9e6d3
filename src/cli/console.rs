//! Bare `llm2loss`: the console. Also its keys as a page, and one of its frames as a picture.

use super::arguments::{Look, Picture, Screen};
use super::context::{Failure, Place, current_or_trained, home, print, session};
use crate::console::msg::{Cmd, Msg};
use crate::console::{self, App, Catalogue, Depth, EnginePort, Exit, Links, Options};
use crate::data::BUILTIN_AUDITS;
use crate::diagnose::PromptScorer;
use crate::engine::{Answer, Command, Engine, Event, RunView, ScoreRequest, Session};
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

pub fn run(place: Place, audit: Option<&str>, model: Option<&str>, look: &Look) -> Result<u8, Failure> {
    let home = home(place.home)?;
    let session = Session::open(&home, audit.unwrap_or(BUILTIN_AUDITS[0]))?.on(place.device);
    session.device()?;
    if let Some(theme) = &look.theme {
        let catalogue = Catalogue::load(&[home.join("themes")]).0;
        if catalogue.find(theme).is_none() {
            let known: Vec<&str> = catalogue.names().collect();
            return Err(Failure::usage(format!("there is no theme '{theme}'; known themes: {}", known.join(", "))));
        }
    }
    let (engine, links) = Engine::start(session, model)?;
    let links = Links { events: links.events, progress: links.progress };
    let options = Options {
        theme: look.theme.clone(),
        color: look.color,
        ascii: look.ascii,
        low_bandwidth: look.low_bandwidth,
        home,
        ..Options::default()
    };
    // Kept here as well: the engine is stopped after the terminal has been given back.
    let port = Arc::new(Port(engine));
    let exit = console::run(port.clone(), links, options)
        .map_err(|error| Failure { message: format!("{error:#}"), code: 1 })?;
    Ok(match exit {
        Exit::Quit => 0,
        Exit::Signal(number) => u8::try_from(128 + number).unwrap_or(1),
    })
}

pub fn keys() -> Result<u8, Failure> {
    print(&console::keys::markdown())
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
    let runs = session.store().runs(&session.record().name, None)?.into_iter().map(Arc::new).collect();
    let opened = Event::Opened { audit: Arc::new(session.view()), runs, history: Vec::new() };
    let shown = Event::Shown(RunView { record: Arc::new(run.record), tables: Arc::new(run.diagnosis.tables) });
    tell(&mut app, Msg::Engine(opened), &scorer);
    tell(&mut app, Msg::Engine(shown), &scorer);
    // The first row as the console sorts it, then its two prompts in the lab.
    match given.screen {
        Screen::Attributes => {}
        Screen::Prompt => press(&mut app, KeyCode::Enter, &scorer),
        Screen::Train => press(&mut app, KeyCode::Char('3'), &scorer),
        Screen::Data => press(&mut app, KeyCode::Char('4'), &scorer),
        Screen::Compare => press(&mut app, KeyCode::Char('5'), &scorer),
        Screen::Ood => press(&mut app, KeyCode::Char('6'), &scorer),
        Screen::Validity => press(&mut app, KeyCode::Char('7'), &scorer),
    }
    print(&console::svg(&console::frame(&app, given.width, given.height, &theme), &theme))
}

fn press(app: &mut App, key: KeyCode, scorer: &PromptScorer) {
    tell(app, Msg::Key(KeyEvent::new(key, KeyModifiers::NONE)), scorer);
}

/// Hands over a message and answers what the console asks the scorer.
fn tell(app: &mut App, message: Msg, scorer: &PromptScorer) {
    for command in console::update(app, message) {
        if let Cmd::Score(request) = command {
            let answer = Answer::of(scorer, &request.a, &request.b);
            tell(app, Msg::Engine(Event::Scored { seq: request.seq, answer: Arc::new(answer), micros: 0 }), scorer);
        }
    }
}
