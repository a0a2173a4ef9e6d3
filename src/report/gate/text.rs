//! A check in plain text.

use super::counts;
use crate::diagnose::{CheckResult, On, Status, grouped};
use crate::report::printable;

/// What broke, what could not be decided, and the verdict.
#[must_use]
pub fn gate_text(found: &CheckResult, audit: &str) -> String {
    let paired = if found.paired { "paired, the same items" } else { "unpaired, against pinned figures" };
    let mut text = format!(
        "Check of {} against {} (audit {}): {} test items, {paired}\n",
        printable(&found.model),
        printable(&found.against),
        printable(audit),
        grouped(found.n)
    );
    for outcome in found.outcomes.iter().filter(|outcome| outcome.status != Status::Pass) {
        text.push_str(&format!(
            "\n{:<12}  {}\n              {}\n",
            outcome.status.name(),
            outcome.rule,
            printable(&outcome.message)
        ));
    }
    let verdict = match found.status {
        Status::Pass => "PASS",
        Status::Inconclusive => "INCONCLUSIVE",
        Status::Broken => "FAIL",
    };
    text.push_str(&format!("\n{verdict}: {}.\n", counts(found)));
    text.push_str(match found.on {
        On::Bound => "Broken: past the limit by more than chance (one-sided q < .05 over the rule's subjects); inconclusive: past it, but maybe by chance, or too few items.\n",
        On::Point => "Broken: past the limit; inconclusive: too few items.\n",
    });
    text
}
