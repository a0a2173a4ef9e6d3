//! The max-min table: columns by priority, one lane axis for all rows.

use super::columns::{Columns, FIRST_LOSS, columns_of};
use super::filter::Filter;
use super::{State, guess};
use crate::audit::Side;
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::gapbar::gap_bar;
use crate::console::widget::scale::Scale;
use crate::diagnose::{AttributeRow, AttributesTable, Measured, Verdict};
use ratatui::layout::Rect;

/// A zero-shot AUROC below this says that the encoder hardly knows the word.
pub const WEAK_ZERO_SHOT: f64 = 0.6;
/// Before a row whose loss gap may be chance.
pub const UNRESOLVED: &str = "?";

/// The axis of the loss gaps; by square roots where a few gaps would flatten all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub scale: Scale,
    pub rooted: bool,
}

/// How many times the median the greatest gap is, from which on roots are drawn.
const FLATTENING: f64 = 6.0;

impl Axis {
    /// The axis of all measured gaps, and of predicted ones up to twice as far.
    #[must_use]
    pub fn of(table: &AttributesTable, state: &State) -> Self {
        let finite = |value: &f64| value.is_finite();
        let measured = table.rows.iter().filter_map(|row| row.loss_gap.value()).filter(finite);
        let measured: Vec<f64> = measured.collect();
        let mut sizes: Vec<f64> = measured.iter().map(|gap| gap.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let reach = sizes.last().copied().unwrap_or(0.0);
        let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
        let rooted = median > 0.0 && reach > FLATTENING * median;
        let guesses = table.rows.iter().filter_map(|row| Some(guess(row, state)?.clamp(-2.0 * reach, 2.0 * reach)));
        let all = measured.iter().copied().chain(guesses).chain([0.0]);
        let scale = Scale::of(all.map(|gap| signed_root(gap, rooted))).with_zero();
        Self { scale, rooted }
    }

    /// Where a gap stands on the scale.
    #[must_use]
    pub fn map(&self, gap: f64) -> f64 {
        signed_root(gap, self.rooted)
    }
}

fn signed_root(value: f64, rooted: bool) -> f64 {
    if rooted { value.abs().sqrt().copysign(value) } else { value }
}

/// Draws head and rows into the inside of the panel.
pub fn draw(pen: &mut Pen<'_>, area: Rect, table: &AttributesTable, state: &State) {
    if area.height == 0 || area.width < 12 {
        return;
    }
    let columns = columns_of(area, table, state);
    let axis = Axis::of(table, state);
    head(pen, area, columns, axis.scale);
    let page = usize::from(area.height - 1);
    let seen = state.order.iter().enumerate().skip(state.cursor.offset).take(page);
    for (line, (place, &at)) in seen.enumerate() {
        let y = area.y + 1 + line as u16;
        let Some(row) = table.rows.get(at) else { continue };
        let selected = place == state.cursor.selected;
        draw_row(pen, Rect { y, height: 1, ..area }, row, state, columns, axis);
        if selected {
            pen.text(area.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..area });
        }
    }
    if state.order.is_empty() && area.height > 2 {
        let lines = match (state.filter.value().trim(), Filter::parse(state.filter.value()).wrong) {
            (_, Some(why)) => why.to_vec(),
            ("", _) => vec!["the audit names no attributes".to_owned()],
            (words, _) => vec![format!("no attribute passes \"{words}\"")],
        };
        for (at, words) in (0..).zip(&lines) {
            pen.centre(area, area.y + area.height / 2 + at, words, Role::Dim);
        }
    }
}

