//! Attribute gaps with their intervals: a dot and whiskers a row.

use super::canvas::{Canvas, Scale, short};
use crate::diagnose::{AttributesTable, Verdict, grouped};

const LEFT: f64 = 200.0;
const RIGHT: f64 = 40.0;
const WIDTH: f64 = 760.0;
const ROW: f64 = 18.0;
const TOP: f64 = 16.0;

/// Measured loss gaps, largest first.
#[must_use]
pub fn attribute_gaps(table: &AttributesTable) -> String {
    let mut rows: Vec<_> = table.rows.iter().filter_map(|row| Some((row, row.loss_gap.value()?))).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let height = TOP + ROW * rows.len() as f64 + 48.0;
    let bottom = height - 48.0;
    let ends = rows.iter().flat_map(|(row, gap)| {
        let interval = row.loss_evidence.interval.value();
        [Some(*gap), interval.map(|interval| interval.low), interval.map(|interval| interval.high)]
            .into_iter()
            .flatten()
    });
    let scale = Scale::over(ends, true, LEFT, WIDTH - RIGHT);
    let mut canvas = Canvas::new(WIDTH, height);
    canvas.across(&scale, TOP - 6.0, bottom, "mean loss with the attribute minus mean loss without, 95 % interval");
    for (index, (row, gap)) in rows.iter().enumerate() {
        let y = TOP + ROW * (index as f64 + 0.5);
        canvas.text("name", "end", (LEFT - 10.0, y + 4.0), &short(&row.name, 28));
        if let Some(interval) = row.loss_evidence.interval.value() {
            canvas.line("whisker", (scale.at(interval.low), y), (scale.at(interval.high), y));
        }
        let resolved = row.loss_evidence.verdict == Verdict::Resolved;
        let title = format!("{}: {gap:+.3}, n = {}, {}", row.name, row.n_true, row.loss_evidence.verdict.words());
        canvas.dot(if resolved { "dot" } else { "ring" }, (scale.at(*gap), y), &title);
    }
    let resolved = rows.iter().filter(|(row, _)| row.loss_evidence.verdict == Verdict::Resolved).count();
    let ends = rows.first().zip(rows.last()).map_or_else(String::new, |(first, last)| {
        format!(
            " The largest is {:+.3} for {}, the smallest {:+.3} for {}.",
            first.1, first.0.name, last.1, last.0.name
        )
    });
    let description = format!(
        "Loss gaps of {} attributes over {} test items; {resolved} are resolved (filled dots), the others are rings.{ends} All numbers are in Table 5.",
        rows.len(),
        grouped(table.n)
    );
    canvas.finish("gaps", "Loss gap of each attribute with its 95 % interval", &description)
}
