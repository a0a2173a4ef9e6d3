//! What was found of pairs of models, kept for the session: coming back and changing before for after cost nothing.

use crate::diagnose::{BothWays, ModelComparison};
use crate::engine::ComparisonRequest;
use std::sync::Arc;

/// Pairs that are kept.
const MOST: usize = 16;

/// What was found, or a sentence on why nothing was.
pub type Answer = Result<Arc<BothWays>, String>;

/// Answers, the newest last, one a pair.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    answers: Vec<(ComparisonRequest, Answer)>,
    /// Replicates drawn for a pair, and how many there will be.
    drawing: Option<([String; 2], usize, usize)>,
}

fn is_of(request: &ComparisonRequest, one: &str, other: &str) -> bool {
    let (before, after) = (request.before.as_str(), request.after.as_str());
    (before, after) == (one, other) || (before, after) == (other, one)
}

impl Kept {
    /// The newest answer for two models, whichever comes first, and what it answers.
    #[must_use]
    pub fn answer(&self, one: &str, other: &str) -> Option<&(ComparisonRequest, Answer)> {
        self.answers.iter().find(|(request, _)| is_of(request, one, other))
    }

    /// What was found of two models, then and now.
    #[must_use]
    pub fn found(&self, then: &str, now: &str) -> Option<&ModelComparison> {
        self.answer(then, now)?.1.as_ref().ok()?.from(then)
    }

    /// Takes in an answer.
    pub fn put(&mut self, request: ComparisonRequest, answer: Answer) {
        let pair = |(known, _): &(ComparisonRequest, _)| is_of(known, &request.before, &request.after);
        self.answers.retain(|known| !pair(known));
        self.answers.drain(..(self.answers.len() + 1).saturating_sub(MOST));
        self.answers.push((request, answer));
    }

    /// Takes in how far the drawing is.
    pub fn draw(&mut self, pair: [String; 2], done: usize, total: usize) {
        self.drawing = (done < total).then_some((pair, done, total));
    }

    /// Replicates drawn for two models, and how many there will be; none once all are.
    #[must_use]
    pub fn drawn(&self, one: &str, other: &str) -> Option<(usize, usize)> {
        let ([before, after], done, total) = self.drawing.as_ref()?;
        let pair = [before.as_str(), after.as_str()];
        (pair == [one, other] || pair == [other, one]).then_some((*done, *total))
    }

    /// Forgets what failed, so that it is asked for again.
    pub fn forget_failures(&mut self) {
        self.answers.retain(|(_, answer)| answer.is_ok());
    }
}
