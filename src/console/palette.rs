//! The command palette: every action by name, with its key and what the shell would say, and every thing by its name.

use super::app::App;
use super::fuzzy;
use super::keys::{EVERYWHERE, EXPORT, PALETTE};
use super::msg::{Action, Cmd, ExportForm, ScreenId};
use super::paint::{Pen, inset};
use super::screen::Effect;
use super::shell;
use super::text;
use super::theme::Role;
use super::widget::input;
use super::widget::table::Cursor;
use super::world::World;
use crate::engine::Command;
use ratatui::layout::Rect;
use tui_input::Input;

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it belongs and what it does: `train: describe a new run`.
    pub title: String,
    /// The key that does the same, from where the person is.
    pub key: String,
    pub actions: Vec<Action>,
    /// What it wants besides: where it goes to a thing.
    pub effect: Option<Effect>,
    /// The same from a shell, where there is such a command.
    pub shell: Option<String>,
}

/// The palette while it is open.
#[derive(Debug, Clone)]
pub struct State {
    pub input: Input,
    pub entries: Vec<Entry>,
    /// Positions of the entries that match, best first.
    pub found: Vec<usize>,
    pub cursor: Cursor,
}

/// Movements are done by their keys; a list of them would bury what is looked for.
fn is_movement(action: Action) -> bool {
    matches!(
        action,
        Action::Down | Action::Up | Action::First | Action::Last | Action::HalfDown | Action::HalfUp | Action::Palette
    )
}

impl State {
    /// Every command from where the person is: this screen's first.
    #[must_use]
    pub fn open(app: &App) -> Self {
        let here = app.world.screen;
        let mut screens = ScreenId::ALL;
        screens.sort_by_key(|screen| *screen != here);
        let keymap = &app.world.keymap;
        let mut entries = Vec::new();
        for screen in screens {
            let places = screen.contexts().iter().filter(|context| context.is_screen());
            for binding in places.flat_map(|context| keymap.of(*context)).filter(|one| !is_movement(one.action)) {
                let there = screen == here;
                let first = binding.keys.first().cloned().unwrap_or_default();
                let go = keymap.key_of(EVERYWHERE, Action::Screen(screen)).unwrap_or_default();
                entries.push(Entry {
                    title: format!("{}: {}", screen.name(), binding.help).to_lowercase(),
                    key: if there { first } else { format!("{go} {first}") },
                    actions: if there { vec![binding.action] } else { vec![Action::Screen(screen), binding.action] },
                    effect: None,
                    shell: shell::twin(app, screen, binding.action),
                });
            }
        }
        entries.extend(global(app));
        entries.extend(things(&app.world));
        let mut state = Self { input: Input::default(), entries, found: Vec::new(), cursor: Cursor::default() };
        state.search();
        state
    }

    /// The selected command.
    #[must_use]
    pub fn selected(&self) -> Option<&Entry> {
        self.found.get(self.cursor.selected).and_then(|&at| self.entries.get(at))
    }

    /// Finds what matches the words typed.
    pub fn search(&mut self) {
        self.found = fuzzy::ranked(self.input.value(), self.entries.iter().map(|entry| entry.title.as_str()));
        self.cursor = Cursor::default();
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        self.cursor.step(by, self.found.len());
    }

    /// Keeps the selection in sight.
    pub fn settle(&mut self, size: (u16, u16)) {
        let page = place(Rect::new(0, 0, size.0, size.1)).height.saturating_sub(7);
        self.cursor.settle(self.found.len(), usize::from(page));
    }
}

/// What is the same on every screen: screens, themes, forms of export.
fn global(app: &App) -> Vec<Entry> {
    let mut entries = Vec::new();
    for binding in app.world.keymap.of(EVERYWHERE).filter(|binding| !is_movement(binding.action)) {
        let title = match binding.action {
            Action::Screen(screen) => format!("go to: {}", screen.name()),
            _ => format!("everywhere: {}", binding.help),
        };
        entries.push(Entry {
            title: title.to_lowercase(),
            key: binding.keys.first().cloned().unwrap_or_default(),
            actions: vec![binding.action],
            effect: None,
            shell: shell::twin(app, app.world.screen, binding.action),
        });
    }
    for (at, name) in app.world.look.catalogue.names().enumerate() {
        let shell = Some(format!("llm2loss --theme {}", shell::quoted(name)));
        entries.push(Entry {
            title: format!("theme: {name}"),
            key: String::new(),
            actions: vec![Action::Theme(at)],
            effect: None,
            shell,
        });
    }
    for form in [ExportForm::Csv, ExportForm::Json, ExportForm::Markdown, ExportForm::Svg] {
        entries.push(Entry {
            title: format!("export: what is shown as {}", form.extension()),
            key: app
                .world
                .keymap
                .key_of(EXPORT, Action::ExportAs(form))
                .map(|key| format!("{} {key}", app.world.key(EVERYWHERE, Action::Export)))
                .unwrap_or_default(),
            actions: vec![Action::ExportAs(form)],
            effect: None,
            shell: shell::twin(app, app.world.screen, Action::ExportAs(form)),
        });
    }
    entries
}

