//! The rows of a measure of two models: before, after, change, its interval, q and verdict, as far as there is room.

use super::{Line, Measure, State};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::dumbbell::dumbbell;
use crate::console::widget::scale::Scale;
use crate::diagnose::ChangeVerdict;
use ratatui::layout::Rect;

/// Cells of a number, of an interval, of a q, and of a verdict's mark and word, each with the blanks before it.
const NUMBER: u16 = 7;
const INTERVAL: u16 = 15;
const Q: u16 = 6;
const VERDICT: u16 = 10;
/// Fewest cells of a picture worth drawing.
const LANE: u16 = 12;

/// Which columns fit.
struct Columns {
    name: u16,
    interval: bool,
    q: bool,
    lane: u16,
}

impl Columns {
    /// Columns give way in this order: the picture, q, the interval.
    fn of(width: u16, lines: &[Line], measure: Measure) -> Self {
        let judged = lines.iter().any(|line| line.verdict.is_some());
        let longest = lines.iter().map(|line| text::width(&line.name)).max().unwrap_or(9).clamp(9, 60) as u16;
        let numbers = 3 * NUMBER;
        let note = if judged { VERDICT } else { 24 };
        // An item's name is an id: its text is what tells.
        let most = if measure == Measure::Items { 12 } else { width.saturating_sub(numbers + note).max(9) };
        let name = longest.min(most);
        let mut left = width.saturating_sub(numbers + name + note);
        let mut take = |cells: u16, wanted: bool| {
            let fits = wanted && left >= cells;
            left -= if fits { cells } else { 0 };
            fits
        };
        let interval = take(INTERVAL, judged);
        let q = take(Q, judged);
        let lane = if judged && left > LANE { (left - 1).min(60) } else { 0 };
        Self { name, interval, q, lane }
    }
}

/// A verdict's mark, word and colour; each tells it alone.
pub fn verdict_mark(verdict: ChangeVerdict, glyphs: &Glyphs) -> (&'static str, &'static str, Role) {
    match verdict {
        ChangeVerdict::Worse => (glyphs.ascending, "worse", Role::Bad),
        ChangeVerdict::Better => (glyphs.descending, "better", Role::Good),
        ChangeVerdict::NoDifference => (" ", "no diff", Role::Dim),
        ChangeVerdict::NotEnoughData => (glyphs.care, "few", Role::Warn),
    }
}

/// Draws the rows.
pub fn table(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let measure = state.measure();
    let glyphs = pen.glyphs();
    let judged = state.lines.iter().any(|line| line.verdict.is_some());
    let note = if judged { format!("{} before  {} after", glyphs.first, glyphs.second) } else { String::new() };
    let inside = pen.panel(area, &capital(measure.name()), &note, true);
    if inside.height < 2 || inside.width < 40 {
        return;
    }
    let columns = Columns::of(inside.width - 2, &state.lines, measure);
    heading(pen, inside, &columns, judged);
    let scale = Scale::of(state.lines.iter().flat_map(|line| [line.then, line.now]).flatten()).with_zero();
    let page = usize::from(inside.height - 1);
    for (row, (place, &at)) in state.order.iter().enumerate().skip(state.cursor.offset).take(page).enumerate() {
        let Some(line) = state.lines.get(at) else { continue };
        let y = inside.y + 1 + row as u16;
        draw(pen, Rect { y, height: 1, ..inside }, &columns, line, scale, measure);
        if place == state.cursor.selected {
            pen.text(inside.x, y, 1, glyphs.selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
    let legend = format!(" {} worse  {} better  no diff: none resolved ", glyphs.ascending, glyphs.descending);
    if judged && text::width(&legend) + 20 < usize::from(area.width) {
        pen.text(area.x + 2, area.bottom() - 1, area.width, &legend, Role::Dim);
    }
    pen.footnote(area, &format!("{} of {}", (state.cursor.selected + 1).min(state.order.len()), state.order.len()));
}

fn heading(pen: &mut Pen<'_>, inside: Rect, columns: &Columns, judged: bool) {
    let x = inside.x + 2;
    pen.text(x, inside.y, columns.name, "name", Role::Dim);
    let mut end = x + columns.name;
    for words in ["before", "after", "change"] {
        end += NUMBER;
        pen.right(end, inside.y, NUMBER, words, Role::Dim);
    }
    if columns.interval {
        end += INTERVAL;
        pen.right(end, inside.y, INTERVAL, "95 %", Role::Dim);
    }
    if columns.q {
        end += Q;
        pen.right(end, inside.y, Q, "q", Role::Dim);
    }
    if judged {
        pen.text(end + 2, inside.y, VERDICT, "verdict", Role::Dim);
    }
}

fn draw(pen: &mut Pen<'_>, row: Rect, columns: &Columns, line: &Line, scale: Scale, measure: Measure) {
    let glyphs = pen.glyphs();
    let (x, y) = (row.x + 2, row.y);
    pen.text(x, y, columns.name, &line.name, Role::Text);
    let mut end = x + columns.name;
    let plain = |value: Option<f64>| value.map_or_else(|| "n/a".into(), |value| number::plain(value, 3, glyphs));
    let signed = |value: f64| number::signed(value, 3, glyphs);
    let change = line.change.map_or_else(|| "n/a".into(), signed);
    for words in [plain(line.then), plain(line.now), change] {
        end += NUMBER;
        pen.right(end, y, NUMBER, &words, Role::Text);
    }
    if columns.interval {
        end += INTERVAL;
        let words = line.interval.map(|(low, high)| format!("[{}, {}]", signed(low), signed(high)));
        pen.right(end, y, INTERVAL, &words.unwrap_or_default(), Role::Dim);
    }
    if columns.q {
        end += Q;
        pen.right(end, y, Q, &line.q.map(number::probability).unwrap_or_default(), Role::Dim);
    }
    let Some(verdict) = line.verdict else {
        pen.text(end + 2, y, row.right().saturating_sub(end + 2), &line.note, Role::Dim);
        return;
    };
    let (mark, word, role) = verdict_mark(verdict, glyphs);
    // Of a loss and an AUROC side by side, better is down for one and up for the other.
    let mark = if measure == Measure::Losses { " " } else { mark };
    pen.pieces(end + 1, y, VERDICT, &[(mark, role), (" ", role), (word, role)]);
    if columns.lane > 0 {
        let lane = dumbbell(scale, usize::from(columns.lane), line.then, line.now, glyphs);
        pen.marks(end + 1 + VERDICT, y, &lane);
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
