//! The terminal: entered and left once, written to once a frame, restored when the UI thread panics.

use super::encode;
use super::graphics::{Dressing, Shown};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Frames from this length on are bracketed as one update; shorter ones reach a terminal in one piece anyway.
const BRACKETED: usize = 1024;

/// Room for a first frame, so that it is one write.
const FRAME_BYTES: usize = 64 * 1024;

/// Whether the alternate screen is up; the panic hook asks.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// What a terminal shows, and the way to change it with one write.
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    cursor: Option<Position>,
    stale: bool,
    bytes: Vec<u8>,
    /// Images that lie over cells.
    images: Vec<Shown>,
}

impl<W: Write> Screen<W> {
    /// A screen of which nothing is known yet.
    pub fn new(out: W) -> Self {
        let bytes = Vec::with_capacity(FRAME_BYTES);
        Self { out, shown: Buffer::default(), cursor: None, stale: true, bytes, images: Vec::new() }
    }

    /// Forgets what is shown, so that the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Sends something that is no frame, in one write.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn send(&mut self, bytes: &str) -> io::Result<()> {
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }

    /// Shows a frame: what differs, in one write; nothing at all if nothing does. Returns the bytes written.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn draw(&mut self, frame: Buffer, cursor: Option<Position>) -> io::Result<usize> {
        self.draw_with(frame, cursor, Dressing::default())
    }

    /// Whether a frame of this area begins with an empty screen.
    #[must_use]
    pub fn clears(&self, area: Rect) -> bool {
        self.stale || self.shown.area != area
    }

    /// Shows a frame with its images. An image that goes leaves cells that are written anew: its pixels would stay.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn draw_with(&mut self, mut frame: Buffer, cursor: Option<Position>, dressing: Dressing) -> io::Result<usize> {
        encode::forget_unseen(&mut frame);
        let whole = self.clears(frame.area);
        if whole {
            self.shown = Buffer::empty(frame.area);
            self.images.clear();
        }
        let stays = |image: &&Shown| dressing.images.iter().any(|new| new.cells == image.cells);
        self.images.iter().filter(|image| !stays(image)).for_each(|image| wipe(&mut self.shown, image.cells));
        let changed: Vec<(u16, u16)> = self.shown.diff(&frame).into_iter().map(|(x, y, _)| (x, y)).collect();
        let is_new = |image: &&Shown| !self.images.contains(image);
        let fresh: Vec<&Shown> = dressing.images.iter().filter(is_new).collect();
        let says_more = !changed.is_empty() || !fresh.is_empty() || !dressing.ahead.is_empty();
        if !whole && !says_more && cursor == self.cursor {
            return Ok(0);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(&dressing.ahead);
        if whole {
            queue!(self.bytes, cursor::Hide, Clear(ClearType::All))?;
        } else if self.cursor.is_some() && (cursor.is_none() || says_more) {
            queue!(self.bytes, cursor::Hide)?;
        }
        let covered: Vec<Rect> = dressing.images.iter().map(|image| image.cells).collect();
        encode::cells(&mut self.bytes, &frame, &changed, &covered);
        for image in fresh {
            queue!(self.bytes, cursor::MoveTo(image.cells.x, image.cells.y))?;
            self.bytes.extend_from_slice(&image.bytes);
        }
        if let Some(at) = cursor {
            queue!(self.bytes, cursor::MoveTo(at.x, at.y), cursor::Show)?;
        }
        if self.bytes.len() >= BRACKETED {
            let mut bracketed = Vec::with_capacity(self.bytes.len() + 32);
            queue!(bracketed, BeginSynchronizedUpdate)?;
            bracketed.append(&mut self.bytes);
            queue!(bracketed, EndSynchronizedUpdate)?;
            self.bytes = bracketed;
        }
        self.out.write_all(&self.bytes)?;
        self.out.flush()?;
        self.shown = frame;
        self.images = dressing.images;
        self.cursor = cursor;
        self.stale = false;
        Ok(self.bytes.len())
    }
}

/// Makes cells differ from whatever comes, so that they are written.
fn wipe(shown: &mut Buffer, cells: Rect) {
    for position in cells.intersection(shown.area).positions() {
        // Nothing on the screen blinks.
        shown[position].modifier = Modifier::SLOW_BLINK;
    }
}

/// Holds the terminal in raw mode on the alternate screen; gives it back when dropped.
pub struct Guard {
    _private: (),
}

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// It is no terminal, or it refuses.
    pub fn enter() -> io::Result<Self> {
        enter()?;
        Ok(Self { _private: () })
    }

    /// Lets go of a terminal that is gone: nothing is written to it.
    pub fn abandon(self) {
        ENTERED.store(false, Ordering::SeqCst);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Asks for presses and the wheel, told in SGR form, or for nothing; never for motion, which would flood a slow line.
#[must_use]
pub fn mouse(on: bool) -> &'static str {
    if on { "\x1b[?1000h\x1b[?1006h" } else { "\x1b[?1006l\x1b[?1000l" }
}

