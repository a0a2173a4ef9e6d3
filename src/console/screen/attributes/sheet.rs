//! The attributes as a table for a clipboard or a file: order, filter and contrast in view are kept.

use super::{State, predicted, shown_contrast};
use crate::audit::HeadKind;
use crate::console::export::{heading, optional};
use crate::console::world::World;
use crate::diagnose::{AttributeRow, AttributesTable};
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet, attributes_json, attributes_within_json};

/// The rows in view, in their order, as `llm2loss table NAME attributes --json` prints them.
pub fn document(state: &State, world: &World) -> Option<serde_json::Result<String>> {
    let table = state.table(world)?;
    let row = |&at: &usize| {
        let row = table.rows.get(at)?;
        Some(AttributeRow { contrast: shown_contrast(row, state.contrast), ..row.clone() })
    };
    let table = AttributesTable { rows: state.order.iter().filter_map(row).collect(), ..table.clone() };
    if let Some(shown) = world.shown.as_ref().filter(|_| !state.within.is_kept()) {
        return Some(attributes_json(&table, &shown.record));
    }
    let of = (world.audit.as_ref()?.name.as_str(), world.model()?);
    Some(attributes_within_json(&table, of, &state.within.names()))
}

/// The table.
pub fn sheet(state: &State, world: &World) -> Option<Sheet> {
    let table = state.table(world)?;
    let columns = [
        ("attribute", Left),
        ("n true", Right),
        ("n false", Right),
        ("AUROC true", Right),
        ("AUROC false", Right),
        ("RMM", Right),
        ("loss true", Right),
        ("loss false", Right),
        ("loss gap", Right),
        ("loss gap 95 %", Right),
        ("loss q", Right),
        ("predicted loss gap", Right),
        ("predicted sd", Right),
        ("contrast", Left),
    ];
    let within = state.within.crumbs(">").map_or_else(String::new, |(names, ..)| format!(" within {names}"));
    let mut sheet = Sheet::new(heading(world, &format!("Attributes{within}")), &columns);
    for row in state.order.iter().filter_map(|&at| table.rows.get(at)) {
        let gap = predicted(row, HeadKind::Regressor, state.contrast);
        sheet.row(vec![
            Cell::text(row.name.clone()),
            Cell::Count(row.n_true),
            Cell::Count(row.n_false),
            Cell::number(row.auroc_true, 4),
            Cell::number(row.auroc_false, 4),
            Cell::number(row.rmm, 4),
            Cell::number(row.loss_true, 4),
            Cell::number(row.loss_false, 4),
            Cell::signed(row.loss_gap, 4),
            Cell::signed_interval(row.loss_evidence.interval, 4),
            Cell::probability(row.loss_evidence.q),
            optional(gap.and_then(|gap| gap.amount()).map(|said| said.mean), true),
            optional(gap.and_then(|gap| gap.amount()).map(|said| said.sd), false),
            Cell::text(shown_contrast(row, state.contrast).name()),
        ]);
    }
    let filter = state.filter.value().trim();
    let filter = if filter.is_empty() { String::new() } else { format!(", filter '{filter}'") };
    sheet.notes.push(format!(
        "Over {} test items{within}; sorted by {}{filter}. Gaps are true less false.",
        table.n,
        state.sort.name()
    ));
    Some(sheet)
}
