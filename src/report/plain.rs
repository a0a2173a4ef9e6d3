//! Text and JSON whose every character can be seen, and whose lines are nobody's commands.

use crate::audit::is_hidden;
use serde::Serialize;
use std::borrow::Cow;

/// Text from data or a person, safe for a terminal: white space becomes blanks, control characters go, and so do
/// those that turn the direction of a line or hide in it.
#[must_use]
pub fn printable(text: &str) -> String {
    let blank = |character: char| if character.is_whitespace() { ' ' } else { character };
    text.chars().map(blank).filter(|character| !is_hidden(*character)).collect()
}

/// A word as a POSIX shell reads it back unchanged, but for what cannot be seen.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let word = printable(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// JSON on indented lines that end with a line break; what cannot be seen is written as `\u009b`.
///
/// # Errors
/// If a value cannot stand in JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(&serde_json::to_string_pretty(value)?) + "\n")
}

/// The same on one line, without a line break at its end.
///
/// # Errors
/// If a value cannot stand in JSON.
pub fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(&serde_json::to_string(value)?))
}

/// Outside of strings JSON has no such characters but the line breaks between its parts.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) && character != '\n' {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Text for a log: GitHub takes a line that begins with `::`, and `##[` anywhere, for a command of its own.
#[must_use]
pub fn tame(text: &str) -> Cow<'_, str> {
    let commands = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    if !text.split(['\n', '\r']).any(commands) {
        return Cow::Borrowed(text);
    }
    let tamed = text.split_inclusive(['\n', '\r']).map(|line| {
        let line = line.replace("##[", "# #[");
        if line.trim_start().starts_with("::") { line.replacen("::", ": :", 1) } else { line }
    });
    Cow::Owned(tamed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_what_it_was_and_hides_nothing() {
        let text = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{2066}\u{61c}\u{e0041}\u{2028}é界\n\t\"\\";
        let written = json(&vec![text]).unwrap();
        assert!(written.chars().all(|character| character == '\n' || !is_hidden(character)), "{written}");
        assert!(written.contains("\\u009b31m") && written.contains("\\udb40\\udc41") && written.contains("é界"));
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json_line(&[text]).unwrap()).unwrap(), [text]);
    }

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(tame("a::b\nc\n"), "a::b\nc\n");
        assert_eq!(tame("a\n  ::error::x\r::set ::y\n"), "a\n  : :error::x\r: :set ::y\n");
        assert_eq!(tame("x ##[error]y"), "x # #[error]y");
        assert_eq!(printable("a\u{9b}\u{e0041}\u{2028}b\u{fff9}"), "a b");
    }
}
