//! The one source of sentences: console, command line, report and demo all say a finding in these words.

use super::{ChangedFinding, DataFault, Finding, Findings, GroupFinding, NamedSlice, Unsaid, words};
use crate::audit::Side;
use crate::diagnose::{Measured, grouped};

impl Finding {
    /// What was found, in one sentence without its full stop. Names are as the data have them.
    #[must_use]
    pub fn claim(&self) -> String {
        match self {
            Self::Harder(group) => harder(group),
            Self::Pair(group) => pair(group),
            Self::Easier(group) => easier(group),
            Self::Discovered(slice) => discovered(slice),
            Self::Changed(found) => changed(found),
            Self::Unsaid(unsaid) => cannot_be_said(unsaid),
            Self::Data(fault) => data(fault),
        }
    }

    /// The figures behind a claim, parted for a line under it; none where the claim holds them all.
    #[must_use]
    pub fn figures(&self) -> Vec<String> {
        match self {
            Self::Harder(group) | Self::Pair(group) | Self::Easier(group) => group_figures(group),
            Self::Discovered(slice) => vec![
                format!("{} against {}", loss(slice.mean_loss), loss(slice.overall)),
                format!("n {}", grouped(slice.n)),
                format!("95 % [{}, {}]", loss(slice.interval.low), loss(slice.interval.high)),
                q(slice.q),
                "checked on items never searched".into(),
            ],
            Self::Changed(found) => changed_figures(found),
            Self::Unsaid(_) | Self::Data(_) => Vec::new(),
        }
    }

    /// The command that computes it again, as words for a shell.
    #[must_use]
    pub fn reproduce(&self, of: &Findings) -> Vec<String> {
        let words = match self {
            Self::Harder(_) | Self::Easier(_) => {
                ["table", of.audit.as_str(), "attributes", "--model", &of.model].to_vec()
            }
            Self::Pair(_) => ["table", of.audit.as_str(), "intersections", "--model", &of.model].to_vec(),
            Self::Changed(found) => ["compare-models", &of.audit, &found.against, &of.model, "--no-heads"].to_vec(),
            Self::Discovered(_) => ["discover", of.audit.as_str(), "--model", &of.model].to_vec(),
            Self::Unsaid(_) | Self::Data(_) => ["findings", of.audit.as_str(), "--model", &of.model].to_vec(),
        };
        std::iter::once("llm2loss").chain(words).map(str::to_owned).collect()
    }
}

impl Findings {
    /// What all findings are over, in one sentence without its full stop.
    #[must_use]
    pub fn over(&self) -> String {
        let mean = self.mean_loss.value().map_or_else(String::new, |mean| format!(", mean loss {}", loss(mean)));
        format!("{} test items{mean}", grouped(self.n))
    }
}

/// With three digits it is written as 1.
const ROUNDS_TO_ONE: f64 = 0.9995;

/// A loss with three digits that count.
#[must_use]
pub fn loss(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        return format!("{value:.2e}");
    }
    let whole = if size >= 1.0 { size.log10().floor() } else { 0.0 };
    // .001 has as many digits that count as 1.23 with two places more.
    let places = if size >= 0.1 || size == 0.0 {
        2.0 - whole + f64::from(size < ROUNDS_TO_ONE && size > 0.0)
    } else {
        2.0 - size.log10().floor()
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 6")]
    let places = places.max(0.0) as usize;
    format!("{value:.places$}")
}

/// "6.0 times", "13 times", "12 % more than".
fn times(ratio: f64) -> String {
    if ratio < 1.5 {
        format!("{:.0} % more than", (100.0 * (ratio - 1.0)).max(1.0))
    } else if ratio < 9.95 {
        format!("{ratio:.1} times")
    } else if ratio < 1e4 {
        format!("{ratio:.0} times")
    } else {
        format!("{ratio:.0e} times")
    }
}

fn harder(group: &GroupFinding) -> String {
    let who = words::begun(&group.group);
    match group.ratio {
        Some(ratio) => format!("{who} lose {} what others do", times(ratio)),
        None => format!("{who} lose {} where others lose nothing", loss(group.loss)),
    }
}

fn pair(group: &GroupFinding) -> String {
    let alone: Vec<String> = group.parts.iter().map(|part| loss(*part)).collect();
    format!("{}, more than either alone ({})", harder(group), alone.join(" and "))
}

fn easier(group: &GroupFinding) -> String {
    let who = words::begun(&group.group);
    match group.ratio.filter(|ratio| *ratio > 0.0) {
        Some(ratio) => format!("{who} are the easy case: others lose {} what they do", times(ratio.recip())),
        None => format!("{who} are the easy case: they lose nothing, others {}", loss(group.loss_others)),
    }
}

fn group_figures(group: &GroupFinding) -> Vec<String> {
    let mut figures = vec![
        format!("{} against {}", loss(group.loss), loss(group.loss_others)),
        format!("n {} of {}", grouped(group.n), grouped(group.of)),
    ];
    if let Measured::Value(interval) = group.interval {
        figures.push(format!("gap [{}, {}]", signed(interval.low), signed(interval.high)));
    }
    figures.extend(group.q.value().map(q));
    figures.push(group.verdict.words().into());
    figures.push(format!("{:.0} % of all loss", 100.0 * group.share));
    if let Some(estimate) = group.estimate {
        let interval =
            estimate.interval.map_or_else(String::new, |i| format!(" [{}, {}]", signed(i.low), signed(i.high)));
        figures.push(format!("words alone {}{interval}", signed(estimate.value)));
    }
    figures
}

