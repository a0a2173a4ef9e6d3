//! Rules against measurements: may the model ship?

use super::{Change, Estimate, Measured, ModelComparison, ModelStanding};
use crate::audit::{Limit, PromptRule, Rules};
use crate::stats::{self, Stat, Undefined};
use serde::{Deserialize, Serialize};

/// What breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// A figure over its limit.
    Point,
    /// A figure over its limit by more than chance: one-sided q < .05 over all that the rule covers.
    Bound,
}

/// What an inconclusive rule does to the whole check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inconclusive {
    /// It is said, with an exit code of its own.
    Say,
    Pass,
    Fail,
}

/// How a rule, or the whole check, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pass,
    Inconclusive,
    Broken,
}

impl Status {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Broken => "broken",
        }
    }
}

/// One rule for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The rule's key in the file: `max_gap_increase`, …, `prompt`.
    pub rule: String,
    /// What it was applied to: `all test items`, an attribute, a group, a prompt.
    pub subject: String,
    /// Items (or members, of a prompt) behind the figure; the smaller group's for a gap.
    pub n: usize,
    pub before: Measured,
    pub after: Measured,
    /// What is held against the limit.
    pub figure: Measured,
    pub limit: f64,
    /// Standard error of the figure.
    pub error: Measured,
    /// One-sided p that the true figure keeps the limit, and its Benjamini-Hochberg q over the rule's subjects.
    pub p: Measured,
    pub q: Measured,
    pub status: Status,
    /// One sentence.
    pub message: String,
}

/// A checked model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    pub model: String,
    /// The model compared with, or that of the baseline.
    pub against: String,
    /// Both were measured on the same items, so that differences are paired.
    pub paired: bool,
    pub on: On,
    pub inconclusive: Inconclusive,
    /// Test items.
    pub n: usize,
    pub status: Status,
    pub passed: usize,
    pub broken: usize,
    pub undecided: usize,
    /// Broken first, then inconclusive, then passed; otherwise in the order of the rules.
    pub outcomes: Vec<Outcome>,
}

impl CheckResult {
    /// 0 pass, 3 a rule is broken, 4 inconclusive.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.status, self.inconclusive) {
            (Status::Pass, _) | (Status::Inconclusive, Inconclusive::Pass) => 0,
            (Status::Broken, _) | (Status::Inconclusive, Inconclusive::Fail) => 3,
            (Status::Inconclusive, Inconclusive::Say) => 4,
        }
    }
}

/// Predicted loss of a prompt before and after, one value a member.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptShift {
    pub text: String,
    pub before: Vec<f64>,
    pub after: Vec<f64>,
}

/// What a check is made from.
pub struct CheckMaterial<'a> {
    pub rules: &'a Rules,
    pub before: &'a ModelStanding,
    pub after: &'a ModelStanding,
    /// Both models on the same items; without it, changes are those of two independent samples.
    pub paired: Option<&'a ModelComparison>,
    /// In the order of the rules' prompts.
    pub prompts: &'a [PromptShift],
}

/// Fewest items of a group, and of either class within it by way of its AUROC's variance, that a rule decides on.
const LEAST_ITEMS: usize = 10;
/// q under which a figure is over its limit by more than chance.
const LEVEL: f64 = 0.05;

/// A figure with its standard error, before it is held against a limit; larger is worse.
#[derive(Clone)]
struct Figure {
    subject: String,
    n: usize,
    before: Measured,
    after: Measured,
    value: Stat<f64>,
    error: Stat<f64>,
    limit: f64,
    /// Said of a figure that must not fall: it and its limit were turned round.
    falls: bool,
    members: Option<Vec<f64>>,
}

