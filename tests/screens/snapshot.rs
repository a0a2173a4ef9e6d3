//! Frames as text files: the symbols, then a map of styles; `LLM2LOSS_BLESS=1` writes them anew.

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

/// One letter a style, and what each letter stands for; plain cells are dots.
fn styles(buffer: &Buffer) -> String {
    let plain = (Color::Reset, Color::Reset, Modifier::empty());
    let mut known = vec![plain];
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        for x in buffer.area.left()..buffer.area.right() {
            let style = style(buffer, x, y);
            let at = known.iter().position(|known| *known == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            line.push(if at == 0 { '.' } else { char::from(b'a' + (at - 1) as u8) });
        }
        text.push_str(line.trim_end_matches('.'));
        text.push('\n');
    }
    for (at, (ink, paper, modifier)) in known.iter().enumerate().skip(1) {
        let letter = char::from(b'a' + (at - 1) as u8);
        let _ = writeln!(text, "{letter}: {ink} on {paper}, {modifier:?}");
    }
    text
}

/// Compares a frame with its file, or writes the file.
pub fn check(name: &str, buffer: &Buffer) {
    let path = PathBuf::from(file!()).with_file_name(format!("{name}.txt"));
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = if path.is_absolute() { path } else { root.join(path) };
    let now = format!("{}--- styles ---\n{}", symbols(buffer), styles(buffer));
    if std::env::var_os("LLM2LOSS_BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(then.lines()).position(|(now, then)| now != then);
    assert!(
        now == then,
        "{name} looks different (first at line {differs:?}); LLM2LOSS_BLESS=1 accepts it\n{}",
        symbols(buffer)
    );
}
