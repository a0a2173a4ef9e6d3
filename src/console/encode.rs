//! Changed cells as the fewest bytes a terminal understands: short moves, one SGR for all that differs.
//!
//! The cells are written twice, row by row and ink by ink, and the shorter text is sent: where a colour takes twenty
//! bytes, jumping between places is cheaper than changing the ink at each of them.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// The marks a cell can have: SGR code, and the code that takes it off again.
const KNOWN: [(Modifier, u8, u8); 6] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// What shows on an empty cell.
const ON_BLANK: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// One row down in the same column: in raw mode a line feed does no more than that.
const DOWN: &str = "\n";

/// The ink of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Ink {
    front: Color,
    back: Color,
    modifier: Modifier,
}

const PLAIN: Ink = Ink { front: Color::Reset, back: Color::Reset, modifier: Modifier::empty() };

impl Ink {
    fn of(cell: &Cell) -> Self {
        Self { front: cell.fg, back: cell.bg, modifier: cell.modifier }
    }

    /// Whether this ink writes a cell as it is meant: on a blank only what shows there matters.
    fn writes(self, cell: &Cell) -> bool {
        let wanted = Self::of(cell);
        let blank = cell.symbol() == " " && !wanted.modifier.intersects(ON_BLANK);
        wanted == self || (blank && self.back == wanted.back && !self.modifier.intersects(ON_BLANK))
    }
}

/// Most inks that are sorted: to choose the next of each takes their square in time, and an image has one a cell.
const SORTED: usize = 64;

/// Takes from blank cells what cannot be seen on them, so that it is neither compared nor sent.
pub fn forget_unseen(frame: &mut Buffer) {
    for cell in &mut frame.content {
        if cell.symbol() == " " && !cell.modifier.intersects(ON_BLANK) {
            cell.fg = Color::Reset;
            cell.modifier = Modifier::empty();
        }
    }
}

/// Appends what turns the terminal's cells at these places into those of the frame, and leaves its ink plain. Cells
/// that are covered by an image are written only where they changed.
pub fn cells(bytes: &mut Vec<u8>, frame: &Buffer, changed: &[(u16, u16)], covered: &[Rect]) {
    let by_row = Pencil::write(frame, changed, covered);
    let by_ink = ink_by_ink(frame, changed).map(|places| Pencil::write(frame, &places, covered));
    bytes.extend_from_slice(by_ink.as_ref().filter(|by_ink| by_ink.len() < by_row.len()).unwrap_or(&by_row));
}

/// The places ink by ink; a blank goes with whatever stands before it. `None` where there are too many inks.
fn ink_by_ink(frame: &Buffer, changed: &[(u16, u16)]) -> Option<Vec<(u16, u16)>> {
    let mut inks: Vec<(Ink, Vec<(u16, u16)>)> = Vec::new();
    let mut last = PLAIN;
    for &place in changed {
        let cell = &frame[place];
        if !last.writes(cell) {
            last = Ink::of(cell);
        }
        let is_full = inks.len() == SORTED;
        match inks.iter_mut().find(|(ink, _)| *ink == last) {
            Some((_, places)) => places.push(place),
            None if is_full => return None,
            None => inks.push((last, vec![place])),
        }
    }
    // After each ink the one that takes the fewest bytes to change to.
    let mut order = Vec::with_capacity(changed.len());
    let mut ink = PLAIN;
    while let Some(at) = (0..inks.len()).min_by_key(|at| sgr(ink, inks[*at].0).len()) {
        let (next, places) = inks.remove(at);
        ink = next;
        order.extend(places);
    }
    Some(order)
}

/// What is known of the terminal while cells are written.
struct Pencil<'a> {
    frame: &'a Buffer,
    covered: &'a [Rect],
    bytes: Vec<u8>,
    ink: Ink,
    /// Where its cursor is, if that is sure.
    at: Option<(u16, u16)>,
}

