//! What the heads say of each prompt: score ± sd, its place among the test items, the members.

use super::{State, complete, verdict};
use crate::audit::HeadKind;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::lane::lane;
use crate::console::widget::scale::Scale;
use crate::console::widget::spark;
use crate::console::world::World;
use crate::diagnose::{HeadScore, PromptScores};
use crate::engine::Answer;
use ratatui::layout::Rect;

/// Whether the prompt looks out of distribution.
#[must_use]
pub fn is_foreign(scores: &PromptScores) -> bool {
    scores.out_of_distribution
}

/// The probability a logit stands for.
fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// One prompt's panel.
pub fn panel(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, line: usize) {
    let name = if line == 0 { "A" } else { "B" };
    let title = format!("{name} {} scores", pen.glyphs().dot);
    let Some(scores) = state.scores(line) else {
        let inside = inset(pen.panel(area, &title, "", false), 1);
        empty(state, world, pen, inside, line);
        return;
    };
    let over = scores.head(HeadKind::Regressor).map(|score| format!("lane and rank: {}", score.over));
    let inside = inset(pen.panel(area, &title, &over.unwrap_or_default(), false), 1);
    let lane_cells = inside.width.saturating_sub(10 + 15 + 2 + 6 + 6).min(60);
    let mut y = inside.y;
    head_line(pen, inside, y, lane_cells, scores);
    y += 1;
    for score in &scores.heads {
        if y < inside.bottom() {
            row(pen, inside, y, lane_cells, scores, score);
        }
        y += 1;
    }
    let notes = notes(state, pen, scores, line, inside.width.saturating_sub(10));
    // A blank line only where nothing is lost by it.
    if usize::from(inside.bottom().saturating_sub(y)) > notes.len() {
        y += 1;
    }
    for (label, words, role) in notes {
        if y < inside.bottom() {
            pen.pieces(inside.x, y, inside.width, &[(&format!("{label:<10}"), Role::Dim), (&words, role)]);
        }
        y += 1;
    }
}

fn empty(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, line: usize) {
    if area.height == 0 {
        return;
    }
    if complete::unknown(state, world, pen, area, line) {
        return;
    }
    let words = match state.scored.as_ref().map(|scored| &*scored.answer) {
        _ if state.text(line).is_empty() => "nothing typed",
        _ if world.shown.is_none() => world.no_heads(),
        Some(Answer::None(words)) => words,
        _ => "scoring",
    };
    pen.centre(area, area.y + area.height / 2, words, Role::Dim);
}

fn head_line(pen: &mut Pen<'_>, area: Rect, y: u16, lane_cells: u16, scores: &PromptScores) {
    let glyphs = pen.glyphs();
    let members = scores.heads.first().map_or(0, |score| score.members.len());
    let value = format!("{:<15}", format!("score {} sd", glyphs.plus_minus));
    let x = pen.pieces(area.x, y, area.width, &[(&format!("{:<10}", "head"), Role::Dim), (&value, Role::Dim)]);
    if lane_cells >= 10 {
        pen.text(x, y, lane_cells, "low", Role::Dim);
        pen.right(x + lane_cells, y, lane_cells, "high", Role::Dim);
    }
    let at = x + lane_cells + 2;
    pen.text(at, y, 6, "rank", Role::Dim);
    let names = if members > 5 { "q0-4".to_owned() } else { format!("a-{}", spark::letter(members.max(1) - 1)) };
    pen.text(at + 6, y, area.right().saturating_sub(at + 6), &names, Role::Dim);
}

/// A head's score, or that it is none.
pub fn amount(scores: &PromptScores, score: &HeadScore, glyphs: &crate::console::glyph::Glyphs) -> String {
    let words = |said: &crate::stats::Summary| number::with_spread(said.mean, said.sd, 3, false, glyphs);
    scores.amount(score.head).map_or_else(|| "no amount".into(), words)
}

fn row(pen: &mut Pen<'_>, area: Rect, y: u16, lane_cells: u16, scores: &PromptScores, score: &HeadScore) {
    let glyphs = pen.glyphs();
    let scale = Scale::new(score.axis.0, score.axis.1);
    let value = amount(scores, score, glyphs);
    let name = format!("{:<10}", score.head);
    let x = pen.pieces(area.x, y, 10, &[(&name, Role::Accent)]);
    pen.text(x, y, 14, &value, Role::Text);
    let x = area.x + 25;
    let marks = lane(scale, usize::from(lane_cells), score.summary.mean, score.summary.sd, glyphs);
    pen.marks(x, y, &marks);
    let at = x + lane_cells + 2;
    pen.text(at, y, 6, &number::percentile(score.percentile), Role::Text);
    let heights = spark::spark(scale, spark::members(&score.members, 5), glyphs);
    pen.text(at + 6, y, area.right().saturating_sub(at + 6), &heights, Role::Lane);
}

