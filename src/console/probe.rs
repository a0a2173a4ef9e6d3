//! Whether the terminal's background is light: it is asked (OSC 11) and has a tenth of a second to answer.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(100);
/// Flag of `open` that makes reads return at once; the standard library has no name for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NONBLOCK: i32 = 0o4000;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NONBLOCK: i32 = 0x4;

/// Asks the terminal, which must be in raw mode with nobody else reading. The question is followed by one that every
/// terminal answers, so that a terminal that does not know the first costs no waiting.
#[must_use]
pub fn is_light() -> Option<bool> {
    let term = std::env::var("TERM").unwrap_or_default();
    if term == "dumb" || term == "linux" || term.starts_with("screen") || term.starts_with("vt") {
        return None;
    }
    let mut terminal = open()?;
    terminal.write_all(b"\x1b]11;?\x1b\\\x1b[c").ok()?;
    let (mut answer, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    let mut bytes = [0_u8; 128];
    while Instant::now() < deadline {
        match terminal.read(&mut bytes) {
            Ok(0) => return None,
            Ok(count) => answer.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(_) => return None,
        }
        // The second answer ends the first, if there is one.
        if is_over(&answer) {
            break;
        }
    }
    read_answer(&answer)
}

#[cfg(unix)]
fn open() -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).write(true).custom_flags(NONBLOCK).open("/dev/tty").ok()
}

/// Whether `ESC [ … c` has come.
fn is_over(answer: &[u8]) -> bool {
    answer.windows(2).position(|pair| pair == b"\x1b[").is_some_and(|at| answer[at..].contains(&b'c'))
}

/// Reads `ESC ] 11 ; rgb:RRRR/GGGG/BBBB`, with one to four digits a colour.
fn read_answer(answer: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(answer);
    let colours = text.split("]11;rgb:").nth(1)?;
    let mut parts = colours.split(['/', '\u{7}', '\u{1b}']).map(|part| {
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
    fn answers_are_read_in_every_width() {
        assert_eq!(read_answer(b"\x1b]11;rgb:ffff/ffff/eeee\x1b\\\x1b[?62c"), Some(true));
        assert_eq!(read_answer(b"\x1b]11;rgb:1c/1c/1c\x07"), Some(false));
        assert_eq!(read_answer(b"\x1b]11;rgb:f/f/f\x07"), Some(true));
        assert_eq!(read_answer(b"\x1b[?62;22c"), None);
        assert_eq!(read_answer(b"\x1b]11;rgb:zz/00/11\x07"), None);
        assert!(is_over(b"\x1b]11;rgb:0/0/0\x07\x1b[?1;2c") && !is_over(b"\x1b]11;rgb:c0/c0/c0\x07"));
    }
}
