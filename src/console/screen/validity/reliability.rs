//! The reliability diagram: P(worse) as it was said against how often it came true, on slices held out.

use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::scale::Scale;
use crate::diagnose::CalibrationTable;
use crate::stats::ReliabilityBin;
use ratatui::layout::Rect;

/// Draws the diagram, or why there is none.
pub fn draw(pen: &mut Pen<'_>, area: Rect, table: Option<&CalibrationTable>) {
    let note = table.map(|table| format!("{} slices", number::count(table.slices))).unwrap_or_default();
    let title = format!("Reliability {} does P(worse) mean what it says?", pen.glyphs().dot);
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    let words = match table {
        None => Some("looking at the calibration"),
        Some(table) if !table.calibrated => Some("too few slices: a fixed formula speaks, not calibrated here"),
        Some(table) if table.held_out.is_none() => Some("too few slices to hold half of them out"),
        Some(_) => None,
    };
    if let Some(words) = words {
        if inside.height > 0 {
            pen.centre(inside, inside.y + inside.height / 2, words, Role::Dim);
        }
        return;
    }
    let Some((table, found)) = table.and_then(|table| Some((table, table.held_out.as_ref()?))) else { return };
    pen.text(inside.x, inside.y, inside.width, "said      pairs   came true", Role::Dim);
    let cells = inside.width.saturating_sub(29);
    for (line, bin) in found.bins.iter().enumerate() {
        let y = inside.y + 1 + line as u16;
        if y < inside.bottom() {
            row(pen, inside, y, cells, bin);
        }
    }
    let mut y = inside.y + 2 + found.bins.len() as u16;
    for line in figures(table, pen.glyphs()) {
        for line in text::wrap(&line, usize::from(inside.width)) {
            if y < inside.bottom() {
                pen.text(inside.x, y, inside.width, &line, Role::Text);
            }
            y += 1;
        }
    }
}

/// One bin: what was said (`|`), and what came true with its interval.
fn row(pen: &mut Pen<'_>, area: Rect, y: u16, cells: u16, bin: &ReliabilityBin) {
    let glyphs = pen.glyphs();
    let words = format!(
        "{:<6}{:>9}   {:>5}",
        number::plain(bin.said, 2, glyphs),
        number::count(bin.n),
        number::plain(bin.came, 3, glyphs)
    );
    pen.text(area.x, y, 28, &words, Role::Text);
    if cells < 10 {
        return;
    }
    let scale = Scale::new(0.0, 1.0);
    let width = usize::from(cells);
    let at = |value: f64| scale.clamped(value, width);
    let mark = |cell: usize| {
        if cell == at(bin.came) {
            (glyphs.mean, Role::Lane)
        } else if cell == at(bin.said) {
            (glyphs.plain.vertical, Role::Accent)
        } else if (at(bin.interval.low)..=at(bin.interval.high)).contains(&cell) {
            (glyphs.plain.horizontal, Role::Lane)
        } else {
            (" ", Role::Dim)
        }
    };
    let marks: Vec<_> = (0..width).map(mark).collect();
    pen.marks(area.x + 28, y, &marks);
}

fn figures(table: &CalibrationTable, glyphs: &Glyphs) -> Vec<String> {
    let Some(found) = &table.held_out else { return Vec::new() };
    let plain = |value: f64, digits: usize| number::plain(value, digits, glyphs);
    let share = |value: f64| format!("{:.0} %", 100.0 * value);
    let weights: Vec<String> =
        table.weights.iter().map(|weight| format!("{} {}", weight.name, plain(weight.share, 2))).collect();
    let right = found.worse_right.map_or_else(|| "n/a".to_owned(), share);
    vec![
        format!(
            "{} halvings by attribute: calibration error {}, Brier {}, order right {}",
            found.folds.len(),
            plain(found.ece, 3),
            plain(found.brier, 3),
            share(found.order_right)
        ),
        format!("\"worse\" said of {} of pairs, right {right}", share(found.worse_share)),
        format!(
            "{} interval holds {} of slices; error {} (regressor alone {})",
            share(found.level),
            share(found.coverage),
            plain(found.mean_error, 3),
            plain(found.regressor_error, 3)
        ),
        format!("weights: {}", weights.join("  ")),
    ]
}
