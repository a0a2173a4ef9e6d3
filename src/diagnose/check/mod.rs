//! Rules against measurements: may the model ship?

mod figures;
mod judge;
mod slices;
#[cfg(test)]
mod tests;

use super::discover::NewSlices;
use super::{Look, Measured, ModelStanding};
use crate::audit::{AttributeRules, Limit, Rules, USUAL_POWER};
use crate::stats::StandardErrors;
use figures::{
    Figure, Figures, auroc_limit, gap_increase_limit, gap_limit, gap_shift, gap_size, group_aurocs, group_limit,
    group_shifts, mean_shift, prompt_figure,
};
use judge::{Question, judge};
use serde::{Deserialize, Serialize};

/// Probability that a run calls a rule broken although every figure keeps its limit, unless one says otherwise. It is
/// shared out equally among the rules, and within a rule q-values keep to its share.
pub const USUAL_LEVEL: f64 = 0.05;

/// What breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// A figure over its limit.
    Point,
    /// A figure over its limit by more than chance: one-sided q under the rule's level, over all that it covers.
    Bound,
}

/// What an inconclusive rule does to the whole check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inconclusive {
    /// Nothing: it is listed.
    Ok,
    /// An exit code of its own.
    Exit4,
    /// The same as a broken rule.
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
    /// The smallest true figure that would have been called broken with probability .8, alone of its rule.
    pub detectable: Measured,
    /// Probability of seeing the increase that the rules say must be seen; undefined where they say none.
    pub power: Measured,
    /// That is less than they ask for.
    pub underpowered: bool,
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
    /// Probability that this run calls a rule broken although every figure keeps its limit, at most; and each rule's
    /// share of it, which its q-values are held against.
    pub level: f64,
    pub rule_level: f64,
    /// How often this test set was looked at, where a ledger was kept.
    pub look: Option<Look>,
    /// Test items.
    pub n: usize,
    /// Standard errors of the mean change, where it is paired.
    pub standard_error: Option<StandardErrors>,
    pub status: Status,
    pub passed: usize,
    pub broken: usize,
    pub undecided: usize,
    /// Inconclusive for want of the power that the rules ask for.
    pub underpowered: usize,
    /// Rules that are about nothing here: of attributes where there are none, or none but skipped ones.
    pub not_applied: Vec<String>,
    /// Broken first, then inconclusive, then passed; otherwise in the order of the rules.
    pub outcomes: Vec<Outcome>,
}

impl CheckResult {
    /// 0 nothing broke, 3 a rule is broken, 4 inconclusive: if asked for, or short of the power that the rules ask for.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.status, self.inconclusive) {
            (Status::Pass, _) => 0,
            (Status::Broken, _) | (Status::Inconclusive, Inconclusive::Fail) => 3,
            (Status::Inconclusive, Inconclusive::Exit4) => 4,
            (Status::Inconclusive, Inconclusive::Ok) if self.underpowered > 0 => 4,
            (Status::Inconclusive, Inconclusive::Ok) => 0,
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
    /// Changes item by item, of models measured on the same items; without it, changes are those of two independent
    /// samples.
    pub change: Option<&'a ModelStanding>,
    /// Standard errors of the mean change, where it is paired.
    pub standard_error: Option<StandardErrors>,
    /// In the order of the rules' prompts.
    pub prompts: &'a [PromptShift],
    /// Slices tested for being new, where a rule asks.
    pub slices: Option<&'a NewSlices>,
}

/// How a check is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckManner {
    pub on: On,
    pub inconclusive: Inconclusive,
    /// See [`CheckResult::level`].
    pub level: f64,
}

impl Default for CheckManner {
    fn default() -> Self {
        Self { on: On::Bound, inconclusive: Inconclusive::Ok, level: USUAL_LEVEL }
    }
}

