//! What is compared as a table for a clipboard or a file.

use super::{Measure, State};
use crate::console::export::{number, optional};
use crate::console::world::World;
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet};

/// A measure of two models.
fn models(state: &State, world: &World) -> Option<Sheet> {
    let found = state.found()?;
    let of_groups = state.measure() == Measure::Groups;
    let mut columns = vec![
        ("name", Left),
        ("before", Right),
        ("after", Right),
        ("change", Right),
        ("low 95 %", Right),
        ("high 95 %", Right),
        ("q", Right),
        ("verdict", Left),
    ];
    if of_groups {
        columns.extend([("of", Left), ("n", Right), ("gap before", Right), ("gap after", Right)]);
    } else {
        columns.push(("note", Left));
    }
    let title = format!("{}: before {}, after {}", state.measure().name(), found.before, found.after);
    // Until all replicates are drawn, intervals and q are the first of two answers.
    let drawn = state.kept.drawn(&found.before, &found.after);
    let first = drawn.map_or("", |_| "\nfirst figures: finer intervals and q are being drawn");
    let mut sheet = Sheet::new(format!("{title}\n{}{first}", audit(world)), &columns);
    let lines = state.order.iter().filter_map(|&at| state.lines.get(at));
    for line in lines.filter(|line| line.heading.is_none()) {
        let of = |value| optional(value, true);
        let gap_words = state.measure().is_of_gaps();
        let word = line.verdict.map(|verdict| if gap_words { verdict.gap_words() } else { verdict.words() });
        let mut cells = vec![
            Cell::text(line.name.clone()),
            of(line.then),
            of(line.now),
            of(line.change),
            of(line.interval.map(|(low, _)| low)),
            of(line.interval.map(|(_, high)| high)),
            line.q.map_or(Cell::Empty, |q| number(q, false)),
            word.map_or(Cell::Empty, Cell::text),
        ];
        match &line.group {
            Some(group) => {
                cells.pop();
                let gap = [of(group.gap.0), of(group.gap.1)];
                cells.extend(
                    [Cell::text(&group.words), Cell::text(group.of), Cell::Count(group.n)].into_iter().chain(gap),
                );
            }
            None => cells.push(Cell::text(line.note.clone())),
        }
        sheet.row(cells);
    }
    if of_groups {
        sheet.notes.push(found.groups.headline.clone());
    }
    sheet.notes.push(format!(
        "Over {} test items with a loss of both, {} units; mean losses by a skew-corrected t, AUROCs by a paired bootstrap, {} replicates.",
        found.n, found.units, found.rule.replicates
    ));
    Some(sheet)
}

fn audit(world: &World) -> String {
    format!("audit {}", world.audit.as_ref().map(|audit| audit.name.as_str()).unwrap_or_default())
}

/// The measure in view of two models or two runs.
pub fn sheet(state: &State, world: &World) -> Option<Sheet> {
    if state.measure().is_of_models() {
        return models(state, world);
    }
    let comparison = state.comparison.as_ref()?;
    let columns =
        [("attribute", Left), ("A", Right), ("B", Right), ("B - A", Right), ("noise", Right), ("change", Left)];
    let title = format!("{}: A {}, B {}", comparison.measure.name(), comparison.a, comparison.b);
    let mut sheet = Sheet::new(format!("{title}\n{}", audit(world)), &columns);
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
