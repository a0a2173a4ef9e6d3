//! Two models compared, as sheets: whom the second made worse.

use super::sheet::{Cell, Format, Sheet};
use super::{Align, printable};
use crate::audit::Side;
use crate::diagnose::{
    AttributeChange, Change, ChangeVerdict, HeadQuality, Measured, ModelComparison, PredictedComparison, grouped,
};
use Align::{Left, Right};
use unicode_width::UnicodeWidthChar;

/// Columns of text from which intervals and predictions have room.
const WIDE: usize = 118;
/// Groups that are listed; JSON has all.
const GROUPS: usize = 15;
/// Blanks between two columns of a grid.
const BETWEEN: usize = 2;

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
    let mut sheets = vec![changed_attributes(found, room)];
    // A program that reads CSV wants one table.
    if format != Format::Csv {
        sheets.extend(groups_worse(found, wide));
        sheets.extend(auroc_worse(found, wide));
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
            format!(
                "{}\n{}\n{}",
                summary(found, audit).join("\n\n"),
                tables.join("\n"),
                rule(found).join("\n\n") + "\n"
            )
        }
        Format::Latex => {
            let comment: String = summary(found, audit).iter().map(|line| format!("% {line}\n")).collect();
            format!("{comment}{}", tables.join("\n"))
        }
    }
}

fn value(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

fn signed(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:+.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
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
        value(change.before, digits),
        value(change.after, digits),
        signed(change.change, digits),
        change.verdict.words()
    )
}

