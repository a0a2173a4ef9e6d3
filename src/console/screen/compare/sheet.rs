//! What is compared as a table for a clipboard or a file.

use super::State;
use crate::console::export::{number, optional};
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet};

/// A measure of two models.
fn models(state: &State) -> Option<Sheet> {
    let found = state.found()?;
    let columns = [
        ("name", Left),
        ("before", Right),
        ("after", Right),
        ("change", Right),
        ("low 95 %", Right),
        ("high 95 %", Right),
        ("q", Right),
        ("verdict", Left),
        ("note", Left),
    ];
    let title = format!("{}: before {}, after {}", state.measure().name(), found.before, found.after);
    let mut sheet = Sheet::new(title, &columns);
    for line in state.order.iter().filter_map(|&at| state.lines.get(at)) {
        let of = |value| optional(value, true);
        sheet.row(vec![
            Cell::text(line.name.clone()),
            of(line.then),
            of(line.now),
            of(line.change),
            of(line.interval.map(|(low, _)| low)),
            of(line.interval.map(|(_, high)| high)),
            line.q.map_or(Cell::Empty, |q| number(q, false)),
            line.verdict.map_or(Cell::Empty, |verdict| Cell::text(verdict.words())),
            Cell::text(line.note.clone()),
        ]);
    }
    sheet.notes.push(format!(
        "Over {} test items with a loss of both; paired bootstrap over {} units, {} replicates.",
        found.n, found.units, found.rule.replicates
    ));
    Some(sheet)
}

/// The measure in view of two models or two runs.
pub fn sheet(state: &State) -> Option<Sheet> {
    if state.measure().is_of_models() {
        return models(state);
    }
    let comparison = state.comparison.as_ref()?;
    let columns =
        [("attribute", Left), ("A", Right), ("B", Right), ("B - A", Right), ("noise", Right), ("change", Left)];
    let title = format!("{}: A {}, B {}", comparison.measure.name(), comparison.a, comparison.b);
    let mut sheet = Sheet::new(title, &columns);
    for row in state.order.iter().filter_map(|&at| comparison.rows.get(at)) {
        sheet.row(vec![
            Cell::text(row.name.clone()),
            optional(row.a, false),
            optional(row.b, false),
            optional(row.delta(), true),
            optional(row.noise, false),
            Cell::text(row.change.map_or("not decided".into(), |change| format!("{change:?}").to_lowercase())),
        ]);
    }
    sheet.notes.push(comparison.measure.noise().into());
    Some(sheet)
}
