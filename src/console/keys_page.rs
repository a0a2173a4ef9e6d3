//! The key table as a page: `docs/keys.md`, which `llm2loss keys` prints.

use super::keys::{Binding, Context, Keymap, action_name};

/// Keys, name and help of what moves through a list: the same in most places, so the page has them once.
const MOVES: [(&[&str], &str, &str); 6] = [
    (&["j", "Down"], "down", "next row"),
    (&["k", "Up"], "up", "row before"),
    (&["g", "Home"], "first", "first row"),
    (&["G", "End"], "last", "last row"),
    (&["^d", "PgDn"], "half-down", "half a page down"),
    (&["^u", "PgUp"], "half-up", "half a page up"),
];

/// The text of `docs/keys.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Keys\n\nWritten from the key table by `llm2loss keys`; `^x` is Ctrl and x. The last column is the name by which\n\
         `config.toml` gives an action other keys, in the section named above each list (see [config.md](config.md)).\n\n\
         ## Moves through a list\n\nThe keys of the moves that a section has:\n\n",
    );
    list(&mut text, MOVES.map(|(keys, action, help)| row(keys, help, action)));
    let is_move = |binding: &&Binding| {
        let name = action_name(binding.action);
        MOVES.iter().any(|(keys, action, _)| name == *action && binding.keys == *keys)
    };
    let keymap = Keymap::default();
    for context in Context::all() {
        let (moves, own): (Vec<&Binding>, Vec<&Binding>) = keymap.of(context).partition(is_move);
        text.push_str(&format!("\n## {}\n\n`[keys.{}]`", context.name, context.section));
        if moves.len() == MOVES.len() {
            text.push_str("; all moves");
        } else if !moves.is_empty() {
            let names: Vec<String> = moves.iter().map(|binding| format!("`{}`", action_name(binding.action))).collect();
            text.push_str(&format!("; moves: {}", names.join(", ")));
        }
        text.push_str("\n\n");
        list(&mut text, own.into_iter().map(|own| row(&own.keys, own.help, &action_name(own.action))));
    }
    text
}

/// Adds lines as they stand, so that their columns stay in line.
fn list(text: &mut String, lines: impl IntoIterator<Item = String>) {
    text.push_str("```text\n");
    text.extend(lines);
    text.push_str("```\n");
}

/// A line of a list of keys: keys, help and name in columns.
fn row(keys: &[impl AsRef<str>], help: &str, action: &str) -> String {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    format!("{:<12} {help:<59} {action}\n", keys.join(" "))
}
