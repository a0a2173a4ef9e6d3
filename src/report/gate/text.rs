//! A check in plain text.

use super::{counts, look};
use crate::diagnose::{CheckResult, On, Status, grouped};
use crate::report::printable;

/// What broke, what could not be decided and what would have been seen of it, and the verdict.
#[must_use]
pub fn gate_text(found: &CheckResult, audit: &str) -> String {
    let paired = if found.paired { "paired, the same items" } else { "unpaired, against pinned figures" };
    let mut text = format!(
        "Check of {} against {} (audit {}): {} test items, {paired}{}\n",
        printable(&found.model),
        printable(&found.against),
        printable(audit),
        grouped(found.n),
        standard_error(found)
    );
    let mut heading = None;
    for outcome in found.outcomes.iter().filter(|outcome| outcome.status != Status::Pass) {
        let this = Some((outcome.status, &outcome.rule));
        if this != heading {
            text.push_str(&format!("\n{:<12}  {}\n", outcome.status.name(), outcome.rule));
            heading = this;
        }
        text.push_str(&format!("              {}\n", printable(&outcome.message)));
    }
    let verdict = match found.exit_code() {
        0 => "PASS",
        4 => "INCONCLUSIVE",
        _ => "FAIL",
    };
    text.push_str(&format!("\n{verdict}: {}.\n", counts(found)));
    text.extend(look(found).map(|look| format!("{look}\n")));
    if !found.not_applied.is_empty() {
        let rules = found.not_applied.join(", ");
        text.push_str(&format!("Not applied, for want of an attribute that is not skipped: {rules}.\n"));
    }
    if found.status != Status::Pass {
        text.push_str(&legend(found));
    }
    text
}

/// What the words above mean.
fn legend(found: &CheckResult) -> String {
    match found.on {
        On::Bound => format!(
            "Broken: past the limit by more than chance (one-sided q < {}, this rule's share of {}); inconclusive: past it, but maybe by chance, or too few items. \"Could see\": what would have been called broken with probability .8; shares are of the mean loss before.\n",
            short(found.rule_level),
            short(found.level)
        ),
        On::Point => "Broken: past the limit; inconclusive: too few items.\n".to_owned(),
    }
}

/// `; mean change's SE .0110, clustered .0230`.
fn standard_error(found: &CheckResult) -> String {
    found.standard_error.map_or_else(String::new, |error| {
        let clustered = error.clustered.map_or_else(String::new, |clustered| format!(", clustered {clustered:.4}"));
        format!("; SE of the mean change {:.4}{clustered}", error.naive)
    })
}

/// Three digits of a level.
fn short(level: f64) -> String {
    let digits = (2 - level.log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{level:.digits$}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_level_has_three_digits() {
        assert_eq!((super::short(0.05).as_str(), super::short(1.0 / 365.0).as_str()), ("0.05", "0.00274"));
    }
}
