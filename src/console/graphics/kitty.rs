//! Kitty's graphics by placeholders: an image is sent once under a number; cells of text then stand for its parts, so
//! that whatever overwrites, scrolls or erases the cells does so to the image.

use super::super::terminal::through_tmux;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

/// Letters of one command; the protocol takes no more.
const PART: usize = 4096;
/// The cell that stands for a part of an image, and the marks that say which row: the column of a cell without marks
/// is the one after that of the cell before.
const PLACEHOLDER: char = '\u{10eeee}';
const ROWS: [char; 20] = [
    '\u{305}', '\u{30d}', '\u{30e}', '\u{310}', '\u{312}', '\u{33d}', '\u{33e}', '\u{33f}', '\u{346}', '\u{34a}',
    '\u{34b}', '\u{34c}', '\u{350}', '\u{351}', '\u{352}', '\u{357}', '\u{35b}', '\u{363}', '\u{364}', '\u{365}',
];

/// A PNG under a number, to be stretched over some cells.
#[must_use]
pub fn sent(png: &[u8], number: u8, (columns, rows): (u16, u16), tmux: bool) -> String {
    let text = BASE64_STANDARD.encode(png);
    let mut out = String::with_capacity(text.len() + text.len() / 64 + 64);
    let parts = text.len().div_ceil(PART).max(1);
    for at in 0..parts {
        // Base64 is ASCII: every place is between letters.
        let part = &text[at * PART..text.len().min((at + 1) * PART)];
        let more = u8::from(at + 1 < parts);
        let head = match at {
            0 => format!("a=T,U=1,f=100,i={number},c={columns},r={rows},q=2,m={more}"),
            _ => format!("q=2,m={more}"),
        };
        out.push_str(&command(&format!("{head};{part}"), tmux));
    }
    out
}

/// Takes an image back, and its cells with it.
#[must_use]
pub fn deleted(number: u8, tmux: bool) -> String {
    command(&format!("a=d,d=I,i={number},q=2"), tmux)
}

fn command(body: &str, tmux: bool) -> String {
    through_tmux(format!("\x1b_G{body}\x1b\\"), tmux)
}

/// Lets cells stand for an image.
pub fn stand_for(frame: &mut Buffer, cells: Rect, number: u8) {
    let mut symbol = String::new();
    for (y, mark) in (cells.top()..cells.bottom()).zip(ROWS) {
        for x in cells.left()..cells.right() {
            symbol.clear();
            symbol.push(PLACEHOLDER);
            if x == cells.left() {
                // Row, then column, which is the first.
                symbol.extend([mark, ROWS[0]]);
            }
            if let Some(cell) = frame.cell_mut((x, y)) {
                cell.set_symbol(&symbol).set_fg(Color::Indexed(number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_sent_in_parts_that_come_together_again() {
        let png: Vec<u8> = (0..10_000_u32).map(|at| (at * 7) as u8).collect();
        let text = sent(&png, 20, (40, 16), false);
        let commands: Vec<&str> = text.split("\x1b\\").filter(|part| !part.is_empty()).collect();
        assert_eq!(commands.len(), 4);
        assert!(commands[0].starts_with("\x1b_Ga=T,U=1,f=100,i=20,c=40,r=16,q=2,m=1;"));
        assert!(commands[3].starts_with("\x1b_Gq=2,m=0;") && commands[1].starts_with("\x1b_Gq=2,m=1;"));
        let payload: String = commands.iter().filter_map(|part| part.split_once(';')).map(|(_, data)| data).collect();
        assert_eq!(BASE64_STANDARD.decode(payload).unwrap(), png);
        let wrapped = sent(&png[..9], 20, (1, 1), true);
        assert!(wrapped.starts_with("\x1bPtmux;\x1b\x1b_G") && wrapped.ends_with("\x1b\x1b\\\x1b\\"));
    }

    #[test]
    fn each_row_of_cells_begins_with_its_number() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 6, 4));
        stand_for(&mut frame, Rect::new(1, 1, 4, 2), 20);
        let row = |y| (0..6).map(|x| frame[(x, y)].symbol()).collect::<Vec<_>>();
        assert_eq!(row(1), [" ", "\u{10eeee}\u{305}\u{305}", "\u{10eeee}", "\u{10eeee}", "\u{10eeee}", " "]);
        assert_eq!(row(2)[1], "\u{10eeee}\u{30d}\u{305}");
        assert_eq!((row(0), row(3)), (vec![" "; 6], vec![" "; 6]));
        assert_eq!(frame[(2, 2)].fg, Color::Indexed(20));
    }
}