/// Holds a model against rules. `names` are those of the model and of what it is compared with.
#[must_use]
pub fn check(names: (&str, &str), material: &CheckMaterial, on: On, inconclusive: Inconclusive) -> CheckResult {
    let mean_loss = material.before.mean_loss.value().map_or(0.0, |mean| mean.value);
    let rules = material.rules;
    let mut outcomes = Vec::new();
    if let Some(limit) = rules.max_mean_loss_increase {
        let shift = mean_shift(material, limit.resolve(mean_loss));
        outcomes.extend(judge("max_mean_loss_increase", vec![shift], on));
    }
    let every = |of: fn(&Rules, &str) -> Option<Limit>, figures: Figures| {
        let rows =
            material.after.attributes.iter().enumerate().filter_map(|(at, row)| {
                of(rules, &row.name).map(|limit| figures(material, at, limit.resolve(mean_loss)))
            });
        rows.flatten().collect::<Vec<Figure>>()
    };
    outcomes.extend(judge("max_group_loss_increase", every(group_limit, group_shifts), on));
    outcomes.extend(judge("max_gap_increase", every(gap_increase_limit, gap_shift), on));
    outcomes.extend(judge("max_gap", every(gap_limit, gap_size), on));
    outcomes.extend(judge("min_group_auroc", every(auroc_limit, group_aurocs), on));
    let prompts = rules.prompt.iter().zip(material.prompts);
    outcomes.extend(judge("prompt", prompts.map(|(rule, shift)| prompt_figure(rule, shift, mean_loss)).collect(), on));
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.status));
    let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count();
    CheckResult {
        model: names.0.to_owned(),
        against: names.1.to_owned(),
        paired: material.paired.is_some(),
        on,
        inconclusive,
        n: material.after.n,
        status: outcomes.first().map_or(Status::Pass, |outcome| outcome.status),
        passed: count(Status::Pass),
        broken: count(Status::Broken),
        undecided: count(Status::Inconclusive),
        outcomes,
    }
}

type Figures = fn(&CheckMaterial, usize, f64) -> Vec<Figure>;

/// The limit of an attribute: its own, else that for all; none where it is left out.
fn limit_of<T: Copy>(
    rules: &Rules,
    name: &str,
    own: impl Fn(&crate::audit::AttributeRules) -> Option<T>,
    all: Option<T>,
) -> Option<T> {
    match rules.attribute.get(name) {
        Some(attribute) if attribute.skip => None,
        Some(attribute) => own(attribute).or(all),
        None => all,
    }
}

fn group_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_group_loss_increase, rules.max_group_loss_increase)
}

fn gap_increase_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_gap_increase, rules.max_gap_increase)
}

fn gap_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_gap, rules.max_gap)
}

fn auroc_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.min_group_auroc, rules.min_group_auroc).map(Limit::Absolute)
}

fn point(estimate: Measured<Estimate>) -> Measured {
    match estimate {
        Measured::Value(estimate) => Measured::Value(estimate.value),
        Measured::Undefined { undefined } => Measured::Undefined { undefined },
    }
}

fn stat<T: Copy>(measured: Measured<T>) -> Stat<T> {
    match measured {
        Measured::Value(value) => Ok(value),
        Measured::Undefined { undefined } => Err(undefined),
    }
}

/// Standard error of a change: from the paired interval, else of two independent samples.
fn error_of(paired: Option<&Change>, before: Measured<Estimate>, after: Measured<Estimate>) -> Stat<f64> {
    /// Half the width of a 95 % interval in standard errors.
    const HALF: f64 = 1.959_963_984_540_054;
    match paired {
        Some(change) => stat(change.interval).map(|interval| (interval.high - interval.low) / (2.0 * HALF)),
        None => Ok((stat(before)?.variance + stat(after)?.variance).sqrt()),
    }
}

fn mean_shift(material: &CheckMaterial, limit: f64) -> Figure {
    let (before, after) = (material.before.mean_loss, material.after.mean_loss);
    Figure {
        subject: "all test items".into(),
        n: material.after.n,
        before: point(before),
        after: point(after),
        value: stat(point(after)).and_then(|after| Ok(after - stat(point(before))?)),
        error: error_of(material.paired.map(|found| &found.losses.mean), before, after),
        limit,
        falls: false,
        members: None,
    }
}

/// The same attribute before, and compared.
fn beside<'a>(
    material: &'a CheckMaterial,
    name: &str,
) -> (Option<&'a super::AttributeStanding>, Option<&'a super::AttributeChange>) {
    let before = material.before.attributes.iter().find(|row| row.name == name);
    (before, material.paired.and_then(|found| found.attributes.iter().find(|row| row.name == name)))
}

const NONE: Measured<Estimate> = Measured::Undefined { undefined: Undefined::Empty };

