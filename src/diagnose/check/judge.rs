//! A figure against its limit: p, q, status, what would have been seen, and the sentence that says so.

use super::super::policy::{LEAST_ITEMS, at_least};
use super::figures::Figure;
use super::{On, Outcome, Status};
use crate::audit::USUAL_POWER;
use crate::stats::{self, Stat, Undefined};

/// How the subjects of one rule are judged.
pub struct Question {
    pub on: On,
    /// Probability of calling the rule broken, should every figure keep its limit.
    pub level: f64,
    /// A figure past its limit counts as within it while it is under one standard error: less cannot be seen.
    pub follow_error: bool,
    /// An increase that must be seen, and with which probability.
    pub must_see: Option<(f64, f64)>,
    /// Mean loss before, which sizes are said as shares of.
    pub mean_loss: f64,
}

/// What was found of a figure.
#[derive(Clone, Copy)]
struct Found {
    p: Stat<f64>,
    q: Stat<f64>,
    detectable: Stat<f64>,
    power: Stat<f64>,
    underpowered: bool,
}

impl Figure {
    /// One-sided p of "the limit is kept".
    fn p(&self) -> Stat<f64> {
        let (value, error) = (self.value?, self.error?);
        if self.of_members {
            if self.n < 2 && value > self.limit {
                return Err(Undefined::TooFew { n: self.n, need: 2 });
            }
        } else {
            at_least(self.n, LEAST_ITEMS)?;
        }
        Ok(stats::p_above(value, self.limit, error, self.degrees))
    }

    fn status(&self, found: &Found, question: &Question) -> Status {
        let judged = match (self.value, found.p, question.on) {
            (Err(_), ..) => Status::Inconclusive,
            (_, Err(Undefined::TooFew { .. }), _) => Status::Inconclusive,
            (Ok(value), ..) if value <= self.limit => Status::Pass,
            (_, _, On::Point) => Status::Broken,
            (_, _, On::Bound) if found.q.is_ok_and(|q| q < question.level) => Status::Broken,
            (Ok(value), _, On::Bound) if question.follow_error && self.error.is_ok_and(|error| value < error) => {
                Status::Pass
            }
            (_, _, On::Bound) => Status::Inconclusive,
        };
        if found.underpowered { judged.max(Status::Inconclusive) } else { judged }
    }

    fn message(&self, rule: &str, status: Status, found: &Found, question: &Question) -> String {
        let number =
            |value: Stat<f64>| value.map_or_else(|why| why.to_string(), |value| format!("{:.4}", self.turned(value)));
        let limit = self.turned(self.limit);
        let what = match rule {
            "max_mean_loss_increase" | "max_group_loss_increase" => "mean loss changed by",
            "max_gap_increase" => "the loss gap's size changed by",
            "max_gap" => "the loss gap's size is",
            "min_group_auroc" => "AUROC is",
            _ => "predicted loss changed by",
        };
        let bound = if self.falls { "at least" } else { "at most" };
        let asked = if self.falls { "required" } else { "allowed" };
        let why = match (status, self.value, found.q) {
            (Status::Inconclusive, Err(_), _) => "; it cannot be measured".to_owned(),
            (Status::Inconclusive, _, Err(_)) => format!("; too few ({}) to decide", self.n),
            (Status::Inconclusive, Ok(value), _) => {
                let chance = if value > self.limit { "; past the limit, but it may be chance" } else { "" };
                format!("{chance}; {}{}", self.seen(found, question), short_of_power(found, question))
            }
            (Status::Broken, _, Ok(q)) if q < 1e-4 => "; q < .0001".to_owned(),
            (Status::Broken, _, Ok(q)) => format!("; q = {q:.4}"),
            _ => String::new(),
        };
        format!("{}: {what} {}, {bound} {limit:.4} is {asked}{why}", self.subject, number(self.value))
    }

    /// `could see ≥ 6.0 %; limit 1.0 %`.
    fn seen(&self, found: &Found, question: &Question) -> String {
        let sign = if self.falls { "≤" } else { "≥" };
        let size = |value: f64| {
            if self.falls || self.of_members || question.mean_loss <= 0.0 {
                format!("{:.4}", self.turned(value))
            } else {
                format!("{:.1} %", 100.0 * value / question.mean_loss)
            }
        };
        let seen = found.detectable.map_or_else(|why| why.to_string(), size);
        format!("could see {sign} {seen}; limit {}", size(self.limit))
    }

    /// A figure that must not fall was turned round.
    fn turned(&self, value: f64) -> f64 {
        if self.falls { -value } else { value }
    }
}

fn short_of_power(found: &Found, question: &Question) -> String {
    match (found.underpowered, found.power, question.must_see) {
        (true, Ok(power), Some((size, asked))) if question.mean_loss > 0.0 => format!(
            "; an increase of {:.1} % would be seen with probability {power:.2}, {asked:.2} is asked for",
            100.0 * size / question.mean_loss
        ),
        _ => String::new(),
    }
}

/// All subjects of one rule, judged together.
pub fn judge(rule: &str, figures: Vec<Figure>, question: &Question) -> Vec<Outcome> {
    let p: Vec<Stat<f64>> = figures.iter().map(Figure::p).collect();
    let q = stats::benjamini_hochberg(&p);
    // A figure that is alone past its limit must pass the first step of the q-values: the level over all tested.
    let tested = p.iter().filter(|p| p.is_ok()).count().max(1);
    let level = if question.on == On::Point { 0.5 } else { question.level / tested as f64 };
    let one = |(figure, (p, q)): (Figure, (Stat<f64>, Stat<f64>))| {
        let error = p.and(figure.error);
        let detectable =
            error.map(|error| stats::smallest_seen(figure.limit, error, figure.degrees, level, USUAL_POWER));
        let power = error.and_then(|error| {
            let (size, _) = question.must_see.ok_or(Undefined::Empty)?;
            Ok(stats::power_to_see(size, figure.limit, error, figure.degrees, level))
        });
        let underpowered = question.must_see.is_some_and(|(_, asked)| !power.is_ok_and(|power| power >= asked));
        let found = Found { p, q, detectable, power, underpowered };
        let status = figure.status(&found, question);
        Outcome {
            rule: rule.to_owned(),
            figure: figure.value.map(|value| figure.turned(value)).into(),
            limit: figure.turned(figure.limit),
            error: figure.error.into(),
            n: figure.n,
            before: figure.before,
            after: figure.after,
            p: p.into(),
            q: q.into(),
            detectable: detectable.map(|value| figure.turned(value)).into(),
            power: power.into(),
            underpowered,
            status,
            message: figure.message(rule, status, &found, question),
            subject: figure.subject,
        }
    };
    figures.into_iter().zip(p.into_iter().zip(q)).map(one).collect()
}