/// What has a name: audits, models, attributes, runs.
fn things(world: &World) -> Vec<Entry> {
    let thing = |title: String, effect: Effect, shell: Option<String>| Entry {
        title: text::clean(&title).to_lowercase(),
        key: String::new(),
        actions: Vec::new(),
        effect: Some(effect),
        shell,
    };
    let here = world.audit.as_ref().map(|audit| audit.name.as_str());
    let audits = world.audits.iter().filter(|name| Some(name.as_str()) != here).map(|name| {
        let shell = format!("llm2loss --audit {}", shell::quoted(name));
        thing(format!("audit: {name}"), Effect::Do(Cmd::OpenAudit(name.clone())), Some(shell))
    });
    let models = world.models().iter().map(|model| {
        let shell = format!("llm2loss --model {}", shell::quoted(model));
        thing(format!("model: {model}"), Effect::OpenModel(model.clone()), Some(shell))
    });
    let attributes = world.audit.iter().flat_map(|audit| &audit.attributes);
    let attributes =
        attributes.map(|(name, _)| thing(format!("attribute: {name}"), Effect::ShowAttribute(name.clone()), None));
    let runs = world.runs.iter().map(|run| {
        let title = format!("run: {} of {}, {}", run.id.short(), run.model, run.summary());
        let shell = format!("llm2loss runs show {}", run.id);
        thing(title, Effect::Do(Cmd::Send(Command::OpenRun { run: run.id.clone() })), Some(shell))
    });
    audits.chain(models).chain(attributes).chain(runs).collect()
}

fn place(area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).min(84);
    let height = area.height.saturating_sub(4).min(19);
    Rect::new((area.width - width) / 2, 2.min(area.height - height), width, height)
}

/// Draws the palette over the screen.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, state: &State) {
    let place = place(area);
    pen.clear(place);
    let note = format!("{} of {}", state.found.len(), state.entries.len());
    let inside = inset(pen.panel(place, "Commands", &note, true), 1);
    if inside.height < 6 {
        return;
    }
    pen.text(inside.x, inside.y, 1, ":", Role::Accent);
    input::draw(pen, (inside.x + 2, inside.y), inside.width - 2, &state.input, true, &[]);
    let rule = pen.glyphs().plain.horizontal.repeat(usize::from(inside.width));
    pen.text(inside.x, inside.y + 1, inside.width, &rule, Role::Border);
    let list = Rect { y: inside.y + 2, height: inside.height - 5, ..inside };
    let seen = state.found.iter().enumerate().skip(state.cursor.offset).take(usize::from(list.height));
    for (line, (at, &entry)) in seen.enumerate() {
        let y = list.y + line as u16;
        let Some(entry) = state.entries.get(entry) else { continue };
        let key: Vec<&str> = entry.key.split(' ').map(|key| super::keys::shown(key, pen.glyphs().ascii)).collect();
        pen.text(list.x + 2, y, list.width.saturating_sub(12), &entry.title, Role::Text);
        pen.right(list.right() - 1, y, 10, &key.join(" "), Role::Accent);
        if at == state.cursor.selected {
            pen.text(list.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..list });
        }
    }
    if state.found.is_empty() {
        pen.centre(list, list.y + list.height / 2, "no command has these letters in this order", Role::Dim);
    }
    let y = inside.bottom() - 3;
    pen.text(inside.x, y, inside.width, &rule, Role::Border);
    let said = match state.selected().map(|entry| entry.shell.as_deref()) {
        Some(Some(shell)) => ("same as  ", shell),
        Some(None) => ("", "only in the console"),
        None => ("", ""),
    };
    let room = usize::from(inside.width).saturating_sub(said.0.len());
    let shown = text::fit(said.1, room, pen.glyphs().ellipsis);
    pen.pieces(inside.x, y + 1, inside.width, &[(said.0, Role::Dim), (&shown, Role::Text)]);
    let ascii = pen.glyphs().ascii;
    let hints = app.world.keymap.of(PALETTE).filter(|binding| !binding.hint.is_empty());
    let keys: Vec<_> =
        hints.filter_map(|binding| Some((binding, super::keys::shown(binding.keys.first()?, ascii)))).collect();
    let long: Vec<String> = keys.iter().map(|(binding, key)| format!("{key} {}", binding.help)).collect();
    let short: Vec<String> = keys.iter().map(|(binding, key)| format!("{key} {}", binding.hint)).collect();
    let long = long.join("   ");
    let words = if text::width(&long) <= usize::from(inside.width) { long } else { short.join("   ") };
    pen.text(inside.x, y + 2, inside.width, &words, Role::Dim);
}