impl<'a> Pencil<'a> {
    fn write(frame: &'a Buffer, places: &[(u16, u16)], covered: &'a [Rect]) -> Vec<u8> {
        let mut pencil = Self { frame, covered, bytes: Vec::with_capacity(4 * places.len()), ink: PLAIN, at: None };
        for &place in places {
            pencil.go(place);
            pencil.paint(&frame[place]);
            pencil.put(place);
        }
        if pencil.ink != PLAIN {
            pencil.bytes.extend_from_slice(b"\x1b[m");
        }
        pencil.bytes
    }

    fn put(&mut self, (x, y): (u16, u16)) {
        let symbol = self.frame[(x, y)].symbol();
        self.bytes.extend_from_slice(symbol.as_bytes());
        // Terminals disagree on the width of anything but plain letters, and on where the cursor is behind the last
        // column: after those the place is told again.
        self.at = (is_plain(symbol) && x + 1 < self.frame.area.right()).then_some((x + 1, y));
    }

    /// Moves to a place by whatever is shortest.
    fn go(&mut self, to: (u16, u16)) {
        let Some(from) = self.at.filter(|from| *from != to) else {
            if self.at.is_none() {
                self.bytes.extend_from_slice(absolute(to).as_bytes());
            }
            return;
        };
        if from.1 == to.1 && from.0 < to.0 && self.fill(from, to.0) {
            return;
        }
        let told = absolute(to);
        let near = relative(from, to).filter(|near| near.len() < told.len());
        self.bytes.extend_from_slice(near.unwrap_or(told).as_bytes());
    }

    /// Writes the cells up to a column once more, where that takes no more than a move over them.
    fn fill(&mut self, (x, y): (u16, u16), end: u16) -> bool {
        let mut room = right(end - x).len();
        for column in x..end {
            let cell = &self.frame[(column, y)];
            let length = cell.symbol().len();
            let is_covered = self.covered.iter().any(|cells| cells.contains(Position::new(column, y)));
            if length > room || is_covered || !is_plain(cell.symbol()) || !self.ink.writes(cell) {
                return false;
            }
            room -= length;
        }
        (x..end).for_each(|column| self.bytes.extend_from_slice(self.frame[(column, y)].symbol().as_bytes()));
        true
    }

    fn paint(&mut self, cell: &Cell) {
        if self.ink.writes(cell) {
            return;
        }
        let wanted = Ink::of(cell);
        let _ = write!(self.bytes, "\x1b[{}m", sgr(self.ink, wanted));
        self.ink = wanted;
    }
}

/// Whether every terminal gives a symbol one cell.
fn is_plain(symbol: &str) -> bool {
    symbol.width() == 1 && symbol.chars().count() == 1
}

fn absolute((x, y): (u16, u16)) -> String {
    match (x, y) {
        (0, 0) => "\x1b[H".into(),
        (0, y) => format!("\x1b[{}H", u32::from(y) + 1),
        (x, y) => format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1),
    }
}

fn right(by: u16) -> String {
    if by == 1 { "\x1b[C".into() } else { format!("\x1b[{by}C") }
}

/// A move from where the cursor is; none upwards.
fn relative(from: (u16, u16), to: (u16, u16)) -> Option<String> {
    let rows = usize::from(to.1.checked_sub(from.1)?);
    let down = if rows * DOWN.len() <= 4 { DOWN.repeat(rows) } else { format!("\x1b[{rows}B") };
    let across = match (from.0, to.0) {
        (from, to) if from == to => String::new(),
        (_, 0) => "\r".into(),
        (from, to) if from < to => right(to - from),
        (from, to) if from - to <= 4 => "\x08".repeat(usize::from(from - to)),
        (from, to) => format!("\x1b[{}D", from - to),
    };
    Some(down + &across)
}

/// The fewest codes that turn one ink into another, with a reset or without.
fn sgr(from: Ink, to: Ink) -> String {
    let changed = change(from, to);
    let anew = match change(PLAIN, to) {
        codes if codes.is_empty() => String::new(),
        codes => format!("0;{codes}"),
    };
    if changed.len() <= anew.len() { changed } else { anew }
}