/// What there is to know first: a few sentences.
pub(super) fn summary(found: &ModelComparison, audit: &str) -> Vec<String> {
    let n = found.n.max(1) as f64;
    let share = |count: usize| format!("{} ({:.1} %)", grouped(count), 100.0 * count as f64 / n);
    let count = |verdict: ChangeVerdict| found.attributes.iter().filter(|a| a.loss_gap.verdict == verdict).count();
    let losses = &found.losses;
    let mut lines = vec![
        format!(
            "Two models compared: {} before, {} after (audit {})",
            printable(&found.before),
            printable(&found.after),
            printable(audit)
        ),
        format!("Over {} test items. Mean loss {}.", grouped(found.n), change_words(&losses.mean, 3)),
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
    lines.push(format!(
        "Loss gaps of {} attributes: {} worse, {} better, {} with no difference resolved, {} without enough data.",
        found.attributes.len(),
        count(ChangeVerdict::Worse),
        count(ChangeVerdict::Better),
        count(ChangeVerdict::NoDifference),
        count(ChangeVerdict::NotEnoughData)
    ));
    lines
}

/// How verdicts are reached, in words.
pub(super) fn rule(found: &ModelComparison) -> Vec<String> {
    let rule = &found.rule;
    let units =
        if found.units == found.n { "items".into() } else { format!("{} clusters of items", grouped(found.units)) };
    vec![
        format!(
            "Gaps are group with the attribute minus group without, in units of the loss. Worse means that the gap's size grew, better that it shrank: q < {} (Benjamini-Hochberg over the attributes) and by at least {:.4} (1 % of the mean loss before; AUROC {}). Groups of fewer than {} items (AUROC: {} of either class) get no verdict.",
            rule.level, rule.least_loss, rule.least_auroc, rule.least_items, rule.least_of_class
        ),
        format!(
            "Intervals are 95 %, from a paired bootstrap over {units} with {} replicates: both models are weighed with the same draw.",
            grouped(rule.replicates)
        ),
    ]
}

/// How bad a change is: worse first, then what was resolved, then the rest.
fn badness(change: &Change) -> (u8, f64) {
    let class = match change.verdict {
        ChangeVerdict::Worse => 0,
        ChangeVerdict::Better => 1,
        ChangeVerdict::NoDifference => 2,
        ChangeVerdict::NotEnoughData => 3,
    };
    (class, -change.change.value().unwrap_or(0.0).abs())
}

/// The attributes of a comparison, those whose loss gap grew first.
#[must_use]
pub fn sorted_attributes(found: &ModelComparison) -> Vec<&AttributeChange> {
    let mut rows: Vec<&AttributeChange> = found.attributes.iter().collect();
    rows.sort_by(|a, b| {
        let (a, b) = (badness(&a.loss_gap), badness(&b.loss_gap));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    rows
}

/// How much room a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Text of 80 columns: no intervals.
    Narrow,
    /// Text of 120 columns.
    Middle,
    /// Not text: one number a column.
    Plenty,
}

/// Every attribute's loss gap before and after.
pub(super) fn changed_attributes(found: &ModelComparison, room: Room) -> Sheet {
    let predicted = found.predicted.is_some();
    let mut columns = vec![("attribute", Left), ("n true", Right)];
    if room == Room::Plenty {
        columns.push(("n false", Right));
    }
    columns.extend([("before", Right), ("after", Right), ("change", Right)]);
    if room != Room::Narrow {
        columns.push(("change 95 %", Right));
    }
    columns.extend([("q", Right), ("verdict", Left)]);
    match room {
        Room::Middle if predicted => columns.extend([("predicted", Right), ("up", Right)]),
        Room::Plenty if predicted => {
            columns.extend([("predicted before", Right), ("predicted after", Right), ("members up", Right)]);
        }
        _ => {}
    }
    let mut sheet = Sheet::new("Loss gap of each attribute".into(), &columns);
    for row in sorted_attributes(found) {
        let gap = &row.loss_gap;
        let mut cells = vec![Cell::text(&row.name), Cell::Count(row.n_true)];
        if room == Room::Plenty {
            cells.push(Cell::Count(row.n_false));
        }
        cells.extend([Cell::signed(gap.before, 3), Cell::signed(gap.after, 3), Cell::signed(gap.change, 3)]);
        if room != Room::Narrow {
            cells.push(Cell::signed_interval(gap.interval, 3));
        }
        cells.extend([Cell::probability(gap.q), verdict(gap.verdict)]);
        if predicted {
            cells.extend(predicted_cells(row, room));
        }
        sheet.row(cells);
    }
    if room != Room::Narrow && predicted {
        sheet.notes.push(
            "Predicted: the regressor's gap from words alone, phrase minus contrast, before and after, in loss units; up: members whose gap rose.".into(),
        );
    }
    sheet
}

fn predicted_cells(row: &AttributeChange, room: Room) -> Vec<Cell> {
    let Some(predicted) = &row.predicted else { return Vec::new() };
    let up = Cell::Text(format!("{} of {}", predicted.direction.positive, predicted.direction.members));
    let (before, after) = (predicted.before.mean, predicted.after.mean);
    let number = |value| Cell::Number { value, digits: 2, signed: true };
    match room {
        Room::Narrow => Vec::new(),
        Room::Middle => vec![Cell::Text(format!("{before:+.2} → {after:+.2}")), up],
        Room::Plenty => vec![number(before), number(after), up],
    }
}

/// Short enough for 80 columns.
fn verdict(verdict: ChangeVerdict) -> Cell {
    Cell::text(match verdict {
        ChangeVerdict::NoDifference => "no difference",
        other => other.words(),
    })
}

/// Groups whose own mean loss rose.
pub(super) fn groups_worse(found: &ModelComparison, wide: bool) -> Option<Sheet> {
    let mut rows: Vec<(String, usize, &Change)> = Vec::new();
    for attribute in &found.attributes {
        for (side, word) in [(Side::True, "with"), (Side::False, "without")] {
            let change = attribute.loss(side);
            if change.verdict == ChangeVerdict::Worse {
                rows.push((format!("{word} {}", attribute.name), attribute.count(side), change));
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| badness(a.2).1.total_cmp(&badness(b.2).1));
    let mut columns = vec![("group", Left), ("n", Right), ("loss before", Right), ("after", Right), ("change", Right)];
    if wide {
        columns.push(("95 %", Right));
    }
    columns.push(("q", Right));
    let mut sheet = Sheet::new("Groups whose mean loss rose".into(), &columns);
    for (name, n, change) in rows.iter().take(GROUPS) {
        let mut cells = vec![
            Cell::text(name),
            Cell::Count(*n),
            Cell::number(change.before, 3),
            Cell::number(change.after, 3),
            Cell::signed(change.change, 3),
        ];
        if wide {
            cells.push(Cell::signed_interval(change.interval, 3));
        }
        cells.push(Cell::probability(change.q));
        sheet.row(cells);
    }
    if rows.len() > GROUPS {
        sheet.notes.push(format!("And {} groups more; JSON has all.", rows.len() - GROUPS));
    }
    Some(sheet)
}

/// Attributes whose AUROC gap grew.
pub(super) fn auroc_worse(found: &ModelComparison, wide: bool) -> Option<Sheet> {
    let rows: Vec<&AttributeChange> =
        found.attributes.iter().filter(|row| row.auroc_gap.verdict == ChangeVerdict::Worse).collect();
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![("attribute", Left), ("gap before", Right), ("after", Right), ("change", Right)];
    if wide {
        columns.push(("change 95 %", Right));
    }
    columns.extend([("q", Right), ("true after", Right), ("false", Right)]);
    let mut sheet = Sheet::new("Attributes whose AUROC gap grew".into(), &columns);
    for row in rows {
        let gap = &row.auroc_gap;
        let mut cells = vec![
            Cell::text(&row.name),
            Cell::signed(gap.before, 4),
            Cell::signed(gap.after, 4),
            Cell::signed(gap.change, 4),
        ];
        if wide {
            cells.push(Cell::signed_interval(gap.interval, 4));
        }
        cells.extend([
            Cell::probability(gap.q),
            Cell::number(row.auroc_true.after, 4),
            Cell::number(row.auroc_false.after, 4),
        ]);
        sheet.row(cells);
    }
    sheet.notes.push("True and false: AUROC of the group with the attribute and of the group without, after.".into());
    Some(sheet)
}

/// Head quality under both models.
pub(super) fn heads(predicted: &PredictedComparison) -> Sheet {
    let columns = [
        ("head", Left),
        ("Spearman before", Right),
        ("after", Right),
        ("n", Right),
        ("right signs before", Right),
        ("after", Right),
    ];
    let mut sheet = Sheet::new("How far to trust the heads".into(), &columns);
    let signs =
        |signs: Option<(usize, usize)>| signs.map_or(Cell::Empty, |(same, n)| Cell::Text(format!("{same} of {n}")));
    for HeadQuality { head, before, after, signs_before, signs_after } in &predicted.heads {
        let number = |association: &Measured<crate::diagnose::Association>| match association {
            Measured::Value(found) => Cell::Number { value: found.value, digits: 3, signed: true },
            Measured::Undefined { undefined } => Cell::Undefined(*undefined),
        };
        let n = before.value().map_or(Cell::Empty, |found| Cell::Count(found.n));
        sheet.row(vec![
            Cell::text(head.name()),
            number(before),
            number(after),
            n,
            signs(*signs_before),
            signs(*signs_after),
        ]);
    }
    sheet.notes.push(format!(
        "Risk against loss over test items; predicted against measured loss gaps over attributes. Runs {} and {}, trained alike.",
        predicted.run_before, predicted.run_after
    ));
    sheet
}

/// Prompts whose predicted loss rose most.
pub(super) fn prompts(predicted: &PredictedComparison, width: Option<usize>) -> Sheet {
    let columns = [
        ("prompt", Left),
        ("before", Right),
        ("after", Right),
        ("change", Right),
        ("sd", Right),
        ("members up", Right),
        ("", Left),
    ];
    let title = format!(
        "Prompts whose predicted loss rose most ({} of {} asked: {})",
        predicted.prompts.len(),
        predicted.asked,
        predicted.source
    );
    let mut sheet = Sheet::new(title, &columns);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(46).max(16));
    let number = |value, signed| Cell::Number { value, digits: 3, signed };
    for prompt in &predicted.prompts {
        sheet.row(vec![
            Cell::Text(cut(&prompt.text, room)),
            number(prompt.before.mean, false),
            number(prompt.after.mean, false),
            number(prompt.summary.mean, true),
            number(prompt.summary.sd, false),
            Cell::Text(format!("{} of {}", prompt.direction.positive, prompt.direction.members)),
            Cell::text(if prompt.out_of_distribution { "ood" } else { "" }),
        ]);
    }
    if predicted.prompts.iter().any(|prompt| prompt.out_of_distribution) {
        sheet.notes.push("ood: unlike the data; its predicted loss means little.".into());
    }
    sheet
}

/// Items whose loss rose most.
pub(super) fn items(found: &ModelComparison, width: Option<usize>) -> Sheet {
    let columns = [("item", Left), ("before", Right), ("after", Right), ("change", Right), ("text", Left)];
    let mut sheet = Sheet::new(
        format!("Items whose loss rose most ({} of {})", found.items.len(), grouped(found.losses.worse)),
        &columns,
    );
    let ids = found.items.iter().map(|item| item.id.chars().count()).max().unwrap_or(4).clamp(4, 24);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(ids + 3 * 7 + 4 * BETWEEN).max(16));
    let number = |value, signed| Cell::Number { value, digits: 3, signed };
    for item in &found.items {
        sheet.row(vec![
            Cell::Text(cut(&item.id, 24)),
            number(item.before, false),
            number(item.after, false),
            number(item.change, true),
            Cell::Text(cut(&item.text, room)),
        ]);
    }
    sheet
}

/// The beginning of a text that fits so many columns.
fn cut(text: &str, room: usize) -> String {
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
