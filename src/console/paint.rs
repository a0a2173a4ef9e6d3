//! Drawing on a buffer: text cut to its place, panels, rows of marks. Nothing here can leave the buffer.

use super::glyph::{Frame, Glyphs};
use super::graphics::Placed;
use super::text;
use super::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

/// One cell of a lane: its mark and what it means.
pub type Mark = (&'static str, Role);

/// A buffer and the theme to draw on it with.
pub struct Pen<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    /// Where the terminal's cursor goes, if somebody types.
    pub cursor: Option<Position>,
    /// Images as pixels, over cells that are left blank.
    pub images: Vec<Placed>,
}

impl<'a> Pen<'a> {
    /// One that has drawn nothing yet.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, cursor: None, images: Vec::new() }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// The marks of the theme.
    #[must_use]
    pub fn glyphs(&self) -> &'static Glyphs {
        self.theme.glyphs
    }

    /// Writes text from `x`, at most `limit` cells, with an ellipsis where it is cut; returns where it ends.
    pub fn text(&mut self, x: u16, y: u16, limit: u16, words: &str, role: Role) -> u16 {
        self.styled(x, y, limit, words, self.style(role))
    }

    /// Like [`Pen::text`] with a style of its own.
    pub fn styled(&mut self, x: u16, y: u16, limit: u16, words: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return x;
        }
        let limit = limit.min(area.right() - x);
        let fitted = text::fit(&text::clean(words), usize::from(limit), self.glyphs().ellipsis);
        // What was under the text leaves no weight or colour behind.
        let style = Style::reset().patch(self.style(Role::Text)).patch(style);
        self.buffer.set_stringn(x, y, fitted, usize::from(limit), style).0
    }

    /// Writes text that ends before `end`, cut at its right if it needs more than `limit` cells.
    pub fn right(&mut self, end: u16, y: u16, limit: u16, words: &str, role: Role) -> u16 {
        let fitted = text::fit(&text::clean(words), usize::from(limit), self.glyphs().ellipsis);
        let cells = u16::try_from(text::width(&fitted)).unwrap_or(limit);
        let start = end.saturating_sub(cells);
        self.text(start, y, limit, &fitted, role);
        start
    }

    /// Writes text in the middle of a row of `area`.
    pub fn centre(&mut self, area: Rect, y: u16, words: &str, role: Role) {
        let fitted = text::fit(&text::clean(words), usize::from(area.width), self.glyphs().ellipsis);
        let cells = u16::try_from(text::width(&fitted)).unwrap_or(area.width);
        let x = area.x + area.width.saturating_sub(cells) / 2;
        self.text(x, y, cells, &fitted, role);
    }

    /// Writes pieces one after the other within `limit` cells; returns where they end.
    pub fn pieces(&mut self, x: u16, y: u16, limit: u16, pieces: &[(&str, Role)]) -> u16 {
        let end = x.saturating_add(limit);
        let mut at = x;
        for (words, role) in pieces {
            if at >= end {
                break;
            }
            at = self.text(at, y, end - at, words, *role);
        }
        at
    }

    /// Writes groups of pieces; one that does not fit whole ends the line, so that no number is cut. The first is cut with
    /// its sign all the same: a blank line would say nothing.
    pub fn groups(&mut self, x: u16, y: u16, limit: u16, groups: &[&[(&str, Role)]]) -> u16 {
        let end = x.saturating_add(limit);
        let mut at = x;
        for group in groups {
            let cells: usize = group.iter().map(|(words, _)| text::width(words)).sum();
            if cells > usize::from(end.saturating_sub(at)) {
                if at == x {
                    at = self.pieces(at, y, end - at, group);
                }
                break;
            }
            at = self.pieces(at, y, end - at, group);
        }
        at
    }

    /// Writes a row of single marks.
    pub fn marks(&mut self, x: u16, y: u16, marks: &[Mark]) {
        let mut at = x;
        for (mark, role) in marks {
            self.styled(at, y, 1, mark, self.style(*role));
            at = at.saturating_add(1);
        }
    }

    /// Marks a row as the selected one.
    pub fn select(&mut self, row: Rect) {
        let row = row.intersection(self.buffer.area);
        let style = self.style(Role::Select);
        if style.add_modifier.contains(Modifier::REVERSED) {
            // Reversed colours would turn each word into a block of its own.
            self.buffer.set_style(row, Style::reset());
        }
        self.buffer.set_style(row, style);
    }

    /// Empties an area, for something that lies on top.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        let style = self.style(Role::Text);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    /// Draws a panel's frame with a title on the left and a note on the right; returns its inside.
    pub fn panel(&mut self, area: Rect, title: &str, note: &str, focused: bool) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let frame = if focused { self.glyphs().heavy } else { self.glyphs().plain };
        let role = if focused { Role::Focus } else { Role::Border };
        self.edges(area, frame, role);
        let room = area.width.saturating_sub(4);
        let mut end = area.x + 2;
        if !title.is_empty() && room > 2 {
            let shown = format!(" {} ", text::fit(&text::clean(title), usize::from(room) - 2, self.glyphs().ellipsis));
            end = self.text(area.x + 2, area.y, room, &shown, Role::Title);
        }
        // A note that does not fit whole is left out: half a number misleads.
        let cells = u16::try_from(text::width(note)).unwrap_or(u16::MAX);
        let last = area.right().saturating_sub(2);
        if !note.is_empty() && cells.saturating_add(3) <= last.saturating_sub(end) {
            self.text(last - cells - 2, area.y, cells + 2, &format!(" {note} "), Role::Dim);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }

    /// Writes a note into the bottom edge of a panel, on the right.
    pub fn footnote(&mut self, area: Rect, note: &str) {
        let cells = u16::try_from(text::width(note)).unwrap_or(u16::MAX);
        if area.height < 2 || cells.saturating_add(6) > area.width {
            return;
        }
        let x = area.right() - cells - 4;
        self.text(x, area.bottom() - 1, cells + 2, &format!(" {note} "), Role::Dim);
    }

    fn edges(&mut self, area: Rect, frame: Frame, role: Role) {
        let style = self.style(role);
        let middle = frame.horizontal.repeat(usize::from(area.width) - 2);
        let (top, bottom) = (area.top(), area.bottom() - 1);
        let first = format!("{}{middle}{}", frame.top_left, frame.top_right);
        let last = format!("{}{middle}{}", frame.bottom_left, frame.bottom_right);
        self.styled(area.x, top, area.width, &first, style);
        self.styled(area.x, bottom, area.width, &last, style);
        for y in top + 1..bottom {
            self.styled(area.x, y, 1, frame.vertical, style);
            self.styled(area.right() - 1, y, 1, frame.vertical, style);
        }
    }
}

/// `area` without `by` columns at both sides.
#[must_use]
pub fn inset(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width / 2);
    Rect { x: area.x + by, width: area.width - 2 * by, ..area }
}
