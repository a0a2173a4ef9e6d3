//! Answers as text and JSON: the headless twin of every screen.

mod grid;
mod json;
mod text;

pub use grid::{Align, Grid};
pub use json::{Envelope, Identity, to_json};
pub use text::{attributes, bias, compare, demo, ood, runs, score, validity, zero_shot};

/// Text from data or a person, safe for a terminal: control characters are dropped.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}
