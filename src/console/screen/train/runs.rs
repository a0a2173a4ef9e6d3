//! The finished runs of the audit and how well each of their heads orders the validation items.

use super::State;
use crate::audit::{HeadKind, RunRecord, RunState};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the list.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let title = format!("Runs {} Spearman with the loss, validation items", pen.glyphs().dot);
    let note = match world.listed().count() {
        0 => "none yet".into(),
        n => format!("{} of {n}", state.runs.selected + 1),
    };
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    if inside.height == 0 {
        return;
    }
    let y = inside.y;
    head(pen, inside, y);
    let page = usize::from(inside.height - 1);
    let cursor = state.runs;
    for (line, (place, record)) in world.listed().enumerate().skip(cursor.offset).take(page).enumerate() {
        let y = inside.y + 1 + line as u16;
        let shown = world.shown.as_ref().is_some_and(|shown| shown.record.id == record.id);
        row(pen, Rect { y, height: 1, ..inside }, record, shown);
        if place == cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
}

/// Where the columns begin: run, model, regressor, ranker, seconds, heads.
fn columns(width: u16) -> [u16; 6] {
    let model = if width >= 90 { 22 } else { 14 };
    [2, 10, 10 + model, 20 + model, 28 + model, 40 + model]
}

fn head(pen: &mut Pen<'_>, area: Rect, y: u16) {
    let at = columns(area.width);
    for (x, words) in at.into_iter().zip(["run", "model", "regressor", "ranker", "trained in", "heads"]) {
        let room = area.width.saturating_sub(x);
        if usize::from(room) >= words.len() {
            pen.text(area.x + x, y, room, words, Role::Dim);
        }
    }
}

fn row(pen: &mut Pen<'_>, area: Rect, record: &RunRecord, shown: bool) {
    let at = columns(area.width);
    let glyphs = pen.glyphs();
    let mark = match (record.state, shown) {
        (RunState::Finished, true) => (glyphs.idle, Role::Accent),
        (RunState::Finished, false) => (glyphs.done, Role::Good),
        (RunState::Cancelled, _) => (glyphs.queued, Role::Dim),
        (RunState::Diverged, _) => (glyphs.care, Role::Bad),
    };
    let x = pen.text(area.x + at[0], area.y, 1, mark.0, mark.1);
    pen.text(x + 1, area.y, 5, record.id.short(), Role::Text);
    let room = at[2] - at[1] - 1;
    let model = text::fit(&record.model, usize::from(room), glyphs.ellipsis);
    pen.text(area.x + at[1], area.y, room, &model, Role::Text);
    for (x, head) in [(at[2], HeadKind::Regressor), (at[3], HeadKind::Ranker)] {
        let words = match record.validation_spearman(head) {
            Some(rho) => number::plain(rho, 3, glyphs),
            None => "n/a".into(),
        };
        pen.text(area.x + x, area.y, 9, &words, Role::Text);
    }
    pen.text(area.x + at[4], area.y, 10, &number::duration(record.seconds), Role::Dim);
    let epoch = record.epochs.iter().map(|metrics| metrics.epoch).max().unwrap_or(0);
    let end = match record.state {
        RunState::Finished => String::new(),
        RunState::Cancelled => format!("stopped after epoch {epoch} of {}; ", record.hyper.epochs),
        RunState::Diverged => "diverged; ".into(),
    };
    let words = format!("{end}{}", record.summary());
    let room = area.width.saturating_sub(at[5]);
    // A few letters of a summary say nothing.
    if room >= 8 {
        pen.text(area.x + at[5], area.y, room, &words, Role::Text);
    }
}
