//! Two models compared, as sheets: whom the second made worse.

mod changes;
mod ranked;

use super::sheet::{Format, markdown};
use super::{fixed, printable, signed};
use crate::diagnose::{Change, ChangeVerdict, LossShift, ModelComparison, grouped};
pub use changes::sorted_attributes;
pub(super) use changes::{Room, changed_attributes, groups};
pub(super) use ranked::{heads, items, prompts};
use unicode_width::UnicodeWidthChar;

/// Columns of text from which intervals and predictions have room.
const WIDE: usize = 118;

/// A comparison as text of at most so many columns, or as tables.
#[must_use]
pub fn model_comparison(found: &ModelComparison, audit: &str, format: Format, width: usize) -> String {
    let text = format == Format::Text;
    let room = match (text, width) {
        (false, _) => Room::Plenty,
        (true, WIDE..) => Room::Middle,
        (true, _) => Room::Narrow,
    };
    let wide = room != Room::Narrow;
    let gaps = changed_attributes(found, room);
    let mut sheets = Vec::new();
    // A program that reads CSV wants one table.
    if format == Format::Csv {
        sheets.push(gaps);
    } else {
        sheets.extend(groups(found, wide));
        sheets.push(gaps);
        if let Some(predicted) = &found.predicted {
            sheets.push(heads(predicted));
            sheets.push(prompts(predicted, text.then_some(width)));
        }
        sheets.push(items(found, text.then_some(width)));
    }
    if text {
        for note in sheets.iter_mut().flat_map(|sheet| &mut sheet.notes) {
            *note = wrap(note, width).trim_end().to_owned();
        }
    }
    let tables: Vec<String> = sheets.iter().map(|sheet| sheet.render(format)).collect();
    let wrapped = |lines: Vec<String>| {
        let width = if text { width } else { usize::MAX };
        lines.iter().map(|line| wrap(line, width)).collect::<String>()
    };
    match format {
        Format::Csv => tables.concat(),
        Format::Text => {
            let body: String = tables.iter().map(|table| format!("\n{}\n", table.trim_end())).collect();
            format!("{}{body}\n{}", wrapped(summary(found, audit)), wrapped(rule(found)))
        }
        Format::Markdown => {
            let paragraphs =
                |lines: Vec<String>| lines.iter().map(|line| markdown(line)).collect::<Vec<_>>().join("\n\n");
            format!("{}\n\n{}\n{}\n", paragraphs(summary(found, audit)), tables.join("\n"), paragraphs(rule(found)))
        }
        Format::Latex => {
            let comment: String = summary(found, audit).iter().map(|line| format!("% {line}\n")).collect();
            format!("{comment}{}", tables.join("\n"))
        }
    }
}

/// `before → after, change [low, high]: verdict`.
pub(super) fn change_words(change: &Change, digits: usize) -> String {
    let interval = change
        .interval
        .value()
        .map_or_else(String::new, |interval| format!(" [{:+.digits$}, {:+.digits$}]", interval.low, interval.high));
    format!(
        "{} → {}, change {}{interval}: {}",
        fixed(change.before, digits),
        fixed(change.after, digits),
        signed(change.change, digits),
        change.verdict.words()
    )
}

/// What there is to know first: a few sentences.
pub(super) fn summary(found: &ModelComparison, audit: &str) -> Vec<String> {
    let n = found.n.max(1) as f64;
    let share = |count: usize| format!("{} ({:.1} %)", grouped(count), 100.0 * count as f64 / n);
    let losses = &found.losses;
    let mut lines = vec![
        format!(
            "Two models compared: {} before, {} after (audit {})",
            printable(&found.before),
            printable(&found.after),
            printable(audit)
        ),
        found.groups.headline.clone(),
        format!(
            "Over {} test items. Mean loss {}{}.",
            grouped(found.n),
            change_words(&losses.mean, 3),
            errors_and_tests(losses)
        ),
    ];
    if losses.auroc.before.value().is_some() {
        lines.push(format!("AUROC {}.", change_words(&losses.auroc, 4)));
    }
    lines.push(format!(
        "The loss rose for {} items, fell for {}, and stayed the same for {}.",
        share(losses.worse),
        share(losses.better),
        share(losses.same)
    ));
    let quantiles = losses.quantiles.iter().map(|quantile| {
        format!("{:.0} %: {:.3} → {:.3}", 100.0 * quantile.probability, quantile.before, quantile.after)
    });
    lines.push(format!("Quantiles of the loss, {}.", quantiles.collect::<Vec<_>>().join(", ")));
    let count = |verdict: ChangeVerdict| found.attributes.iter().filter(|a| a.loss_gap.verdict == verdict).count();
    lines.push(format!(
        "Loss gaps of {}: {} wider, {} narrower, {} with no difference resolved, {} without enough data.",
        match found.attributes.len() {
            1 => "1 attribute".into(),
            n => format!("{n} attributes"),
        },
        count(ChangeVerdict::Worse),
        count(ChangeVerdict::Better),
        count(ChangeVerdict::NoDifference),
        count(ChangeVerdict::NotEnoughData)
    ));
    lines
}