/// A line under the heads: its label, its words, and how urgent it is.
type Note = (&'static str, String, Role);

/// The lines under the heads: what was typed, what is unknown, what is near.
fn notes(state: &State, pen: &Pen<'_>, scores: &PromptScores, line: usize, room: u16) -> Vec<Note> {
    let glyphs = pen.glyphs();
    let mut notes = estimated(scores, glyphs);
    if let Some(score) = scores.head(HeadKind::Ood) {
        let logit = number::plain(score.summary.mean, 3, glyphs);
        let inside = number::probability(sigmoid(score.summary.mean));
        if is_foreign(scores) {
            let words = format!("{} looks out of distribution: logit {logit} = {inside}", glyphs.care);
            notes.push(("ood", words, Role::Warn));
        } else {
            notes.push(("ood", format!("logit {logit} = {inside}; rank: {}", score.over), Role::Dim));
        }
    }
    if !scores.unseen_words.is_empty() {
        notes.push(("unseen", format!("no item uses: {}", scores.unseen_words.join(", ")), Role::Warn));
    }
    if scores.unknown_pieces > 0 {
        let words = format!("{} of {} pieces mean nothing to the encoder", scores.unknown_pieces, scores.pieces);
        notes.push(("unknown", words, Role::Warn));
    }
    let order_only = scores.heads.iter().any(|score| scores.amount(score.head).is_none());
    if order_only {
        notes.push(("fitted", "losses of fitted data: heads tell an order, no amount".into(), Role::Warn));
    }
    notes.push(("as typed", typed(state, line, glyphs, order_only), Role::Text));
    if scores.pieces > scores.piece_limit {
        let words = format!("only the first {} of {} pieces are read", scores.piece_limit, scores.pieces);
        notes.push(("cut", words, Role::Warn));
    }
    if !scores.nearest.is_empty() {
        let mut near = String::new();
        for (name, cosine) in &scores.nearest {
            let one = format!("{name} {}  ", number::signed(*cosine, 2, glyphs));
            // The first is shown even if it is cut; the others only whole.
            if near.is_empty() || text::width(&near) + text::width(one.trim_end()) <= usize::from(room) {
                near.push_str(&one);
            }
        }
        notes.push(("like", near.trim_end().to_owned(), Role::Text));
    }
    notes
}

/// What is estimated, what items say, how words were read, and what each adds.
fn estimated(scores: &PromptScores, glyphs: &crate::console::glyph::Glyphs) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    if let Some(found) = &scores.estimate {
        notes.push(("estimate", format!("{}, {}", verdict::level(found, glyphs), verdict::grounds(found)), Role::Text));
    }
    for (name, label) in [("words", "words"), ("nearest", "nearest"), ("attribute", "group")] {
        let Some(witness) = scores.witnesses.iter().find(|witness| witness.name == name) else { continue };
        let ends = witness.interval.map_or_else(String::new, |ends| {
            format!(" [{}, {}]", number::plain(ends.low, 3, glyphs), number::plain(ends.high, 3, glyphs))
        });
        let weight =
            witness.weight.map_or_else(String::new, |weight| format!(", weight {}", number::plain(weight, 2, glyphs)));
        let words = format!("{}{ends} n {}{weight}", number::plain(witness.value, 3, glyphs), number::count(witness.n));
        notes.push((label, words, Role::Text));
    }
    let replaced =
        scores.support.iter().flat_map(|support| support.replaced()).map(|(word, other)| {
            format!("\"{}\" as \"{other}\", {}", word.word, number::plain(word.cosine, 2, glyphs))
        });
    let left_out = scores.support.iter().flat_map(|support| support.left_out());
    let read: Vec<String> = replaced.chain(left_out.map(|word| format!("\"{}\" left out", word.word))).collect();
    if !read.is_empty() {
        notes.push(("read", read.join("; "), Role::Warn));
    }
    if !scores.why.is_empty() {
        let words =
            scores.why.iter().map(|share| format!("{} {}", share.word, number::signed(share.change, 3, glyphs)));
        notes.push(("why", words.collect::<Vec<_>>().join("  "), Role::Text));
    }
    notes
}