fn signed(value: f64) -> String {
    let plus = if value > 0.0 { "+" } else { "" };
    format!("{plus}{}", loss(value))
}

fn q(q: f64) -> String {
    if q < 0.001 { "q < .001".into() } else { format!("q {q:.3}").replace("q 0.", "q .") }
}

fn discovered(slice: &NamedSlice) -> String {
    let how = if slice.overall > 0.0 {
        format!("lose {} what all do", times(slice.mean_loss / slice.overall))
    } else {
        format!("lose {}", loss(slice.mean_loss))
    };
    let Some(mostly) = &slice.mostly else {
        return format!("Found in no attribute: items with {} {how}", slice.name);
    };
    let side = if mostly.side == Side::True { "with" } else { "without" };
    let share = 100.0 * mostly.share;
    format!("Items with {}, {share:.0} % of them {side} {}, {how}", slice.name, mostly.attribute)
}

fn changed(found: &ChangedFinding) -> String {
    let ChangedFinding { model, against, groups, worse, better, worst, .. } = found;
    match worst {
        Some(worst) => format!(
            "{model} loses more than {against} in {worse} of {}, most on {}: {} against {}",
            many(*groups, "group"),
            worst.group,
            loss(worst.loss),
            loss(worst.loss_against)
        ),
        None => format!("{model} loses more than {against} in none of {}, less in {better}", many(*groups, "group")),
    }
}

fn changed_figures(found: &ChangedFinding) -> Vec<String> {
    let mut figures = vec![format!("n {}", grouped(found.n))];
    if let Some(worst) = &found.worst {
        figures.push(format!("there n {}", grouped(worst.n)));
        figures.push(format!("change [{}, {}]", signed(worst.interval.low), signed(worst.interval.high)));
        figures.push(q(worst.q));
        figures.push(format!("less in {} groups", found.better));
    }
    figures
}

fn cannot_be_said(unsaid: &Unsaid) -> String {
    match *unsaid {
        Unsaid::NoAttributes => "No attributes are given, so no groups can be compared".into(),
        Unsaid::FewItems { n: 0 } => "No test item has a loss, so no groups can be compared".into(),
        Unsaid::FewItems { n } => format!("Only {}: too few to compare groups", many(n, "test item")),
        Unsaid::EqualLosses { n, loss: every } => {
            format!("All {} have the same loss, {}: nothing tells groups apart", many(n, "test item"), loss(every))
        }
        Unsaid::NotResolved { not_resolved, not_enough, of, n } => {
            let gaps = match (not_resolved, of) {
                (0, _) => String::new(),
                (1, 1) => format!("The one loss gap is not resolved over {}", many(n, "test item")),
                (all, of) if all == of => {
                    format!("None of {} is resolved over {}", many(of, "loss gap"), many(n, "test item"))
                }
                (some, of) => format!("{some} of {} {} not resolved", many(of, "loss gap"), are(some)),
            };
            let few = match not_enough {
                0 => String::new(),
                1 if of == 1 => "The one attribute has too few items to say".into(),
                1 => format!("1 of {} has too few items to say", many(of, "attribute")),
                few => format!("{few} of {} have too few items to say", many(of, "attribute")),
            };
            [gaps, few].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
        }
    }
}

fn data(fault: &DataFault) -> String {
    match fault {
        DataFault::Leaked { items, of } => {
            let verb = if *items == 1 { "stands" } else { "stand" };
            format!("{} of {} {verb} in training too, with equal content", grouped(*items), many(*of, "test item"))
        }
        DataFault::NearlyLeaked(seen) => format!(
            "{} of {} looked at {} all but equal to a training item (cosine above .999)",
            grouped(seen.items),
            many(seen.of, "test item"),
            are(seen.items)
        ),
        DataFault::NoLoss { items, of } => {
            let verb = if *items == 1 { "has" } else { "have" };
            format!("{} of {} {verb} no loss and {} left out", grouped(*items), many(*of, "test item"), are(*items))
        }
        DataFault::Unreadable { items } => {
            format!("{} cannot be read and {} left out", many(*items, "image"), are(*items))
        }
        DataFault::Other { sentence } => sentence.clone(),
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn many(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_keep_three_digits_that_count() {
        for (value, words) in [
            (3.7149, "3.71"),
            (0.618, "0.618"),
            (12.34, "12.3"),
            (1234.5, "1234"),
            (0.0912, "0.0912"),
            (0.00123, "0.00123"),
            (0.0, "0.00"),
            (-0.945, "-0.945"),
            (1.0, "1.00"),
            (1.0 - 1e-12, "1.00"),
            (1e-9, "1.00e-9"),
            (2.5e8, "2.50e8"),
        ] {
            assert_eq!(loss(value), words);
        }
    }

    #[test]
    fn ratios_read_as_people_say_them() {
        for (ratio, words) in [
            (1.001, "1 % more than"),
            (1.12, "12 % more than"),
            (6.01, "6.0 times"),
            (12.6, "13 times"),
            (2e7, "2e7 times"),
        ] {
            assert_eq!(times(ratio), words);
        }
    }
}
