//! The paper's tables as sheets. Every sheet says what it is over.

use super::combined::{combined_cells, combined_note};
use super::sheet::{Cell, Sheet};
use super::{Align, heading, members, printable};
use crate::audit::{Contrast, HeadKind, RunRecord, Side};
use crate::diagnose::{
    Aggregate, Association, AttributeRow, AttributesTable, BiasTable, Correlations, Follows, Measured, NO_AMOUNT,
    OodTable, TrueGap, ValidityTable, ZeroShotTable, grouped,
};
use crate::stats::Interval;
use Align::{Left, Right};

fn side(side: Option<Side>) -> Cell {
    Cell::text(side.map_or_else(|| "=".into(), |side| side.letter().to_string()))
}

/// Table 5, each attribute under its own contrast.
#[must_use]
pub fn attributes(table: &AttributesTable, run: &RunRecord) -> Sheet {
    let mut sheet = attributes_under(table, heading("Table 5 · Rawlsian max-min per attribute", run));
    let predicted = format!(
        "The estimate's predicted gap is that of the phrase against everybody, from slices without the attribute. The heads' are risk of the phrase minus risk of its contrast, mean over {}; only the regressor's is in loss units.",
        members(run)
    );
    sheet.notes.insert(2, predicted);
    sheet
}

/// What Table 5 measures over the items that have some attributes, as a terminal shows it or whole.
#[must_use]
pub fn attributes_within(table: &AttributesTable, of: (&str, &str), within: &[String], fitted: bool) -> Sheet {
    let within: Vec<String> = within.iter().map(|name| printable(name)).collect();
    let heading = format!(
        "Table 5 · Rawlsian max-min per attribute, within {}\naudit {} · model {}",
        within.join(" and "),
        printable(of.0),
        printable(of.1)
    );
    let mut sheet = attributes_under(table, heading);
    for column in PREDICTED {
        sheet.leave_out(column);
    }
    if fitted { fit(sheet, table) } else { sheet }
}

/// Columns that heads fill.
const PREDICTED: [&str; 9] = [
    "combined",
    "combined 95 %",
    "pred estimate",
    "pred estimate 90 %",
    "pred regressor",
    "pred ranker",
    "pred ood",
    "0-shot",
    "contrast",
];

fn attributes_under(table: &AttributesTable, heading: String) -> Sheet {
    const COLUMNS: [(&str, Align); 29] = [
        ("attribute", Left),
        ("n true", Right),
        ("n false", Right),
        ("AUROC true", Right),
        ("AUROC false", Right),
        ("RMM", Right),
        ("worse", Left),
        ("AUROC gap", Right),
        ("AUROC gap 95 %", Right),
        ("AUROC q", Right),
        ("AUROC n needed", Right),
        ("AUROC verdict", Left),
        ("loss true", Right),
        ("combined", Right),
        ("combined 95 %", Right),
        ("loss gap", Right),
        ("loss gap 95 %", Right),
        ("loss q", Right),
        ("harder", Left),
        ("loss gap shrunken", Right),
        ("loss n needed", Right),
        ("loss verdict", Left),
        ("pred estimate", Right),
        ("pred estimate 90 %", Right),
        ("pred regressor", Right),
        ("pred ranker", Right),
        ("pred ood", Right),
        ("0-shot", Right),
        ("contrast", Left),
    ];
    let mut columns = COLUMNS.to_vec();
    if table.classes.is_some() {
        columns.splice(3..3, [("classes true", Right), ("classes false", Right)]);
    }
    let mut sheet = Sheet::new(heading, &columns);
    for row in &table.rows {
        let mut cells = attribute_cells(row);
        if let Some(sides) = &row.classes {
            cells.splice(3..3, [Cell::Count(sides.classes_true), Cell::Count(sides.classes_false)]);
        }
        sheet.row(cells);
    }
    sheet.notes = vec![
        format!(
            "Over {} test items. Gaps are group with the attribute minus group without; a positive loss gap means the group with it is harder.",
            grouped(table.n)
        ),
        format!(
            "Intervals are 95 %, from: {}. q is Benjamini-Hochberg over the attributes with data enough; resolved means q < .05.",
            table.intervals
        ),
        "n needed resolves this gap alone, at its measured size, four times in five at p < .05.".into(),
        "Shrunken is the loss gap without the winner's curse.".into(),
    ];
    if table.rows.iter().flat_map(|row| &row.predicted).any(|gap| gap.amount().is_none()) {
        sheet
            .notes
            .push(format!("Predicted losses are an order, {NO_AMOUNT}: of the regressor only the sign is told."));
    }
    if let Some(found) = table.rows.iter().find_map(|row| row.combined) {
        sheet.notes.push(combined_note(found, "group with the attribute"));
    }
    if let Some(classes) = table.classes {
        sheet.notes.push(format!(
            "AUROC is the mean over classes of one against the rest of the group, every class alike: of the model's {} classes, those with an item of their own and another's in the group ('classes').",
            grouped(classes)
        ));
    }
    let unknown: Vec<String> = table
        .rows
        .iter()
        .filter(|row| row.n_unknown > 0)
        .map(|row| format!("{} {}", row.name, grouped(row.n_unknown)))
        .collect();
    if !unknown.is_empty() {
        sheet.notes.push(format!("Items whose value is not known are left out: {}.", unknown.join(", ")));
    }
    sheet
}

