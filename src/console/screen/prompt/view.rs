//! Draws the Prompt screen.

use super::layout::{Scores, layout};
use super::{HERE, State, ladder, pair, raise_view, scores, verdict};
use crate::console::msg::Action;
use crate::console::paint::{Pen, inset};
use crate::console::screen::Screen;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use crate::diagnose::LONGEST_PROMPT;
use ratatui::layout::Rect;

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let places = layout(body, state.wish());
    // Without a ladder in sight the lines keep the focus.
    lines(state, world, pen, places.lines, state.typing || places.ladder.is_none());
    match places.scores {
        Scores::Apart(areas) => {
            for (line, area) in areas.into_iter().enumerate() {
                scores::panel(state, world, pen, area, line);
            }
        }
        Scores::Together(area) => scores::both(state, world, pen, area),
        Scores::Hidden => {}
    }
    if let Some(area) = places.pair {
        pair::draw(state, pen, area);
    }
    match places.ladder {
        Some(area) if state.measured.raise => raise_view::draw(state, world, pen, area),
        Some(area) => ladder::draw(state, world, pen, area),
        None => {}
    }
}

fn lines(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, framed: bool) {
    let pieces: Vec<String> = [(0, "A"), (1, "B")]
        .into_iter()
        .filter_map(|(line, name)| state.scores(line).map(|scores| format!("{name} {}", scores.pieces)))
        .collect();
    let limit = state.scores(0).or(state.scores(1)).map(|scores| scores.piece_limit);
    // A limit that no prompt can reach says nothing.
    let note =
        limit.filter(|limit| *limit <= LONGEST_PROMPT).map(|limit| format!("pieces {} of {limit}", pieces.join(", ")));
    let inside = inset(pen.panel(area, "Prompts", &note.unwrap_or_default(), framed), 1);
    for line in 0..2 {
        let y = inside.y + line as u16;
        if y >= inside.bottom() {
            return;
        }
        let focused = line == state.focus;
        let name = if line == 0 { "A" } else { "B" };
        let x = pen.text(inside.x, y, 2, name, if focused { Role::Title } else { Role::Dim });
        let mark = if focused { pen.glyphs().prompt } else { " " };
        pen.text(x + 1, y, 1, mark, Role::Accent);
        let at = (x + 3, y);
        let room = inside.right().saturating_sub(at.0);
        let typed = focused && state.typing;
        if state.lines[line].input.value().is_empty() {
            pen.text(at.0, y, room, &placeholder(state, world, line, typed), Role::Dim);
        }
        let unseen = state.scores(line).map_or(&[][..], |scores| &scores.unseen_words);
        input::draw(pen, at, room, &state.lines[line].input, typed, unseen);
    }
    let y = inside.y + 2;
    if let Some((words, role)) =
        verdict::verdict(state, pen.glyphs(), usize::from(inside.width)).filter(|_| y < inside.bottom())
    {
        pen.text(inside.x, y, inside.width, &words, role);
    }
    if let Some((words, role)) =
        raise_view::both(state, world, pen.glyphs(), usize::from(inside.width)).filter(|_| y + 1 < inside.bottom())
    {
        let words = text::fit(&text::clean(&words), usize::from(inside.width), pen.glyphs().ellipsis);
        pen.text(inside.x, y + 1, inside.width, &words, role);
    }
}

fn placeholder(state: &State, world: &World, line: usize, typed: bool) -> String {
    match (line, typed) {
        (0, true) => "type a sentence that describes an item".into(),
        (1, true) => "type another sentence to compare it with".into(),
        (0, false) => format!("{} to type a sentence", world.key(HERE, Action::Type)),
        _ => format!("{}, then type, to compare two", world.key(state.context(), Action::OtherPrompt)),
    }
}
