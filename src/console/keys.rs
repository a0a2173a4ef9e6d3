//! The one key table: what a key does, the hint bar, the help, the palette and `docs/keys.md` are all read from it.

use super::keys_table::{OVERLAYS, SHARED};
use super::msg::Action;
use super::screen::{ScreenId, TABS};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::BTreeMap;

/// What letters mean in a place, and whether it lies over a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// Keys of a screen.
    Screen,
    /// Keys of another view of a screen.
    View,
    /// A line is typed: letters are text.
    Line,
    /// Fields are typed: letters are text but for those that are bound.
    Form,
    /// Keys of what lies over a screen.
    Overlay,
    /// A line is typed that lies over a screen.
    OverlayLine,
    /// Every screen; letters only while nobody types.
    Everywhere,
}

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context {
    /// The name of its section in the configuration: `[keys.typing]`.
    pub section: &'static str,
    /// The heading in the help and the documents.
    pub name: &'static str,
    kind: Kind,
}

impl Context {
    /// A screen while nobody types there; each has one.
    #[must_use]
    pub const fn screen(section: &'static str, name: &'static str) -> Self {
        Self { section, name, kind: Kind::Screen }
    }

    /// Another view of a screen, where nobody types.
    #[must_use]
    pub const fn view(section: &'static str, name: &'static str) -> Self {
        Self { section, name, kind: Kind::View }
    }

    /// A line of a screen that is being typed.
    #[must_use]
    pub const fn line(section: &'static str, name: &'static str) -> Self {
        Self { section, name, kind: Kind::Line }
    }

    /// A form of a screen.
    #[must_use]
    pub const fn form(section: &'static str, name: &'static str) -> Self {
        Self { section, name, kind: Kind::Form }
    }

    /// Every context, in the order of the documents.
    pub fn all() -> impl Iterator<Item = Self> {
        let screens = ScreenId::ALL.into_iter().flat_map(|screen| screen.contexts().iter().copied());
        screens.chain([PALETTE, EXPORT, HELP, EVERYWHERE])
    }

    /// Whether letters are text here.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self.kind, Kind::Line | Kind::Form | Kind::OverlayLine)
    }

    /// Whether it lies over a screen, so that the keys of everywhere do not reach through it.
    #[must_use]
    pub fn is_overlay(self) -> bool {
        matches!(self.kind, Kind::Overlay | Kind::OverlayLine)
    }

    /// Whether it is a screen while nobody types there.
    #[must_use]
    pub fn is_screen(self) -> bool {
        self.kind == Kind::Screen
    }
}

/// The command palette.
pub const PALETTE: Context = Context { section: "palette", name: "Command palette", kind: Kind::OverlayLine };
/// The choice of a form to export in.
pub const EXPORT: Context = Context { section: "export", name: "Export", kind: Kind::Overlay };
/// The help.
pub const HELP: Context = Context { section: "help", name: "Help", kind: Kind::Overlay };
/// Every screen; letters only while nobody types.
pub const EVERYWHERE: Context = Context { section: "everywhere", name: "Everywhere", kind: Kind::Everywhere };

/// One line of the key table as it is written down.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub context: Context,
    /// Names as [`name`] gives them; the first is shown in the hint bar.
    pub keys: &'static [&'static str],
    pub action: Action,
    /// A word or two for the hint bar; empty for none.
    pub hint: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
}

/// A line of the key table: keys, an action, a word for the hint bar, a sentence for the help.
#[must_use]
pub const fn bind(
    context: Context,
    keys: &'static [&'static str],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Row {
    Row { context, keys, action, hint, help }
}

/// The key table as it is written down: what lies over screens and everywhere comes after the screens' own.
fn table() -> impl Iterator<Item = &'static Row> {
    ScreenId::ALL.into_iter().flat_map(ScreenId::keys).chain(OVERLAYS).chain(TABS).chain(SHARED)
}

