//! How long a key waits for its frame: the whole program in a real terminal, at rest and while it trains on all cores.
//!
//! `cargo bench --bench latency` prints the median and the 95th percentile of 200 keys; `docs/benchmarks.md` keeps a run.
#![allow(clippy::unwrap_used, clippy::panic)]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

const KEYS: usize = 200;

struct Terminal {
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    screen: vt100::Parser,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn open(home: &Path) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_llm2loss"));
        command.env("LLM2LOSS_HOME", home);
        command.env("XDG_CONFIG_HOME", home.join("no-config"));
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = vt100::Parser::new(NonZero::new(36).unwrap(), NonZero::new(120).unwrap(), 0);
        let (reader, writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        Self { reader, writer, screen, child, _master: pair.master }
    }

    fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Reads until all words stand on the screen.
    fn wait(&mut self, words: &[&str]) {
        let mut bytes = [0u8; 65536];
        while !words.iter().all(|word| self.screen.screen().contents().contains(word)) {
            let count = self.reader.read(&mut bytes).unwrap();
            assert!(count > 0, "the console ended");
            self.screen.process(&bytes[..count]);
        }
    }

    /// Sends keys one by one at an uneven pace and waits for the row each of them selects.
    fn measure(&mut self) -> Vec<Duration> {
        let mut row = 1;
        let mut down = true;
        (0..KEYS)
            .map(|at| {
                std::thread::sleep(Duration::from_millis(30 + (at as u64 * 37) % 60));
                down = if row == 1 {
                    true
                } else if row == 40 {
                    false
                } else {
                    down
                };
                row = if down { row + 1 } else { row - 1 };
                let started = Instant::now();
                self.send(if down { "j" } else { "k" });
                self.wait(&[&format!(" {row} of 40 ")]);
                started.elapsed()
            })
            .collect()
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let (median, tail) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("{what:<52} median {:>6.2} ms   95th percentile {:>6.2} ms", millis(median), millis(tail));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    let trained = std::process::Command::new(env!("CARGO_BIN_EXE_llm2loss"))
        .env("LLM2LOSS_HOME", home.path())
        .args(["train", "adult", "--epochs", "2", "--members", "2"])
        .output()
        .unwrap();
    assert!(trained.status.success());
    let mut terminal = Terminal::open(home.path());
    terminal.wait(&["Senior", "idle"]);
    report("key to frame, at rest", terminal.measure());
    // A run far longer than the measurement: the form's second typed field holds the epochs.
    terminal.send("3n");
    terminal.wait(&["New run"]);
    terminal.send("\x1b[B\x1b[B\x1b[B\x7f\x7f\x7f9999\r");
    terminal.wait(&["training"]);
    terminal.send("1g");
    terminal.wait(&[" 1 of 40 "]);
    report("key to frame, while a run trains on all cores", terminal.measure());
    assert!(terminal.screen.screen().contents().contains("training"), "the run ended too early");
    terminal.send("q");
    let _ = terminal.child.wait();
}
