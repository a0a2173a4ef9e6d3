//! A figure against its limit: p, q, status and the sentence that says so.

use super::super::policy::{LEAST_ITEMS, LEVEL, at_least};
use super::figures::Figure;
use super::{On, Outcome, Status};
use crate::stats::{self, Stat, Undefined};

impl Figure {
    /// One-sided p of "the limit is kept".
    fn p(&self) -> Stat<f64> {
        let (value, error) = (self.value?, self.error?);
        if let Some(changes) = &self.members {
            // Few members: Student's t of their mean, not the normal.
            let over: Vec<f64> = changes.iter().map(|change| change - self.limit).collect();
            let direction = stats::direction(&over)?;
            if let Some(student) = direction.student {
                return Ok(1.0 - student.mean_positive);
            }
            if over.len() == 1 && value > self.limit {
                return Err(Undefined::TooFew { n: 1, need: 2 });
            }
        } else {
            at_least(self.n, LEAST_ITEMS)?;
        }
        Ok(stats::p_above(value, self.limit, error))
    }

    fn status(&self, p: Stat<f64>, q: Stat<f64>, on: On) -> Status {
        match (self.value, p, on) {
            (Err(_), ..) => Status::Inconclusive,
            (_, Err(Undefined::TooFew { .. }), _) => Status::Inconclusive,
            (Ok(value), ..) if value <= self.limit => Status::Pass,
            (_, _, On::Point) => Status::Broken,
            (_, _, On::Bound) if q.is_ok_and(|q| q < LEVEL) => Status::Broken,
            (_, _, On::Bound) => Status::Inconclusive,
        }
    }

    fn message(&self, rule: &str, status: Status, q: Stat<f64>) -> String {
        let turned = |value: f64| if self.falls { -value } else { value };
        let number =
            |value: Stat<f64>| value.map_or_else(|why| why.to_string(), |value| format!("{:.4}", turned(value)));
        let limit = turned(self.limit);
        let what = match rule {
            "max_mean_loss_increase" | "max_group_loss_increase" => "mean loss changed by",
            "max_gap_increase" => "the loss gap's size changed by",
            "max_gap" => "the loss gap's size is",
            "min_group_auroc" => "AUROC is",
            _ => "predicted loss changed by",
        };
        let bound = if self.falls { "at least" } else { "at most" };
        let asked = if self.falls { "required" } else { "allowed" };
        let why = match (status, self.value, q) {
            (Status::Inconclusive, Err(_), _) => "; it cannot be measured".to_owned(),
            (Status::Inconclusive, _, Err(_)) => format!("; too few ({}) to decide", self.n),
            (Status::Inconclusive, ..) => "; past the limit, but it may be chance".to_owned(),
            (Status::Broken, _, Ok(q)) if q < 1e-4 => "; q < .0001".to_owned(),
            (Status::Broken, _, Ok(q)) => format!("; q = {q:.4}"),
            _ => String::new(),
        };
        format!("{}: {what} {}, {bound} {limit:.4} is {asked}{why}", self.subject, number(self.value))
    }
}

/// All subjects of one rule, judged together.
pub fn judge(rule: &str, figures: Vec<Figure>, on: On) -> Vec<Outcome> {
    let p: Vec<Stat<f64>> = figures.iter().map(Figure::p).collect();
    let q = stats::benjamini_hochberg(&p);
    let one = |(figure, (p, q)): (Figure, (Stat<f64>, Stat<f64>))| {
        let status = figure.status(p, q, on);
        let message = figure.message(rule, status, q);
        let turned = |value: f64| if figure.falls { -value } else { value };
        Outcome {
            rule: rule.to_owned(),
            figure: figure.value.map(turned).into(),
            limit: turned(figure.limit),
            error: figure.error.into(),
            subject: figure.subject,
            n: figure.n,
            before: figure.before,
            after: figure.after,
            p: p.into(),
            q: q.into(),
            status,
            message,
        }
    };
    figures.into_iter().zip(p.into_iter().zip(q)).map(one).collect()
}
