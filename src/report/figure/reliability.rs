//! The reliability diagram: probabilities as said against how often they came true.

use super::canvas::{Canvas, Scale};
use crate::diagnose::Assessment;

const SIDE: f64 = 440.0;

/// A dot a bin with its 95 % interval, on slices held out; the diagonal is where probabilities mean what they say.
#[must_use]
pub fn reliability(found: &Assessment) -> String {
    let across = Scale::fixed(0.0, 1.0, 60.0, SIDE - 20.0);
    let along = Scale::fixed(0.0, 1.0, SIDE - 48.0, 20.0);
    let mut canvas = Canvas::new(SIDE, SIDE);
    canvas.across(&across, 20.0, SIDE - 48.0, "P(worse) as said");
    canvas.along(&along, 60.0, SIDE - 20.0, "share that came true");
    canvas.line("median", (across.at(0.0), along.at(0.0)), (across.at(1.0), along.at(1.0)));
    for bin in &found.bins {
        let x = across.at(bin.said);
        canvas.line("whisker", (x, along.at(bin.interval.low)), (x, along.at(bin.interval.high)));
        let title = format!("said {:.3}, came true {:.3} of {} pairs", bin.said, bin.came, bin.n);
        canvas.dot("dot", (x, along.at(bin.came)), &title);
    }
    let description = format!(
        "{} pairs of slices held out in {} halvings; expected calibration error {:.3}, Brier {:.3}.",
        found.pairs,
        found.folds.len(),
        found.ece,
        found.brier
    );
    canvas.finish("reliability", "Reliability of P(worse)", &description)
}
