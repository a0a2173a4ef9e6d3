//! What became of each attribute and of each group, as sheets.

use crate::diagnose::{AttributeChange, Change, ChangeVerdict, Fate, GroupChange, ModelComparison};
use crate::report::Align::{Left, Right};
use crate::report::sheet::{Cell, Sheet};

/// Groups that are listed of those harmed or left behind, and of the others; JSON has all.
const HARMED: usize = 15;
const OTHERS: usize = 5;

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
    columns.extend([("q", Right), ("gap", Left)]);
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

/// Whether a gap's size grew; short enough for 80 columns.
fn verdict(verdict: ChangeVerdict) -> Cell {
    Cell::text(verdict.gap_words())
}

/// Groups by what became of them, harm first; none for a fate that nobody met with.
pub fn groups(found: &ModelComparison, wide: bool) -> Vec<Sheet> {
    let fates =
        [(Fate::WorseOff, HARMED), (Fate::LeftBehind, HARMED), (Fate::Better, OTHERS), (Fate::NotResolved, OTHERS)];
    fates.into_iter().filter_map(|(fate, most)| groups_of(found, fate, most, wide)).collect()
}

fn groups_of(found: &ModelComparison, fate: Fate, most: usize, wide: bool) -> Option<Sheet> {
    let groups: Vec<&GroupChange> = found.groups.of(fate).collect();
    if groups.is_empty() {
        return None;
    }
    let behind = fate == Fate::LeftBehind;
    let title = match fate.heading() {
        (title, "") => title.to_owned(),
        (title, meaning) => format!("{title}: {meaning}"),
    };
    let mut columns = vec![("group", Left), ("n", Right), ("of", Left)];
    // 80 columns have no room for both values and both gaps.
    let values = wide || !behind;
    if values {
        columns.extend([("before", Right), ("after", Right)]);
    }
    columns.push(("change", Right));
    if wide {
        columns.push(("95 %", Right));
    }
    columns.push(("q", Right));
    if behind {
        columns.extend([("gap before", Right), ("gap after", Right)]);
    }
    let mut sheet = Sheet::new(format!("{title} ({})", groups.len()), &columns);
    for group in groups.iter().take(most) {
        let row = found.attributes.iter().find(|row| row.name == group.attribute);
        let measures = [("loss", &group.loss, 3), ("AUROC", &group.auroc, 4)];
        for (of, measure, digits) in measures.into_iter().filter(|(_, measure, _)| measure.fate == fate) {
            let change = &measure.change;
            let mut cells = vec![Cell::text(group.name()), Cell::Count(group.n), Cell::text(of)];
            if values {
                cells.extend([Cell::number(change.before, digits), Cell::number(change.after, digits)]);
            }
            cells.push(Cell::signed(change.change, digits));
            if wide {
                cells.push(Cell::signed_interval(change.interval, digits));
            }
            cells.push(Cell::probability(change.q));
            if let Some(row) = row.filter(|_| behind) {
                let gap = if of == "loss" { &row.loss_gap } else { &row.auroc_gap };
                cells.extend([Cell::signed(gap.before, digits), Cell::signed(gap.after, digits)]);
            }
            sheet.row(cells);
        }
    }
    if groups.len() > most {
        sheet.notes.push(format!("And {} groups more; JSON has all.", groups.len() - most));
    }
    Some(sheet)
}
