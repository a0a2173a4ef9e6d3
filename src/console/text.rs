//! Text from outside made safe for one line of the screen, and cut to a width.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A text cut in its middle where it has more than `limit` cells: names differ at both ends.
#[must_use]
pub fn fit_middle(text: &str, limit: usize, ellipsis: &str) -> String {
    let room = limit.saturating_sub(width(ellipsis));
    if width(text) <= limit || room < 2 {
        return fit(text, limit, ellipsis);
    }
    let head = take_cells(text, room.div_ceil(2)).trim_end();
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let mut tail = graphemes.len();
    let mut cells = 0;
    while tail > 0 && cells + width(graphemes[tail - 1]) <= room / 2 {
        tail -= 1;
        cells += width(graphemes[tail]);
    }
    format!("{head}{ellipsis}{}", graphemes[tail..].concat().trim_start())
}

/// One line without control characters, direction overrides and invisible marks; tabs and breaks become spaces.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{a0}' => Some(' '),
            c if c.is_control() => None,
            // Zero-width, direction and variation marks make widths disagree between terminals.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => None,
            '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{ad}' => None,
            '\u{61c}' | '\u{180e}' | '\u{e0000}'..='\u{e0fff}' => None,
            c => Some(c),
        })
        .collect()
}

/// Cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text, or as much of its start as fits before an ellipsis.
#[must_use]
pub fn fit(text: &str, limit: usize, ellipsis: &str) -> String {
    if text.width() <= limit {
        return text.to_owned();
    }
    if limit == 0 {
        return String::new();
    }
    let room = limit.saturating_sub(ellipsis.width());
    let mut kept = take_cells(text, room).trim_end().to_owned();
    kept.push_str(ellipsis);
    kept
}

/// As many whole graphemes from the start as fit.
#[must_use]
pub fn take_cells(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = used + grapheme.width();
        if next > limit {
            return &text[..at];
        }
        used = next;
    }
    text
}

/// Words broken into lines of at most `limit` cells; a longer word is cut.
#[must_use]
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if limit == 0 {
        return lines;
    }
    for word in text.split_whitespace() {
        let word = take_cells(word, limit);
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The whole text in lines of at most `limit` cells: its own breaks are kept, and a longer word goes on in the next line.
#[must_use]
pub fn wrap_whole(text: &str, limit: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if limit == 0 {
        return lines;
    }
    for paragraph in text.lines() {
        let paragraph = clean(paragraph);
        let (mut line, mut cells) = (String::new(), 0);
        for mut word in paragraph.split_whitespace() {
            if cells > 0 && cells + 1 + word.width() > limit {
                lines.push(std::mem::take(&mut line));
                cells = 0;
            }
            while word.width() > limit {
                let part = match take_cells(word, limit) {
                    // What is wider than a line cannot be shown in one.
                    "" => word,
                    part => part,
                };
                lines.push(part.to_owned());
                word = &word[part.len()..];
            }
            if cells > 0 {
                line.push(' ');
                cells += 1;
            }
            line.push_str(word);
            cells += word.width();
        }
        lines.push(line);
    }
    lines
}

/// Text and spaces to its right up to a width; cut if longer.
#[must_use]
pub fn pad(text: &str, cells: usize, ellipsis: &str) -> String {
    let mut padded = fit(text, cells, ellipsis);
    let missing = cells.saturating_sub(padded.width());
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_marks_go() {
        assert_eq!(clean("a\u{1b}[31mb\tc\u{202e}d\u{fe0f}"), "a[31mb cd");
    }

    #[test]
    fn fitting_counts_cells_not_letters() {
        assert_eq!(fit("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(fit("abc", 3, "…"), "abc");
        assert_eq!(fit("abcd", 1, "…"), "…");
        assert_eq!(fit("abcd", 0, "…"), "");
    }

    #[test]
    fn wrapping_keeps_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert!(wrap("x", 0).is_empty());
    }

    #[test]
    fn wrapping_whole_loses_nothing() {
        assert_eq!(wrap_whole("one two\n\nabcdefghij kl", 4), ["one", "two", "", "abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap_whole("漢字漢字", 4), ["漢字", "漢字"]);
        assert_eq!(wrap_whole("漢", 1), ["漢", ""]);
        assert_eq!(wrap_whole("a\u{1b}[31m\u{202e}b", 9), ["a[31mb"]);
    }
}