fn group_shifts(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, paired) = beside(material, &row.name);
    let sides = [
        ("with", row.n_true, before.map(|row| row.loss_true), row.loss_true, paired.map(|row| &row.loss_true)),
        ("without", row.n_false, before.map(|row| row.loss_false), row.loss_false, paired.map(|row| &row.loss_false)),
    ];
    let figure = |(word, n, before, after, change): (&str, usize, Option<Measured<Estimate>>, _, _)| {
        let before = before.unwrap_or(NONE);
        Figure {
            subject: format!("{word} {}", row.name),
            n,
            before: point(before),
            after: point(after),
            value: stat(point(after)).and_then(|after| Ok(after - stat(point(before))?)),
            error: error_of(change, before, after),
            limit,
            falls: false,
            members: None,
        }
    };
    sides.into_iter().map(figure).collect()
}

fn gap_shift(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, paired) = beside(material, &row.name);
    let before = before.map_or(NONE, |row| row.loss_gap);
    vec![Figure {
        subject: row.name.clone(),
        n: row.n_true.min(row.n_false),
        before: point(before),
        after: point(row.loss_gap),
        // The gap's size: changing sides is no growth.
        value: stat(point(row.loss_gap)).and_then(|after| Ok(after.abs() - stat(point(before))?.abs())),
        error: error_of(paired.map(|row| &row.loss_gap), before, row.loss_gap),
        limit,
        falls: false,
        members: None,
    }]
}

fn gap_size(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let before = beside(material, &row.name).0.map_or(NONE, |row| row.loss_gap);
    vec![Figure {
        subject: row.name.clone(),
        n: row.n_true.min(row.n_false),
        before: point(before),
        after: point(row.loss_gap),
        value: stat(point(row.loss_gap)).map(f64::abs),
        error: stat(row.loss_gap).map(|gap| gap.variance.sqrt()),
        limit,
        falls: false,
        members: None,
    }]
}

fn group_aurocs(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let before = beside(material, &row.name).0;
    let sides = [
        ("with", row.n_true, before.map(|row| row.auroc_true), row.auroc_true),
        ("without", row.n_false, before.map(|row| row.auroc_false), row.auroc_false),
    ];
    let figure = |(word, n, before, after): (&str, usize, Option<Measured<Estimate>>, Measured<Estimate>)| Figure {
        subject: format!("{word} {}", row.name),
        n,
        before: point(before.unwrap_or(NONE)),
        after: point(after),
        value: stat(point(after)).map(|auroc| -auroc),
        error: stat(after).map(|auroc| auroc.variance.sqrt()),
        limit: -limit,
        falls: true,
        members: None,
    };
    sides.into_iter().map(figure).collect()
}