/// The regressor's score after each edit, with its range in numbers.
fn typed(state: &State, line: usize, glyphs: &crate::console::glyph::Glyphs, order_only: bool) -> String {
    let history = &state.lines[line].history;
    let newest = &history[history.len().saturating_sub(32)..];
    let heights = spark::history(newest, 32, glyphs);
    let (low, high) = newest
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    if newest.len() < 2 || order_only {
        return heights;
    }
    let (low, high) = (number::plain(low, 3, glyphs), number::plain(high, 3, glyphs));
    format!("{heights}  {low} to {high}")
}

/// Both prompts in one panel, side by side, for small terminals.
pub fn both(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let title = format!("Scores {} sd", pen.glyphs().plus_minus);
    let over = |head| state.scores(0).or(state.scores(1)).and_then(|scores| scores.head(head)).map(|head| &head.over);
    let note = match (over(HeadKind::Regressor), over(HeadKind::Ood)) {
        (Some(items), Some(ood)) if items != ood => format!("p of {items}; ood: of {ood}"),
        (Some(items), _) => format!("p of {items}"),
        _ => String::new(),
    };
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    if state.scores(0).or(state.scores(1)).is_none() {
        let line = if state.text(0).is_empty() && !state.text(1).is_empty() { 1 } else { 0 };
        empty(state, world, pen, inside, line);
        return;
    }
    let half = inside.width.saturating_sub(10) / 2;
    let mut y = inside.y;
    let roomy = inside.height > 4;
    if roomy {
        for (line, name) in [(0, "A"), (1, "B")] {
            pen.text(inside.x + 10 + line * half, y, half, name, Role::Dim);
        }
        y += 1;
    }
    for head in HeadKind::ALL {
        if y >= inside.bottom() {
            return;
        }
        pen.text(inside.x, y, 10, head.name(), Role::Accent);
        for line in 0..2_u16 {
            let score = state.scores(usize::from(line)).and_then(|scores| scores.head(head));
            if let Some(score) = score {
                let words = state.scores(usize::from(line)).map(|scores| amount(scores, score, pen.glyphs()));
                short(pen, inside.x + 10 + line * half, y, half.saturating_sub(2), (score, &words.unwrap_or_default()));
            }
        }
        y += 1;
    }
    // What must be known first, then what is good to know, as far as there are lines.
    let room = inside.width.saturating_sub(10);
    let of = |line: usize| {
        state.scores(line).map(|scores| ordered_notes(state, pen, scores, line, room)).unwrap_or_default()
    };
    let (a, b) = (of(0), of(1));
    for at in 0..a.len().max(b.len()) {
        for (name, notes) in [("A", &a), ("B", &b)] {
            let Some((label, words, role)) = notes.get(at).filter(|_| y < inside.bottom()) else { continue };
            let words = if matches!(*label, "as typed" | "like" | "words" | "nearest") {
                format!("{label} {words}")
            } else {
                words.clone()
            };
            pen.pieces(inside.x, y, inside.width, &[(&format!("{name:<10}"), Role::Dim), (&words, *role)]);
            y += 1;
        }
    }
}

fn short(pen: &mut Pen<'_>, x: u16, y: u16, room: u16, (score, value): (&HeadScore, &str)) {
    let glyphs = pen.glyphs();
    let scale = Scale::new(score.axis.0, score.axis.1);
    let value = format!("{value:<15}");
    let percentile = format!("{:<5}", number::percentile(score.percentile));
    let heights = spark::spark(scale, spark::members(&score.members, 5), glyphs);
    let groups: [&[(&str, Role)]; 3] =
        [&[(&value, Role::Text)], &[(&percentile, Role::Text)], &[(&heights, Role::Lane)]];
    pen.groups(x, y, room, &groups);
}

/// The notes of a prompt: warnings, the scores as typed, then the rest.
fn ordered_notes(state: &State, pen: &Pen<'_>, scores: &PromptScores, line: usize, room: u16) -> Vec<Note> {
    let mut notes = notes(state, pen, scores, line, room);
    notes.sort_by_key(|(label, _, role)| {
        (
            *role != Role::Warn,
            !matches!(*label, "estimate" | "words" | "nearest" | "why"),
            *label != "as typed",
            *label != "like",
        )
    });
    notes
}