/// The codes that turn one ink into another, without a reset.
fn change(from: Ink, to: Ink) -> String {
    let mut codes: Vec<String> = Vec::new();
    let mut kept = from.modifier;
    for (modifier, _, off) in KNOWN {
        if kept.contains(modifier) && !to.modifier.contains(modifier) {
            codes.push(off.to_string());
            // One code takes off both weights.
            kept.remove(if off == 22 { Modifier::BOLD | Modifier::DIM } else { modifier });
        }
    }
    for (modifier, on, _) in KNOWN {
        if to.modifier.contains(modifier) && !kept.contains(modifier) {
            codes.push(on.to_string());
        }
    }
    if to.front != from.front {
        codes.push(color(to.front, 30));
    }
    if to.back != from.back {
        codes.push(color(to.back, 40));
    }
    codes.join(";")
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
        let mut frame = Buffer::empty(Rect::new(0, 0, 100, 4));
        let mut changed = Vec::new();
        for (x, y, symbol, style) in symbols {
            frame[(*x, *y)].set_symbol(symbol).set_style(*style);
            changed.push((*x, *y));
        }
        let mut bytes = Vec::new();
        cells(&mut bytes, &frame, &changed, &[]);
        String::from_utf8(bytes).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn neighbours_need_no_move_and_no_colour_twice() {
        let red = Style::new().fg(Color::Red);
        let plain = Style::new();
        assert_eq!(encoded(&[(0, 0, "a", red), (1, 0, "b", red)]), "^[H^[31mab^[m");
        assert_eq!(encoded(&[(0, 0, "a", red.bold()), (1, 0, "b", red)]), "^[H^[1;31ma^[22mb^[m");
        assert_eq!(encoded(&[(0, 0, "a", red.bold()), (1, 0, " ", plain), (2, 0, "b", plain)]), "^[H^[1;31ma ^[mb");
        assert_eq!(encoded(&[(0, 0, "a", plain.bold()), (1, 0, "b", plain.dim())]), "^[H^[1ma^[0;2mb^[m");
    }

    #[test]
    fn a_move_is_the_shortest_there_is() {
        let plain = Style::new();
        // Three blanks are as short as a move over them, five are not.
        assert_eq!(encoded(&[(0, 0, "a", plain), (4, 0, "b", plain)]), "^[Ha   b");
        assert_eq!(encoded(&[(0, 0, "a", plain), (6, 0, "b", plain)]), "^[Ha^[5Cb");
        assert_eq!(encoded(&[(5, 0, "a", plain), (5, 1, "b", plain)]), "^[1;6Ha\n\u{8}b");
        assert_eq!(encoded(&[(5, 0, "a", plain), (0, 1, "b", plain)]), "^[1;6Ha\n\rb");
        // Behind the last column nobody knows where the cursor is.
        assert_eq!(encoded(&[(99, 0, "a", plain), (98, 1, "b", plain)]), "^[1;100Ha^[2;99Hb");
    }

    #[test]
    fn long_colours_are_sent_once() {
        let (sea, sand) = (Style::new().fg(Color::Rgb(100, 110, 120)), Style::new().fg(Color::Rgb(200, 210, 220)));
        let striped = [(0, 0, "a", sea), (1, 0, "b", sand), (2, 0, "c", sea), (3, 0, "d", sand)];
        assert_eq!(encoded(&striped), "^[H^[38;2;100;110;120ma^[Cc\u{8}\u{8}^[38;2;200;210;220mb^[Cd^[m");
    }

    #[test]
    fn after_a_wide_or_joined_letter_the_place_is_told() {
        let plain = Style::new();
        assert_eq!(encoded(&[(0, 0, "漢", plain), (2, 0, "b", plain)]), "^[H漢^[1;3Hb");
        assert_eq!(encoded(&[(0, 0, "e\u{301}", plain), (1, 0, "b", plain)]), "^[He\u{301}^[1;2Hb");
    }
}
