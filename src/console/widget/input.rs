//! One line that is typed: the text in view, words marked, and where the cursor stands.

use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};
use std::ops::Range;
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters a line takes.
pub use crate::diagnose::LONGEST_PROMPT as LIMIT;

/// Draws a line in `cells` cells; `marked` words are underlined, and the cursor is set while it is typed.
pub fn draw(pen: &mut Pen<'_>, at: (u16, u16), cells: u16, input: &Input, typed: bool, marked: &[String]) {
    let is_marked = |(_, word): &(usize, &str)| marked.iter().any(|mark| mark.eq_ignore_ascii_case(word));
    let words = input.value().split_word_bound_indices().filter(is_marked);
    let places: Vec<Range<usize>> = words.map(|(at, word)| at..at + word.len()).collect();
    draw_marked(pen, at, cells, input, typed, &places);
}

/// The same, with what is marked given by its bytes in the line.
pub fn draw_marked(pen: &mut Pen<'_>, at: (u16, u16), cells: u16, input: &Input, typed: bool, marked: &[Range<usize>]) {
    let (x, y) = at;
    if cells < 2 {
        return;
    }
    let room = usize::from(cells) - 1;
    let cursor = input.visual_cursor();
    let skip = if typed { cursor.saturating_sub(room) } else { 0 };
    let mut column = 0;
    for (start, word) in input.value().split_word_bound_indices() {
        let unseen = marked.iter().any(|place| place.contains(&start));
        let mut style: Style = pen.style(if unseen { Role::Warn } else { Role::Text });
        if unseen {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        for grapheme in word.graphemes(true) {
            let wide = text::width(grapheme);
            if column >= skip && column + wide <= skip + room {
                pen.styled(x + (column - skip) as u16, y, wide as u16, grapheme, style);
            }
            column += wide;
        }
    }
    if !typed && column > room {
        pen.text(x + room as u16, y, 1, pen.glyphs().ellipsis, Role::Dim);
    }
    if typed {
        let offset = cursor.saturating_sub(skip).min(room) as u16;
        pen.cursor = Some(Position::new(x + offset, y));
    }
}

/// Puts pasted text in at the cursor, made safe and cut to the limit; true if something was cut.
pub fn paste(input: &mut Input, pasted: &str) -> bool {
    let room = LIMIT.saturating_sub(input.value().chars().count());
    let clean = text::clean(pasted);
    for c in clean.chars().take(room) {
        input.handle(tui_input::InputRequest::InsertChar(c));
    }
    clean.chars().nth(room).is_some()
}

/// A line that already holds a text, with the cursor at its end.
#[must_use]
pub fn holding(text_given: &str) -> Input {
    Input::new(text::clean(text_given).chars().take(LIMIT).collect())
}
