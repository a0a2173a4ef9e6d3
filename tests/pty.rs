//! The whole program in a real terminal: opens, trains, shows its table, scores what is typed, quits.
#![allow(clippy::unwrap_used, clippy::panic)]

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest any step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn size(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

struct Console {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Console {
    fn open(home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_llm2loss"));
        command.env("LLM2LOSS_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0u8; 65536];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                sink.lock().unwrap().process(&bytes[..count]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, writer, screen }
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
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
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
    console.master.resize(PtySize { rows: 5, cols: 20, pixel_width: 0, pixel_height: 0 }).unwrap();
    console.screen.lock().unwrap().screen_mut().set_size(size(5), size(20));
    console.wait("calm line", |text| text.contains("needs 60x16"));
    console.send("\u{3}");
    assert!(console.end().success());
    let parser = console.screen.lock().unwrap();
    assert!(
        !parser.screen().alternate_screen() && !parser.screen().hide_cursor() && !parser.screen().bracketed_paste()
    );
    drop(parser);

    // The second start trains nothing and opens on the run at once.
    let mut console = Console::open(home.path(), 80, 24, &[("NO_COLOR", "1")]);
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
