//! Prompts of an audit that knows a list of phrases alone: which of them are like what is typed, and the next of these in
//! its place.

use super::State;
use super::keys::COMPLETE;
use crate::console::fuzzy::ranked;
use crate::console::paint::Pen;
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use crate::diagnose::grouped;
use ratatui::layout::Rect;

/// What was typed before it was completed, and how many of the phrases like it were taken since.
pub type Completing = Option<(String, usize)>;

/// Letters of a text that phrases are looked for by.
const LOOKED_AT: usize = 64;

/// Phrases like a text, or like as much of its beginning as any is, the likest first.
fn like<'a>(phrases: &'a [String], text: &str) -> Vec<&'a str> {
    let found = |end: usize| ranked(&text[..end], phrases.iter().map(String::as_str));
    let ends: Vec<usize> = text.char_indices().take(LOOKED_AT).map(|(at, letter)| at + letter.len_utf8()).collect();
    // What is like a text is like its beginning.
    let most = ends.partition_point(|end| !found(*end).is_empty());
    found(most.checked_sub(1).map_or(0, |at| ends[at])).into_iter().map(|at| phrases[at].as_str()).collect()
}

/// Whether a text is one of the phrases, as an encoder of phrases compares them.
fn holds(phrases: &[String], text: &str) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let wanted = lower(text);
    phrases.iter().any(|phrase| phrase.len() == text.len() && phrase == text || lower(phrase) == wanted)
}

impl State {
    /// Puts the phrase most like what is typed into its place, and the next one when asked again.
    pub(super) fn complete(&mut self, phrases: &[String]) -> Option<String> {
        if phrases.is_empty() {
            return Some("any sentence has a vector here: nothing to complete".into());
        }
        let (typed, taken) = match self.completing.take() {
            Some((typed, taken)) => (typed, taken),
            None => (self.text(self.focus).to_owned(), 0),
        };
        let found = like(phrases, &typed);
        let text = found[taken % found.len()].to_owned();
        self.lines[self.focus].input = input::holding(&text);
        self.edited();
        self.completing = Some((typed, taken + 1));
        None
    }
}

/// Says calmly that a text has no vector, and which phrases have; `false` where it has one, or is not to be judged.
pub fn unknown(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, line: usize) -> bool {
    let (Some(audit), text) = (&world.audit, state.text(line)) else { return false };
    if text.is_empty() || audit.phrases.is_empty() || holds(&audit.phrases, text) {
        return false;
    }
    let found = like(&audit.phrases, text);
    let room = usize::from(area.height.saturating_sub(1));
    let first = area.y + area.height.saturating_sub(1 + u16::try_from(found.len().min(room)).unwrap_or(0)) / 2;
    let key = world.key(super::TYPING, COMPLETE);
    let known = grouped(audit.phrases.len());
    pen.centre(area, first, &format!("no vector for this; {key} takes one of the {known} given"), Role::Dim);
    for (phrase, y) in found.into_iter().take(room).zip(first + 1..) {
        pen.centre(area, y, phrase, Role::Text);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likest_phrase_is_taken_then_the_next_and_typing_begins_anew() {
        let phrases: Vec<String> = ["a dog", "A Bird", "a big dog", "rain"].map(str::to_owned).to_vec();
        let mut state = State::default();
        state.open("dog", "");
        assert_eq!(state.complete(&phrases), None);
        assert_eq!(state.text(0), "a dog");
        state.complete(&phrases);
        assert_eq!(state.text(0), "a big dog");
        state.complete(&phrases);
        assert_eq!(state.text(0), "a dog", "round again");
        state.open("zzz", "");
        state.edited();
        state.complete(&phrases);
        assert_eq!(state.text(0), "a dog", "nothing is like it: the list from its start");
        state.open("rainy", "");
        state.complete(&phrases);
        assert_eq!(state.text(0), "rain");
        assert!(state.complete(&[]).is_some());
        assert!(holds(&phrases, "a bird") && holds(&phrases, "RAIN") && !holds(&phrases, "a"));
    }
}
