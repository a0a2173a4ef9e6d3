//! Pinned prompts, least risk first, with the prompts being typed among them.

use super::scores::{amount, is_foreign};
use super::{HERE, State, TYPING};
use crate::audit::HeadKind;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::lane::lane;
use crate::console::widget::scale::Scale;
use crate::console::widget::spark;
use crate::console::world::World;
use crate::diagnose::{HeadScore, PromptScores};
use ratatui::layout::Rect;

/// Draws the ladder.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let first = match state.order {
        HeadKind::Regressor => "low predicted loss first",
        HeadKind::Ranker => "low rank score first",
        HeadKind::Ood => "most familiar first",
    };
    let dot = pen.glyphs().dot;
    let title = if state.pins.is_empty() && state.scores(0).or(state.scores(1)).is_some() {
        format!("Members {dot} what each says; pins stand here")
    } else {
        format!("Pinned {dot} {}, {first}", state.order)
    };
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
        let pin = |context| world.key(context, Action::Pin);
        let words = format!("{} pins the prompt here, {} while typing", pin(HERE), pin(TYPING));
        let used = member_values(pen, inside, state);
        let room = Rect { y: inside.y + used, height: inside.height - used, ..inside };
        if room.height > 0 {
            pen.centre(room, room.y + room.height / 2, &words, Role::Dim);
        }
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
    let value = amount(scores, score, glyphs);
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

/// Cells of a member's value, and the most members written out.
const VALUE: u16 = 9;
const MOST_MEMBERS: usize = 8;

/// While nothing is pinned: every member's value in figures, and the median. Returns the rows used.
fn member_values(pen: &mut Pen<'_>, area: Rect, state: &State) -> u16 {
    let lines: Vec<(&str, &HeadScore)> = [(0, "A"), (1, "B")]
        .into_iter()
        .filter_map(|(line, name)| Some((name, state.scores(line)?)))
        .flat_map(|(name, scores)| {
            scores.heads.iter().filter(|score| scores.amount(score.head).is_some()).map(move |score| (name, score))
        })
        .collect();
    let members = lines.iter().map(|(_, score)| score.members.len()).max().unwrap_or(0);
    let start = area.x + 15;
    let needed = 15 + VALUE * (members as u16 + 1);
    let used = lines.len() as u16 + 1;
    if lines.is_empty() || members > MOST_MEMBERS || needed > area.width || used > area.height {
        return 0;
    }
    let column = |at: usize| start + VALUE * (at as u16 + 1);
    for member in 0..members {
        pen.right(column(member), area.y, VALUE, &spark::letter(member).to_string(), Role::Dim);
    }
    pen.right(column(members), area.y, VALUE, "median", Role::Dim);
    for (row, (name, score)) in lines.iter().enumerate() {
        let y = area.y + 1 + row as u16;
        pen.pieces(area.x, y, 15, &[(name, Role::Accent), (" ", Role::Dim), (score.head.name(), Role::Dim)]);
        for (member, value) in score.members.iter().enumerate() {
            let words = number::signed(*value, 3, pen.glyphs());
            pen.right(column(member), y, VALUE, &words, Role::Text);
        }
        let words = number::signed(score.summary.median, 3, pen.glyphs());
        pen.right(column(members), y, VALUE, &words, Role::Text);
    }
    used
}
