//! What the terminal says of itself: it is asked before anybody reads keys, and has a tenth of a second to answer.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(100);
/// Longest answer that is read.
const LONGEST: usize = 4096;
/// Flag of `open` that makes reads return at once; the standard library has no name for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NONBLOCK: i32 = 0o4000;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NONBLOCK: i32 = 0x4;

/// What is to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the background is light.
    pub background: bool,
    /// How images can be shown.
    pub images: bool,
}

/// What was answered in time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    pub light: Option<bool>,
    /// The program that draws the terminal, with its version.
    pub name: Option<String>,
    /// It takes Kitty's graphics.
    pub kitty: bool,
    /// It takes Sixel.
    pub sixel: bool,
    /// Pixels of a cell: across, down.
    pub cell: Option<(u16, u16)>,
    /// The last question was answered: nothing comes late.
    pub complete: bool,
}

/// Asks the terminal, which must be in raw mode with nobody else reading. The questions are followed by one that every
/// terminal answers, so that a terminal that does not know them costs no waiting.
#[must_use]
pub fn ask(wanted: Wanted) -> Answers {
    let term = std::env::var("TERM").unwrap_or_default();
    let is_mute = term == "dumb" || term == "linux" || term.starts_with("screen") || term.starts_with("vt");
    if is_mute || !(wanted.background || wanted.images) {
        return Answers::default();
    }
    exchange(&question(wanted)).unwrap_or_default()
}

/// Background (OSC 11); name (XTVERSION), Kitty's graphics, size of a cell; what the terminal is (DA1).
fn question(wanted: Wanted) -> String {
    let background = if wanted.background { "\x1b]11;?\x1b\\" } else { "" };
    let images = if wanted.images { "\x1b[>q\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t" } else { "" };
    format!("{background}{images}\x1b[c")
}

fn exchange(question: &str) -> Option<Answers> {
    let mut terminal = open()?;
    terminal.write_all(question.as_bytes()).ok()?;
    let (mut bytes, mut part, deadline) = (Vec::new(), [0_u8; 256], Instant::now() + PATIENCE);
    let mut answers = Answers::default();
    while Instant::now() < deadline && !answers.complete && bytes.len() < LONGEST {
        match terminal.read(&mut part) {
            Ok(0) => break,
            Ok(count) => {
                bytes.extend_from_slice(&part[..count]);
                answers = read(&bytes);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(_) => break,
        }
    }
    Some(answers)
}

#[cfg(unix)]
fn open() -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).write(true).custom_flags(NONBLOCK).open("/dev/tty").ok()
}

/// Reads whole answers; what is no answer is passed over.
fn read(bytes: &[u8]) -> Answers {
    let mut answers = Answers::default();
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == 0x1b) {
        let Some((kind, body, after)) = sequence(&rest[start + 1..]) else { break };
        rest = after;
        let text = String::from_utf8_lossy(body);
        match kind {
            b']' => answers.light = answers.light.or_else(|| is_light(&text)),
            b'P' => answers.name = answers.name.or_else(|| text.strip_prefix(">|").map(str::to_owned)),
            b'_' => answers.kitty |= text.starts_with("Gi=1") && text.ends_with(";OK"),
            _ => control(&text, &mut answers),
        }
    }
    answers
}

/// What follows an escape: its kind, its body, the rest; `None` until it is whole.
fn sequence(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&kind, rest) = bytes.split_first()?;
    match kind {
        b'[' => {
            let end = rest.iter().position(|byte| (0x40..=0x7e).contains(byte))?;
            Some((kind, &rest[..=end], &rest[end + 1..]))
        }
        b']' | b'P' | b'_' => {
            let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b))?;
            // A string ends with a bell, or with an escape and a backslash.
            let after = if rest[end] == 0x07 { end + 1 } else { end + 2 };
            Some((kind, &rest[..end], rest.get(after..)?))
        }
        _ => Some((kind, &[], rest)),
    }
}

/// `6;HEIGHT;WIDTHt` is the size of a cell, `?62;4;…c` what the terminal is.
fn control(text: &str, answers: &mut Answers) {
    if let Some(size) = text.strip_prefix("6;").and_then(|text| text.strip_suffix('t')) {
        let sides = size.split_once(';').and_then(|(high, wide)| Some((wide.parse().ok()?, high.parse().ok()?)));
        answers.cell = sides.filter(|(wide, high)| (1..=256).contains(wide) && (1..=256).contains(high));
    }
    if let Some(features) = text.strip_prefix('?').and_then(|text| text.strip_suffix('c')) {
        answers.complete = true;
        answers.sixel = features.split(';').skip(1).any(|feature| feature == "4");
    }
}

/// Reads `11;rgb:RRRR/GGGG/BBBB`, with one to four digits a colour.
fn is_light(text: &str) -> Option<bool> {
    let mut parts = text.strip_prefix("11;rgb:")?.split('/').map(|part| {
        let most = 16_u32.checked_pow(part.len().try_into().ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(f64::from(u32::from_str_radix(part, 16).ok()?) / f64::from(most))
    });
    let (r, g, b) = (parts.next()??, parts.next()??, parts.next()??);
    Some(0.299 * r + 0.587 * g + 0.114 * b > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backgrounds_are_read_in_every_width() {
        let light = |answer: &[u8]| (read(answer).light, read(answer).complete);
        assert_eq!(light(b"\x1b]11;rgb:ffff/ffff/eeee\x1b\\\x1b[?62c"), (Some(true), true));
        assert_eq!(light(b"\x1b]11;rgb:1c/1c/1c\x07"), (Some(false), false));
        assert_eq!(light(b"\x1b]11;rgb:f/f/f\x07\x1b[?1;2c"), (Some(true), true));
        assert_eq!(light(b"\x1b[?62;22c"), (None, true));
        assert_eq!(light(b"\x1b]11;rgb:zz/00/11\x07"), (None, false));
        assert_eq!(light(b"\x1b]11;rgb:c0/c0/c0"), (None, false), "it has not ended");
    }

    #[test]
    fn a_terminal_says_which_images_it_takes() {
        let kitty = read(b"\x1bP>|kitty(0.42.1)\x1b\\\x1b_Gi=1;OK\x1b\\\x1b[6;20;10t\x1b[?62;52;c");
        assert_eq!((kitty.name.as_deref(), kitty.kitty, kitty.sixel), (Some("kitty(0.42.1)"), true, false));
        assert_eq!((kitty.cell, kitty.complete), (Some((10, 20)), true));
        let foot = read(b"\x1bP>|foot(1.21.0)\x1b\\\x1b[6;18;8t\x1b[?62;4;22;28c");
        assert_eq!((foot.kitty, foot.sixel, foot.cell), (false, true, Some((8, 18))));
        assert!(!read(b"\x1b_Gi=1;ENOTSUPPORTED:no\x1b\\\x1b[?64c").kitty);
        // A first number says which terminal it is like; hostile sizes are none.
        let odd = read(b"\x1b[6;0;9t\x1b[6;x;9t\x1b[?4c\x1b");
        assert_eq!((odd.sixel, odd.cell, odd.complete), (false, None, true));
        assert_eq!(read(b"j\x1bOA\x1b[B"), Answers::default());
    }
}
