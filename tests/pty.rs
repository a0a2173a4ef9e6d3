//! The whole program in a real terminal: opens, trains, shows its table, scores what is typed, quits.
#![allow(clippy::unwrap_used, clippy::panic)]

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest any step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn size(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

struct Console {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    /// The other end of the terminal, until it is hung up.
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    screen: Arc<Mutex<vt100::Parser>>,
    reading: Arc<AtomicBool>,
}

impl Console {
    fn open(home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        Self::start(&[env!("CARGO_BIN_EXE_llm2loss")], home, columns, rows, environment)
    }

    fn start(program: &[&str], home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.env("LLM2LOSS_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        // Nobody's own configuration decides how a test goes.
        command.env("XDG_CONFIG_HOME", home.join("no-config"));
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = screen.clone();
        let reading = Arc::new(AtomicBool::new(true));
        let go_on = reading.clone();
        std::thread::spawn(move || {
            let mut bytes = [0u8; 65536];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 || !go_on.load(Ordering::SeqCst) {
                    break;
                }
                sink.lock().unwrap().process(&bytes[..count]);
            }
        });
        let writer = Some(pair.master.take_writer().unwrap());
        Self { child, master: Some(pair.master), writer, screen, reading }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn wait(&self, what: &str, found: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !found(&self.text()) {
            assert!(Instant::now() < end, "no {what} on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Lets the terminal vanish: nobody holds its other end any more.
    #[cfg(target_os = "linux")]
    fn hang_up(&mut self) {
        self.reading.store(false, Ordering::SeqCst);
        self.writer = None;
        // The reader holds an end too, and lets go of it with the next bytes: a resize makes some.
        let size = PtySize { rows: 29, cols: 99, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        self.master = None;
    }

    fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What was written last may still be on its way.
                std::thread::sleep(Duration::from_millis(100));
                return status;
            }
            assert!(Instant::now() < end, "still running:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // A failed test must not leave a console behind.
        let _ = self.child.kill();
    }
}

#[test]
fn it_opens_trains_shows_its_table_scores_a_prompt_and_gives_the_terminal_back() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::open(home.path(), 120, 36, &[]);
    console.wait("sign of life", |text| text.contains("32,561 training items") || text.contains("Senior"));
    console.wait("table", |text| text.contains("Senior") && text.contains("Widowed"));
    console.wait("end of training", |text| text.contains("idle"));
    console.send("2");
    console.wait("prompt screen", |text| text.contains("A ›"));
    console.send("an elderly trucker");
    console.wait("scores", |text| text.contains("regressor") && text.contains("no item uses: trucker"));
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
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
    assert_eq!(status.exit_code(), 143);
    assert!(!console.screen.lock().unwrap().screen().alternate_screen());
    // Nothing is lost: the store opens again.
    llm2loss::store::Store::open(home.path()).unwrap();
}

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
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());

    // Where it was comes back; without colours and without anything a terminal must know.
    let mut console = Console::open(path, 100, 30, &[("TERM", "dumb")]);
    console.wait("the screen it was left on", |text| text.contains("[5 Compare]"));
    console.send("1");
    ready(&console);
    console.send("q");
    assert!(console.end().success());

    // The terminal vanishes and the signal is ignored: it must neither stay nor burn a core.
    let program = format!("trap '' HUP; exec '{}'", env!("CARGO_BIN_EXE_llm2loss"));
    let mut console = Console::start(&["sh", "-c", &program], path, 100, 30, &[]);
    ready(&console);
    let process = console.child.process_id().unwrap();
    let before = ticks(process).unwrap();
    console.hang_up();
    let (started, mut last) = (Instant::now(), before);
    while console.child.try_wait().unwrap().is_none() {
        last = ticks(process).unwrap_or(last);
        assert!(started.elapsed() < Duration::from_secs(60), "it never ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (took, used) = (started.elapsed(), last.saturating_sub(before));
    assert!(took < Duration::from_secs(5), "took {took:?}");
    // 100 ticks a second: a spinning reader uses all of them.
    assert!(used <= 25, "used {used} ticks in {took:?}");
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
