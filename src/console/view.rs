//! Draws a whole frame: the two lines above, a screen, the line below, and what lies on top.

use super::app::{App, Dialog};
use super::glyph::Glyphs;
use super::graphics::Placed;
use super::jobs::Job;
use super::keys::{self, EVERYWHERE};
use super::msg::{Action, ScreenId};
use super::number;
use super::paint::{Pen, inset};
use super::palette;
use super::screen::help;
use super::text;
use super::theme::{Role, Theme};
use crate::engine::Stage;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The least size at which screens are drawn.
pub const LEAST: (u16, u16) = (60, 16);

/// The part of the terminal that belongs to a screen.
#[must_use]
pub fn body(size: (u16, u16)) -> Rect {
    Rect::new(0, 2.min(size.1), size.0, size.1.saturating_sub(3))
}

/// A frame.
#[derive(Debug)]
pub struct Drawn {
    pub buffer: Buffer,
    /// Where the terminal's cursor is, where somebody types.
    pub cursor: Option<Position>,
    /// Images as pixels; nothing lies on top of them.
    pub images: Vec<Placed>,
}

/// Whether a terminal is large enough for anything to be seen.
#[must_use]
pub fn is_seen((width, height): (u16, u16)) -> bool {
    width >= LEAST.0 && height >= LEAST.1
}

/// Draws a frame.
#[must_use]
pub fn draw(app: &App, width: u16, height: u16, theme: &Theme) -> Drawn {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    buffer.set_style(area, theme.style(Role::Text));
    let mut pen = Pen::new(&mut buffer, theme);
    if !is_seen((width, height)) {
        let needed = format!("needs {}x{}", LEAST.0, LEAST.1);
        let both = format!("{needed}, now {width}x{height}");
        // Where both do not fit, what is needed is the news.
        let words = if both.len() <= usize::from(width) { both } else { needed };
        pen.centre(area, height / 2, &words, Role::Dim);
        return Drawn { buffer, cursor: None, images: Vec::new() };
    }
    top(app, &mut pen, area);
    tabs(app, &mut pen, area);
    let body = body((width, height));
    app.screen().draw(&app.world, &mut pen, body);
    bottom(app, &mut pen, area);
    if let Some(offset) = app.help {
        pen.cursor = None;
        help::draw(app, &mut pen, area, offset);
    }
    if let Some(state) = &app.palette {
        pen.cursor = None;
        palette::draw(app, &mut pen, area, state);
    }
    if let Some(said) = &app.dialog {
        pen.cursor = None;
        dialog(&mut pen, area, said);
    }
    let is_covered = app.help.is_some() || app.palette.is_some() || app.dialog.is_some();
    let (cursor, mut images) = (pen.cursor, pen.images);
    if is_covered {
        images.clear();
    }
    Drawn { buffer, cursor, images }
}

/// Program, audit, model, run, encoder, device; what runs on the right.
fn top(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let glyphs = pen.glyphs();
    let (state, role) = state(app, pen);
    let start = pen.right(area.right() - 1, 0, area.width / 2, &state, role);
    let x = pen.text(1, 0, 9, "llm2loss", Role::Title);
    let mut parts: Vec<String> = Vec::new();
    if let Some(audit) = &app.world.audit {
        let reads_only = if audit.reads_only { ", read only" } else { "" };
        parts.push(format!("{}{reads_only}", audit.name));
        parts.extend(app.world.model().map(str::to_owned));
        parts.extend(app.world.shown.as_ref().map(|shown| format!("run {}", shown.record.id.short())));
        parts.push(audit.encoder.clone());
        parts.push(audit.device.clone());
    }
    // Whole parts give way from the right, so no name is cut while another is complete.
    let room = start.saturating_sub(x + 4);
    let glue = format!(" {} ", glyphs.dot);
    while parts.len() > 1 && text::width(&parts.join(&glue)) > usize::from(room) {
        parts.pop();
    }
    pen.text(x + 2, 0, room, &parts.join(&glue), Role::Dim);
}

