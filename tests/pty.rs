//! The whole program in a real terminal: opens, trains, shows its table, scores what is typed, survives what terminals
//! and panics do to it, quits.
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, reason = "what tests of images need")]
#[path = "pty/console.rs"]
mod console;

use console::{Console, PATIENCE, size};
use llm2loss::console::{EnginePort, Links, Options};
use llm2loss::encoder::{Encoder, EncoderError, Reading, StaticEncoder};
use llm2loss::engine::{Command, Engine, ScoreRequest, Session};
use portable_pty::PtySize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn it_opens_trains_shows_its_table_scores_a_prompt_and_gives_the_terminal_back() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::open(home.path(), 120, 36, &[]);
    // What is measured stands before any head does.
    console.wait("findings", |text| text.contains("lose 6.0 times") && !text.contains("idle"));
    console.send("\r");
    console.wait("items behind the first", |text| text.contains("[9 Items]"));
    console.send("1");
    console.wait("table", |text| text.contains("Senior") && text.contains("Widowed"));
    // The last heads are offered, they take nothing over.
    console.wait("end of training", |text| text.contains("V shows run"));
    console.send("2");
    console.wait("prompt screen", |text| text.contains("A ›"));
    console.send("an elderly trucker");
    console.wait("scores", |text| text.contains("regressor") && text.contains("no item uses: trucker"));
    // A paste in one piece, with letters of two cells, of several signs, and one that would ring a bell.
    console.send("\u{15}\u{1b}[200~a 漢字 teacher\u{7}, naïve 👩‍🚀\u{1b}[201~");
    console.wait("paste", |text| text.contains("a 漢字 teacher") && text.contains("naïve") && text.contains("A ›"));
    console.send("\u{15}an elderly trucker");
    console.send("\ta young person");
    console.wait("verdict", |text| text.contains("is predicted harder than") || text.contains("leans harder"));
    console.master.as_ref().unwrap().resize(PtySize { rows: 5, cols: 20, pixel_width: 0, pixel_height: 0 }).unwrap();
    console.screen.lock().unwrap().screen_mut().set_size(size(5), size(20));
    console.wait("calm line", |text| text.contains("needs 60x16"));
    console.send("\u{3}");
    assert!(console.end().success());
    let parser = console.screen.lock().unwrap();
    assert!(
        !parser.screen().alternate_screen() && !parser.screen().hide_cursor() && !parser.screen().bracketed_paste()
    );
    drop(parser);

    // The second start trains nothing, opens on the run at once, and on the screen that was left.
    let mut console = Console::open(home.path(), 80, 24, &[("NO_COLOR", "1")]);
    console.wait("the prompt screen", |text| text.contains("[2 Prompt]"));
    console.send("1");
    console.wait("table at once", |text| text.contains("Senior") && text.contains("idle"));
    let selected = |parser: &vt100::Parser| {
        (0..24).any(|row| (0..80).any(|column| parser.screen().cell(row, column).is_some_and(vt100::Cell::inverse)))
    };
    assert!(selected(&console.screen.lock().unwrap()), "the selection must be seen without colour");
    console.send("?");
    console.wait("help", |text| text.contains("Help"));
    console.send("\u{1b}");
    console.wait("help gone", |text| !text.contains("EVERYWHERE"));
    console.send("q");
    assert!(console.end().success());
}

#[cfg(unix)]
#[test]
fn a_termination_signal_ends_it_with_the_terminal_restored() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::open(home.path(), 100, 30, &[]);
    console.wait("training", |text| text.contains("training ") && text.contains(" %"));
    let process = console.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    let started = Instant::now();
    let status = console.end();
    assert!(started.elapsed() < SLOW, "took {:?}", started.elapsed());
    assert_eq!(status.exit_code(), 143);
    assert!(!console.screen.lock().unwrap().screen().alternate_screen());
    // Nothing is lost: the store opens again.
    llm2loss::store::Store::open(home.path()).unwrap();
}

