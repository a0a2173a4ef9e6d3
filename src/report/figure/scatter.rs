//! Predicted against measured gaps.

use super::canvas::{Canvas, Scale, short};
use crate::audit::HeadKind;
use crate::diagnose::AttributesTable;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
/// Attributes that are named: those furthest out.
const NAMED: usize = 10;

/// The regressor's gaps from words alone against measured loss gaps, each attribute under its own contrast.
#[must_use]
pub fn predicted_against_true(table: &AttributesTable) -> String {
    let points: Vec<(&str, f64, f64)> = (table.rows.iter())
        .filter_map(|row| {
            let predicted = row.predicted(HeadKind::Regressor, row.contrast)?.amount()?.mean;
            Some((row.name.as_str(), row.loss_gap.value()?, predicted))
        })
        .collect();
    let across = Scale::over(points.iter().map(|point| point.1), true, 60.0, WIDTH - 30.0);
    let along = Scale::over(points.iter().map(|point| point.2), true, HEIGHT - 48.0, 34.0);
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    canvas.across(&across, 34.0, HEIGHT - 48.0, "measured loss gap");
    canvas.along(&along, 60.0, WIDTH - 30.0, "predicted gap (regressor, mean of members)");
    let mut same = 0;
    for (name, measured, predicted) in &points {
        let agrees = measured * predicted > 0.0;
        same += usize::from(agrees);
        let at = (across.at(*measured), along.at(*predicted));
        let title = format!("{name}: measured {measured:+.3}, predicted {predicted:+.3}");
        if agrees { canvas.dot("dot", at, &title) } else { canvas.diamond("ring", at, &title) }
    }
    let mut far: Vec<usize> = (0..points.len()).collect();
    let distance = |at: usize| (across.at(points[at].1) - across.at(0.0)).hypot(along.at(points[at].2) - along.at(0.0));
    far.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
    // A name is written where no other one stands.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for &at in far.iter().take(NAMED) {
        let (name, x, y) = (points[at].0, across.at(points[at].1), along.at(points[at].2));
        if taken.iter().any(|(a, b)| (a - x).abs() < 120.0 && (b - y).abs() < 13.0) {
            continue;
        }
        taken.push((x, y));
        let right = x < WIDTH - 170.0;
        canvas.text(
            "name",
            if right { "start" } else { "end" },
            (if right { x + 8.0 } else { x - 8.0 }, y + 4.0),
            &short(name, 22),
        );
    }
    let description = format!(
        "{} attributes; the predicted gap has the sign of the measured one for {same} of them (filled dots); the others are hollow diamonds.",
        points.len()
    );
    canvas.finish("scatter", "Predicted against measured gap", &description)
}