/// Beginnings of notes that explain a column alone, and that column.
const EXPLAINED: [(&str, &str); 4] = [
    ("Combined is", "combined"),
    ("n needed", "n needed"),
    ("Shrunken is", "loss gap shrunken"),
    ("Predicted losses are", "pred regressor"),
];
/// Columns of a terminal that most people have.
const TERMINAL: usize = 120;
/// What Table 5 does without where a terminal has no room for all, first things first.
const SPARED: [&str; 21] = [
    "combined 95 %",
    "combined",
    "loss true",
    "contrast",
    "loss n needed",
    "AUROC n needed",
    "0-shot",
    "pred ood",
    "loss gap shrunken",
    "AUROC true",
    "AUROC false",
    "RMM",
    "worse",
    "harder",
    "pred ranker",
    "AUROC gap 95 %",
    "AUROC q",
    "classes true",
    "classes false",
    "pred regressor",
    "AUROC verdict",
];

/// [`attributes`] as a terminal shows it: without columns that nothing is known of, and no wider than 120.
#[must_use]
pub fn attributes_fitted(table: &AttributesTable, run: &RunRecord) -> Sheet {
    fit(attributes(table, run), table)
}

fn fit(mut sheet: Sheet, table: &AttributesTable) -> Sheet {
    if table.rows.iter().all(|row| row.auroc_gap.value().is_none()) && table.classes.is_none() {
        ["AUROC verdict", "worse"].iter().for_each(|name| sheet.leave_out(name));
    }
    let mut sheet = sheet.fitted(TERMINAL, &SPARED);
    for (note, column) in EXPLAINED {
        if !sheet.has_column(column) {
            sheet.notes.retain(|said| !said.starts_with(note));
        }
    }
    sheet
}

