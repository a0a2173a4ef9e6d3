//! Answers as text and JSON: the headless twin of every screen.

mod grid;
mod json;
mod text;

pub use grid::{Align, Grid};
pub use json::{Envelope, Identity, to_json};
pub use text::{attributes, bias, compare, demo, ood, runs, score, validity, zero_shot};

/// Text from data or a person, safe for a terminal: white space becomes blanks, control characters go.
#[must_use]
pub fn printable(text: &str) -> String {
    let blank = |character: char| if character.is_whitespace() { ' ' } else { character };
    text.chars().map(blank).filter(|character| !character.is_control() && !is_invisible(*character)).collect()
}

/// Characters without width that turn the direction of a line or hide in it.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
