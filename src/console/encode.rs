//! Changed cells as the fewest bytes a terminal understands: short moves, one SGR for all that differs.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// Weight and lines that a later cell can only lose by a full reset.
const KNOWN: [(Modifier, u8); 6] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// What shows on an empty cell.
const ON_BLANK: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// The ink of the cell written last.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ink {
    front: Color,
    back: Color,
    modifier: Modifier,
}

const PLAIN: Ink = Ink { front: Color::Reset, back: Color::Reset, modifier: Modifier::empty() };

/// Takes from blank cells what cannot be seen on them, so that it is neither compared nor sent.
pub fn forget_unseen(frame: &mut Buffer) {
    for cell in &mut frame.content {
        if cell.symbol() == " " && !cell.modifier.intersects(ON_BLANK) {
            cell.fg = Color::Reset;
            cell.modifier = Modifier::empty();
        }
    }
}

/// Appends what turns the terminal's cells into these, and leaves its ink plain.
pub fn cells(bytes: &mut Vec<u8>, changed: &[(u16, u16, &Cell)]) {
    let mut ink = PLAIN;
    let mut next: Option<(u16, u16)> = None;
    for (x, y, cell) in changed {
        go(bytes, next, (*x, *y));
        paint(bytes, &mut ink, cell);
        bytes.extend_from_slice(cell.symbol().as_bytes());
        // Terminals disagree on the width of anything but plain letters: after those the place is told again.
        let sure = cell.symbol().width() == 1 && cell.symbol().chars().count() == 1;
        next = sure.then(|| (x.saturating_add(1), *y));
    }
    if ink != PLAIN {
        bytes.extend_from_slice(b"\x1b[m");
    }
}

fn go(bytes: &mut Vec<u8>, from: Option<(u16, u16)>, to: (u16, u16)) {
    // Writing to a vector cannot fail.
    let _ = match from {
        Some(from) if from == to => Ok(()),
        Some((x, y)) if y == to.1 && x < to.0 && to.0 - x == 1 => bytes.write_all(b"\x1b[C"),
        Some((x, y)) if y == to.1 && x < to.0 => write!(bytes, "\x1b[{}C", to.0 - x),
        _ => write!(bytes, "\x1b[{};{}H", u32::from(to.1) + 1, u32::from(to.0) + 1),
    };
}

fn paint(bytes: &mut Vec<u8>, ink: &mut Ink, cell: &Cell) {
    let wanted = Ink { front: cell.fg, back: cell.bg, modifier: cell.modifier };
    let blank = cell.symbol() == " " && !wanted.modifier.intersects(ON_BLANK);
    let enough = blank && ink.back == wanted.back && !ink.modifier.intersects(ON_BLANK);
    if *ink == wanted || enough {
        return;
    }
    let mut codes = String::new();
    let mut add = |code: &str| {
        if !codes.is_empty() {
            codes.push(';');
        }
        codes.push_str(code);
    };
    if !wanted.modifier.contains(ink.modifier) {
        add("0");
        *ink = PLAIN;
    }
    for (modifier, code) in KNOWN {
        if wanted.modifier.contains(modifier) && !ink.modifier.contains(modifier) {
            add(&code.to_string());
        }
    }
    if wanted.front != ink.front {
        add(&color(wanted.front, 30));
    }
    if wanted.back != ink.back {
        add(&color(wanted.back, 40));
    }
    *ink = wanted;
    if !codes.is_empty() {
        // A lone 0 is what no code means.
        let codes = if codes == "0" { "" } else { &codes };
        let _ = write!(bytes, "\x1b[{codes}m");
    }
}

/// The SGR code of a colour; `base` is 30 in front and 40 behind.
fn color(color: Color, base: u8) -> String {
    let named = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    match color {
        Color::Reset => named(9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn encoded(symbols: &[(u16, u16, &str, Style)]) -> String {
        let owned: Vec<(u16, u16, Cell)> = symbols
            .iter()
            .map(|(x, y, symbol, style)| {
                let mut cell = Cell::default();
                cell.set_symbol(symbol).set_style(*style);
                (*x, *y, cell)
            })
            .collect();
        let changed: Vec<(u16, u16, &Cell)> = owned.iter().map(|(x, y, cell)| (*x, *y, cell)).collect();
        let mut bytes = Vec::new();
        cells(&mut bytes, &changed);
        String::from_utf8(bytes).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn neighbours_need_no_move_and_no_colour_twice() {
        let red = Style::new().fg(Color::Red);
        let plain = Style::new();
        assert_eq!(encoded(&[(0, 0, "a", red), (1, 0, "b", red)]), "^[1;1H^[31mab^[m");
        assert_eq!(encoded(&[(0, 0, "a", plain), (4, 0, "b", plain)]), "^[1;1Ha^[3Cb");
        assert_eq!(encoded(&[(0, 0, "a", red.bold()), (1, 0, "b", red)]), "^[1;1H^[1;31ma^[0;31mb^[m");
        assert_eq!(encoded(&[(0, 0, "a", red.bold()), (1, 0, " ", plain), (2, 0, "b", plain)]), "^[1;1H^[1;31ma ^[mb");
    }

    #[test]
    fn after_a_wide_or_joined_letter_the_place_is_told() {
        let plain = Style::new();
        assert_eq!(encoded(&[(0, 0, "漢", plain), (2, 0, "b", plain)]), "^[1;1H漢^[1;3Hb");
        assert_eq!(encoded(&[(0, 0, "e\u{301}", plain), (1, 0, "b", plain)]), "^[1;1He\u{301}^[1;2Hb");
    }
}
