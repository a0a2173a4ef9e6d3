//! The loop: whatever comes first becomes a message, messages change the state, the state is drawn when it changed.

use super::app::{App, update};
use super::depth::Depth;
use super::files;
use super::glyph;
use super::graphics::{self, Dressing, Gallery, Images, Painted, cell_size};
use super::hangup::{Ends, HANGUP, Signals, Told, Watch};
use super::keys::EVERYWHERE;
use super::late::Late;
use super::memory::Memory;
use super::msg::{Action, Cmd, Msg};
use super::port::{EnginePort, Links};
use super::probe::{self, Wanted};
use super::terminal::{Guard, Screen, clipboard, install_panic_hook, mouse, retake, suspend};
use super::theme::{Catalogue, Theme};
use super::world::Look;
use super::{Exit, Options, view};
use anyhow::{Context as _, bail};
use crossterm::event::{Event as TerminalEvent, EventStream, MouseButton, MouseEventKind};
use futures_util::StreamExt;
use std::io::{IsTerminal, Stdout, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);
/// The same over a slow line.
const SLOW_FRAME: Duration = Duration::from_millis(250);
/// Engine events taken in before a frame.
const BATCH: usize = 64;

/// Everything the loop owns.
struct Live {
    app: App,
    theme: Theme,
    port: Arc<dyn EnginePort>,
    screen: Screen<Stdout>,
    started: Instant,
    frame: Duration,
    home: PathBuf,
    /// Folders with a person's themes.
    themes: Vec<PathBuf>,
    usual_theme: String,
    late: Late,
    /// Images as pixels, where the terminal takes them.
    gallery: Option<Gallery>,
    /// When the last frame was drawn, and whether the state changed since.
    drawn: Option<Instant>,
    dirty: bool,
}

/// What woke the loop.
enum Woke {
    Message(Msg),
    Painted(Painted),
    /// The program was stopped, and the terminal taken again or not.
    Back(std::io::Result<()>),
    /// It is time for a frame or a tick.
    Time,
    Ended(Exit, Ended),
}

/// Whether there is still a terminal to give back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    TerminalThere,
    TerminalGone,
}

impl Ended {
    fn now(ends: Ends) -> Self {
        if ends.gone() { Self::TerminalGone } else { Self::TerminalThere }
    }
}

/// Runs the console until a person or a signal ends it.
pub fn run(port: Arc<dyn EnginePort>, links: Links, options: &Options) -> anyhow::Result<Exit> {
    if !stdout().is_terminal() {
        bail!("the console needs a terminal");
    }
    let memory = Memory::load(&options.home);
    let (look, warnings) = look(options, &memory)?;
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let mut app = App::new(size, look);
    app.world.keymap = options.keymap.clone();
    app.world.hide_text = options.hide_text;
    app.world.ledger.clone_from(&options.ledger);
    app.mouse = options.mouse;
    app.theme_chosen = options.theme.is_none() && memory.theme(&options.usual_theme).is_some();
    app.world.audits.clone_from(&options.audits);
    let said = options.said.clone().or_else(|| warnings.into_iter().next().map(|warning| (warning, true)));
    if let Some((words, warning)) = said {
        app.world.say(words, warning);
    }
    let wanted = wanted_theme(options, &memory).to_owned();
    memory.apply(&mut app, &options.audit);
    let frame = if options.low_bandwidth { SLOW_FRAME } else { FRAME };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    install_panic_hook(&options.home);
    let ends = Ends::now();
    let guard = Guard::enter().context("the terminal cannot be set up")?;
    // Nobody reads keys yet: answers cannot be taken for some.
    let asked = Wanted { background: wanted == AUTO, images: graphics::asks_terminal(options) };
    let answers = probe::ask(asked);
    let late = Late::of(asked, &answers);
    if asked.background {
        let name = answers.light.map_or("terminal", |light| if light { "light" } else { "dark" });
        app.world.look.theme = app.world.look.catalogue.find(name).unwrap_or(0);
    }
    let (images, gallery, painted) = graphics::start(options, &answers);
    app.world.images = images;
    let theme = app.world.look.resolve();
    let (home, themes) = (options.home.clone(), options.theme_folders());
    let (screen, started) = (Screen::new(stdout()), Instant::now());
    let usual_theme = options.usual_theme.clone();
    let (drawn, dirty) = (None, true);
    let live =
        Live { app, theme, port, screen, started, frame, home, themes, usual_theme, late, gallery, drawn, dirty };
    let ended = runtime.block_on(live.serve(links, painted, ends));
    match ended {
        Ok((exit, Ended::TerminalThere)) => {
            drop(guard);
            Ok(exit)
        }
        Ok((exit, Ended::TerminalGone)) => {
            guard.abandon();
            Ok(exit)
        }
        Err(error) => {
            drop(guard);
            Err(error)
        }
    }
}

/// The theme that asks the terminal.
const AUTO: &str = "auto";