/// How long ending may take on a slow machine; on a quick one it is well under three seconds.
const SLOW: Duration = Duration::from_secs(20);

/// A home whose audit has a trained run, so that a console on it is idle.
fn trained() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let trained = std::process::Command::new(env!("CARGO_BIN_EXE_llm2loss"))
        .env("LLM2LOSS_HOME", home.path())
        .args(["train", "adult", "--epochs", "2", "--members", "2"])
        .output()
        .unwrap();
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    home
}

fn signal(console: &Console, name: &str) {
    let process = console.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([&format!("-{name}"), &process]).status().unwrap().success());
}

/// Clock ticks of processor time a process has used, while it lives.
#[cfg(target_os = "linux")]
fn ticks(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after = text.rsplit_once(") ")?.1;
    let mut fields = after.split(' ');
    if fields.next() == Some("Z") {
        return None;
    }
    let fields: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
    Some(fields.get(10)? + fields.get(11)?)
}

#[test]
fn it_writes_nothing_while_nothing_changes() {
    let home = trained();
    let mut console = Console::open(home.path(), 120, 36, &[]);
    console.wait("table", |text| text.contains("Senior") && text.contains("idle"));
    let written = || console.written.load(std::sync::atomic::Ordering::SeqCst);
    // What the start still had to say comes first, on a slow machine a little later.
    let silent = (0..20).any(|_| {
        let before = written();
        std::thread::sleep(Duration::from_secs(2));
        written() == before
    });
    assert!(silent, "an idle console goes on writing");
    console.send("q");
    assert!(console.end().success());
}

