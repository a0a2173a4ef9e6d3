//! How far the estimates of a run can be believed.

use super::sheet::{Cell, Sheet};
use super::{Align, heading};
use crate::audit::RunRecord;
use crate::diagnose::{CalibrationTable, grouped};
use Align::{Left, Right};

/// The reliability of P(worse) on slices held out, bin by bin, with what it rests on below.
#[must_use]
pub fn calibration(table: &CalibrationTable, run: &RunRecord) -> Sheet {
    let columns =
        [("P(worse) said", Left), ("pairs", Right), ("mean said", Right), ("came true", Right), ("95 %", Right)];
    let mut sheet = Sheet::new(heading("Calibration · does a probability mean what it says?", run), &columns);
    for bin in table.held_out.iter().flat_map(|held_out| &held_out.bins) {
        sheet.row(vec![
            Cell::Text(format!("{:.1} to {:.1}", bin.low, bin.high)),
            Cell::Count(bin.n),
            Cell::Number { value: bin.said, digits: 3, signed: false },
            Cell::Number { value: bin.came, digits: 3, signed: false },
            Cell::Interval { interval: bin.interval, digits: 3, signed: false },
        ]);
    }
    sheet.notes = notes(table);
    sheet
}

fn notes(table: &CalibrationTable) -> Vec<String> {
    let mut notes = vec![format!(
        "Slices: {} of {} attributes, words or clusters; witnesses are over {} training items, the truth over {} test items.",
        grouped(table.slices),
        grouped(table.parts),
        grouped(table.evidence_items),
        grouped(table.test_items)
    )];
    if !table.calibrated {
        notes.push("Too few slices to calibrate on (20 needed): a fixed formula speaks, and its probabilities are not calibrated here.".into());
        return notes;
    }
    let weights: Vec<String> =
        table.weights.iter().map(|weight| format!("{} {:.2}", weight.name, weight.share)).collect();
    notes.push(format!("Weights, as shares of the estimate's movement over the slices: {}.", weights.join(", ")));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    match &table.held_out {
        Some(found) => {
            let right = found.worse_right.map_or_else(|| "n/a".to_owned(), percent);
            notes.push(format!(
                "Held out, {} halvings, {} slices and {} pairs in all: expected calibration error {:.3}, Brier {:.3}, order right {}; 'worse' said of {} of pairs and right {} of the time.",
                found.folds.len(),
                grouped(found.slices),
                grouped(found.pairs),
                found.ece,
                found.brier,
                percent(found.order_right),
                percent(found.worse_share),
                right
            ));
            notes.push(format!(
                "The {:.0} % interval of a level, {:.3} wide on average, holds {}; mean error {:.3}, of the regressor alone {:.3}. A slice counts as held where its own mean's error allows it.",
                100.0 * found.level,
                found.width,
                percent(found.coverage),
                found.mean_error,
                found.regressor_error
            ));
        }
        None => notes.push("The slices are too few to hold half of them out.".into()),
    }
    notes
}
