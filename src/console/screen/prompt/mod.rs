//! The Prompt screen: two sentences scored on every edit, and a ladder of pinned ones.

mod complete;
mod evidence;
mod keys;
mod ladder;
mod layout;
mod measured;
mod pair;
mod raise_view;
mod said;
mod scores;
mod screen;
mod sheet;
mod verdict;
mod view;

pub use keys::{CONTEXTS, HERE, KEYS, TYPING};
pub use layout::{Layout, Wish, layout};
use measured::Measured;
use view::view;

use crate::audit::HeadKind;
use crate::console::drawer::Drawer;
use crate::console::msg::{Action, Cmd};
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::diagnose::PromptScores;
use crate::engine::{Answer, Command, ScoreRequest};
use std::sync::Arc;
use tui_input::Input;

/// Scores of the edits before that are kept for the sparkline.
const HISTORY: usize = 200;
/// Prompts the ladder holds.
const PINS: usize = 64;

/// One of the two lines.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub input: Input,
    /// The regressor's mean after each edit, oldest first.
    pub history: Vec<f64>,
    /// The text the newest score is of.
    scored: String,
}

/// A prompt kept to compare others with.
#[derive(Debug, Clone)]
pub struct Pin {
    pub text: String,
    /// Absent until the heads now shown have scored it.
    pub scores: Option<PromptScores>,
}

/// What the outstanding request was for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// The lines as they are typed; whether B stood alone and went as A.
    Live { only_b: bool },
    /// A pinned prompt.
    Pin(String),
}

/// The newest answer to what is typed.
#[derive(Debug, Clone)]
pub struct Scored {
    pub answer: Arc<Answer>,
    pub micros: u64,
    only_b: bool,
}

/// What the Prompt screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    pub lines: [Line; 2],
    /// The focused line: 0 is A.
    pub focus: usize,
    pub typing: bool,
    pub pins: Vec<Pin>,
    pub cursor: Cursor,
    /// The head the ladder is ordered by.
    pub order: HeadKind,
    /// Where only one fits: the ladder in place of the difference.
    pub show_ladder: bool,
    /// The paper's P, Student's t over the members, is shown beside the votes.
    pub student: bool,
    /// What each word adds to the estimates is asked for and shown.
    pub why: bool,
    pub scored: Option<Scored>,
    /// What is measured of the focused prompt beside its scores.
    pub measured: Measured,
    /// The items behind the prompts.
    pub drawer: Drawer,
    /// Pins that were dropped, the newest last.
    dropped: Vec<Pin>,
    /// Kept prompts, oldest first, and the place while one goes through them.
    pub kept: Vec<String>,
    browsing: Option<usize>,
    completing: complete::Completing,
    sequence: u64,
    asked: Option<(u64, Asked)>,
    stale: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            lines: [Line::default(), Line::default()],
            focus: 0,
            typing: true,
            pins: Vec::new(),
            cursor: Cursor::default(),
            order: HeadKind::Regressor,
            show_ladder: false,
            student: false,
            why: false,
            scored: None,
            measured: Measured::default(),
            drawer: Drawer::default(),
            dropped: Vec::new(),
            kept: Vec::new(),
            browsing: None,
            completing: None,
            sequence: 0,
            asked: None,
            stale: false,
        }
    }
}

impl State {
    /// The text of a line, without spaces around it.
    #[must_use]
    pub fn text(&self, line: usize) -> &str {
        self.lines[line].input.value().trim()
    }

