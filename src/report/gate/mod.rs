//! A check of rules, for people and for continuous integration.

mod github;
mod junit;
mod sarif;
mod text;

pub use github::github;
pub use junit::junit;
pub use sarif::sarif;
pub use text::gate_text;

use super::ledger::at_most;
use crate::diagnose::{CheckResult, Inconclusive, Outcome, Status, grouped};

/// What a rule asks, in a sentence.
fn description(rule: &str) -> &'static str {
    match rule {
        "max_mean_loss_increase" => "The mean loss of all test items may not rise by more.",
        "max_group_loss_increase" => "The mean loss of no group may rise by more.",
        "max_gap_increase" => "The size of no loss gap may grow by more.",
        "max_gap" => "No loss gap may be larger.",
        "max_new_slices" => "No more slices found by themselves may be new weaknesses.",
        "min_group_auroc" => "The AUROC of no group may be smaller.",
        _ => "The predicted loss of a prompt may not rise by more.",
    }
}

/// Whether an outcome fails the check.
fn fails(found: &CheckResult, outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Pass => false,
        Status::Inconclusive => found.inconclusive == Inconclusive::Fail,
        Status::Broken => true,
    }
}

/// `12 rules kept, 1 broken, 2 inconclusive`.
fn counts(found: &CheckResult) -> String {
    format!("{} kept, {} broken, {} inconclusive", found.passed, found.broken, found.undecided)
}

/// `Look 37 at this test set (…); expected false alarms so far ≤ 1.85.`
fn look(found: &CheckResult) -> Option<String> {
    let look = found.look.as_ref()?;
    Some(format!(
        "Look {} at this test set ({}); expected false alarms so far ≤ {}.",
        grouped(look.look),
        look.test_set,
        at_most(look.expected_false_alarms)
    ))
}