/// The theme asked for now, else the one chosen last, else that of the configuration.
fn wanted_theme<'a>(options: &'a Options, memory: &'a Memory) -> &'a str {
    let given = options.theme.as_deref();
    given.or_else(|| memory.theme(&options.usual_theme)).unwrap_or(&options.usual_theme)
}

/// Theme, depth and alphabet from the options and the environment.
fn look(options: &Options, memory: &Memory) -> anyhow::Result<(Look, Vec<String>)> {
    let read = |name: &str| std::env::var(name).ok();
    let (catalogue, mut warnings) = Catalogue::load(&options.theme_folders());
    let name = wanted_theme(options, memory);
    let theme = match catalogue.find(name) {
        Some(at) => at,
        None if name == AUTO || name.is_empty() => 0,
        None if options.theme.is_some() => {
            let known: Vec<&str> = catalogue.names().collect();
            bail!("there is no theme '{name}'; give one of auto, {}", known.join(", "));
        }
        None => {
            let key = options.keymap.key_of(EVERYWHERE, Action::NextTheme).unwrap_or(":");
            warnings.push(format!("there is no theme '{name}' any more; {key} chooses another"));
            0
        }
    };
    let depth = Depth::detect(options.color, read);
    let ascii = options.ascii || glyph::environment_is_ascii(read);
    Ok((Look { catalogue, theme, depth, ascii }, warnings))
}

impl Live {
    /// Serves until the end, then keeps what is worth remembering, however it ended.
    async fn serve(
        mut self,
        links: Links,
        painted: Option<UnboundedReceiver<Painted>>,
        ends: Ends,
    ) -> anyhow::Result<(Exit, Ended)> {
        let ended = self.go(links, painted, ends).await;
        if let (Ok((_, Ended::TerminalThere)), Some(gallery)) = (&ended, &self.gallery) {
            // A terminal that refuses here is gone.
            let _ = self.screen.send(&gallery.farewell());
        }
        // A memory that cannot be kept is no reason to end otherwise than asked.
        let _ = Memory::load(&self.home).with(&self.app, &self.usual_theme).save(&self.home);
        ended
    }

    async fn go(
        &mut self,
        mut links: Links,
        mut painted: Option<UnboundedReceiver<Painted>>,
        ends: Ends,
    ) -> anyhow::Result<(Exit, Ended)> {
        if self.app.mouse {
            self.screen.send(mouse(true))?;
        }
        let mut signals = Signals::new()?;
        let mut watch = Watch::start(ends)?;
        let mut keys = EventStream::new();
        let (mut engine, mut progress) = (true, true);
        loop {
            self.draw_if_due(ends)?;
            let wake = self.wake_at();
            let woke = tokio::select! {
                biased;
                told = signals.next() => match told {
                    Told::End(number) => Woke::Ended(Exit::Signal(number), Ended::now(ends)),
                    Told::Stop => Woke::Back(suspend()),
                    Told::Resumed => Woke::Back(retake()),
                },
                () = watch.gone() => Woke::Ended(Exit::Signal(HANGUP), Ended::TerminalGone),
                event = keys.next() => match event {
                    Some(Ok(event)) if self.late.swallows(&event) => Woke::Time,
                    Some(Ok(event)) => translate(event).map_or(Woke::Time, Woke::Message),
                    // Without keys there is no way to go on; a vanished terminal looks like this too.
                    Some(Err(_)) | None => Woke::Ended(Exit::Signal(HANGUP), Ended::now(ends)),
                },
                event = links.events.recv(), if engine => match event {
                    Some(event) => Woke::Message(Msg::Engine(event)),
                    None => { engine = false; Woke::Time }
                },
                changed = links.progress.changed(), if progress => match changed {
                    Ok(()) => Woke::Message(Msg::Progress(links.progress.borrow_and_update().clone())),
                    Err(_) => { progress = false; Woke::Time }
                },
                Some(image) = next(&mut painted) => Woke::Painted(image),
                () = sleep_until(wake) => Woke::Time,
            };
            let flow = match woke {
                Woke::Message(message) => self.take(message)?,
                Woke::Painted(image) => {
                    if let Some(gallery) = &mut self.gallery {
                        gallery.keep(image);
                    }
                    self.dirty = true;
                    ControlFlow::Continue(())
                }
                Woke::Back(taken) => {
                    taken.context("the terminal cannot be taken again")?;
                    self.back()?;
                    ControlFlow::Continue(())
                }
                Woke::Time => self.tick()?,
                Woke::Ended(exit, ended) => return Ok((exit, ended)),
            };
            if let ControlFlow::Break(exit) = flow {
                return Ok((exit, Ended::TerminalThere));
            }
            // A burst of events costs one frame.
            for _ in 0..BATCH {
                let Ok(event) = links.events.try_recv() else { break };
                if let ControlFlow::Break(exit) = self.take(Msg::Engine(event))? {
                    return Ok((exit, Ended::TerminalThere));
                }
            }
        }
    }

