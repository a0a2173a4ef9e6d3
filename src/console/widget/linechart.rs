//! Lines of members over steps: braille dots, or one dot a cell in ASCII; each line ends with its letter.

use super::scale::Scale;
use super::spark;
use crate::console::number;
use crate::console::paint::Pen;
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// The braille dots of a cell, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Width of the labels left of the axis.
const LABELS: u16 = 7;
/// Width of the letters right of the lines.
const LETTERS: u16 = 4;

/// The column of a step, for what stands above or below the lines.
#[must_use]
pub fn column(area: Rect, (first, last): (u32, u32), step: u32) -> u16 {
    let across = Scale::new(f64::from(first), f64::from(last.max(first + 1)));
    area.x + LABELS + across.clamped(f64::from(step), usize::from(area.width.saturating_sub(LABELS + LETTERS))) as u16
}

/// A grid of dots, each cell remembering the line that drew on it last.
struct Grid {
    columns: usize,
    rows: usize,
    /// Dots across and up in one cell.
    fine: (usize, usize),
    cells: Vec<(u8, usize)>,
}

impl Grid {
    fn new(columns: usize, rows: usize, fine: (usize, usize)) -> Self {
        Self { columns, rows, fine, cells: vec![(0, 0); columns * rows] }
    }

    /// Sets a dot; `down` counts from the top.
    fn set(&mut self, across: usize, down: usize, line: usize) {
        let (column, row) = (across / self.fine.0, down / self.fine.1);
        if column >= self.columns || row >= self.rows {
            return;
        }
        let bit = if self.fine == (1, 1) { 1 } else { DOTS[across % 2][down % 4] };
        let cell = &mut self.cells[row * self.columns + column];
        *cell = (cell.0 | bit, line);
    }

    /// Draws one line: per dot column its least and greatest value, joined to the column before.
    fn line(&mut self, index: usize, steps: &[u32], values: &[f32], across: Scale, up: Scale) {
        let (width, height) = (self.columns * self.fine.0, self.rows * self.fine.1);
        let mut range: Vec<Option<(usize, usize)>> = vec![None; width];
        let mut before: Option<(usize, usize)> = None;
        for (step, value) in steps.iter().zip(values) {
            if !value.is_finite() {
                // A gap in the numbers is a gap in the line.
                before = None;
                continue;
            }
            let x = across.clamped(f64::from(*step), width);
            let y = height - 1 - up.clamped(f64::from(*value), height);
            if let Some(last) = before {
                join(&mut range, last, (x, y));
            }
            widen(&mut range, x, y);
            before = Some((x, y));
        }
        for (x, span) in range.iter().enumerate() {
            if let Some((top, bottom)) = span {
                for y in *top..=*bottom {
                    self.set(x, y, index);
                }
            }
        }
    }
}

fn widen(range: &mut [Option<(usize, usize)>], x: usize, y: usize) {
    if let Some(span) = range.get_mut(x) {
        *span = Some(span.map_or((y, y), |(top, bottom)| (top.min(y), bottom.max(y))));
    }
}

/// Fills the columns between two points with the straight line.
fn join(range: &mut [Option<(usize, usize)>], from: (usize, usize), to: (usize, usize)) {
    let columns = to.0.saturating_sub(from.0);
    for step in 1..=columns {
        let share = |part: usize| {
            let y = from.1 as f64 + (to.1 as f64 - from.1 as f64) * part as f64 / columns as f64;
            y.round() as usize
        };
        widen(range, from.0 + step, share(step - 1));
        widen(range, from.0 + step, share(step));
    }
}

/// What lies across: its unit, and its end where that is known before it is reached.
#[derive(Debug, Clone, Copy)]
pub struct Across {
    pub unit: &'static str,
    pub end: Option<u32>,
    /// Values stand by their logarithms; what has none is a gap.
    pub log: bool,
}