/// The state of the engine in a few words.
fn state(app: &App, pen: &Pen<'_>) -> (String, Role) {
    let glyphs = pen.glyphs();
    if app.frozen.is_some() {
        let key = reachable_key(app, Action::Freeze, glyphs.ascii);
        let words = key.map_or_else(|| "frozen".to_owned(), |key| format!("frozen, {key} goes on"));
        return (format!("{} {words}", glyphs.care), Role::Warn);
    }
    if let Some(job) = app.world.jobs.running() {
        let waiting = match app.world.jobs.queued().count() {
            0 => String::new(),
            n => format!("  {n} waiting"),
        };
        return (format!("{} {}{waiting}", glyphs.running, stage(job)), Role::Accent);
    }
    if app.world.audit.is_none() {
        return (format!("{} opening", glyphs.running), Role::Accent);
    }
    if app.world.opening.is_some() {
        return (format!("{} opening", glyphs.running), Role::Accent);
    }
    if let Some(newer) = &app.world.newer {
        let key = app.world.key(EVERYWHERE, Action::NewestRun);
        return (format!("{} {key} shows run {}", glyphs.idle, newer.id.short()), Role::Accent);
    }
    match app.world.jobs.kept() {
        0 => (format!("{} idle", glyphs.idle), Role::Dim),
        n => (format!("{} idle  {n} kept", glyphs.idle), Role::Dim),
    }
}

fn stage(job: &Job) -> String {
    if job.cancelling {
        return "stopping".into();
    }
    let Some(progress) = &job.progress else { return "starting".into() };
    let share = number::percent(progress.done, progress.total);
    match progress.stage {
        Stage::Training | Stage::Embedding | Stage::Fragments => {
            let left = progress.eta.map(|eta| format!("  ETA {}", number::duration(eta)));
            format!("{} {share} %{}", progress.stage.name(), left.unwrap_or_default())
        }
        stage => stage.name().into(),
    }
}

/// How much the tabs say: everything, without air, or only the name of the open one.
#[derive(Clone, Copy)]
enum Tabs {
    Wide,
    Close,
    Open,
}

/// Every tab with the column it begins at.
fn tab_words(app: &App, tabs: Tabs) -> Vec<(ScreenId, u16, String)> {
    let mut x = 1;
    let mut words = Vec::new();
    for screen in ScreenId::ALL {
        let name = format!("{} {}", screen.number(), screen.name());
        let shown = match (screen == app.world.screen, tabs) {
            (true, _) => format!("[{name}]"),
            (false, Tabs::Wide) => format!(" {name} "),
            (false, Tabs::Close) => name,
            (false, Tabs::Open) => screen.number().to_owned(),
        };
        let cells = text::width(&shown) as u16;
        words.push((screen, x, shown));
        x += cells + 1;
    }
    words
}

/// The form of the tabs that leaves room for what stands on their right, if any does.
fn tabs_of(app: &App, width: u16, about: usize) -> Tabs {
    let needs =
        |tabs: Tabs| tab_words(app, tabs).last().map_or(0, |(_, x, words)| usize::from(*x) + text::width(words));
    let room = usize::from(width);
    let both = about + 3;
    match () {
        () if needs(Tabs::Wide) + both <= room => Tabs::Wide,
        () if needs(Tabs::Close) + both <= room => Tabs::Close,
        () if needs(Tabs::Close) < room && width >= 76 => Tabs::Close,
        () => Tabs::Open,
    }
}

/// The screen whose tab is at a column.
#[must_use]
pub fn tab_at(app: &App, column: u16) -> Option<ScreenId> {
    let glyphs = app.world.look.resolve().glyphs;
    let tabs = tabs_of(app, app.world.size.0, text::width(&about(app, glyphs)));
    let holds = |(_, x, words): &&(ScreenId, u16, String)| (*x..*x + text::width(words) as u16).contains(&column);
    tab_words(app, tabs).iter().find(holds).map(|(screen, _, _)| *screen)
}

/// The names of the screens; on the right what this one shows.
fn tabs(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let words = about(app, pen.glyphs());
    let mut end = 1;
    for (screen, x, shown) in tab_words(app, tabs_of(app, area.width, text::width(&words))) {
        end = pen.text(x, 1, 20, &shown, if screen == app.world.screen { Role::Focus } else { Role::Dim });
    }
    let room = area.right().saturating_sub(end + 2);
    if text::width(&words) <= usize::from(room) {
        pen.right(area.right() - 1, 1, room, &words, Role::Dim);
    }
}

