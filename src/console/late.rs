//! Answers of the terminal that come when nobody waits any more: their letters are no keys.

use super::probe::{Answers, Wanted};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyModifiers};

/// How answers begin, as keys: with Alt, and the letter that follows.
const BACKGROUND: (char, char) = (']', '1');
const NAME: (char, char) = ('P', '>');
const KITTY: (char, char) = ('_', 'G');
/// Most letters of an answer.
const LONGEST: usize = 96;

/// The answers that may still come, and whether one is coming now.
#[derive(Debug, Default)]
pub struct Late {
    awaited: Vec<(char, char)>,
    inside: Option<Inside>,
}

/// An answer of which the beginning has come.
#[derive(Debug)]
struct Inside {
    /// The letter it must go on with.
    next: Option<char>,
    left: usize,
}

impl Late {
    /// What was asked for and did not come; a terminal that answered the last question has answered all it can.
    #[must_use]
    pub fn of(wanted: Wanted, answers: &Answers) -> Self {
        let mut awaited = Vec::new();
        // Behind another program the order of answers is not that of questions.
        awaited.extend((wanted.background && answers.light.is_none()).then_some(BACKGROUND));
        if wanted.images && !answers.complete {
            awaited.extend(answers.name.is_none().then_some(NAME));
            awaited.extend((!answers.kitty).then_some(KITTY));
        }
        Self { awaited, inside: None }
    }

    /// Whether an event is part of such an answer.
    pub fn swallows(&mut self, event: &TerminalEvent) -> bool {
        let TerminalEvent::Key(key) = event else { return false };
        let with = |modifier, letter| key.code == KeyCode::Char(letter) && key.modifiers.contains(modifier);
        if let Some(inside) = &mut self.inside {
            let is_end = with(KeyModifiers::CONTROL, 'g') || with(KeyModifiers::ALT, '\\');
            let is_part = inside.goes_on_with(key.code);
            if is_end || !is_part {
                self.inside = None;
            }
            return is_end || is_part;
        }
        let found = self.awaited.iter().position(|(opener, _)| with(KeyModifiers::ALT, *opener));
        let Some(at) = found else { return false };
        let (_, next) = self.awaited.remove(at);
        self.inside = Some(Inside { next: Some(next), left: LONGEST });
        true
    }
}

impl Inside {
    fn goes_on_with(&mut self, code: KeyCode) -> bool {
        let KeyCode::Char(letter) = code else { return false };
        let is_expected = self.next.take().is_none_or(|next| next == letter);
        self.left = self.left.saturating_sub(1);
        is_expected && self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    fn key(letter: char, modifiers: KeyModifiers) -> TerminalEvent {
        TerminalEvent::Key(KeyEvent::new(KeyCode::Char(letter), modifiers))
    }

    #[test]
    fn a_late_answer_presses_no_keys() {
        let wanted = Wanted { background: true, images: true };
        let mut late = Late::of(wanted, &Answers::default());
        let plain = KeyModifiers::NONE;
        assert!(!late.swallows(&key('j', plain)));
        for (opener, body) in
            [(']', "11;rgb:ffff/0000/1c1c"), ('P', ">|WezTerm 20240203-110809"), ('_', "Gi=1;ENOENT:none")]
        {
            assert!(late.swallows(&key(opener, KeyModifiers::ALT)));
            assert!(body.chars().all(|letter| late.swallows(&key(letter, plain))));
            assert!(late.swallows(&key('\\', KeyModifiers::ALT)));
            assert!(!late.swallows(&key('1', plain)));
            // Each is awaited once.
            assert!(!late.swallows(&key(opener, KeyModifiers::ALT)));
        }
    }

    #[test]
    fn keys_that_only_begin_like_an_answer_are_keys() {
        let wanted = Wanted { background: true, images: true };
        let mut late = Late::of(wanted, &Answers::default());
        assert!(late.swallows(&key('P', KeyModifiers::ALT)));
        assert!(!late.swallows(&key('j', KeyModifiers::NONE)));
        assert!(!late.swallows(&key('k', KeyModifiers::NONE)));
        let complete = Answers { complete: true, light: Some(true), ..Answers::default() };
        assert!(!Late::of(wanted, &complete).swallows(&key('P', KeyModifiers::ALT)));
    }
}
