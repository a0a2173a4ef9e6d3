//! Draws the words that raise a prompt's estimate, and the line of both models.

use super::State;
use super::keys::{HERE, RAISE, TAKE_WORD, TYPING};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{BothModels, MeasuredMean, Raised, RaisedBy};
use ratatui::layout::Rect;

/// Width from which intervals have room.
const ROOM_FOR_ENDS: u16 = 70;

/// Draws the words in the place of the ladder.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let name = if state.focus == 0 { "A" } else { "B" };
    let key = world.key(if state.typing { TYPING } else { HERE }, RAISE);
    let note = format!("{key} closes");
    let inside = inset(pen.panel(area, &format!("Words that raise {name}"), &note, !state.typing), 1);
    if inside.height == 0 {
        return;
    }
    let estimated = state.scores(state.focus).is_some_and(|scores| scores.estimate.is_some());
    let words = match state.raised(world) {
        Some(Ok(Some(found))) => {
            rows(world, pen, inside, found);
            return;
        }
        Some(Ok(None)) => "the items have no words to search among",
        Some(Err(message)) => message.as_str(),
        None if state.text(state.focus).is_empty() => "type a sentence: what is looked for raises its estimate",
        None if !estimated => "the search begins once there is an estimate",
        None => "searching the words of the training items",
    };
    let words = text::fit(words, usize::from(inside.width), pen.glyphs().ellipsis);
    pen.centre(inside, inside.y + inside.height / 2, &words, Role::Dim);
}

fn rows(world: &World, pen: &mut Pen<'_>, area: Rect, found: &Raised) {
    let glyphs = pen.glyphs();
    let word = |found: &RaisedBy| text::width(&found.word);
    let widest = found.single.iter().map(word).max().unwrap_or(0).clamp(8, usize::from(area.width) / 3);
    // Without room the intervals go first: a mean without its n is worth less.
    let ends = area.width >= ROOM_FOR_ENDS;
    let head = format!(
        "now {}; test items with {}: {}; {} tried",
        number::plain(found.estimate, 3, glyphs),
        found.words.join(", "),
        found.measured.as_ref().map_or_else(|| "none".to_owned(), |found| mean(found, false, ends, glyphs)),
        found.tried
    );
    let mut y = area.y;
    let mut line = |pen: &mut Pen<'_>, pieces: &[(&str, Role)]| {
        if y < area.bottom() {
            pen.pieces(area.x, y, area.width, pieces);
        }
        y += 1;
    };
    line(pen, &[(&head, Role::Dim)]);
    if let [_, .., last] = found.together.as_slice() {
        let all: Vec<&str> = found.together.iter().map(|found| found.word.as_str()).collect();
        let value = number::plain(last.estimate, 3, glyphs);
        let told = measured(last.measured.as_ref(), ends, glyphs);
        line(
            pen,
            &[("together ", Role::Dim), (&all.join(", "), Role::Title), (&format!(": {value}{told}"), Role::Text)],
        );
    }
    if found.single.is_empty() {
        line(pen, &[("no word raises it", Role::Text)]);
    }
    for (at, one) in found.single.iter().enumerate() {
        let value = number::plain(one.estimate, 3, glyphs);
        let change = number::signed(one.estimate - found.estimate, 3, glyphs);
        let told = measured(one.measured.as_ref(), ends, glyphs);
        let name = text::fit(&one.word, widest, glyphs.ellipsis);
        let name = format!("{name}{} ", " ".repeat(widest.saturating_sub(text::width(&name))));
        let key = if at == 0 { world.key(HERE, TAKE_WORD) } else { " ".into() };
        line(
            pen,
            &[
                (&key, Role::Accent),
                (" ", Role::Dim),
                (&name, Role::Text),
                (&format!("{value:>6} {change:>7}{told}"), Role::Text),
            ],
        );
    }
}

/// What items lose, behind an estimate.
fn measured(found: Option<&MeasuredMean>, ends: bool, glyphs: &Glyphs) -> String {
    match found {
        Some(found) => format!("   test items {}", mean(found, false, ends, glyphs)),
        None => "   no test item".into(),
    }
}

/// A mean with its interval, where that is wanted, and how many items it is over.
fn mean(found: &MeasuredMean, signed: bool, ends: bool, glyphs: &Glyphs) -> String {
    let figure = |value| if signed { number::signed(value, 3, glyphs) } else { number::plain(value, 3, glyphs) };
    let ends = found.interval.filter(|_| ends).map(|ends| format!(" [{}, {}]", figure(ends.low), figure(ends.high)));
    format!("{}{}, n {}", figure(found.mean), ends.unwrap_or_default(), number::count(found.n))
}

/// The line of both models under the focused prompt.
#[must_use]
pub fn both(state: &State, world: &World, glyphs: &Glyphs, width: usize) -> Option<(String, Role)> {
    let [first, second] = state.both_models(world)?;
    if state.text(state.focus).is_empty() {
        return Some((format!("{first} and {second}: type a sentence"), Role::Dim));
    }
    Some(match state.compared(world) {
        None => (format!("measuring {first} and {second}"), Role::Dim),
        Some(Err(message)) => (message.clone(), Role::Warn),
        Some(Ok(None)) => ("no test item with a loss of both models has all its words".into(), Role::Warn),
        Some(Ok(Some(found))) => (told(found, glyphs, width), Role::Text),
    })
}

/// In ever fewer words: the difference is said in all.
fn told(found: &BothModels, glyphs: &Glyphs, width: usize) -> String {
    let [first, second] = &found.models;
    let [a, b] = found.means.map(|value| number::plain(value, 3, glyphs));
    let difference = mean(&found.difference, true, true, glyphs);
    let levels = format!("{first} {a} | {second} {b}; first less second {difference}");
    let variants = [
        format!("{levels} items with {}", found.words.join(", ")),
        levels,
        format!("{first} less {second} {difference}"),
        format!("first less second {difference}"),
    ];
    let fits = variants.iter().find(|words| text::width(words) <= width);
    fits.unwrap_or(&variants[3]).clone()
}