/// One row of Table 5, in the order of its columns.
fn attribute_cells(row: &AttributeRow) -> Vec<Cell> {
    let predicted = |head: HeadKind| {
        let Some(gap) = row.predicted(head, row.contrast) else { return Cell::Empty };
        gap.amount().map_or_else(
            || Cell::text(if gap.summary.mean > 0.0 { "harder" } else { "easier" }),
            |said| Cell::Number { value: said.mean, digits: 3, signed: true },
        )
    };
    let (auroc, loss) = (&row.auroc_evidence, &row.loss_evidence);
    let [combined, combined_interval] = combined_cells(row.combined);
    let needed = |items: Option<usize>| items.map_or(Cell::Empty, Cell::Count);
    vec![
        Cell::text(&row.name),
        Cell::Count(row.n_true),
        Cell::Count(row.n_false),
        Cell::number(row.auroc_true, 4),
        Cell::number(row.auroc_false, 4),
        Cell::number(row.rmm, 4),
        side(row.worse_auroc),
        Cell::signed(row.auroc_gap, 4),
        Cell::signed_interval(auroc.interval, 4),
        Cell::probability(auroc.q),
        needed(auroc.items_needed.value()),
        Cell::text(auroc.verdict.words()),
        Cell::number(row.loss_true, 3),
        combined,
        combined_interval,
        Cell::signed(row.loss_gap, 3),
        Cell::signed_interval(loss.interval, 3),
        Cell::probability(loss.q),
        side(row.worse_loss),
        Cell::signed(loss.shrunken, 3),
        needed(loss.items_needed.value()),
        Cell::text(loss.verdict.words()),
        row.everybody.map_or(Cell::Empty, |gap| Cell::Number { value: gap.value, digits: 3, signed: true }),
        row.everybody.and_then(|gap| gap.interval).map_or(Cell::Empty, |interval| Cell::Interval {
            interval,
            digits: 3,
            signed: true,
        }),
        predicted(HeadKind::Regressor),
        predicted(HeadKind::Ranker),
        predicted(HeadKind::Ood),
        row.zero_shot(row.contrast).map_or(Cell::Empty, |auroc| Cell::number(auroc, 4)),
        Cell::text(row.contrast.name()),
    ]
}

/// Table 5 in the paper's own conventions: "X" against "Not X", unsigned gaps, no evidence beside them.
#[must_use]
pub fn paper_attributes(table: &AttributesTable, run: &RunRecord) -> Sheet {
    let columns = [
        ("attribute", Left),
        ("GT-True AUROC", Right),
        ("GT-False AUROC", Right),
        ("GT-RMM", Right),
        ("RMM regressor", Right),
        ("RMM ranker", Right),
        ("RMM ood", Right),
        ("0-shot AUROC", Right),
    ];
    let mut sheet = Sheet::new(heading("Table 5 · as the paper has it", run), &columns);
    for row in &table.rows {
        let unsigned =
            |head: HeadKind| {
                row.predicted(head, Contrast::Bare)
                    .and_then(|gap| gap.amount())
                    .map_or(Cell::Empty, |said| Cell::Number { value: said.mean.abs(), digits: 4, signed: false })
            };
        sheet.row(vec![
            Cell::text(&row.name),
            Cell::number(row.auroc_true, 4),
            Cell::number(row.auroc_false, 4),
            Cell::number(row.rmm, 4),
            unsigned(HeadKind::Regressor),
            unsigned(HeadKind::Ranker),
            unsigned(HeadKind::Ood),
            row.zero_shot(Contrast::Bare).map_or(Cell::Empty, |auroc| Cell::number(auroc, 4)),
        ]);
    }
    sheet.notes = vec![format!(
        "Over {} test items. RMM of a head is |risk(\"X\") − risk(\"Not X\")|, mean over {}; the paper prints one head's and does not say whose.",
        grouped(table.n),
        members(run)
    )];
    sheet
}

/// Three correlations, each as value, p and interval.
pub(super) fn correlation_cells(correlations: &Correlations) -> Vec<Cell> {
    let cells = |association: &Measured<Association>| match association {
        Measured::Value(found) => {
            let value = Cell::Number { value: found.value, digits: 3, signed: true };
            [value, Cell::Probability(found.p), Cell::signed_interval(found.interval, 3)]
        }
        Measured::Undefined { undefined } => [Cell::Undefined(*undefined), Cell::Empty, Cell::Empty],
    };
    [&correlations.pearson, &correlations.spearman, &correlations.kendall].into_iter().flat_map(cells).collect()
}