/// Hands a text to the clipboard of whoever draws the terminal (OSC 52). Where tmux stands between, it is told itself as well:
/// what it hands through and what it takes are settings of their own.
#[must_use]
pub fn clipboard(text: &str, tmux: bool) -> String {
    let plain = format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text));
    if tmux { through_tmux(plain.clone(), tmux) + &plain } else { plain }
}

/// What tmux hands on to the terminal it is in, if it stands between.
#[must_use]
pub fn through_tmux(plain: String, tmux: bool) -> String {
    if tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { plain }
}

/// Raw mode, alternate screen, pastes in one piece.
///
/// # Errors
/// It is no terminal, or it refuses.
pub fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    io::stdout().write_all(&bytes)?;
    io::stdout().flush()
}

/// Gives the terminal back as it was; does nothing the second time.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = Vec::new();
    bytes.extend_from_slice(mouse(false).as_bytes());
    let queued = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, cursor::Show, LeaveAlternateScreen);
    // A terminal that refuses here is gone; there is nobody left to tell.
    if queued.is_ok() {
        let _ = io::stdout().write_all(&bytes).and_then(|()| io::stdout().flush());
    }
    let _ = disable_raw_mode();
}

/// Stops the process as `^Z` does; returns once the shell has resumed it.
///
/// # Errors
/// The terminal cannot be taken again.
pub fn suspend() -> io::Result<()> {
    leave();
    let own = std::process::id().to_string();
    // The shell's own `kill` needs neither a binding to libc nor unsafe code; SIGTSTP would only come back to us.
    let _ = std::process::Command::new("sh").args(["-c", "kill -STOP \"$1\"", "sh", &own]).status();
    enter()
}

/// Takes the terminal once more after somebody else stopped the process: its modes may have been changed meanwhile.
///
/// # Errors
/// The terminal cannot be taken again.
pub fn retake() -> io::Result<()> {
    disable_raw_mode()?;
    enter()
}

/// Restores the screen before a panic of this thread is told; a panic elsewhere is only written down.
pub fn install_panic_hook(home: &Path) {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let own = std::thread::current().id();
    let folder = home.join("log");
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if crate::guard::is_guarded() {
            return;
        }
        let file = write_crash_file(&folder, &info.to_string());
        let here = std::thread::current().id() == own;
        if here || !ENTERED.load(Ordering::SeqCst) {
            leave();
            before(info);
            if let Some(file) = file {
                eprintln!("details: {}", file.display());
            }
        }
    }));
}

fn write_crash_file(folder: &Path, what: &str) -> Option<PathBuf> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let path = folder.join(format!("crash-{seconds}.txt"));
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let trace = std::backtrace::Backtrace::force_capture();
    let version = env!("CARGO_PKG_VERSION");
    let text = format!("llm2loss {version}, thread {thread}\n{what}\n\n{trace}\n");
    crate::files::private_folder(folder).ok()?;
    let mut file = crate::files::private().write(true).create(true).truncate(true).open(&path).ok()?;
    file.write_all(text.as_bytes()).ok()?;
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboard_is_reached_through_tmux() {
        assert_eq!(clipboard("a\nb", false), "\x1b]52;c;YQpi\x07");
        assert_eq!(clipboard("a\nb", true), "\x1bPtmux;\x1b\x1b]52;c;YQpi\x07\x1b\\\x1b]52;c;YQpi\x07");
    }

    #[test]
    fn an_image_over_cells_is_drawn_once_and_erased_with_its_cells() {
        let frame = |word: &str| {
            let mut frame = Buffer::empty(Rect::new(0, 0, 20, 4));
            frame.set_string(0, 0, word, ratatui::style::Style::new());
            frame
        };
        let image = |x, bytes: &[u8]| Shown { cells: Rect::new(x, 1, 3, 2), number: 16, bytes: bytes.into() };
        let mut screen = Screen::new(Vec::new());
        let mut drawn = |word: &str, images: Vec<Shown>| {
            screen.out.clear();
            let count = screen.draw_with(frame(word), None, Dressing { images, ..Dressing::default() }).unwrap();
            assert_eq!(count, screen.out.len());
            String::from_utf8(screen.out.clone()).unwrap().replace('\u{1b}', "^")
        };
        assert!(drawn("a", vec![image(2, b"<one>")]).ends_with("a^[2;3H<one>"));
        assert_eq!(drawn("a", vec![image(2, b"<one>")]), "");
        assert_eq!(drawn("b", vec![image(2, b"<one>")]), "^[Hb");
        assert_eq!(drawn("b", vec![image(2, b"<two>")]), "^[2;3H<two>", "in the same cells it is covered");
        assert_eq!(drawn("b", vec![image(9, b"<two>")]), "^[2;3H   \n\u{8}\u{8}\u{8}   ^[2;10H<two>");
        assert_eq!(drawn("b", vec![]), "^[2;10H   \n\u{8}\u{8}\u{8}   ");
    }

    #[test]
    fn a_crash_is_written_down_with_where_it_was() {
        let home = tempfile::tempdir().unwrap();
        let path = write_crash_file(&home.path().join("log"), "index out of bounds").unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.starts_with("llm2loss ") && text.contains("index out of bounds") && text.contains("thread "));
    }
}
