//! Where two attributes meet, as a sheet.

use super::combined::{combined_cells, combined_note};
use super::sheet::{Cell, Sheet};
use super::{Align, printable};
use crate::diagnose::{IntersectionsTable, grouped};
use Align::{Left, Right};

/// The pairs, worst first; at most `top` rows.
#[must_use]
pub fn intersections(table: &IntersectionsTable, audit: &str, model: &str, top: usize) -> Sheet {
    let mut columns = vec![
        ("attribute", Left),
        ("and", Left),
        ("n", Right),
        ("loss", Right),
        ("loss others", Right),
        ("gap", Right),
        ("gap 95 %", Right),
        ("q", Right),
        ("loss shrunken", Right),
        ("verdict", Left),
    ];
    let combined = table.rows.iter().find_map(|row| row.combined);
    if combined.is_some() {
        columns.splice(4..4, [("combined", Right), ("combined 95 %", Right)]);
    }
    let heading = format!("Intersections of two attributes\naudit {audit} · model {model}");
    let mut sheet = Sheet::new(heading.lines().map(printable).collect::<Vec<_>>().join("\n"), &columns);
    for row in table.rows.iter().take(top) {
        let number = |value, signed| Cell::Number { value, digits: 3, signed };
        let evidence = &row.loss_evidence;
        let mut cells = vec![
            Cell::text(&row.attributes[0]),
            Cell::text(&row.attributes[1]),
            Cell::Count(row.n),
            number(row.loss, false),
            number(row.loss_others, false),
            number(row.loss_gap, true),
            Cell::signed_interval(evidence.interval, 3),
            Cell::probability(evidence.q),
            Cell::number(row.loss_shrunken, 3),
            Cell::text(evidence.verdict.words()),
        ];
        if combined.is_some() {
            cells.splice(4..4, combined_cells(row.combined));
        }
        sheet.row(cells);
    }
    sheet.notes = notes(table, top);
    sheet.notes.extend(combined.map(|found| combined_note(found, "pair with both attributes")));
    sheet
}

fn notes(table: &IntersectionsTable, top: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(found) = &table.farthest {
        let pair = |names: &[String; 2]| printable(&names.join(" and "));
        notes.push(format!(
            "Farthest apart: {} (shrunken loss {:.3}, n {}) and {} ({:.3}, n {}), by {:.3}.",
            pair(&found.high),
            found.loss_high,
            grouped(found.n_high),
            pair(&found.low),
            found.loss_low,
            grouped(found.n_low),
            found.difference
        ));
    }
    let shown = table.rows.len().min(top);
    notes.push(format!(
        "Over {} test items; {} of {} pairs have at least {} of them{}. A gap is mean loss of the items with both minus that of all others.",
        grouped(table.n),
        grouped(table.rows.len()),
        grouped(table.pairs),
        table.least_items,
        if shown < table.rows.len() { format!(", the worst {shown} are shown") } else { String::new() }
    ));
    if table.is_cut() {
        notes.push(format!("Only the first {} attributes are paired.", table.attributes));
    }
    notes.push(format!(
        "Intervals are 95 %, from {}. q is Benjamini-Hochberg over all pairs; resolved means q < .05. The shrunken loss is drawn towards the mean of all by as much as noise deserves; pairs are ordered by it.",
        table.intervals
    ));
    notes
}