pub(super) const CORRELATION_COLUMNS: [(&str, Align); 9] = [
    ("Pearson", Right),
    ("Pearson p", Right),
    ("Pearson 95 %", Right),
    ("Spearman", Right),
    ("Spearman p", Right),
    ("Spearman 95 %", Right),
    ("Kendall τ-b", Right),
    ("Kendall p", Right),
    ("Kendall 95 %", Right),
];

/// Table 2.
#[must_use]
pub fn validity(table: &ValidityTable, run: &RunRecord) -> Sheet {
    let columns = [&[("head", Left), ("members", Left)][..], &CORRELATION_COLUMNS].concat();
    let mut sheet = Sheet::new(heading("Table 2 · do the heads know which items fail?", run), &columns);
    for row in &table.rows {
        let name = match row.aggregate {
            Aggregate::Mean => "mean".to_owned(),
            Aggregate::Median => "median".to_owned(),
            Aggregate::Member(member) => format!("{} alone", member + 1),
        };
        let mut cells = vec![Cell::text(row.head.name()), Cell::Text(name)];
        cells.extend(correlation_cells(&row.correlations));
        sheet.row(cells);
    }
    sheet.notes.push(format!(
        "Predicted risk against true loss over {} test items; intervals by Fisher's z.",
        grouped(table.n)
    ));
    sheet.notes.extend(table.seen.and_then(|seen| seen.sentence()));
    sheet.notes.extend(table.fitted.map(|fitted| fitted.sentence()));
    sheet
}

fn against(gap: TrueGap) -> &'static str {
    match gap {
        TrueGap::SignedLoss => "signed loss gap",
        TrueGap::SignedAuroc => "−signed AUROC gap",
        TrueGap::Rmm => "RMM, unsigned (paper)",
    }
}

/// How many signs are right, and the interval of their share.
fn sign_cells(same: Option<usize>, interval: Option<Interval>) -> [Cell; 2] {
    [
        same.map_or(Cell::Empty, Cell::Count),
        interval.map_or(Cell::Empty, |interval| Cell::Interval { interval, digits: 2, signed: false }),
    ]
}

/// Table 3.
#[must_use]
pub fn bias(table: &BiasTable, run: &RunRecord) -> Sheet {
    let left = [("head", Left), ("contrast", Left), ("against", Left), ("n", Right)];
    let right =
        [("null 95 %", Right), ("null p", Right), ("verdict", Left), ("same sign", Right), ("same sign 95 %", Right)];
    let columns = [&left[..], &CORRELATION_COLUMNS, &right].concat();
    let mut sheet = Sheet::new(heading("Table 3 · do predicted gaps follow true gaps?", run), &columns);
    for row in &table.everybody {
        let mut cells =
            vec![Cell::text("estimate"), Cell::text("everybody"), Cell::text(against(row.against)), Cell::Count(row.n)];
        cells.extend(correlation_cells(&row.correlations));
        cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
        cells.extend(sign_cells(row.same_sign, row.same_sign_interval));
        sheet.row(cells);
    }
    for row in &table.rows {
        let mut cells = vec![
            Cell::text(row.head.name()),
            Cell::text(row.contrast.name()),
            Cell::text(against(row.against)),
            Cell::Count(row.n),
        ];
        cells.extend(correlation_cells(&row.correlations));
        let verdict = row.follows().map_or("n/a", Follows::words);
        cells.push(row.null.map_or(Cell::Empty, |null| Cell::Number { value: null.level95, digits: 3, signed: true }));
        cells.push(row.null.map_or(Cell::Empty, |null| Cell::Probability(null.p)));
        cells.push(Cell::text(verdict));
        cells.extend(sign_cells(row.same_sign, row.same_sign_interval));
        sheet.row(cells);
    }
    let replicates = table.rows.iter().find_map(|row| row.null).map_or(0, |null| null.replicates);
    sheet.notes = vec![
        "Over attributes. They overlap, so n of them are not n independent points, which the textbook p (two-sided) does not know.".into(),
        format!(
            "The verdict follows the null instead (one-sided, p < .05): Spearman with the losses of the training items permuted and a ridge head refitted, {replicates} times; 95 % of them lie below 'null 95 %'. 'follows' needs the interval of right signs above one half as well; RMM has no sign, and so no verdict. Same sign counts attributes, of n."
        ),
    ];
    sheet
}

