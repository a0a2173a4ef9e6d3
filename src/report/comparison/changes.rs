//! What became of each attribute and of each group, as sheets.

use crate::audit::Side;
use crate::diagnose::{AttributeChange, Change, ChangeVerdict, ModelComparison};
use crate::report::Align::{Left, Right};
use crate::report::sheet::{Cell, Sheet};

/// Groups that are listed; JSON has all.
const GROUPS: usize = 15;

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
pub enum Room {
    /// Text of 80 columns: no intervals.
    Narrow,
    /// Text of 120 columns.
    Middle,
    /// Not text: one number a column.
    Plenty,
}

/// Every attribute's loss gap before and after.
pub fn changed_attributes(found: &ModelComparison, room: Room) -> Sheet {
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
pub fn groups_worse(found: &ModelComparison, wide: bool) -> Option<Sheet> {
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
pub fn auroc_worse(found: &ModelComparison, wide: bool) -> Option<Sheet> {
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