fn prompt_figure(rule: &PromptRule, shift: &PromptShift, mean_loss: f64) -> Figure {
    let changes: Vec<f64> = shift.before.iter().zip(&shift.after).map(|(before, after)| after - before).collect();
    let mean = |values: &[f64]| stats::summary(values).map(|summary| summary.mean);
    let spread = stats::summary(&changes);
    Figure {
        subject: rule.text.clone(),
        n: changes.len(),
        before: mean(&shift.before).into(),
        after: mean(&shift.after).into(),
        value: spread.map(|spread| spread.mean),
        error: spread.map(|spread| spread.sd / (spread.n as f64).sqrt()),
        limit: rule.max_increase.resolve(mean_loss),
        falls: false,
        members: Some(changes),
    }
}

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
        } else if self.n < LEAST_ITEMS {
            return Err(Undefined::TooFew { n: self.n, need: LEAST_ITEMS });
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
fn judge(rule: &str, figures: Vec<Figure>, on: On) -> Vec<Outcome> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnose::AttributeStanding;

    fn estimate(value: f64) -> Measured<Estimate> {
        Measured::Value(Estimate { value, variance: 0.0001 })
    }

    fn model(mean: f64, n_true: usize, loss_true: f64, auroc: f64) -> ModelStanding {
        let row = AttributeStanding {
            name: "Senior".into(),
            n_true,
            n_false: 500,
            loss_true: estimate(loss_true),
            loss_false: estimate(1.0),
            loss_gap: estimate(loss_true - 1.0),
            auroc_true: estimate(auroc),
            auroc_false: estimate(0.9),
        };
        ModelStanding { n: 1000, mean_loss: estimate(mean), attributes: vec![row] }
    }

    fn checked(rules: &str, before: &ModelStanding, after: &ModelStanding, on: On) -> CheckResult {
        let rules = Rules::parse(rules).unwrap();
        let prompts: Vec<PromptShift> = rules
            .prompt
            .iter()
            .map(|rule| PromptShift {
                text: rule.text.clone(),
                before: vec![1.0, 1.1, 0.9],
                after: vec![2.0, 2.2, 1.9],
            })
            .collect();
        let material = CheckMaterial { rules: &rules, before, after, paired: None, prompts: &prompts };
        check(("v2", "v1"), &material, on, Inconclusive::Say)
    }

    #[test]
    fn far_over_is_broken_a_little_over_is_chance_and_under_passes() {
        // The change's standard error is √.0002 = .0141.
        for (after, status, code) in
            [(1.2, Status::Broken, 3), (1.11, Status::Inconclusive, 4), (1.09, Status::Pass, 0)]
        {
            let found = checked(
                "max_mean_loss_increase = 0.1",
                &model(1.0, 400, 1.0, 0.9),
                &model(after, 400, 1.0, 0.9),
                On::Bound,
            );
            assert_eq!((found.status, found.exit_code()), (status, code), "{after}");
        }
        let point =
            checked("max_mean_loss_increase = 0.1", &model(1.0, 400, 1.0, 0.9), &model(1.11, 400, 1.0, 0.9), On::Point);
        assert_eq!(point.exit_code(), 3);
    }

    #[test]
    fn every_rule_knows_which_way_is_worse() {
        let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.0, 400, 1.5, 0.7));
        for (rules, subject) in [
            ("max_gap_increase = 0.1", "Senior"),
            ("max_gap = 0.3", "Senior"),
            ("max_group_loss_increase = 0.1", "with Senior"),
            ("min_group_auroc = 0.8", "with Senior"),
            ("[[prompt]]\ntext = \"a nurse\"\nmax_increase = 0.5", "a nurse"),
        ] {
            let found = checked(rules, &before, &after, On::Bound);
            assert_eq!((found.status, found.broken), (Status::Broken, 1), "{rules}: {found:?}");
            assert_eq!(found.outcomes[0].subject, subject);
            if !rules.contains("prompt") {
                assert_eq!(checked(rules, &after, &before, On::Bound).status, Status::Pass, "{rules}");
            }
        }
    }

    #[test]
    fn a_group_of_few_is_inconclusive_and_may_be_told_to_pass_or_fail() {
        let (before, after) = (model(1.0, 4, 1.0, 0.9), model(1.0, 4, 1.0, 0.9));
        let mut found = checked("max_group_loss_increase = 0.1", &before, &after, On::Point);
        assert_eq!((found.status, found.exit_code()), (Status::Inconclusive, 4));
        assert!(found.outcomes[0].message.contains("too few (4)"), "{}", found.outcomes[0].message);
        found.inconclusive = Inconclusive::Pass;
        assert_eq!(found.exit_code(), 0);
        found.inconclusive = Inconclusive::Fail;
        assert_eq!(found.exit_code(), 3);
    }

    #[test]
    fn an_attribute_may_have_its_own_limit_or_none() {
        let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.0, 400, 1.5, 0.9));
        let own = "max_gap_increase = 0.1\n[attribute.Senior]\nmax_gap_increase = 0.9";
        assert_eq!(checked(own, &before, &after, On::Bound).status, Status::Pass);
        let none = checked("max_gap_increase = 0.1\n[attribute.Senior]\nskip = true", &before, &after, On::Bound);
        assert!(none.outcomes.is_empty());
    }

    #[test]
    fn a_share_is_of_the_mean_loss_before() {
        let found = checked(
            "max_mean_loss_increase = \"50%\"",
            &model(2.0, 400, 1.0, 0.9),
            &model(2.9, 400, 1.0, 0.9),
            On::Point,
        );
        assert_eq!((found.status, found.outcomes[0].limit), (Status::Pass, 1.0));
    }
}
