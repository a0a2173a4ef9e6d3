//! Findings as text, as a table, as paragraphs to paste into a ticket, and as JSON: all from the same sentences.

use super::plain::shell_word;
use super::sheet::{Cell, Format, Sheet, markdown};
use super::{Align, printable};
use crate::audit::Side;
use crate::diagnose::{ChangedFinding, Finding, Findings, GroupFinding, Measured, NamedSlice};
use Align::{Left, Right};
use serde::Serialize;

/// A finding for programs: its values, the sentence, and the command that computes it again.
#[derive(Debug, Serialize)]
pub struct FindingRecord<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    claim: String,
    reproduce: String,
}

/// The findings for programs, in order.
#[must_use]
pub fn finding_records(found: &Findings) -> Vec<FindingRecord<'_>> {
    let record =
        |finding| FindingRecord { finding, claim: Finding::claim(finding), reproduce: command(finding, found) };
    found.findings.iter().map(record).collect()
}

/// All findings as one document: `llm2loss.findings/1`.
///
/// # Errors
/// If a value cannot stand in JSON.
pub fn findings_json(found: &Findings) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        audit: &'a str,
        model: &'a str,
        run: Option<&'a str>,
        n: usize,
        units: usize,
        mean_loss: Measured,
        attributes: usize,
        pairs: usize,
        intervals: &'a str,
        findings: Vec<FindingRecord<'a>>,
    }
    let body = Body {
        audit: &found.audit,
        model: &found.model,
        run: found.run.as_deref(),
        n: found.n,
        units: found.units,
        mean_loss: found.mean_loss,
        attributes: found.attributes,
        pairs: found.pairs,
        intervals: &found.intervals,
        findings: finding_records(found),
    };
    super::to_json("llm2loss.findings/1", None, body)
}