/// `; SE 0.0110, clustered 0.0230; paired t p = 0.0312, Wilcoxon p < .0001`.
fn errors_and_tests(losses: &LossShift) -> String {
    let p = |p: f64| if p < 1e-4 { "p < .0001".to_owned() } else { format!("p = {p:.4}") };
    let error = losses.standard_error.value().map(|error| {
        let clustered = error.clustered.map_or_else(String::new, |clustered| format!(", clustered {clustered:.4}"));
        format!("; SE {:.4}{clustered}", error.naive)
    });
    let tests = &losses.tests;
    let said = [
        tests.paired_t.value().map(|test| format!("paired t {}", p(test.p))),
        tests.wilcoxon.value().map(|test| format!("Wilcoxon {}", p(test.p))),
        tests.mcnemar.map(|test| {
            format!("exact McNemar {} ({} newly right, {} newly wrong)", p(test.p), test.before_only, test.after_only)
        }),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let said = if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) };
    error.unwrap_or_default() + &said
}

/// How verdicts are reached, in words.
pub(super) fn rule(found: &ModelComparison) -> Vec<String> {
    let rule = &found.rule;
    let units =
        if found.units == found.n { "items".into() } else { format!("{} clusters of items", grouped(found.units)) };
    let least_units = if found.units == found.n { String::new() } else { format!(" or {} clusters", rule.least_units) };
    vec![
        format!(
            "Worse off, better, wider or narrower: q < {} (Benjamini-Hochberg over the attributes) and by at least {:.4} (1 % of the mean loss before; AUROC {}). Gaps are group with the attribute minus group without, in units of the loss; wider means that their size grew, whoever gained. Groups of fewer than {} items{} (AUROC: {} of either class) get no verdict.",
            rule.level, rule.least_loss, rule.least_auroc, rule.least_items, least_units, rule.least_of_class
        ),
        format!(
            "Intervals are 95 %, over {units}: of mean losses from a skew-corrected t of the differences, of AUROCs from a paired bootstrap with {} replicates, which weighs both models with the same draw.",
            grouped(rule.replicates)
        ),
    ]
}

/// The beginning of a text that fits so many columns.
pub(super) fn cut(text: &str, room: usize) -> String {
    let text = printable(text);
    let mut used = 0;
    let mut kept = String::new();
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > room {
            while kept.chars().map(|character| character.width().unwrap_or(0)).sum::<usize>() >= room {
                kept.pop();
            }
            return kept.trim_end().to_owned() + "…";
        }
        kept.push(character);
    }
    kept
}

/// A paragraph on lines of at most so many characters.
fn wrap(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            used = 0;
        }
        if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::{cut, wrap};

    #[test]
    fn cut_text_fits_and_says_that_it_is_cut() {
        assert_eq!(cut("a short text", 20), "a short text");
        assert_eq!(cut("a longer text", 9), "a longer…");
        assert_eq!(cut("界界界", 5), "界界…");
        assert_eq!(cut("x\u{1b}[31m", 9), "x[31m");
    }

    #[test]
    fn paragraphs_keep_their_words() {
        assert_eq!(wrap("one two three", 7), "one two\nthree\n");
        assert_eq!(wrap("incomprehensibly long", 4), "incomprehensibly\nlong\n");
    }
}