    /// Whether the numbers on screen are not yet those of the text on screen.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.stale || matches!(&self.asked, Some((_, Asked::Live { .. })))
    }

    /// The newest scores of a line.
    #[must_use]
    pub fn scores(&self, line: usize) -> Option<&PromptScores> {
        let scored = self.scored.as_ref()?;
        match (&*scored.answer, line) {
            (Answer::One(scores), line) if (line == 1) == scored.only_b => Some(scores),
            (Answer::Pair(pair), 0) => Some(&pair.a),
            (Answer::Pair(pair), 1) => Some(&pair.b),
            _ => None,
        }
    }

    /// Puts two sentences into the lines, A first, and focuses A.
    pub fn open(&mut self, a: &str, b: &str) {
        for (line, text) in self.lines.iter_mut().zip([a, b]) {
            *line = Line { input: input::holding(text), ..Line::default() };
        }
        self.focus = 0;
        self.typing = true;
        self.edited();
    }

    /// Takes in the history an audit brings.
    pub fn remember(&mut self, history: &[(String, Option<String>)]) {
        self.kept.clear();
        for (a, b) in history {
            self.kept.push(a.clone());
            self.kept.extend(b.clone());
        }
    }

    /// Other heads are shown: every score is of the past.
    pub fn heads_changed(&mut self) {
        self.stale = true;
        self.asked = None;
        self.scored = None;
        self.pins.iter_mut().chain(&mut self.dropped).for_each(|pin| pin.scores = None);
        for line in &mut self.lines {
            line.history.clear();
            line.scored.clear();
        }
    }

    /// Prompts have estimates from now on: what is on screen is asked again.
    pub fn evidence_read(&mut self) {
        self.stale = true;
        self.pins.iter_mut().chain(&mut self.dropped).for_each(|pin| pin.scores = None);
    }

    /// The focused line was edited.
    pub fn edited(&mut self) {
        self.stale = true;
        self.browsing = None;
        self.completing = None;
    }

    /// The next thing to ask the scorer: what is typed goes before pins that have no score.
    pub fn request(&mut self) -> Option<ScoreRequest> {
        if self.stale {
            self.stale = false;
            let (a, b) = (self.text(0).to_owned(), self.text(1).to_owned());
            if a.is_empty() && b.is_empty() {
                self.asked = None;
                self.scored = None;
                return self.request_pin();
            }
            let only_b = a.is_empty();
            let (a, b) = if only_b { (b, String::new()) } else { (a, b) };
            return Some(self.ask(Asked::Live { only_b }, a, b));
        }
        self.request_pin()
    }

    fn request_pin(&mut self) -> Option<ScoreRequest> {
        if self.asked.is_some() {
            return None;
        }
        let text = self.pins.iter().find(|pin| pin.scores.is_none())?.text.clone();
        Some(self.ask(Asked::Pin(text.clone()), text, String::new()))
    }

    fn ask(&mut self, asked: Asked, a: String, b: String) -> ScoreRequest {
        self.sequence += 1;
        self.asked = Some((self.sequence, asked));
        ScoreRequest { seq: self.sequence, a, b, why: self.why }
    }

    /// Takes in a reply; one that is not to the newest request is dropped.
    pub fn answered(&mut self, seq: u64, answer: &Arc<Answer>, micros: u64) {
        if self.asked.as_ref().is_none_or(|(asked, _)| *asked != seq) {
            return;
        }
        match self.asked.take() {
            Some((_, Asked::Live { only_b })) => {
                self.scored = Some(Scored { answer: answer.clone(), micros, only_b });
                self.note_history();
            }
            Some((_, Asked::Pin(text))) => match &**answer {
                Answer::One(scores) => {
                    for pin in self.pins.iter_mut().filter(|pin| pin.text == text) {
                        pin.scores = Some(scores.clone());
                    }
                }
                // A pin that cannot be scored would be asked for without end.
                _ => self.pins.retain(|pin| pin.text != text),
            },
            None => {}
        }
    }

    /// Adds the new score of each line whose text changed since its last one.
    fn note_history(&mut self) {
        for line in 0..2 {
            let mean = self.scores(line).and_then(|s| s.head(HeadKind::Regressor)).map(|s| s.summary.mean);
            let text = self.text(line).to_owned();
            let line = &mut self.lines[line];
            if let Some(mean) = mean.filter(|_| line.scored != text) {
                if line.history.len() >= HISTORY {
                    line.history.remove(0);
                }
                line.history.push(mean);
                line.scored = text;
            }
        }
    }

    /// Does what an action says.
    fn apply(&mut self, action: Action) -> Vec<Cmd> {
        match action {
            Action::Type => self.typing = true,
            Action::StopTyping => self.typing = false,
            Action::OtherPrompt => {
                self.focus = 1 - self.focus;
                self.browsing = None;
                self.completing = None;
            }
            Action::Swap => {
                self.lines.swap(0, 1);
                self.stale = true;
                self.completing = None;
            }
            Action::ClearPrompt => {
                self.lines[self.focus] = Line::default();
                self.edited();
            }
            Action::Pin => return self.pin(),
            Action::Unpin => self.unpin(),
            Action::OrderLadder => {
                self.order = HeadKind::ALL[(self.order.index() + 1) % HeadKind::ALL.len()];
            }
            Action::Recall => self.recall(),
            Action::ToggleLadder => self.show_ladder = !self.show_ladder,
            Action::ToggleStudent => self.student = !self.student,
            Action::ToggleWhy => {
                self.why = !self.why;
                self.stale = true;
            }
            Action::Down => self.cursor.step(1, self.pins.len()),
            Action::Up => self.cursor.step(-1, self.pins.len()),
            Action::Keep => return self.keep(),
            Action::Earlier => self.browse(-1),
            Action::Later => self.browse(1),
            _ => {}
        }
        Vec::new()
    }

    /// Positions of the pins, least risk by the chosen head first; unscored ones last.
    #[must_use]
    pub fn ladder(&self) -> Vec<usize> {
        let risk = |at: usize| {
            let score = self.pins[at].scores.as_ref().and_then(|scores| scores.head(self.order));
            score.map_or(f64::INFINITY, |score| score.summary.mean * self.order.risk_sign())
        };
        let mut order: Vec<usize> = (0..self.pins.len()).collect();
        order.sort_by(|a, b| risk(*a).total_cmp(&risk(*b)));
        order
    }

    fn pin(&mut self) -> Vec<Cmd> {
        let text = self.text(self.focus).to_owned();
        let known = self.pins.iter().any(|pin| pin.text == text);
        if text.is_empty() || known || self.pins.len() >= PINS {
            return Vec::new();
        }
        let scores = self.scores(self.focus).filter(|scores| scores.text.trim() == text).cloned();
        self.pins.push(Pin { text: text.clone(), scores });
        vec![Cmd::Send(Command::Remember { a: text, b: None })]
    }

    fn unpin(&mut self) {
        if let Some(at) = self.ladder().get(self.cursor.selected).copied() {
            self.dropped.push(self.pins.remove(at));
        }
    }

    /// Puts back the pin that was dropped last; whether there was one.
    fn pin_again(&mut self) -> bool {
        let Some(pin) = self.dropped.pop() else { return false };
        if self.pins.len() < PINS && self.pins.iter().all(|known| known.text != pin.text) {
            self.pins.push(pin);
        }
        true
    }

    /// What is to be laid out.
    #[must_use]
    pub fn wish(&self) -> Wish {
        Wish { ladder: self.show_ladder || self.measured.raise, both: self.measured.both > 0 }
    }

    fn recall(&mut self) {
        let at = self.ladder().get(self.cursor.selected).copied();
        if let Some(text) = at.map(|at| self.pins[at].text.clone()) {
            self.lines[self.focus].input = input::holding(&text);
            self.edited();
        }
    }

    fn keep(&mut self) -> Vec<Cmd> {
        let (a, b) = (self.text(0).to_owned(), self.text(1).to_owned());
        let (a, b) = match (a.is_empty(), b.is_empty()) {
            (true, true) => return Vec::new(),
            (true, false) => (b, None),
            (false, empty) => (a, (!empty).then_some(b)),
        };
        for text in std::iter::once(&a).chain(&b) {
            self.kept.retain(|kept| kept != text);
            self.kept.push(text.clone());
        }
        self.browsing = None;
        vec![Cmd::Send(Command::Remember { a, b })]
    }

    /// Goes through the kept prompts; past the newest the line is empty.
    fn browse(&mut self, by: isize) {
        let length = self.kept.len();
        let at = self.browsing.unwrap_or(length).saturating_add_signed(by).min(length);
        if length == 0 || self.browsing.unwrap_or(length) == at {
            return;
        }
        let text = self.kept.get(at).cloned().unwrap_or_default();
        self.lines[self.focus].input = input::holding(&text);
        self.edited();
        self.browsing = (at < length).then_some(at);
    }
}
