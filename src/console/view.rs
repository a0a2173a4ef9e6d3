//! Draws a whole frame: the two lines above, a screen, the line below, and what lies on top.

use super::app::App;
use super::jobs::Job;
use super::keys::{self, Context};
use super::msg::ScreenId;
use super::number;
use super::paint::Pen;
use super::screen::{attributes, help, prompt, train};
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

/// Draws a frame; the position is that of the terminal's cursor, where somebody types.
#[must_use]
pub fn draw(app: &App, width: u16, height: u16, theme: &Theme) -> (Buffer, Option<Position>) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    buffer.set_style(area, theme.style(Role::Text));
    let mut pen = Pen { buffer: &mut buffer, theme, cursor: None };
    if width < LEAST.0 || height < LEAST.1 {
        let needed = format!("needs {}x{}", LEAST.0, LEAST.1);
        let both = format!("{needed}, now {width}x{height}");
        // Where both do not fit, what is needed is the news.
        let words = if both.len() <= usize::from(width) { both } else { needed };
        pen.centre(area, height / 2, &words, Role::Dim);
        return (buffer, None);
    }
    top(app, &mut pen, area);
    tabs(app, &mut pen, area);
    let body = body((width, height));
    match app.screen {
        ScreenId::Attributes => attributes::view(app, &mut pen, body),
        ScreenId::Prompt => prompt::view(app, &mut pen, body),
        ScreenId::Train => train::view(app, &mut pen, body),
    }
    if let Some(form) = app.train.form.as_ref().filter(|_| app.screen == ScreenId::Train) {
        train::draw_form(&mut pen, body, form);
    }
    bottom(app, &mut pen, area);
    if let Some(offset) = app.help {
        pen.cursor = None;
        help::draw(app, &mut pen, area, offset);
    }
    let cursor = pen.cursor;
    (buffer, cursor)
}

/// Program, audit, model, run, encoder, device; what runs on the right.
fn top(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let glyphs = pen.glyphs();
    let (state, role) = state(app, pen);
    let start = pen.right(area.right() - 1, 0, area.width / 2, &state, role);
    let x = pen.text(1, 0, 9, "llm2loss", Role::Title);
    let mut parts: Vec<String> = Vec::new();
    if let Some(audit) = &app.audit {
        parts.push(audit.name.clone());
        parts.extend(app.model().map(str::to_owned));
        parts.extend(app.shown.as_ref().map(|shown| format!("run {}", shown.record.id.short())));
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
    if let Some(job) = app.jobs.running() {
        let waiting = match app.jobs.queued().count() {
            0 => String::new(),
            n => format!("  +{n}"),
        };
        return (format!("{} {}{waiting}", glyphs.running, stage(job)), Role::Accent);
    }
    if app.audit.is_none() {
        return (format!("{} opening", glyphs.running), Role::Accent);
    }
    if app.opening.is_some() {
        return (format!("{} opening", glyphs.running), Role::Accent);
    }
    (format!("{} idle", glyphs.idle), Role::Dim)
}

fn stage(job: &Job) -> String {
    if job.cancelling {
        return "stopping".into();
    }
    let Some(progress) = &job.progress else { return "starting".into() };
    let share = number::percent(progress.done, progress.total);
    match progress.stage {
        Stage::Training | Stage::Embedding => {
            let left = progress.eta.map(|eta| format!("  ETA {}", number::duration(eta)));
            format!("{} {share} %{}", progress.stage.name(), left.unwrap_or_default())
        }
        stage => stage.name().into(),
    }
}

/// The names of the screens; on the right what this one shows.
fn tabs(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let mut x = 1;
    for (at, screen) in ScreenId::ALL.into_iter().enumerate() {
        let open = screen == app.screen;
        let name = format!("{} {}", at + 1, screen.name());
        let shown = if open { format!("[{name}]") } else { format!(" {name} ") };
        x = pen.text(x, 1, 20, &shown, if open { Role::Focus } else { Role::Dim }) + 1;
    }
    let words = about(app, pen);
    let room = area.right().saturating_sub(x + 2);
    if text::width(&words) <= usize::from(room) {
        pen.right(area.right() - 1, 1, room, &words, Role::Dim);
    }
}

fn about(app: &App, pen: &Pen<'_>) -> String {
    let glyphs = pen.glyphs();
    match app.screen {
        ScreenId::Attributes => {
            let Some(shown) = &app.shown else { return String::new() };
            let state = &app.attributes;
            let down = state.sort.descends() != state.reversed;
            let arrow = if down { glyphs.descending } else { glyphs.ascending };
            let total = shown.tables.attributes.rows.len();
            format!("{}  sort {} {arrow}  {} of {total}", state.contrast, state.sort.name(), state.order.len())
        }
        ScreenId::Prompt => match (&app.prompt.scored, app.prompt.pending()) {
            (_, true) if app.shown.is_some() => "scoring".into(),
            (Some(scored), _) => format!("scored in {}", elapsed(scored.micros)),
            _ => String::new(),
        },
        ScreenId::Train => format!("head {}", app.train.head),
    }
}

fn elapsed(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{} ms", micros / 1_000),
    }
}

/// A notice while there is one, else the keys of this place; help is always on the right.
fn bottom(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let y = area.bottom() - 1;
    let place = app.place();
    let tail = if place.takes_text() { "F1 help" } else { "? help" };
    let (key, word) = tail.split_once(' ').unwrap_or((tail, ""));
    let start = area.right().saturating_sub(text::width(tail) as u16 + 1);
    pen.pieces(start, y, 9, &[(key, Role::Accent), (" ", Role::Dim), (word, Role::Dim)]);
    let room = start.saturating_sub(3);
    if let Some(notice) = &app.notice {
        let (mark, role) = match notice.warning {
            true => (format!("{} ", pen.glyphs().care), Role::Warn),
            false => (String::new(), Role::Text),
        };
        pen.text(1, y, room, &format!("{mark}{}", notice.message), role);
        return;
    }
    let ascii = pen.glyphs().ascii;
    let mut x = 1;
    // Keys of a table that is not there yet help nobody.
    let waiting = app.screen == ScreenId::Attributes && app.shown.is_none();
    let own = keys::of(place).filter(|_| !waiting);
    let global = keys::of(Context::Everywhere).filter(|_| !place.takes_text());
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