fn head(pen: &mut Pen<'_>, area: Rect, columns: Columns, scale: Scale) {
    let (y, mut x) = (area.y, area.x + 2);
    pen.text(x, y, columns.name, "attribute", Role::Dim);
    x += columns.name;
    let glyphs = pen.glyphs();
    let delta = format!("{}loss", glyphs.delta);
    if columns.auroc > 0 {
        pen.right(x + 6, y, 6, "true", Role::Dim);
        pen.right(x + 12, y, 5, "false", Role::Dim);
    }
    x += columns.auroc;
    for (width, words) in [(columns.rmm, "RMM"), (columns.gap, delta.as_str())] {
        if width > 0 {
            pen.right(x + width, y, width, words, Role::Dim);
        }
        x += width;
    }
    x += 1;
    lane_head(pen, x, y, columns.lane, scale);
    x += columns.lane;
    let predicted = if columns.predicted > 0 { "predicted" } else { "" };
    if columns.losses > 0 {
        let end = x + columns.count + columns.zero + columns.verdict + FIRST_LOSS;
        pen.right(end, y, FIRST_LOSS, "loss true", Role::Dim);
    }
    for (width, words) in [
        (columns.count, "n true"),
        (columns.zero, "0-shot"),
        (columns.verdict, "loss gap"),
        (columns.losses, "false"),
        (columns.interval, "95 % of the gap"),
        (columns.q, "q"),
        (columns.predicted, predicted),
    ] {
        if width > 0 {
            pen.right(x + width, y, width, words, Role::Dim);
        }
        x += width;
    }
}

/// Names the two directions of the lane, and its ends where there is room.
fn lane_head(pen: &mut Pen<'_>, x: u16, y: u16, cells: u16, scale: Scale) {
    if cells < 9 {
        return;
    }
    let zero = scale.clamped(0.0, usize::from(cells)) as u16;
    let glyphs = pen.glyphs();
    pen.text(x + zero, y, 1, "0", Role::Dim);
    let right = cells - zero - 1;
    for words in ["true harder ", "harder ", "harder"] {
        let words = format!("{words}{}", glyphs.right);
        if text::width(&words) < usize::from(right) {
            pen.right(x + cells, y, right, &words, Role::Dim);
            break;
        }
    }
    for words in [" true easier", " easier", "easier"] {
        let words = format!("{}{words}", glyphs.left);
        if text::width(&words) < usize::from(zero) {
            pen.text(x, y, zero, &words, Role::Dim);
            break;
        }
    }
}

fn draw_row(pen: &mut Pen<'_>, area: Rect, row: &AttributeRow, state: &State, columns: Columns, axis: Axis) {
    let (y, mut x) = (area.y, area.x + 2);
    let verdict = row.loss_evidence.verdict;
    // What may be chance steps back.
    let (mark, role) = match verdict {
        Verdict::Resolved => (" ", Role::Text),
        Verdict::NotResolved => (UNRESOLVED, Role::Dim),
        Verdict::NotEnoughData => (pen.glyphs().care, Role::Dim),
    };
    pen.text(area.x + 1, y, 1, mark, role);
    let name = text::fit_middle(&row.name, usize::from(columns.name), pen.glyphs().ellipsis);
    pen.text(x, y, columns.name, &name, role);
    x += columns.name;
    auroc(pen, x, y, row, columns);
    x += columns.auroc + columns.rmm;
    cell(pen, x, y, columns.gap, &row.loss_gap, |value, glyphs| number::signed(value, 4, glyphs));
    x += columns.gap + 1;
    let guess = guess(row, state);
    let on_axis = |gap: Option<f64>| gap.map(|gap| axis.map(gap));
    let (truth, guess) = (on_axis(row.loss_gap.value()), on_axis(guess));
    let ends = row.loss_evidence.interval.value().map(|ends| (axis.map(ends.low), axis.map(ends.high)));
    let marks = gap_bar(axis.scale, usize::from(columns.lane), truth, ends, guess, pen.glyphs());
    pen.marks(x, y, &marks);
    x += columns.lane;
    if columns.count > 0 {
        pen.right(x + columns.count, y, columns.count, &number::count(row.n_true), Role::Dim);
        x += columns.count;
    }
    if columns.zero > 0 {
        let shown = super::shown_contrast(row, state.contrast);
        zero_shot(pen, x, y, columns.zero, row.zero_shot(shown));
        x += columns.zero;
    }
    if columns.verdict > 0 {
        pen.right(x + columns.verdict, y, columns.verdict - 1, verdict.words(), role);
        x += columns.verdict;
    }
    more(pen, (x, y), row, guess_of(row, state), columns);
}

