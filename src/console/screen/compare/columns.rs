//! The columns of a measure of two models, and which of them are in sight.

use super::lines_view::{fate_role, verdict_mark};
use super::{Line, Measure, State};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::shift;
use ratatui::layout::Rect;
use std::ops::Range;

/// Fewest cells of a picture worth drawing.
const LANE: u16 = 12;

/// What a column says of a row.
type Words = fn(&Line, &Glyphs) -> (String, Role);

/// A column: its heading, its cells with the blank before them, and its words.
#[derive(Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: u16,
    /// Words begin at its left; numbers end at its right.
    pub left: bool,
    pub words: Words,
}

const fn numbers(title: &'static str, width: u16, words: Words) -> Column {
    Column { title, width, left: false, words }
}

const fn texts(title: &'static str, width: u16, words: Words) -> Column {
    Column { title, width, left: true, words }
}

fn nothing() -> (String, Role) {
    (String::new(), Role::Dim)
}

fn plain(value: Option<f64>, glyphs: &Glyphs) -> (String, Role) {
    (value.map_or_else(|| "n/a".into(), |value| number::plain(value, 3, glyphs)), Role::Text)
}

fn signed(value: Option<f64>, glyphs: &Glyphs) -> (String, Role) {
    (value.map_or_else(|| "n/a".into(), |value| number::signed(value, 3, glyphs)), Role::Text)
}

const BEFORE: Column = numbers("before", 7, |line, glyphs| plain(line.then, glyphs));
const AFTER: Column = numbers("after", 7, |line, glyphs| plain(line.now, glyphs));
const CHANGE: Column = numbers("change", 7, |line, glyphs| signed(line.change, glyphs));
const INTERVAL: Column = numbers("95 %", 15, |line, glyphs| {
    let end = |value| number::signed(value, 3, glyphs);
    let words = line.interval.map(|(low, high)| format!("[{}, {}]", end(low), end(high)));
    (words.unwrap_or_default(), Role::Dim)
});
const Q: Column = numbers("q", 6, |line, _| (line.q.map(number::probability).unwrap_or_default(), Role::Dim));
const OF: Column = texts("of", 7, |line, _| (line.group.as_ref().map_or("", |group| group.of).into(), Role::Text));
const N: Column =
    numbers("n", 8, |line, _| (line.group.as_ref().map(|group| number::count(group.n)).unwrap_or_default(), Role::Dim));
const GAP_BEFORE: Column =
    numbers("gap before", 12, |line, glyphs| signed(line.group.as_ref().and_then(|group| group.gap.0), glyphs));
const GAP_AFTER: Column =
    numbers("gap after", 11, |line, glyphs| signed(line.group.as_ref().and_then(|group| group.gap.1), glyphs));
const FATE: Column = texts("verdict", 20, |line, _| {
    line.group.as_ref().map_or_else(nothing, |group| (group.words.clone(), fate_role(group.fate)))
});
const VERDICT: Column = texts("verdict", 10, |line, glyphs| match line.verdict {
    Some(verdict) => {
        let (_, word, role) = verdict_mark(verdict, glyphs);
        (word.into(), role)
    }
    None => nothing(),
});
const GAP: Column = texts("gap", 14, |line, glyphs| match line.verdict {
    Some(verdict) => (verdict.gap_words().into(), verdict_mark(verdict, glyphs).2),
    None => nothing(),
});
const NOTE: Column = texts("", 26, |line, _| (line.note.clone(), Role::Dim));

/// The columns of a measure, those that tell most first.
fn columns(measure: Measure) -> &'static [Column] {
    match measure {
        Measure::Groups => &[OF, CHANGE, INTERVAL, Q, BEFORE, AFTER, N, GAP_BEFORE, GAP_AFTER, FATE],
        Measure::LossGap | Measure::AurocGap => &[BEFORE, AFTER, CHANGE, INTERVAL, Q, GAP],
        Measure::Losses => &[BEFORE, AFTER, CHANGE, INTERVAL, Q, VERDICT],
        _ => &[BEFORE, AFTER, CHANGE, NOTE],
    }
}

/// How a table of some cells is divided.
pub struct Grid {
    /// Cells of the names.
    pub name: u16,
    pub columns: Vec<Column>,
    /// The columns in sight.
    pub seen: Range<usize>,
    /// Cells behind them, and whether a picture is drawn there.
    pub rest: u16,
    pub lane: bool,
}

/// Cells of a table in a frame, without the marks before the names and a blank behind the last column.
#[must_use]
pub fn room(table: Rect) -> u16 {
    table.width.saturating_sub(5)
}

impl Grid {
    /// The columns of the measure in view.
    #[must_use]
    pub fn of(state: &State, width: u16) -> Self {
        let measure = state.measure();
        let mut columns = columns(measure).to_vec();
        let names = state.lines.iter().filter(|line| line.heading.is_none());
        let longest = names.map(|line| text::width(&line.name)).max().unwrap_or(9).clamp(9, 60) as u16;
        // An item's name is an id: its text is what tells.
        let most = if measure == Measure::Items { 12 } else { (2 * width / 5).max(9) };
        let judged: u16 = columns.iter().map(|column| column.width).sum();
        let name = longest.min(most.max(width.saturating_sub(judged)));
        let room = width.saturating_sub(name);
        let widths = |columns: &[Column]| columns.iter().map(|column| column.width).collect::<Vec<u16>>();
        let seen = shift::seen(&widths(&columns), room, state.column);
        let used: u16 = columns[seen.clone()].iter().map(|column| column.width).sum();
        let mut rest = room.saturating_sub(used);
        if let Some(last) = columns.last_mut().filter(|last| last.title.is_empty() && seen.end > 0) {
            // A note takes what is left.
            last.width += rest;
            rest = 0;
        }
        let pictured = matches!(measure, Measure::Groups | Measure::LossGap | Measure::AurocGap);
        let lane = pictured && seen.len() == columns.len() && rest > LANE;
        Self { name, columns, seen, rest, lane }
    }

    /// The greatest column worth beginning with.
    #[must_use]
    pub fn most(&self, width: u16) -> usize {
        let widths: Vec<u16> = self.columns.iter().map(|column| column.width).collect();
        shift::most(&widths, width.saturating_sub(self.name))
    }
}