/// The command that computes a finding again, as a shell takes it.
fn command(finding: &Finding, found: &Findings) -> String {
    finding.reproduce(found).iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

/// A claim as a sentence whose every character can be seen.
fn sentence(finding: &Finding) -> String {
    printable(&finding.claim()) + "."
}

/// The sentences with their figures under them: what `findings` and `demo` print.
#[must_use]
pub fn finding_lines(found: &Findings) -> String {
    let one = |(number, finding): (usize, &Finding)| {
        let figures = finding.figures().join(" · ");
        let figures = if figures.is_empty() { figures } else { format!("   {figures}\n") };
        format!("{number}  {}\n{}", sentence(finding), printable_lines(&figures))
    };
    (1..).zip(&found.findings).map(one).collect()
}

fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

/// What the findings are about and over.
#[must_use]
pub fn findings_heading(found: &Findings) -> String {
    let run = found.run.as_ref().map_or_else(String::new, |run| format!(" · run {run}"));
    let about = format!("audit {} · model {}{run} · {}", found.audit, found.model, found.over());
    format!("What {} fails, worst first\n{}", printable(&found.model), printable(&about))
}

/// Findings as text, as one table, or as paragraphs.
#[must_use]
pub fn findings(found: &Findings, format: Format) -> String {
    match format {
        Format::Text => format!("{}\n\n{}\n{}", findings_heading(found), finding_lines(found), note(found)),
        Format::Markdown => found.findings.iter().map(|finding| finding_paragraph(finding, found) + "\n").collect(),
        Format::Csv | Format::Latex => findings_sheet(found).render(format),
    }
}

fn note(found: &Findings) -> String {
    let units = if found.units == found.n { "" } else { "; items of a group depend on each other" };
    format!(
        "Others are all test items known not to be of the group. Intervals are 95 %, from {}{units}; q is Benjamini-Hochberg over the attributes, or the pairs, with data enough (of {} and {}). A gap is an association, not a cause.\n",
        found.intervals, found.attributes, found.pairs
    )
}

/// One finding as a paragraph of Markdown to paste into a ticket: claim, figures, worst items, what it is about, and the
/// command that computes it again.
#[must_use]
pub fn finding_paragraph(finding: &Finding, found: &Findings) -> String {
    let figures = finding.figures();
    let figures = if figures.is_empty() { String::new() } else { format!(" {}.", markdown(&figures.join("; "))) };
    let items = match finding {
        Finding::Harder(group) | Finding::Pair(group) | Finding::Easier(group) => worst(group),
        _ => String::new(),
    };
    let run = found.run.as_ref().map_or_else(String::new, |run| format!(", run {run}"));
    let about = format!("Audit {}, model {}{run}; {}.", markdown(&found.audit), markdown(&found.model), found.over());
    format!("**{}**{figures}{items} {about} {}\n", markdown(&sentence(finding)), code(&command(finding, found)))
}

/// " Items that lose most: 48473 (9.81), …".
fn worst(group: &GroupFinding) -> String {
    let items = group.worst.iter().map(|item| format!("{} ({:.2})", markdown(&item.id), item.loss));
    let items = items.collect::<Vec<_>>().join(", ");
    if items.is_empty() { items } else { format!(" Items that lose most: {items}.") }
}

/// Text as code of Markdown, whatever backticks it holds.
fn code(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Every finding as a row of one table.
#[must_use]
pub fn findings_sheet(found: &Findings) -> Sheet {
    let columns = [
        ("claim", Left),
        ("kind", Left),
        ("subject", Left),
        ("side", Left),
        ("n", Right),
        ("of", Right),
        ("loss", Right),
        ("loss others", Right),
        ("ratio", Right),
        ("gap", Right),
        ("gap 95 %", Right),
        ("q", Right),
        ("verdict", Left),
        ("share", Right),
        ("change", Right),
        ("change 95 %", Right),
        ("reproduce", Left),
    ];
    let mut sheet = Sheet::new(findings_heading(found), &columns);
    for finding in &found.findings {
        let mut cells = vec![Cell::Text(sentence(finding))];
        cells.extend(match finding {
            Finding::Harder(group) => group_cells("harder", group),
            Finding::Pair(group) => group_cells("pair", group),
            Finding::Easier(group) => group_cells("easier", group),
            Finding::Discovered(slice) => slice_cells(slice),
            Finding::Changed(changed) => changed_cells(changed),
            Finding::Unsaid(_) => without_cells("unsaid"),
            Finding::Data(_) => without_cells("data"),
        });
        cells.push(Cell::Text(command(finding, found)));
        sheet.row(cells);
    }
    sheet
}

/// Kind and fourteen empty cells: those between the claim and the command.
fn without_cells(kind: &str) -> Vec<Cell> {
    std::iter::once(Cell::text(kind)).chain(std::iter::repeat_n(Cell::Empty, 14)).collect()
}

fn slice_cells(slice: &NamedSlice) -> Vec<Cell> {
    let mut cells = without_cells("discovered");
    cells[1] = Cell::Text(slice.name.clone());
    cells[3] = Cell::Count(slice.n);
    cells[5] = Cell::Number { value: slice.mean_loss, digits: 3, signed: false };
    cells[10] = Cell::probability(Measured::Value(slice.q));
    cells
}

/// The group that got worst, where one did; else what the comparison is over.
fn changed_cells(changed: &ChangedFinding) -> Vec<Cell> {
    let mut cells = without_cells("changed");
    cells[4] = Cell::Count(changed.n);
    if let Some(worst) = &changed.worst {
        cells[1] = Cell::Text(worst.subject.clone());
        cells[2] = side_cell(worst.side);
        cells[3] = Cell::Count(worst.n);
        cells[5] = Cell::Number { value: worst.loss, digits: 3, signed: false };
        cells[10] = Cell::probability(Measured::Value(worst.q));
        cells[13] = Cell::Number { value: worst.loss - worst.loss_against, digits: 3, signed: true };
        cells[14] = Cell::Interval { interval: worst.interval, digits: 3, signed: true };
    }
    cells
}

fn side_cell(side: Side) -> Cell {
    Cell::text(if side == Side::True { "true" } else { "false" })
}

fn group_cells(kind: &str, group: &GroupFinding) -> Vec<Cell> {
    let number = |value, digits, signed| Cell::Number { value, digits, signed };
    vec![
        Cell::text(kind),
        Cell::Text(group.subject.join(" & ")),
        if group.subject.len() > 1 { Cell::text("both") } else { side_cell(group.side) },
        Cell::Count(group.n),
        Cell::Count(group.of),
        number(group.loss, 3, false),
        number(group.loss_others, 3, false),
        group.ratio.map_or(Cell::Empty, |ratio| number(ratio, 2, false)),
        number(group.gap, 3, true),
        match group.interval {
            Measured::Value(interval) => Cell::Interval { interval, digits: 3, signed: true },
            Measured::Undefined { undefined } => Cell::Undefined(undefined),
        },
        Cell::probability(group.q),
        Cell::text(group.verdict.words()),
        number(group.share, 3, false),
        Cell::Empty,
        Cell::Empty,
    ]
}
