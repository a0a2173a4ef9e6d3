//! The paper's own table, and what follows from it, as sheets.

use super::Align::{Left, Right};
use super::sheet::{Cell, Sheet};
use super::tables::{CORRELATION_COLUMNS, correlation_cells};
use crate::data::PaperRow;
use crate::diagnose::PaperCheck;

/// Table 5 as printed.
#[must_use]
pub fn paper_rows(rows: &[PaperRow]) -> Sheet {
    let columns = [
        ("attribute", Left),
        ("GT true AUROC", Right),
        ("GT false AUROC", Right),
        ("GT RMM", Right),
        ("CLIP RMM", Right),
        ("0-shot AUROC", Right),
    ];
    let mut sheet = Sheet::new("Table 5 of Ardeshir (2023), arXiv 2305.03212, as printed".into(), &columns);
    for row in rows {
        let number = |value: f64| Cell::Number { value, digits: 4, signed: false };
        sheet.row(vec![
            Cell::text(&row.attribute),
            number(row.gt_true_auroc),
            number(row.gt_false_auroc),
            number(row.gt_rmm),
            number(row.clip_rmm),
            number(row.zero_shot_auroc),
        ]);
    }
    sheet.notes.push("The printed CLIP RMM of Rosy Cheeks, 3.8824, has lost its exponent: read 3.8824e-05.".into());
    sheet
}

/// What the printed table gives when its own statistics are taken again.
#[must_use]
pub fn paper_check(check: &PaperCheck) -> Sheet {
    let columns = [&[("recomputed", Left), ("printed τ, r, ρ", Left), ("n", Right)][..], &CORRELATION_COLUMNS].concat();
    let mut sheet = Sheet::new("Recomputed from it".into(), &columns);
    for (name, printed, found) in [
        ("Table 4 from the printed gaps", ".2743, .291, .3482", &check.table4_from_printed_gaps),
        ("Table 4 from the printed AUROCs", ".2743, .291, .3482", &check.table4_from_printed_aurocs),
        ("CLIP RMM against GT RMM", "(Table 3, any row)", &check.clip_rmm_against_rmm),
    ] {
        let mut cells = vec![Cell::text(name), Cell::text(printed), Cell::Count(check.n)];
        cells.extend(correlation_cells(found));
        sheet.row(cells);
    }
    sheet.notes = vec![
        "Table 4 is zero-shot AUROC against robustness (−RMM): it comes out within what the printed digits lost. Its Pearson is not significant at 5 %; the two rank correlations are.".into(),
        "Table 3 cannot be recomputed: it has one row a head, but Table 5 prints one CLIP RMM column and does not say whose; none of the three rows agrees with it in all three statistics. Three p-values of its first row would need some 136 to 186 attributes; there are 40.".into(),
        format!(
            "{} of {} attributes have the higher AUROC with the attribute. {} zero-shot AUROCs are under one half: the encoder has \"Not X\" the wrong way round.",
            check.true_above_false, check.n, check.zero_shot_under_half
        ),
    ];
    sheet
}
