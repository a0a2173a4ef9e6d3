//! Loss gaps before and after, a row an attribute.

use super::canvas::{Canvas, Scale, short};
use crate::diagnose::{ChangeVerdict, ModelComparison};
use crate::report::comparison::sorted_attributes;

const LEFT: f64 = 200.0;
const RIGHT: f64 = 90.0;
const WIDTH: f64 = 760.0;
const ROW: f64 = 18.0;
const TOP: f64 = 16.0;

/// A ring before, a dot after, a line between them; those that grew first.
#[must_use]
pub fn changed_gaps(found: &ModelComparison) -> String {
    let rows: Vec<_> = (sorted_attributes(found).into_iter())
        .filter_map(|row| Some((row, row.loss_gap.before.value()?, row.loss_gap.after.value()?)))
        .collect();
    let height = TOP + ROW * rows.len() as f64 + 48.0;
    let scale = Scale::over(rows.iter().flat_map(|row| [row.1, row.2]), true, LEFT, WIDTH - RIGHT);
    let mut canvas = Canvas::new(WIDTH, height);
    canvas.across(&scale, TOP - 6.0, height - 48.0, "loss gap: ring before, dot after");
    for (index, (row, before, after)) in rows.iter().enumerate() {
        let y = TOP + ROW * (index as f64 + 0.5);
        canvas.text("name", "end", (LEFT - 10.0, y + 4.0), &short(&row.name, 28));
        canvas.line("whisker", (scale.at(*before), y), (scale.at(*after), y));
        let title =
            format!("{}: {before:+.3} before, {after:+.3} after, {}", row.name, row.loss_gap.verdict.gap_words());
        canvas.dot("ring", (scale.at(*before), y), &title);
        canvas.dot("dot", (scale.at(*after), y), &title);
        let word = match row.loss_gap.verdict {
            ChangeVerdict::NoDifference => "–",
            ChangeVerdict::NotEnoughData => "few data",
            moved => moved.gap_words(),
        };
        canvas.text("name", "start", (WIDTH - RIGHT + 12.0, y + 4.0), word);
    }
    let named = |verdict| {
        let names: Vec<&str> =
            rows.iter().filter(|row| row.0.loss_gap.verdict == verdict).map(|row| row.0.name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let description = format!("Wider: {}. Narrower: {}.", named(ChangeVerdict::Worse), named(ChangeVerdict::Better));
    canvas.finish("changes", &format!("Loss gaps under {} and {}", found.before, found.after), &description)
}
