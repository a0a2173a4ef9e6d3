//! Draws the form of a new run over the screen.

use super::FORM;
use super::form::{Field, Form};
use crate::audit::HyperParameters;
use crate::console::jobs::same_settings;
use crate::console::msg::Action;
use crate::console::paint::{Pen, inset};
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the form in the middle of an area.
pub fn draw(world: &World, pen: &mut Pen<'_>, area: Rect, form: &Form) {
    let width = area.width.min(64);
    let height = area.height.min(Field::ALL.len() as u16 + 5);
    let place = Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height);
    pen.clear(place);
    let key = |action| world.key(FORM, action);
    let note = format!("{} starts, {} closes", key(Action::StartRun), key(Action::CloseForm));
    let inside = inset(pen.panel(place, "New run", &note, true), 1);
    // Two lines at the bottom are for help and for what is wrong.
    let rows = inside.height.saturating_sub(3).max(1);
    let offset = (form.selected as u16 + 1).saturating_sub(rows);
    for (line, at) in (usize::from(offset)..Field::ALL.len()).take(usize::from(rows)).enumerate() {
        let y = inside.y + line as u16;
        if y < inside.bottom() {
            field(pen, Rect { y, height: 1, ..inside }, form, at);
        }
    }
    let said = form.read().err();
    let bottom = inside.bottom();
    if inside.height >= 3 {
        pen.text(inside.x, bottom - 2, inside.width, form.field().help(), Role::Dim);
        let (words, role) = match &said {
            Some(words) => {
                (format!("{} {words}", pen.glyphs().care), if form.refused { Role::Bad } else { Role::Warn })
            }
            None => (form.read().map(|(model, runs)| words(world, &model, &runs)).unwrap_or_default(), Role::Good),
        };
        pen.text(inside.x, bottom - 1, inside.width, &words, role);
    }
}

/// What starting would do.
fn words(world: &World, model: &str, runs: &[HyperParameters]) -> String {
    match (words_of_kept(world, model, runs), runs) {
        (Some(kept), _) => kept,
        (None, [hyper]) => hyper.summary(),
        (None, runs) => format!("{} runs, a row each", runs.len()),
    }
}

/// Which of some runs there are already.
pub fn words_of_kept(world: &World, model: &str, runs: &[HyperParameters]) -> Option<String> {
    let kept = |hyper: &HyperParameters| world.runs.iter().find(|run| run.model == model && same_settings(hyper, run));
    let found: Vec<_> = runs.iter().filter_map(kept).collect();
    match (found.as_slice(), runs.len()) {
        ([], _) => None,
        ([run], 1) => Some(format!("run {} has exactly these settings already", run.id.short())),
        ([_], all) => Some(format!("1 of {all} runs is there already")),
        (found, all) => Some(format!("{} of {all} runs are there already", found.len())),
    }
}

fn field(pen: &mut Pen<'_>, row: Rect, form: &Form, at: usize) {
    let field = Field::ALL[at];
    let selected = at == form.selected;
    let glyphs = pen.glyphs();
    let idle = field == Field::Hidden && form.hyper.hidden_units() == 0 && !form.both;
    let (label, value) = match (selected, idle) {
        (true, _) => (Role::Title, Role::Text),
        (false, true) => (Role::Dim, Role::Dim),
        (false, false) => (Role::Text, Role::Text),
    };
    if selected {
        pen.text(row.x, row.y, 1, glyphs.selected, Role::Accent);
    }
    pen.text(row.x + 2, row.y, 16, field.name(), label);
    let x = row.x + 18;
    let room = row.right().saturating_sub(x + 4);
    if let Some(line) = form.input(field) {
        input::draw(pen, (x + 2, row.y), room, line, selected, &[]);
        return;
    }
    let end = pen.text(x + 2, row.y, room, form.choice(field), value);
    if selected {
        pen.text(x, row.y, 1, glyphs.left, Role::Accent);
        pen.text(end + 1, row.y, 1, glyphs.right, Role::Accent);
    }
}
