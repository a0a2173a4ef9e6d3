//! What is shown, as a table for a clipboard or a file: the order, the filter and the contrast in view are kept.

use super::app::App;
use super::graphics::Images;
use super::msg::{Action, Cmd, ExportForm};
use super::world::World;
use super::{svg, view};
use crate::report::{Cell, Evidence, Format, Sheet};

/// What is copied where a row of the table is.
pub const ROW: &str = "the row";

/// Writes what is shown in a form; the file's name says what it is of.
pub fn write(app: &mut App, form: ExportForm) -> Vec<Cmd> {
    if form != ExportForm::Svg {
        let (screen, world) = app.screen_mut();
        if let Some(command) = screen.whole(world, Some(form)) {
            app.world.say("writing the list", false);
            return vec![Cmd::Send(command)];
        }
    }
    let text = match form {
        ExportForm::Svg => {
            let theme = app.world.look.resolve();
            // Pixels of the terminal have no place in the file.
            let shown = app.world.images;
            if let Images::Pixels(_) = shown {
                app.world.images = Images::Cells;
            }
            let drawn = view::draw(app, app.world.size.0, app.world.size.1, &theme);
            app.world.images = shown;
            Some(svg::svg(&drawn.buffer, &theme))
        }
        _ => match app.screen().evidence(&app.world) {
            Some(evidence) => evidence.map(|evidence| evidence.rendered(form.format())),
            None => rendered(app, form),
        },
    };
    let Some(text) = text else {
        app.world.say("there is nothing to export yet", true);
        return Vec::new();
    };
    let evidence = form != ExportForm::Svg && app.screen().evidence(&app.world).is_some();
    let screen = app.world.screen.name().to_lowercase();
    let name = if evidence {
        file_name_of(&app.world, &format!("{screen}-evidence"), form)
    } else {
        file_name(&app.world, form)
    };
    vec![Cmd::Export { name, text, what: String::new() }]
}

/// The name of a file of the screen in sight.
#[must_use]
pub fn file_name(world: &World, form: ExportForm) -> String {
    file_name_of(world, &world.screen.name().to_lowercase(), form)
}

fn file_name_of(world: &World, what: &str, form: ExportForm) -> String {
    let run = world.shown.as_ref().map(|shown| format!("-{}", shown.record.id.short())).unwrap_or_default();
    format!("{what}{run}.{}", form.extension())
}

/// A name of a model as it can stand in that of a file.
#[must_use]
pub fn in_file_name(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    name.chars().take(40).map(plain).collect()
}

/// The screen in sight as the text of a file.
fn rendered(app: &App, form: ExportForm) -> Option<String> {
    match form.format() {
        Some(format) => sheet(app).map(|sheet| sheet.render(format)),
        // Strings and numbers always have a JSON form.
        None => app.screen().document(&app.world).map(Result::unwrap_or_default),
    }
}

/// Copies the selected row with its column names, or the focused prompt.
pub fn copy_row(app: &mut App) -> Vec<Cmd> {
    if let Some(copied) = copy_evidence(app, "the evidence", Evidence::paragraph) {
        return copied;
    }
    if let Some((what, text)) = app.screen().copied(&app.world) {
        if text.is_empty() {
            app.world.say(format!("{what} is empty"), false);
            return Vec::new();
        }
        let text = match (what == ROW, app.screen().tells_context()) {
            (true, _) => with_command(app, text),
            (false, true) => text,
            (false, false) => with_command(app, format!("{}\n\n{}\n", text.trim_end(), context(&app.world))),
        };
        return copy(app, what, text);
    }
    let place = app.screen_mut().0.cursor().map_or(0, |cursor| cursor.selected);
    match sheet(app).and_then(|sheet| sheet.row_text(place)) {
        Some(text) => {
            let text = with_command(app, text);
            copy(app, ROW, text)
        }
        None => {
            app.world.say("there is nothing to copy yet", false);
            Vec::new()
        }
    }
}

/// A row and the command that tells it again.
fn with_command(app: &App, text: String) -> String {
    let command = app.screen().shell(&app.world, Action::Screen(app.world.screen));
    command.map_or_else(|| text.clone(), |command| format!("{text}\n{command}\n"))
}

/// Copies everything shown, as Markdown.
pub fn copy_all(app: &mut App) -> Vec<Cmd> {
    if let Some(copied) = copy_evidence(app, "the evidence with its items", Evidence::markdown) {
        return copied;
    }
    let (screen, world) = app.screen_mut();
    if let Some(command) = screen.whole(world, None) {
        return vec![Cmd::Send(command)];
    }
    match sheet(app) {
        Some(sheet) => copy(app, "the table", sheet.render(Format::Markdown)),
        None => {
            app.world.say("there is nothing to copy yet", false);
            Vec::new()
        }
    }
}

/// Copies what an open drawer shows, in words; `None` where none is open.
fn copy_evidence(app: &mut App, what: &str, words: impl Fn(&Evidence) -> String) -> Option<Vec<Cmd>> {
    let text = app.screen().evidence(&app.world)?.map(|evidence| words(&evidence));
    Some(match text {
        Some(text) => copy(app, what, text),
        None => {
            app.world.say("there is no evidence to copy yet", false);
            Vec::new()
        }
    })
}

fn copy(app: &mut App, what: &str, text: String) -> Vec<Cmd> {
    app.world.say(format!("{what} is handed to the terminal's clipboard ({} bytes)", text.len()), false);
    vec![Cmd::Copy(text)]
}

/// A number of four digits.
pub fn number(value: f64, signed: bool) -> Cell {
    Cell::Number { value, digits: 4, signed }
}

/// What a table of the shown run is headed by.
pub fn heading(world: &World, title: &str) -> String {
    format!("{title}\n{}", context(world))
}

/// Of which audit, model and run: without a run, that nothing is of heads.
#[must_use]
pub fn context(world: &World) -> String {
    if let Some(shown) = &world.shown {
        let record = &shown.record;
        return format!("audit {}, model {}, run {}, {}", record.audit, record.model, record.id, record.summary());
    }
    let audit = world.audit.as_ref().map(|audit| audit.name.as_str()).unwrap_or_default();
    format!("audit {audit}, model {}, no run: measured without heads", world.model().unwrap_or_default())
}

/// A number that may be absent.
pub fn optional(value: Option<f64>, signed: bool) -> Cell {
    value.map_or(Cell::Empty, |value| number(value, signed))
}

/// What the screen in sight shows, as a sheet.
fn sheet(app: &App) -> Option<Sheet> {
    app.screen().sheet(&app.world)
}
