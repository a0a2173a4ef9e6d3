//! The one key table: what a key does, the hint bar, the help and `docs/keys.md` are all read from it.

use super::keys_table::TABLE;
use super::msg::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The Attributes screen.
    Attributes,
    /// The filter line of the Attributes screen.
    Filter,
    /// A prompt that is being typed.
    Typing,
    /// The Prompt screen while nobody types.
    Prompt,
    /// The Train screen.
    Train,
    /// The form of a new run.
    Form,
    /// The help overlay.
    Help,
    /// Every screen; letters only while nobody types.
    Everywhere,
}

impl Context {
    /// Every context, in the order of the documents.
    pub const ALL: [Self; 8] = [
        Self::Attributes,
        Self::Filter,
        Self::Typing,
        Self::Prompt,
        Self::Train,
        Self::Form,
        Self::Help,
        Self::Everywhere,
    ];

    /// The heading in the help and the documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Attributes => "Attributes",
            Self::Filter => "Attributes, filter",
            Self::Typing => "Prompt, typing",
            Self::Prompt => "Prompt, not typing",
            Self::Train => "Train",
            Self::Form => "Train, new run",
            Self::Help => "Help",
            Self::Everywhere => "Everywhere",
        }
    }

    /// Whether letters are text here.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Filter | Self::Typing | Self::Form)
    }
}

/// One line of the key table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub context: Context,
    /// Names as [`name`] gives them; the first is shown in the hint bar.
    pub keys: &'static [&'static str],
    pub action: Action,
    /// A word or two for the hint bar; empty for none.
    pub hint: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
}

/// The name of a key as the table writes it: `j`, `^d`, `Enter`, `Down`.
#[must_use]
pub fn name(key: KeyEvent) -> Option<String> {
    let plain = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::BackTab => return Some("BackTab".to_owned()),
        KeyCode::Up => "Up".to_owned(),
        KeyCode::Down => "Down".to_owned(),
        KeyCode::Left => "Left".to_owned(),
        KeyCode::Right => "Right".to_owned(),
        KeyCode::Home => "Home".to_owned(),
        KeyCode::End => "End".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        _ => return None,
    };
    if key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(format!("^{}", plain.to_lowercase()));
    }
    Some(plain)
}

/// What a key does in the first of some contexts that knows it.
#[must_use]
pub fn find(contexts: &[Context], key: &str) -> Option<Action> {
    let typing = contexts.iter().any(|context| context.takes_text());
    let letter = key.chars().count() == 1 || key == "Space";
    contexts.iter().find_map(|context| {
        if typing && letter && *context != Context::Form {
            return None;
        }
        TABLE
            .iter()
            .find(|binding| binding.context == *context && binding.keys.contains(&key))
            .map(|binding| binding.action)
    })
}

/// The bindings of a context, in order.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.context == context)
}

/// A key as it is shown: arrows as arrows where the alphabet has them.
#[must_use]
pub fn shown(key: &'static str, ascii: bool) -> &'static str {
    match (key, ascii) {
        ("Up", false) => "↑",
        ("Down", false) => "↓",
        ("Left", false) => "←",
        ("Right", false) => "→",
        ("BackTab", false) => "⇧Tab",
        (key, _) => key,
    }
}

/// The text of `docs/keys.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("# Keys\n\nWritten from the key table by `llm2loss keys`; `^x` is Ctrl and x.\n");
    for context in Context::ALL {
        text.push_str(&format!("\n## {}\n\n| key | what it does |\n|---|---|\n", context.name()));
        for binding in of(context) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!("| {} | {} |\n", keys.join(" "), binding.help));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for binding in TABLE {
            for key in binding.keys {
                assert!(seen.insert((binding.context, *key)), "{:?} {key}", binding.context);
            }
            assert!(!binding.help.is_empty());
        }
    }

    #[test]
    fn letters_are_text_while_somebody_types() {
        let typing = [Context::Typing, Context::Everywhere];
        assert_eq!(find(&typing, "q"), None);
        assert_eq!(find(&typing, "?"), None);
        assert_eq!(find(&typing, "^c"), Some(Action::Quit));
        assert_eq!(find(&[Context::Prompt, Context::Everywhere], "q"), Some(Action::Quit));
    }

    #[test]
    fn names_follow_the_table() {
        let key = |code, modifiers| name(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT).as_deref(), Some("G"));
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::CONTROL).as_deref(), Some("^d"));
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::ALT), None);
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("BackTab"));
    }
}