/// Table 4.
#[must_use]
pub fn zero_shot(table: &ZeroShotTable, run: &RunRecord) -> Sheet {
    let columns =
        [&[("contrast", Left), ("n", Right), ("mean 0-shot AUROC", Right)][..], &CORRELATION_COLUMNS].concat();
    let title = "Table 4 · is the model robust where the encoder knows the attribute?";
    let mut sheet = Sheet::new(heading(title, run), &columns);
    for row in &table.rows {
        let mut cells = vec![Cell::text(row.contrast.name()), Cell::Count(row.n), Cell::number(row.mean_auroc, 3)];
        cells.extend(correlation_cells(&row.correlations));
        sheet.row(cells);
    }
    sheet.notes.push("Zero-shot AUROC of the encoder against −RMM of the model, over attributes.".into());
    sheet
}

/// Table 1; `lists` adds the prompts compared.
#[must_use]
pub fn ood(table: &OodTable, run: &RunRecord, lists: bool) -> Sheet {
    let columns = [
        ("foreign set", Left),
        ("n", Right),
        ("support", Right),
        ("support 95 %", Right),
        ("refused", Right),
        ("ood", Right),
        ("ood 95 %", Right),
        ("regressor", Right),
        ("regressor 95 %", Right),
        ("ranker", Right),
        ("ranker 95 %", Right),
    ];
    let mut sheet =
        Sheet::new(heading("Table 1 · do the heads tell foreign words from the data's own?", run), &columns);
    for row in &table.rows {
        let mut cells = vec![Cell::text(&row.foreign), Cell::Count(row.n_foreign)];
        match row.support {
            Some(found) => cells.extend([
                Cell::number(found.auroc, 3),
                Cell::interval(found.interval, 3),
                Cell::Text(format!("{} of {}", found.foreign_refused, row.n_foreign)),
            ]),
            None => cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]),
        }
        for head in [HeadKind::Ood, HeadKind::Regressor, HeadKind::Ranker] {
            match row.heads.iter().find(|entry| entry.head == head) {
                Some(entry) => cells.extend([Cell::number(entry.auroc, 3), Cell::interval(entry.interval, 3)]),
                None => cells.extend([Cell::Empty, Cell::Empty]),
            }
        }
        sheet.row(cells);
    }
    let left_out = if table.left_out.is_empty() { "none".to_owned() } else { table.left_out.join(", ") };
    sheet.notes = vec![
        format!(
            "AUROC of familiarity (−risk): {} prompts that describe the data against each foreign set. Left out because they name people: {left_out}.",
            table.in_distribution.len()
        ),
        "Support is the guard of typed prompts: it refuses those with a word that is like nothing in the data. Of the heads only ood is trained for this; −regressor and −ranker are printed because the paper does, not to be trusted.".into(),
    ];
    if !table.no_vector.is_empty() {
        sheet.notes.push(format!(
            "Left out because no vector is given for them: {} texts, such as {}.",
            table.no_vector.len(),
            table.no_vector.iter().take(3).map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
        ));
    }
    if lists {
        // One a line, as --positives and --foreign read them.
        sheet.notes.push(format!("\nthe data's own:\n{}", table.in_distribution.join("\n")));
        let words = table.rows.iter().filter(|row| !row.prompts.is_empty());
        sheet.notes.extend(words.map(|row| format!("\n{}:\n{}", row.foreign, row.prompts.join("\n"))));
    }
    sheet
}
