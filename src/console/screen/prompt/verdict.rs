//! What is said first, before any number of a head: which prompt is worse, or what one loses, or that no data speak.

use super::State;
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::text;
use crate::console::theme::Role;
use crate::diagnose::{PairEstimate, PairVerdict, PromptEstimate, PromptScores, Support};
use crate::engine::Answer;

/// The line under the prompts, of at most `width` cells: its words, and how urgent they are; none before anything is
/// scored.
#[must_use]
pub fn verdict(state: &State, glyphs: &Glyphs, width: usize) -> Option<(String, Role)> {
    match state.scored.as_ref().map(|scored| &*scored.answer)? {
        Answer::One(scores) => Some(one(scores, glyphs)),
        Answer::Pair(pair) => Some(match &pair.estimate {
            Some(found) => two(found, [&pair.a, &pair.b], glyphs, width),
            None => waiting(),
        }),
        Answer::None(_) => None,
    }
}

fn waiting() -> (String, Role) {
    ("reading the training items for an estimate; the heads answer meanwhile".into(), Role::Dim)
}

fn one(scores: &PromptScores, glyphs: &Glyphs) -> (String, Role) {
    if let Some(words) = scores.support.as_ref().and_then(no_data) {
        return (words, Role::Warn);
    }
    match &scores.estimate {
        Some(found) => {
            let note = found.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
            (format!("loss {}{note}; {}", level(found, glyphs), grounds(found)), Role::Title)
        }
        None => waiting(),
    }
}

fn two(found: &PairEstimate, sides: [&PromptScores; 2], glyphs: &Glyphs, width: usize) -> (String, Role) {
    if let Some(words) = sides.iter().find_map(|scores| scores.support.as_ref().and_then(no_data)) {
        return (words, Role::Warn);
    }
    let role = match found.verdict {
        _ if found.witnesses_disagree => Role::Warn,
        PairVerdict::Worse => Role::Title,
        _ => Role::Text,
    };
    let levels = sides.map(|scores| scores.estimate.as_ref().map_or_else(String::new, |found| level(found, glyphs)));
    let sure = number::probability(found.p_worse.max(1.0 - found.p_worse));
    let (sentence, [a, b], grounds) = (found.sentence(), levels, grounds(&found.estimate));
    // What matters most comes first, and what does not fit goes whole.
    let variants = [
        format!("{sentence}; P(worse) {sure}: {a} against {b}; {grounds}"),
        format!("{sentence}; P(worse) {sure}: {a} against {b}"),
        format!("{sentence}; P(worse) {sure}: {} against {}; {grounds}", bare(&a), bare(&b)),
        format!("{sentence}; P(worse) {sure}, {grounds}"),
    ];
    let fits = variants.iter().find(|words| text::width(words) <= width);
    (fits.unwrap_or(&variants[3]).clone(), role)
}

/// A level without its interval.
fn bare(level: &str) -> &str {
    level.split(' ').next().unwrap_or(level)
}

/// An estimate with its interval: `3.6 [2.7, 4.4]`.
#[must_use]
pub fn level(found: &PromptEstimate, glyphs: &Glyphs) -> String {
    let value = number::plain(found.value, 3, glyphs);
    match found.interval {
        Some(ends) => {
            format!("{value} [{}, {}]", number::plain(ends.low, 3, glyphs), number::plain(ends.high, 3, glyphs))
        }
        None => value,
    }
}

/// On what an estimate rests.
#[must_use]
pub fn grounds(found: &PromptEstimate) -> String {
    if found.measured {
        "measured".to_owned()
    } else if found.calibrated {
        format!("on {} slices", number::count(found.slices))
    } else {
        format!("not calibrated here: {} slices", found.slices)
    }
}

/// That no data speak of a prompt, and which words nothing is like.
fn no_data(support: &Support) -> Option<String> {
    let why = support.refusal(|word| format!("\"{word}\""))?;
    Some(format!("NO SUCH DATA: {why}; what follows is a guess"))
}