/// Something that went wrong, in the middle of the screen.
fn dialog(pen: &mut Pen<'_>, area: Rect, said: &Dialog) {
    let width = area.width.saturating_sub(4).min(72);
    let room = usize::from(width.saturating_sub(4));
    let message = text::wrap(&text::clean(&said.message), room);
    let advice = text::wrap(&said.advice, room);
    let height = (message.len() + advice.len() + 3) as u16;
    let height = height.min(area.height.saturating_sub(2));
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    pen.clear(place);
    let title = format!("{} {}", pen.glyphs().care, said.title);
    let inside = inset(pen.panel(place, &title, "", true), 1);
    let rest = usize::from(inside.height).saturating_sub(advice.len() + 1);
    let lines = message.iter().take(rest.max(1)).map(|line| (line.as_str(), Role::Text));
    let lines =
        lines.chain(std::iter::once(("", Role::Dim))).chain(advice.iter().map(|line| (line.as_str(), Role::Dim)));
    for (row, (line, role)) in lines.take(usize::from(inside.height)).enumerate() {
        pen.text(inside.x, inside.y + row as u16, inside.width, line, role);
    }
}

fn about(app: &App, glyphs: &Glyphs) -> String {
    app.screen().about(&app.world, glyphs)
}

/// The key of an action of everywhere that works in this place: where somebody types, letters are text.
fn reachable_key(app: &App, action: Action, ascii: bool) -> Option<String> {
    let keys = app.world.keymap.of(EVERYWHERE).find(|binding| binding.action == action)?;
    let works = |key: &&String| !app.screen().context().takes_text() || key.chars().count() > 1;
    Some(keys::shown(keys.keys.iter().find(works)?, ascii).to_owned())
}

/// A notice while there is one, else the keys of this place; help is always on the right.
fn bottom(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let y = area.bottom() - 1;
    let place = app.place();
    let ascii = pen.glyphs().ascii;
    let tail: Vec<(String, &str)> = [(Action::Palette, "commands"), (Action::Help, "help")]
        .into_iter()
        .filter_map(|(action, word)| Some((reachable_key(app, action, ascii)?, word)))
        .collect();
    let cells: usize = tail.iter().map(|(key, word)| text::width(key) + 1 + word.len()).sum();
    let start = area.right().saturating_sub((cells + 2 * tail.len().saturating_sub(1)) as u16 + 1);
    let mut x = start;
    for (key, word) in &tail {
        x = pen.pieces(x, y, 20, &[(key, Role::Accent), (" ", Role::Dim), (word, Role::Dim)]) + 2;
    }
    let room = start.saturating_sub(3);
    if let Some(notice) = &app.world.notice {
        let (mark, role) = match notice.warning {
            true => (format!("{} ", pen.glyphs().care), Role::Warn),
            false => (String::new(), Role::Text),
        };
        pen.text(1, y, room, &format!("{mark}{}", notice.message), role);
        return;
    }
    let fitting = app.screen().hint(&app.world).into_iter().find(|words| text::width(words) < usize::from(room));
    if let Some(words) = fitting.filter(|_| app.hints() && !place.is_overlay()) {
        pen.text(1, y, room, &words, Role::Accent);
        return;
    }
    let mut x = 1;
    // Keys of a table that is not there yet help nobody.
    let waiting = !place.is_overlay() && app.screen().is_waiting(&app.world);
    let own = app.world.keymap.of(place).filter(|_| !waiting);
    let global = app.world.keymap.of(EVERYWHERE).filter(|_| !place.takes_text() && !place.is_overlay());
    for binding in own.chain(global).filter(|binding| !binding.hint.is_empty()) {
        let Some(first) = binding.keys.first() else { continue };
        let key = keys::shown(first, ascii);
        let cells = text::width(key) + text::width(binding.hint) + 3;
        // Hints give way whole, from the right.
        if usize::from(x) + cells > usize::from(room) {
            return;
        }
        x = pen.pieces(x, y, room, &[(key, Role::Accent), (" ", Role::Dim), (binding.hint, Role::Dim)]) + 2;
    }
}