#[cfg(target_os = "linux")]
#[test]
fn it_survives_what_terminals_do() {
    let home = trained();
    let path = home.path();
    let ready = |console: &Console| console.wait("table", |text| text.contains("Senior") && text.contains("idle"));

    // A line that drops: the terminal hangs up and says so.
    let mut console = Console::open(path, 100, 30, &[]);
    ready(&console);
    console.send("5");
    console.wait("another screen", |text| text.contains("[5 Compare]"));
    signal(&console, "HUP");
    let started = Instant::now();
    assert_eq!(console.end().exit_code(), 129);
    assert!(started.elapsed() < SLOW, "took {:?}", started.elapsed());

    // Where it was comes back; without colours and without anything a terminal must know.
    let mut console = Console::open(path, 100, 30, &[("TERM", "dumb")]);
    console.wait("the screen it was left on", |text| text.contains("[5 Compare]"));
    let plain = |cell: &vt100::Cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default;
    let all_plain =
        |screen: &vt100::Screen| (0..30).all(|row| (0..100).all(|column| screen.cell(row, column).is_none_or(plain)));
    assert!(all_plain(console.screen.lock().unwrap().screen()), "a dumb terminal is sent no colours");
    console.send("1");
    ready(&console);
    console.send("q");
    assert!(console.end().success());

    // The terminal vanishes and the signal is ignored: it must neither stay nor burn a core.
    let program = format!("trap '' HUP; exec '{}'", env!("CARGO_BIN_EXE_llm2loss"));
    let mut console = Console::start(&["sh", "-c", &program], path, 100, 30, &[]);
    ready(&console);
    let process = console.child.process_id().unwrap();
    // What its start began is done before anything is counted.
    let end = Instant::now() + PATIENCE;
    let mut before = 0;
    while before != ticks(process).unwrap() {
        before = ticks(process).unwrap();
        assert!(Instant::now() < end, "it never rests");
        std::thread::sleep(Duration::from_millis(300));
    }
    console.hang_up();
    let (started, mut last) = (Instant::now(), before);
    while console.child.try_wait().unwrap().is_none() {
        last = ticks(process).unwrap_or(last);
        assert!(started.elapsed() < PATIENCE, "it never ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (took, used) = (started.elapsed(), last.saturating_sub(before));
    assert!(took < SLOW, "took {took:?}");
    // 100 ticks a second: a spinning reader uses all of them. A few go to writing what is worth keeping.
    assert!(used <= 10 + took.as_millis() as u64 / 10 / 20, "used {used} ticks in {took:?}");
    llm2loss::store::Store::open(path).unwrap();
}

#[cfg(unix)]
#[test]
fn it_goes_to_the_background_and_comes_back() {
    let home = trained();
    let mut console =
        Console::start(&["bash", "--norc", "--noprofile", "-i"], home.path(), 100, 30, &[("PS1", "shell> ")]);
    console.wait("shell", |text| text.contains("shell>"));
    console.send(concat!(env!("CARGO_BIN_EXE_llm2loss"), "\r"));
    console.wait("table", |text| text.contains("Senior") && text.contains("idle"));
    console.send("\u{1a}");
    console.wait("shell again", |text| text.contains("Stopped") && !text.contains("Senior"));
    console.send("fg\r");
    console.wait("table again", |text| text.contains("Senior"));
    console.send("q");
    console.wait("shell at the end", |text| !text.contains("Senior") && text.contains("shell>"));
    console.send("exit\r");
    assert!(console.end().success());
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_stopped_and_resumed_by_others() {
    let home = trained();
    let mut console = Console::open(home.path(), 100, 30, &[]);
    let ready = |text: &str| text.contains("Senior") && text.contains("idle");
    console.wait("table", ready);
    signal(&console, "TSTP");
    // The terminal is whole while the program sleeps, and taken again when it wakes up.
    console.wait_screen("shell's screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    let process = console.child.process_id().unwrap();
    let stopped = || {
        let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        text.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    let end = Instant::now() + PATIENCE;
    while !stopped() {
        assert!(Instant::now() < end, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&console, "CONT");
    console.wait_screen("its own screen", vt100::Screen::alternate_screen);
    console.wait("table again", ready);
    // Stopped the hard way it cannot clean up, but it draws everything again.
    signal(&console, "STOP");
    console.screen.lock().unwrap().process(b"\x1b[2J\x1b[?1049l");
    signal(&console, "CONT");
    console.wait_screen("its own screen", vt100::Screen::alternate_screen);
    console.wait("table once more", ready);
    console.send("q");
    assert!(console.end().success());
}

#[cfg(unix)]
#[test]
fn without_an_output_it_says_what_it_needs() {
    let home = tempfile::tempdir().unwrap();
    let program = format!("exec '{}' >&-", env!("CARGO_BIN_EXE_llm2loss"));
    let mut console = Console::start(&["sh", "-c", &program], home.path(), 100, 30, &[]);
    assert_eq!(console.end().exit_code(), 2);
    console.wait("reason", |text| text.contains("the console needs a terminal"));
    assert!(crash_files(home.path()).is_empty());
}

/// Names what shall go wrong in the console below. The program itself cannot be told to panic: this very test file is
/// started once more, with parts that do.
const PROVOKED: &str = "LLM2LOSS_TEST_PROVOKED";

/// The built-in encoder, but some texts bring it down.
struct Breaking {
    inner: StaticEncoder,
    items: bool,
}

impl Encoder for Breaking {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn fingerprint(&self) -> &str {
        self.inner.fingerprint()
    }

    fn dimension(&self) -> usize {
        self.inner.dimension()
    }

    fn piece_limit(&self) -> usize {
        self.inner.piece_limit()
    }

    fn reading(&self, text: &str) -> Reading {
        self.inner.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        assert!(!self.items && !texts.iter().any(|text| text.contains("founder")), "provoked in the encoder");
        self.inner.encode(texts)
    }

    fn words(&self) -> &[&str] {
        self.inner.words()
    }
}

/// The engine, but some requests bring the thread down that makes them: the console's own.
struct Provoking(Engine);

impl EnginePort for Provoking {
    fn command(&self, command: Command) {
        self.0.command(command);
    }

    fn score(&self, request: ScoreRequest) {
        assert!(!request.a.contains("capsize"), "provoked in the console");
        self.0.score(request);
    }
}

#[test]
#[ignore = "not a test: the console of the tests below, which give it a terminal"]
fn a_console_to_be_provoked() {
    let Ok(what) = std::env::var(PROVOKED) else { return };
    let home = PathBuf::from(std::env::var_os("LLM2LOSS_HOME").unwrap());
    let breaking = |_: &str| {
        let encoder: Arc<dyn Encoder> = Arc::new(Breaking { inner: StaticEncoder::new()?, items: what == "items" });
        Ok(encoder)
    };
    let session = Session::open_with(&home, "adult", breaking).unwrap();
    let (engine, links) = Engine::start(session, None).unwrap();
    let options = Options { home, audit: "adult".into(), ..Options::default() };
    let links = Links { events: links.events, progress: links.progress };
    llm2loss::console::run(Arc::new(Provoking(engine)), links, &options).unwrap();
}

/// The console above in a terminal.
fn provoked(home: &Path, what: &str) -> Console {
    let program = std::env::current_exe().unwrap();
    let arguments = [program.to_str().unwrap(), "--exact", "a_console_to_be_provoked", "--ignored", "--nocapture"];
    Console::start(&arguments, home, 100, 30, &[(PROVOKED, what)])
}

fn crash_files(home: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home.join("log")) else { return Vec::new() };
    entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_panic_of_its_own_gives_the_terminal_back_and_is_written_down() {
    let home = trained();
    let mut console = provoked(home.path(), "prompts");
    console.wait("table", |text| text.contains("Senior") && text.contains("idle"));
    console.send("2");
    console.wait("prompt screen", |text| text.contains("A ›"));
    console.send("boats capsize");
    let status = console.end();
    assert_eq!(status.exit_code(), 101);
    let parser = console.screen.lock().unwrap();
    let screen = parser.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    let text = screen.contents();
    assert!(text.contains("provoked in the console") && text.contains("details: "), "{text}");
    let crashes = crash_files(home.path());
    assert!(crashes.len() == 1 && crashes[0].contains("provoked in the console"), "{crashes:?}");
    // Nothing is lost: the store opens again.
    llm2loss::store::Store::open(home.path()).unwrap();
}

#[test]
fn a_panic_of_a_worker_is_told_and_the_console_goes_on() {
    // The scorer: what it was asked is lost, nothing else.
    let home = trained();
    let mut console = provoked(home.path(), "prompts");
    console.wait("table", |text| text.contains("Senior") && text.contains("idle"));
    console.send("2");
    console.wait("prompt screen", |text| text.contains("A ›"));
    console.send("ships founder");
    console.wait("notice", |text| text.contains("scoring stopped on an internal error"));
    assert!(console.screen.lock().unwrap().screen().alternate_screen());
    console.send("\u{3}");
    assert!(console.end().success());
    assert!(crash_files(home.path()).iter().any(|text| text.contains("provoked in the encoder")));

    // The trainer: the job has failed, with words on it.
    let home = tempfile::tempdir().unwrap();
    let mut console = provoked(home.path(), "items");
    console.wait("dialog", |text| text.contains("failed") && text.contains("internal error"));
    console.send("4");
    console.wait("data screen", |text| text.contains("[4 Data]") && text.contains("Audit"));
    console.send("\u{3}");
    assert!(console.end().success());
    assert!(crash_files(home.path()).iter().any(|text| text.contains("provoked in the encoder")));
}

#[test]
fn a_wrong_configuration_is_named_before_anything_opens() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    std::fs::write(&file, "[keys.train]\nnext-head = [\"x\"]\n").unwrap();
    let told = std::process::Command::new(env!("CARGO_BIN_EXE_llm2loss"))
        .env("LLM2LOSS_HOME", home.path())
        .args(["--config", file.to_str().unwrap(), "runs"])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(2));
    assert!(
        words.contains("config.toml") && words.contains("cancel-running") && words.contains("next-head"),
        "{words}"
    );
}