/// Holds a model against rules. `names` are those of the model and of what it is compared with.
#[must_use]
pub fn check(names: (&str, &str), material: &CheckMaterial, manner: CheckManner) -> CheckResult {
    let mean_loss = material.before.mean_loss.value().map_or(0.0, |mean| mean.value);
    let rules = material.rules;
    let (figures, not_applied) = figures_of_rules(material, mean_loss);
    let slices = rules.discover.as_ref().zip(material.slices);
    let rule_level = manner.level / (figures.len() + usize::from(slices.is_some())).max(1) as f64;
    let see = rules.must_see.map(|size| (size.resolve(mean_loss), rules.min_power.unwrap_or(USUAL_POWER)));
    let judged = |(rule, figures): (&str, Vec<Figure>)| {
        let must_see = see.filter(|_| rule.ends_with("_increase"));
        let follow_error = rules.follow_error;
        judge(rule, figures, &Question { on: manner.on, level: rule_level, follow_error, must_see, mean_loss })
    };
    let mut outcomes: Vec<Outcome> = figures.into_iter().flat_map(judged).collect();
    outcomes.extend(slices.into_iter().flat_map(|(rule, found)| slices::judge(found, rule.max_new_slices, rule_level)));
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.status));
    let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count();
    CheckResult {
        model: names.0.to_owned(),
        against: names.1.to_owned(),
        paired: material.change.is_some(),
        on: manner.on,
        inconclusive: manner.inconclusive,
        level: manner.level,
        rule_level,
        look: None,
        n: material.after.n,
        standard_error: material.standard_error,
        status: outcomes.first().map_or(Status::Pass, |outcome| outcome.status),
        passed: count(Status::Pass),
        broken: count(Status::Broken),
        undecided: count(Status::Inconclusive),
        underpowered: outcomes.iter().filter(|outcome| outcome.underpowered).count(),
        not_applied,
        outcomes,
    }
}

/// Each rule that is about something, with its figures; and the names of those given that are about nothing.
fn figures_of_rules(material: &CheckMaterial, mean_loss: f64) -> (Vec<(&'static str, Vec<Figure>)>, Vec<String>) {
    let rules = material.rules;
    let own = |given: fn(&AttributeRules) -> bool| rules.attribute.values().any(given);
    let every = |of: fn(&Rules, &str) -> Option<Limit>, figures: Figures| {
        let rows =
            material.after.attributes.iter().enumerate().filter_map(|(at, row)| {
                of(rules, &row.name).map(|limit| figures(material, at, limit.resolve(mean_loss)))
            });
        rows.flatten().collect::<Vec<Figure>>()
    };
    let mean = rules.max_mean_loss_increase.map(|limit| mean_shift(material, limit.resolve(mean_loss)));
    let prompts = rules.prompt.iter().zip(material.prompts);
    let given = [
        (
            "max_group_loss_increase",
            rules.max_group_loss_increase.is_some() || own(|own| own.max_group_loss_increase.is_some()),
        ),
        ("max_gap_increase", rules.max_gap_increase.is_some() || own(|own| own.max_gap_increase.is_some())),
        ("max_gap", rules.max_gap.is_some() || own(|own| own.max_gap.is_some())),
        ("min_group_auroc", rules.min_group_auroc.is_some() || own(|own| own.min_group_auroc.is_some())),
    ];
    let mut all = vec![
        ("max_mean_loss_increase", mean.into_iter().collect()),
        ("max_group_loss_increase", every(group_limit, group_shifts)),
        ("max_gap_increase", every(gap_increase_limit, gap_shift)),
        ("max_gap", every(gap_limit, gap_size)),
        ("min_group_auroc", every(auroc_limit, group_aurocs)),
        ("prompt", prompts.map(|(rule, shift)| prompt_figure(rule, shift, mean_loss)).collect()),
    ];
    all.retain(|(_, figures)| !figures.is_empty());
    let missing = |name: &str| all.iter().all(|(other, _)| *other != name);
    let not_applied =
        given.into_iter().filter(|(name, given)| *given && missing(name)).map(|(name, _)| name.to_owned());
    let not_applied = not_applied.collect();
    (all, not_applied)
}
