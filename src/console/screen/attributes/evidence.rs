//! How far a measured gap can be trusted, in a line.

use crate::console::number;
use crate::console::paint::Pen;
use crate::console::theme::Role;
use crate::diagnose::{GapEvidence, Measured, Verdict};

/// `95 % −.0468 to −.0269`, or why there is no interval.
pub fn interval(pen: &Pen<'_>, evidence: &GapEvidence) -> String {
    match evidence.interval {
        Measured::Value(interval) => {
            let end = |value: f64| number::signed(value, 4, pen.glyphs());
            format!("95 % {} to {}", end(interval.low), end(interval.high))
        }
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

/// `resolved, q <.001`; without data enough, only that.
pub fn verdict(evidence: &GapEvidence) -> (String, Role) {
    let q = evidence.q.value().map(|q| format!(", q {}", number::probability(q))).unwrap_or_default();
    match evidence.verdict {
        Verdict::Resolved => (format!("{}{q}", evidence.verdict.words()), Role::Text),
        Verdict::NotResolved => (format!("{}{q}", evidence.verdict.words()), Role::Dim),
        Verdict::NotEnoughData => (evidence.verdict.words().to_owned(), Role::Warn),
    }
}