/// One line of the key table as a person may have changed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub context: Context,
    pub keys: Vec<String>,
    pub action: Action,
    pub hint: &'static str,
    pub help: &'static str,
}

/// Keys by action by section, as the configuration gives them.
pub type Rebindings = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// The key table in use.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bind = |row: &Row| Binding {
            context: row.context,
            keys: row.keys.iter().map(|key| (*key).to_owned()).collect(),
            action: row.action,
            hint: row.hint,
            help: row.help,
        };
        Self { bindings: table().map(bind).collect() }
    }
}

impl Keymap {
    /// The table with a person's own keys in place of the ones they name.
    ///
    /// # Errors
    /// A sentence: no such section, action or key, or one key that means two things, both named.
    pub fn with(given: &Rebindings) -> Result<Self, String> {
        let mut keymap = Self::default();
        for (section, actions) in given {
            let context = Context::all().find(|context| context.section == *section).ok_or_else(|| {
                let known: Vec<&str> = Context::all().map(|context| context.section).collect();
                format!("there is no section [keys.{section}]; known sections: {}", known.join(", "))
            })?;
            for (action, keys) in actions {
                if let Some(bad) = keys.iter().find(|key| !is_key(key)) {
                    return Err(format!("[keys.{section}] {action}: '{bad}' is no key; write j, G, ^d, Enter, F2"));
                }
                let named =
                    |binding: &&mut Binding| binding.context == context && action_name(binding.action) == *action;
                let Some(binding) = keymap.bindings.iter_mut().find(named) else {
                    let known: Vec<String> = keymap.of(context).map(|binding| action_name(binding.action)).collect();
                    return Err(format!("[keys.{section}] has no action '{action}'; it has: {}", known.join(", ")));
                };
                binding.keys.clone_from(keys);
            }
        }
        match keymap.clash() {
            Some(words) => Err(words),
            None => Ok(keymap),
        }
    }

    /// The first key that means two things in one place, in words. A screen's own key goes before one of everywhere
    /// only where the table itself says so.
    fn clash(&self) -> Option<String> {
        for (at, binding) in self.bindings.iter().enumerate() {
            for other in &self.bindings[..at] {
                let meet = meets(other.context, binding.context);
                if let Some(key) = binding.keys.iter().find(|key| meet && other.keys.contains(key)) {
                    // Whose keys are the table's own is the one that a person has not chosen.
                    let moved = if self.is_given(binding) { other } else { binding };
                    let free = self.free_key(moved.context);
                    return Some(format!(
                        "key '{key}' means two things: {} in [keys.{}] ({}) and {} in [keys.{}] ({}); give the other one a key of its own: {} = [\"{free}\"] below [keys.{}]",
                        action_name(other.action),
                        other.context.section,
                        other.help,
                        action_name(binding.action),
                        binding.context.section,
                        binding.help,
                        action_name(moved.action),
                        moved.context.section,
                    ));
                }
            }
        }
        None
    }

    /// Whether a person chose the keys of a binding.
    fn is_given(&self, binding: &Binding) -> bool {
        !table().any(|row| row.context == binding.context && row.action == binding.action && binding.keys == row.keys)
    }

    /// A key that means nothing in a context, nor where its keys reach.
    fn free_key(&self, context: Context) -> String {
        let near = self.bindings.iter().filter(|binding| meets(binding.context, context));
        let taken: Vec<&String> = near.flat_map(|binding| &binding.keys).collect();
        let letters = ('a'..='z').chain('A'..='Z').map(String::from);
        let keys = letters.chain((2..=24).map(|number| format!("F{number}")));
        keys.into_iter().find(|key| !taken.contains(&key)).unwrap_or_default()
    }

