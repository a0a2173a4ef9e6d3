//! Frames as text files: the symbols, the same in ASCII, then the runs of styles at each depth; `LLM2LOSS_BLESS=1` writes them anew.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr;

/// The symbols of a frame, one line a row, without spaces at the end.
pub fn symbols(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let (mut line, mut x) = (String::new(), buffer.area.left());
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn style(buffer: &Buffer, x: u16, y: u16) -> (Color, Color, Modifier) {
    let cell = &buffer[(x, y)];
    // The ink of a space cannot be seen.
    let ink = if cell.symbol() == " " { Color::Reset } else { cell.fg };
    (
        ink,
        cell.bg,
        cell.modifier & !if cell.symbol() == " " { Modifier::BOLD | Modifier::DIM } else { Modifier::empty() },
    )
}

/// The runs of equal style of every row, one letter a style and its length; plain cells have no letter. Then what
/// each letter stands for.
fn styles(buffer: &Buffer) -> (String, String) {
    let plain = (Color::Reset, Color::Reset, Modifier::empty());
    let mut known = vec![plain];
    let mut runs = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut row: Vec<(usize, usize)> = Vec::new();
        for x in buffer.area.left()..buffer.area.right() {
            let style = style(buffer, x, y);
            let at = known.iter().position(|known| *known == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            match row.last_mut() {
                // A blank takes any ink: it goes with whatever stands on its left.
                Some((_, length)) if at == 0 && buffer[(x, y)].symbol() == " " => *length += 1,
                Some((last, length)) if *last == at => *length += 1,
                _ => row.push((at, 1)),
            }
        }
        let last = row.iter().rposition(|(at, _)| *at != 0).map_or(0, |at| at + 1);
        for (at, length) in &row[..last] {
            let letter = if *at == 0 { '.' } else { char::from(b'a' + (at - 1) as u8) };
            let _ = write!(runs, "{letter}{length}");
        }
        runs.push('\n');
    }
    let mut legend = String::new();
    for (at, (ink, paper, modifier)) in known.iter().enumerate().skip(1) {
        let letter = char::from(b'a' + (at - 1) as u8);
        let _ = write!(legend, "{letter} {ink}");
        if *paper != Color::Reset {
            let _ = write!(legend, " on {paper}");
        }
        if !modifier.is_empty() {
            let _ = write!(legend, " {modifier:?}");
        }
        legend.push('\n');
    }
    (runs, legend)
}

/// Compares a frame at several depths, and in ASCII, with its file, or writes the file.
pub fn check(name: &str, styled: &[(&str, Buffer)], ascii: &Buffer) {
    let path = PathBuf::from(file!()).with_file_name(format!("{name}.txt"));
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = if path.is_absolute() { path } else { root.join(path) };
    let unicode = symbols(&styled[0].1);
    let mut now = format!("{unicode}--- ASCII ---\n");
    let ascii = symbols(ascii);
    assert!(ascii.is_ascii(), "{name} is not ASCII:\n{ascii}");
    now.push_str(&ascii);
    let mut before = String::new();
    for (depth, buffer) in styled {
        assert_eq!(symbols(buffer), unicode, "{name}: colour must not change the words");
        let (runs, legend) = styles(buffer);
        let shown = if runs == before { "(the same runs)\n" } else { &runs };
        let _ = write!(now, "--- {depth} ---\n{shown}{legend}");
        before = runs;
    }
    if std::env::var_os("LLM2LOSS_BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(then.lines()).position(|(now, then)| now != then);
    assert!(now == then, "{name} looks different (first at line {differs:?}); LLM2LOSS_BLESS=1 accepts it\n{unicode}",);
}
