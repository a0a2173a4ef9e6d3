//! Both prompts and what is said of them, for a clipboard: the words first, then levels, difference and verdict.

use super::State;
use super::verdict::grounds;
use crate::diagnose::{PairScores, PromptEstimate, PromptScores};
use crate::engine::Answer;
use crate::report::probability;

impl State {
    /// The prompts and, where something is said of them, what is.
    #[must_use]
    pub fn said(&self) -> String {
        match self.scored.as_ref().filter(|_| !self.pending()).map(|scored| &*scored.answer) {
            Some(Answer::Pair(pair)) => pair_said(pair),
            Some(Answer::One(scores)) => format!("{}\n", one("", scores)),
            _ => self.text(self.focus).to_owned(),
        }
    }
}

fn level(found: &PromptEstimate, signed: bool) -> String {
    let figure = |value: f64| if signed { format!("{value:+.4}") } else { format!("{value:.4}") };
    let ends = found
        .interval
        .map(|ends| format!(", {:.0} % interval {} to {}", 100.0 * ends.level, figure(ends.low), figure(ends.high)));
    format!("{}{}, {}", figure(found.value), ends.unwrap_or_default(), grounds(found))
}

fn one(name: &str, scores: &PromptScores) -> String {
    let told = scores.estimate.as_ref().map(|found| format!(": loss {}", level(found, false)));
    format!("{name}{}{}", scores.text, told.unwrap_or_default())
}

/// What is said of A − B: the verdict, the probability, the difference; the heads' words where nothing is estimated.
pub fn difference(pair: &PairScores) -> Vec<String> {
    match &pair.estimate {
        Some(found) => vec![
            format!("{}; P(A is worse) {}", found.sentence(), probability(found.p_worse)),
            format!("A - B: loss {}", level(&found.estimate, true)),
        ],
        None => vec![pair.verdict.clone()],
    }
}

fn pair_said(pair: &PairScores) -> String {
    let mut lines = vec![one("A: ", &pair.a), one("B: ", &pair.b)];
    lines.extend(difference(pair));
    format!("{}\n", lines.join("\n"))
}