    /// What a key does in the first of some contexts that knows it.
    #[must_use]
    pub fn find(&self, contexts: &[Context], key: &str) -> Option<Action> {
        let typing = contexts.iter().any(|context| context.takes_text());
        let letter = key.chars().count() == 1 || key == "Space";
        contexts.iter().find_map(|context| {
            if typing && letter && context.kind != Kind::Form {
                return None;
            }
            let holds = |binding: &&Binding| binding.context == *context && binding.keys.iter().any(|own| own == key);
            self.bindings.iter().find(holds).map(|binding| binding.action)
        })
    }

    /// The bindings of a context, in order.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.context == context)
    }

    /// The first key of an action in a context, or everywhere.
    #[must_use]
    pub fn key_of(&self, context: Context, action: Action) -> Option<&str> {
        let own = self.of(context).chain(self.of(EVERYWHERE));
        own.filter(|binding| binding.action == action).find_map(|binding| binding.keys.first()).map(String::as_str)
    }
}

/// Whether a key of one place is also looked for in the other.
fn meets(a: Context, b: Context) -> bool {
    let reaches = |a: Context, b: Context| b == EVERYWHERE && !a.is_overlay() && !a.takes_text();
    a == b || reaches(a, b) || reaches(b, a)
}

/// The name of an action in the configuration: `open-pair`, `screen-train`.
#[must_use]
pub fn action_name(action: Action) -> String {
    if let Action::Own(name) = action {
        return name.to_owned();
    }
    let mut name = String::new();
    for letter in format!("{action:?}").chars() {
        match letter {
            '(' | ')' => {}
            letter if letter.is_ascii_uppercase() => {
                if !name.is_empty() {
                    name.push('-');
                }
                name.push(letter.to_ascii_lowercase());
            }
            letter => name.push(letter),
        }
    }
    name
}

/// Whether [`name`] can give this name.
fn is_key(key: &str) -> bool {
    const NAMED: [&str; 14] =
        ["Space", "Enter", "Esc", "Tab", "BackTab", "Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn", "F1"];
    let one = |text: &str| text.chars().count() == 1 && !text.contains(|c: char| c.is_control() || c == ' ');
    let function = key.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=24).contains(&n));
    let control = key.strip_prefix('^').is_some_and(|rest| one(rest) && !rest.contains(char::is_uppercase));
    one(key) || control || function || NAMED.contains(&key)
}