/// Draws every member's line, a value axis on the left and the first and last step below.
pub fn draw(pen: &mut Pen<'_>, area: Rect, steps: &[u32], lines: &[Vec<f32>], over: Across) {
    if area.width < LABELS + LETTERS + 4 || area.height < 4 {
        return;
    }
    let logs: Vec<Vec<f32>>;
    let lines = if over.log {
        logs = lines.iter().map(|values| values.iter().map(|value| log(*value)).collect()).collect();
        &logs
    } else {
        lines
    };
    let plot = Rect::new(area.x + LABELS, area.y, area.width - LABELS - LETTERS, area.height - 2);
    let up = Scale::of(lines.iter().flatten().map(|value| f64::from(*value)));
    let first = steps.first().copied().unwrap_or(0);
    let last = over.end.or_else(|| steps.last().copied()).unwrap_or(1);
    let across = Scale::new(f64::from(first), f64::from(last.max(first + 1)));
    axes(pen, area, plot, (up, over.log), (over.unit, first, last));
    let fine = if pen.glyphs().ascii { (1, 1) } else { (2, 4) };
    let mut grid = Grid::new(usize::from(plot.width), usize::from(plot.height), fine);
    for (index, values) in lines.iter().enumerate() {
        grid.line(index, steps, values, across, up);
    }
    dots(pen, plot, &grid);
    letters(pen, plot, steps, lines, across, up);
}

/// Its logarithm; none of what is not above nought.
fn log(value: f32) -> f32 {
    if value > 0.0 { value.ln() } else { f32::NAN }
}

fn dots(pen: &mut Pen<'_>, plot: Rect, grid: &Grid) {
    for (at, (bits, line)) in grid.cells.iter().enumerate().filter(|(_, cell)| cell.0 != 0) {
        let (x, y) = (plot.x + (at % grid.columns) as u16, plot.y + (at / grid.columns) as u16);
        let style = pen.theme.series(*line);
        if pen.glyphs().ascii {
            pen.styled(x, y, 1, ".", style);
        } else if let Some(dot) = char::from_u32(0x2800 + u32::from(*bits)) {
            pen.styled(x, y, 1, dot.encode_utf8(&mut [0; 4]), style);
        }
    }
}

fn axes(pen: &mut Pen<'_>, area: Rect, plot: Rect, (up, log): (Scale, bool), steps: (&str, u32, u32)) {
    let glyphs = pen.glyphs();
    let left = plot.x - 1;
    for y in plot.top()..plot.bottom() {
        pen.text(left, y, 1, glyphs.plain.vertical, Role::Axis);
    }
    let rule = glyphs.plain.horizontal.repeat(usize::from(plot.width));
    let corner = if glyphs.ascii { "+" } else { "└" };
    pen.text(left, plot.bottom(), plot.width + 1, &format!("{corner}{rule}"), Role::Axis);
    let rows = plot.height;
    for (row, value) in [(0, up.high), (rows / 2, (up.high + up.low) / 2.0), (rows - 1, up.low)] {
        let label = number::plain(if log { value.exp() } else { value }, 4, glyphs);
        pen.right(left, plot.y + row, LABELS - 1, &label, Role::Dim);
        pen.text(left, plot.y + row, 1, glyphs.tick, Role::Axis);
    }
    let below = area.bottom() - 1;
    pen.text(plot.x, below, 12, &format!("{} {}", steps.0, number::count(steps.1 as usize)), Role::Dim);
    let end = number::count(steps.2 as usize);
    pen.right(plot.right(), below, 12, &end, Role::Dim);
}

/// Puts each member's letter behind the end of its line, beside another where two lines end in one row.
fn letters(pen: &mut Pen<'_>, plot: Rect, steps: &[u32], lines: &[Vec<f32>], across: Scale, up: Scale) {
    let mut used: Vec<(u16, u16)> = Vec::new();
    for (member, values) in lines.iter().enumerate().take(26) {
        let end = steps.iter().zip(values).rfind(|(_, value)| value.is_finite());
        let Some((step, value)) = end else { continue };
        let column = plot.x + across.clamped(f64::from(*step), usize::from(plot.width)) as u16;
        let row = plot.bottom() - 1 - up.clamped(f64::from(*value), usize::from(plot.height)) as u16;
        let mut x = column + 1;
        while used.contains(&(x, row)) {
            x += 1;
        }
        used.push((x, row));
        if x < plot.right() + LETTERS {
            let letter = spark::letter(member);
            pen.styled(x, row, 1, letter.encode_utf8(&mut [0; 4]), pen.theme.series(member));
        }
    }
}
