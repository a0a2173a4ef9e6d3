//! Rows that scroll: which are seen, and where the selection stands.

use crate::console::msg::Action;
use crate::console::paint::Pen;
use ratatui::layout::Rect;

/// Says on the frame of a panel how many of its rows do not fit under their head, and which key shows it whole; without
/// one it has all the room already.
pub fn cut_sign(pen: &mut Pen<'_>, panel: Rect, rows: usize, inside: Rect, key: Option<String>) {
    let seen = usize::from(inside.height.saturating_sub(1));
    if rows > seen {
        let way = key.map_or_else(String::new, |key| format!(", {key} shows it whole"));
        pen.footnote(panel, &format!("{} more{way}", rows - seen));
    }
}

/// A selection in a list and the first row that is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    pub selected: usize,
    pub offset: usize,
}

impl Cursor {
    /// Moves the selection by some rows, down if positive.
    pub fn step(&mut self, rows: isize, length: usize) {
        let last = length.saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// Moves the selection as an action says, if it is one that moves it; `page` is the number of rows in sight.
    pub fn act(&mut self, action: Action, length: usize, page: usize) -> bool {
        let half = isize::try_from((page / 2).max(1)).unwrap_or(1);
        match action {
            Action::Down => self.step(1, length),
            Action::Up => self.step(-1, length),
            Action::First => self.selected = 0,
            Action::Last => self.selected = length.saturating_sub(1),
            Action::HalfDown => self.step(half, length),
            Action::HalfUp => self.step(-half, length),
            _ => return false,
        }
        true
    }

    /// Keeps the selection on a row and the row in sight.
    pub fn settle(&mut self, length: usize, seen: usize) {
        self.selected = self.selected.min(length.saturating_sub(1));
        let seen = seen.max(1);
        if self.selected < self.offset {
            self.offset = self.selected;
        } else if self.selected >= self.offset + seen {
            self.offset = self.selected + 1 - seen;
        }
        self.offset = self.offset.min(length.saturating_sub(seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_in_sight() {
        let mut cursor = Cursor::default();
        cursor.step(7, 10);
        cursor.settle(10, 4);
        assert_eq!(cursor, Cursor { selected: 7, offset: 4 });
        cursor.step(-20, 10);
        cursor.settle(10, 4);
        assert_eq!(cursor, Cursor::default());
        cursor.step(99, 10);
        cursor.settle(10, 99);
        assert_eq!(cursor, Cursor { selected: 9, offset: 0 });
        cursor.settle(0, 0);
        assert_eq!(cursor, Cursor::default());
    }
}