    /// Changes the state and does what comes of it.
    fn take(&mut self, message: Msg) -> anyhow::Result<ControlFlow<Exit>> {
        self.app.world.now = self.started.elapsed();
        self.dirty = true;
        let is_resized = matches!(message, Msg::Resize(..));
        for command in update(&mut self.app, message) {
            match command {
                Cmd::Send(command) => self.port.command(command),
                Cmd::Score(request) => self.port.score(request),
                Cmd::Redraw => {
                    self.theme = self.app.world.look.resolve();
                    self.redraw(is_resized);
                }
                Cmd::Suspend => {
                    suspend()?;
                    self.back()?;
                }
                Cmd::Copy(text) => self.screen.send(&clipboard(&text, std::env::var_os("TMUX").is_some()))?,
                Cmd::Export { name, text, what } => {
                    let (said, warning) = match files::export(&self.home, &name, &text) {
                        Ok(path) => (format!("{what} written: {}", path.display()).trim_start().to_owned(), false),
                        Err(error) => (format!("not written: {error}"), true),
                    };
                    self.app.world.say(said, warning);
                }
                Cmd::Mouse(on) => self.screen.send(mouse(on))?,
                Cmd::ReloadThemes => {
                    let mut catalogue = self.app.world.look.catalogue.clone();
                    let warnings = catalogue.reload(&self.themes);
                    update(&mut self.app, Msg::Themes(catalogue, warnings));
                    self.theme = self.app.world.look.resolve();
                }
                Cmd::OpenAudit(name) => return Ok(ControlFlow::Break(Exit::OpenAudit(name))),
                Cmd::Quit => return Ok(ControlFlow::Break(Exit::Quit)),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Draws everything anew after the program was stopped.
    fn back(&mut self) -> anyhow::Result<()> {
        if self.app.mouse {
            self.screen.send(mouse(true))?;
        }
        let size = crossterm::terminal::size().unwrap_or(self.app.world.size);
        update(&mut self.app, Msg::Resize(size.0, size.1));
        self.redraw(false);
        self.dirty = true;
        Ok(())
    }

    /// Draws the next frame whole; but for a new size, the terminal may have lost its images as well.
    fn redraw(&mut self, is_resized: bool) {
        self.screen.forget();
        let Some(gallery) = &mut self.gallery else { return };
        if let (Images::Pixels(shown), Some(cell)) = (&mut self.app.world.images, cell_size()) {
            *shown = cell;
            gallery.measure(cell);
        }
        if !is_resized {
            gallery.forget_sent();
        }
    }

    fn tick(&mut self) -> anyhow::Result<ControlFlow<Exit>> {
        let now = self.started.elapsed();
        if self.app.deadline().is_some_and(|deadline| deadline <= now) {
            return self.take(Msg::Tick(now));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// When to wake up though nothing came: for the next frame, or for what expires.
    fn wake_at(&self) -> Option<Instant> {
        let frame = self.dirty.then(|| self.drawn.map_or(self.started, |drawn| drawn + self.frame));
        let tick = self.app.deadline().map(|deadline| self.started + deadline);
        match (frame, tick) {
            (Some(frame), Some(tick)) => Some(frame.min(tick)),
            (frame, tick) => frame.or(tick),
        }
    }

    fn draw_if_due(&mut self, ends: Ends) -> anyhow::Result<()> {
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= self.frame);
        if !self.dirty || !due {
            return Ok(());
        }
        let (columns, rows) = self.app.world.size;
        let mut frame = view::draw(&self.app, columns, rows, &self.theme);
        self.drawn = Some(Instant::now());
        let whole = self.screen.clears(frame.buffer.area);
        let dressing = match &mut self.gallery {
            Some(gallery) => gallery.dress(&mut frame.buffer, &frame.images, whole),
            None => Dressing::default(),
        };
        self.dirty = dressing.more;
        match self.screen.draw_with(frame.buffer, frame.cursor, dressing) {
            // The watch will say that the terminal is gone; until then there is nobody to draw for.
            Err(_) if ends.gone() => Ok(()),
            drawn => drawn.map(|_| ()).context("the terminal cannot be written to"),
        }
    }
}

fn translate(event: TerminalEvent) -> Option<Msg> {
    match event {
        TerminalEvent::Key(key) => Some(Msg::Key(key)),
        TerminalEvent::Paste(text) => Some(Msg::Paste(text)),
        TerminalEvent::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Msg::Click(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Msg::Wheel(1)),
            MouseEventKind::ScrollUp => Some(Msg::Wheel(-1)),
            _ => None,
        },
        TerminalEvent::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        _ => None,
    }
}

async fn next(painted: &mut Option<UnboundedReceiver<Painted>>) -> Option<Painted> {
    match painted {
        Some(painted) => painted.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
