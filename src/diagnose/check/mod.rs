//! Rules against measurements: may the model ship?

mod figures;
mod judge;
#[cfg(test)]
mod tests;

use super::{Measured, ModelComparison, ModelStanding};
use crate::audit::{Limit, Rules};
use figures::{
    Figure, Figures, auroc_limit, gap_increase_limit, gap_limit, gap_shift, gap_size, group_aurocs, group_limit,
    group_shifts, mean_shift, prompt_figure,
};
use judge::judge;
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