fn guess_of(row: &AttributeRow, state: &State) -> Option<f64> {
    guess(row, state)
}

/// The columns that only wide tables have, or who passes over others.
fn more(pen: &mut Pen<'_>, (mut x, y): (u16, u16), row: &AttributeRow, guess: Option<f64>, columns: Columns) {
    if columns.losses > 0 {
        let plain = |value, glyphs: &Glyphs| number::plain(value, 4, glyphs);
        cell(pen, x, y, FIRST_LOSS, &row.loss_true, plain);
        cell(pen, x + FIRST_LOSS, y, columns.losses - FIRST_LOSS, &row.loss_false, plain);
        x += columns.losses;
    }
    let glyphs = pen.glyphs();
    if columns.interval > 0 {
        let words = match row.loss_evidence.interval {
            Measured::Value(ends) => {
                format!("{} to {}", number::signed(ends.low, 3, glyphs), number::signed(ends.high, 3, glyphs))
            }
            Measured::Undefined { .. } => "n/a".into(),
        };
        pen.right(x + columns.interval, y, columns.interval - 1, &words, Role::Text);
        x += columns.interval;
    }
    if columns.q > 0 {
        let words = row.loss_evidence.q.value().map_or_else(|| "n/a".to_owned(), number::probability);
        pen.right(x + columns.q, y, columns.q, &words, Role::Text);
        x += columns.q;
    }
    if columns.predicted > 0 {
        let words = guess.map_or_else(|| "n/a".to_owned(), |value| number::signed(value, 3, glyphs));
        pen.right(x + columns.predicted, y, columns.predicted, &words, Role::Text);
    }
}

/// The two AUROCs with the worse side's letter and the max-min gap, or the words for their absence across all.
fn auroc(pen: &mut Pen<'_>, x: u16, y: u16, row: &AttributeRow, columns: Columns) {
    let span = columns.auroc + columns.rmm;
    if span == 0 {
        return;
    }
    let words = [&row.auroc_true, &row.auroc_false, &row.rmm].into_iter().find_map(number::words);
    if let Some(words) = words {
        pen.right(x + span, y, span, &words, Role::Dim);
        return;
    }
    if columns.auroc > 0 {
        let worse = row.worse_auroc;
        let plain = |value, glyphs: &Glyphs| number::short(value, glyphs);
        cell(pen, x, y, 6, &row.auroc_true, plain);
        cell(pen, x + 6, y, 6, &row.auroc_false, plain);
        let letter = worse.map_or(' ', Side::letter);
        pen.text(x + 13, y, 1, letter.encode_utf8(&mut [0; 4]), Role::Bad);
    }
    cell(pen, x + columns.auroc, y, columns.rmm, &row.rmm, number::short);
}

fn cell(pen: &mut Pen<'_>, x: u16, y: u16, width: u16, value: &Measured, write: impl Fn(f64, &Glyphs) -> String) {
    if width == 0 {
        return;
    }
    match value {
        Measured::Value(value) => {
            let words = write(*value, pen.glyphs());
            pen.right(x + width, y, width, &words, Role::Text);
        }
        Measured::Undefined { .. } => {
            pen.right(x + width, y, width, "n/a", Role::Dim);
        }
    }
}

fn zero_shot(pen: &mut Pen<'_>, x: u16, y: u16, width: u16, value: Option<Measured>) {
    let Some(value) = value else { return };
    cell(pen, x, y, width - 1, &value, number::short);
    if value.value().is_some_and(|auroc| auroc < WEAK_ZERO_SHOT) {
        pen.text(x + width - 1, y, 1, pen.glyphs().care, Role::Warn);
    }
}