/// The keys that a terminal sent: where the lines are slow, Esc and a letter arrive together and look like Alt and the
/// letter, which nothing here is bound to.
#[must_use]
pub fn apart(key: KeyEvent) -> Vec<KeyEvent> {
    if !key.modifiers.contains(KeyModifiers::ALT) || !matches!(key.code, KeyCode::Char(_)) {
        return vec![key];
    }
    let after = KeyEvent { modifiers: key.modifiers.difference(KeyModifiers::ALT), ..key };
    vec![KeyEvent { code: KeyCode::Esc, modifiers: KeyModifiers::NONE, ..key }, after]
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

/// A key as it is shown: arrows as arrows where the alphabet has them.
#[must_use]
pub fn shown(key: &str, ascii: bool) -> &str {
    match (key, ascii) {
        ("Up", false) => "↑",
        ("Down", false) => "↓",
        ("Left", false) => "←",
        ("Right", false) => "→",
        ("BackTab", false) => "⇧Tab",
        (key, _) => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::screen::{attributes, prompt};

    fn rebound(section: &str, action: &str, keys: &[&str]) -> Result<Keymap, String> {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let actions = BTreeMap::from([(action.to_owned(), keys)]);
        Keymap::with(&BTreeMap::from([(section.to_owned(), actions)]))
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        assert_eq!(Keymap::default().clash(), None);
        assert!(table().all(|row| !row.help.is_empty() && row.keys.iter().all(|key| is_key(key))));
        assert_eq!(Keymap::with(&Rebindings::new()), Ok(Keymap::default()));
    }

    #[test]
    fn a_person_may_choose_other_keys() {
        let keymap = rebound("attributes", "next-sort", &["O", "F5"]).unwrap();
        let here = [attributes::HERE, EVERYWHERE];
        assert_eq!(keymap.find(&here, "O"), Some(Action::NextSort));
        assert_eq!(keymap.find(&here, "s"), None);
        assert_eq!(keymap.key_of(attributes::HERE, Action::NextSort), Some("O"));
    }

    #[test]
    fn a_clash_names_both_and_a_mistake_names_what_is_known() {
        let said = rebound("train", "next-head", &["x"]).unwrap_err();
        assert!(said.contains("'x'") && said.contains("next-head") && said.contains("cancel-running"), "{said}");
        // A key that a newer version has taken: the line that mends it is told, and does.
        let said = rebound("attributes", "next-sort", &["o"]).unwrap_err();
        let (_, line) = said.split_once("a key of its own: ").unwrap();
        let (line, section) = line.split_once(" below ").unwrap();
        assert!(line.starts_with("evidence = ") && section == "[keys.attributes]", "{said}");
        let free = line.split('"').nth(1).unwrap().to_owned();
        let keys = [("next-sort", "o"), ("evidence", free.as_str())];
        let actions = keys.map(|(action, key)| (action.to_owned(), vec![key.to_owned()]));
        let mended = Keymap::with(&BTreeMap::from([("attributes".to_owned(), BTreeMap::from(actions))])).unwrap();
        let here = [attributes::HERE, EVERYWHERE];
        assert_eq!(mended.find(&here, "o"), Some(Action::NextSort));
        assert_eq!(mended.find(&here, &free), Some(crate::console::drawer::DRAWER));
        let said = rebound("attributes", "next-sort", &["q"]).unwrap_err();
        assert!(said.contains("next-sort") && said.contains("quit in [keys.everywhere]"), "{said}");
        assert!(rebound("atributes", "next-sort", &["o"]).unwrap_err().contains(", attributes, "));
        assert!(rebound("train", "sort", &["o"]).unwrap_err().contains("has no action 'sort'"));
        assert!(rebound("train", "next-head", &["ctrl-x"]).unwrap_err().contains("'ctrl-x' is no key"));
    }

    #[test]
    fn actions_have_names_that_can_be_typed() {
        assert_eq!(action_name(Action::Screen(ScreenId::Train)), "screen-train");
        assert_eq!(action_name(Action::OpenPair), "open-pair");
        for context in Context::all() {
            let names: Vec<String> = Keymap::default().of(context).map(|binding| action_name(binding.action)).collect();
            let mut once = names.clone();
            once.sort();
            once.dedup();
            assert_eq!(names.len(), once.len(), "an action stands twice in {}", context.name);
        }
    }

    #[test]
    fn letters_are_text_while_somebody_types() {
        let keymap = Keymap::default();
        let typing = [prompt::TYPING, EVERYWHERE];
        assert_eq!(keymap.find(&typing, "q"), None);
        assert_eq!(keymap.find(&typing, "?"), None);
        assert_eq!(keymap.find(&typing, "^c"), Some(Action::Quit));
        assert_eq!(keymap.find(&[prompt::HERE, EVERYWHERE], "q"), Some(Action::Quit));
    }

    #[test]
    fn escape_and_a_letter_in_one_packet_are_two_keys() {
        let names = |code, modifiers| -> Vec<Option<String>> {
            apart(KeyEvent::new(code, modifiers)).into_iter().map(name).collect()
        };
        let some = |key: &str| Some(key.to_owned());
        assert_eq!(names(KeyCode::Char('3'), KeyModifiers::ALT), [some("Esc"), some("3")]);
        assert_eq!(names(KeyCode::Char('G'), KeyModifiers::ALT | KeyModifiers::SHIFT), [some("Esc"), some("G")]);
        assert_eq!(names(KeyCode::Char('j'), KeyModifiers::NONE), [some("j")]);
        assert_eq!(names(KeyCode::Left, KeyModifiers::ALT), [None]);
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
