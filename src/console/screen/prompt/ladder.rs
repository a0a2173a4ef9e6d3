//! Pinned prompts, least risk first, with the prompts being typed among them.

use super::State;
use super::scores::is_foreign;
use crate::audit::HeadKind;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::lane::lane;
use crate::console::widget::scale::Scale;
use crate::console::widget::spark;
use crate::diagnose::PromptScores;
use ratatui::layout::Rect;

/// Draws the ladder.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let first = match state.order {
        HeadKind::Regressor => "low predicted loss first",
        HeadKind::Ranker => "low rank score first",
        HeadKind::Ood => "most familiar first",
    };
    let dot = pen.glyphs().dot;
    let title = format!("Pinned {dot} {}, {first}", state.order);
    let note = match state.pins.len() {
        0 => String::new(),
        1 => "1 prompt".into(),
        n => format!("{n} prompts"),
    };
    let focused = !state.typing;
    let inside = inset(pen.panel(area, &title, &note, focused), 1);
    if inside.height == 0 {
        return;
    }
    if state.pins.is_empty() {
        let words = "p pins the prompt here, ^y while typing";
        pen.centre(inside, inside.y + inside.height / 2, words, Role::Dim);
        return;
    }
    let widest = state.pins.iter().map(|pin| text::width(&pin.text)).max().unwrap_or(0);
    let name = (widest as u16 + 1).min(inside.width * 2 / 5).max(12);
    let order = state.ladder();
    let seen = order.iter().enumerate().skip(state.cursor.offset).take(usize::from(inside.height));
    for (line, (place, &at)) in seen.enumerate() {
        let y = inside.y + line as u16;
        let pin = &state.pins[at];
        let letter = match (pin.text == state.text(0), pin.text == state.text(1)) {
            (true, _) => "A",
            (_, true) => "B",
            _ => " ",
        };
        pen.text(inside.x + 2, y, 1, letter, Role::Accent);
        pen.text(inside.x + 4, y, name, &pin.text, Role::Text);
        let rest = Rect { x: inside.x + 4 + name, y, width: inside.width.saturating_sub(4 + name), height: 1 };
        match &pin.scores {
            Some(scores) => scored(pen, rest, state.order, scores),
            None => {
                pen.text(rest.x, y, rest.width, "scoring", Role::Dim);
            }
        }
        if focused && place == state.cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
}

fn scored(pen: &mut Pen<'_>, area: Rect, head: HeadKind, scores: &PromptScores) {
    let Some(score) = scores.head(head) else { return };
    let glyphs = pen.glyphs();
    let value = number::with_spread(score.summary.mean, score.summary.sd, 3, false, glyphs);
    let x = pen.text(area.x, area.y, area.width, &format!("{value:<15}"), Role::Text);
    let tail = 6 + 7 + 4;
    let cells = area.right().saturating_sub(x + tail);
    let scale = Scale::new(score.axis.0, score.axis.1);
    if cells >= 8 {
        let marks = lane(scale, usize::from(cells), score.summary.mean, score.summary.sd, glyphs);
        pen.marks(x, area.y, &marks);
    }
    let heights = spark::spark(scale, spark::members(&score.members, 5), glyphs);
    let at = if cells >= 8 { x + cells + 1 } else { x };
    let percentile = format!("{:<5} ", number::percentile(score.percentile));
    let foreign = if is_foreign(scores) { format!(" {}ood", glyphs.care) } else { String::new() };
    let room = area.right().saturating_sub(at);
    pen.pieces(
        at,
        area.y,
        room,
        &[(&percentile, Role::Text), (&format!("{heights:<5}"), Role::Lane), (&foreign, Role::Warn)],
    );
}
