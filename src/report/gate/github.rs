//! A check as workflow commands of GitHub Actions: annotations on the run.

use super::{counts, fails, look};
use crate::diagnose::{CheckResult, Inconclusive, Outcome, Status};
use crate::report::printable;

/// One line an annotation; what passed is only counted, as is what is inconclusive without consequence.
#[must_use]
pub fn github(found: &CheckResult) -> String {
    let mut text = String::new();
    let tells = |outcome: &&Outcome| match outcome.status {
        Status::Pass => false,
        Status::Inconclusive => found.inconclusive != Inconclusive::Ok || outcome.underpowered,
        Status::Broken => true,
    };
    for outcome in found.outcomes.iter().filter(tells) {
        let level = if fails(found, outcome) { "error" } else { "warning" };
        let title = format!("llm2loss {} {}", outcome.rule, outcome.status.name());
        text.push_str(&format!("::{level} title={}::{}\n", property(&title), data(&outcome.message)));
    }
    let title = property("llm2loss check");
    let mut message = format!("{} against {}: {}", found.model, found.against, counts(found));
    if let Some(look) = look(found) {
        message.push_str(&format!(". {look}"));
    }
    text.push_str(&format!("::notice title={title}::{}\n", data(&message)));
    text
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_message_can_start_another_command() {
        assert_eq!(super::property("a:b,c%\n::error::x"), "a%3Ab%2Cc%25 %3A%3Aerror%3A%3Ax");
        assert_eq!(super::data("50 %\r\n::x"), "50 %25  ::x");
    }
}
