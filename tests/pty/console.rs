//! The program in a pseudo-terminal whose screen is read, for tests that wait for words and never sleep.

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest any step may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub fn size(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

pub struct Console {
    pub child: Box<dyn portable_pty::Child + Send + Sync>,
    /// The other end of the terminal, until it is hung up.
    pub master: Option<Box<dyn MasterPty + Send>>,
    pub writer: Option<Box<dyn Write + Send>>,
    pub screen: Arc<Mutex<vt100::Parser>>,
    /// Bytes the program has written: how many, and which.
    pub written: Arc<AtomicUsize>,
    pub bytes: Arc<Mutex<Vec<u8>>>,
    reading: Arc<AtomicBool>,
    reader: std::thread::JoinHandle<()>,
}

impl Console {
    pub fn open(home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        Self::start(&[env!("CARGO_BIN_EXE_llm2loss")], home, columns, rows, environment)
    }

    pub fn start(program: &[&str], home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
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
        let written = Arc::new(AtomicUsize::new(0));
        let counted = written.clone();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut part = [0u8; 65536];
            while let Ok(count) = reader.read(&mut part) {
                if count == 0 || !go_on.load(Ordering::SeqCst) {
                    break;
                }
                counted.fetch_add(count, Ordering::SeqCst);
                kept.lock().unwrap().extend_from_slice(&part[..count]);
                sink.lock().unwrap().process(&part[..count]);
            }
        });
        let writer = Some(pair.master.take_writer().unwrap());
        Self { child, master: Some(pair.master), writer, screen, written, bytes, reading, reader }
    }

    /// How often some bytes were written.
    pub fn count(&self, wanted: &str) -> usize {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).matches(wanted).count()
    }

    /// Waits until some bytes were written so often.
    pub fn wait_count(&self, wanted: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.count(wanted) < times {
            assert!(Instant::now() < end, "{wanted:?} {} times of {times} on:\n{}", self.count(wanted), self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    pub fn wait(&self, what: &str, found: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !found(&self.text()) {
            assert!(Instant::now() < end, "no {what} on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the terminal's own state is as it should be.
    pub fn wait_screen(&self, what: &str, found: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !found(self.screen.lock().unwrap().screen()) {
            assert!(Instant::now() < end, "no {what} on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Lets the terminal vanish: nobody holds its other end any more.
    #[cfg(target_os = "linux")]
    pub fn hang_up(&mut self) {
        self.reading.store(false, Ordering::SeqCst);
        self.writer = None;
        // The reader holds an end too, and lets go of it with the next bytes: a resize makes some.
        let end = Instant::now() + PATIENCE;
        for cols in (80..100).cycle() {
            let size = PtySize { rows: 29, cols, pixel_width: 0, pixel_height: 0 };
            self.master.as_ref().unwrap().resize(size).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            if self.reader.is_finished() {
                break;
            }
            assert!(Instant::now() < end, "nothing is written after a resize");
        }
        self.master = None;
    }

    pub fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What was written last may still be on its way: the reader ends with the last of it.
                let drained = Instant::now() + Duration::from_secs(5);
                while !self.reader.is_finished() && Instant::now() < drained {
                    std::thread::sleep(Duration::from_millis(20));
                }
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
