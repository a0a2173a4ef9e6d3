//! Head quality, and the prompts and items that rose most, as sheets.

use super::cut;
use crate::diagnose::{HeadQuality, Measured, ModelComparison, PredictedComparison, grouped};
use crate::report::Align::{Left, Right};
use crate::report::sheet::{Cell, Sheet};

/// Blanks between two columns of a grid.
const BETWEEN: usize = 2;

/// Head quality under both models.
pub fn heads(predicted: &PredictedComparison) -> Sheet {
    let columns = [
        ("head", Left),
        ("Spearman before", Right),
        ("after", Right),
        ("n", Right),
        ("right signs before", Right),
        ("after", Right),
    ];
    let mut sheet = Sheet::new("How far to trust the heads".into(), &columns);
    let signs =
        |signs: Option<(usize, usize)>| signs.map_or(Cell::Empty, |(same, n)| Cell::Text(format!("{same} of {n}")));
    for HeadQuality { head, before, after, signs_before, signs_after } in &predicted.heads {
        let number = |association: &Measured<crate::diagnose::Association>| match association {
            Measured::Value(found) => Cell::Number { value: found.value, digits: 3, signed: true },
            Measured::Undefined { undefined } => Cell::Undefined(*undefined),
        };
        let n = before.value().map_or(Cell::Empty, |found| Cell::Count(found.n));
        sheet.row(vec![
            Cell::text(head.name()),
            number(before),
            number(after),
            n,
            signs(*signs_before),
            signs(*signs_after),
        ]);
    }
    sheet.notes.push(format!(
        "Risk against loss over test items; predicted against measured loss gaps over attributes. Runs {} and {}, trained alike.",
        predicted.run_before, predicted.run_after
    ));
    sheet
}

/// Prompts whose predicted loss rose most.
pub fn prompts(predicted: &PredictedComparison, width: Option<usize>) -> Sheet {
    let columns = [
        ("prompt", Left),
        ("before", Right),
        ("after", Right),
        ("change", Right),
        ("sd", Right),
        ("members up", Right),
        ("", Left),
    ];
    let title = format!(
        "Prompts whose predicted loss rose most ({} of {} asked: {})",
        predicted.prompts.len(),
        predicted.asked,
        predicted.source
    );
    let mut sheet = Sheet::new(title, &columns);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(46).max(16));
    let number = |value, signed| Cell::Number { value, digits: 3, signed };
    for prompt in &predicted.prompts {
        sheet.row(vec![
            Cell::Text(cut(&prompt.text, room)),
            number(prompt.before.mean, false),
            number(prompt.after.mean, false),
            number(prompt.summary.mean, true),
            number(prompt.summary.sd, false),
            Cell::Text(format!("{} of {}", prompt.direction.positive, prompt.direction.members)),
            Cell::text(if prompt.out_of_distribution { "ood" } else { "" }),
        ]);
    }
    if predicted.prompts.iter().any(|prompt| prompt.out_of_distribution) {
        sheet.notes.push("ood: unlike the data; its predicted loss means little.".into());
    }
    sheet
}

/// Items whose loss rose most.
pub fn items(found: &ModelComparison, width: Option<usize>) -> Sheet {
    let columns = [("item", Left), ("before", Right), ("after", Right), ("change", Right), ("text", Left)];
    let mut sheet = Sheet::new(
        format!("Items whose loss rose most ({} of {})", found.items.len(), grouped(found.losses.worse)),
        &columns,
    );
    let ids = found.items.iter().map(|item| item.id.chars().count()).max().unwrap_or(4).clamp(4, 24);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(ids + 3 * 7 + 4 * BETWEEN).max(16));
    let number = |value, signed| Cell::Number { value, digits: 3, signed };
    for item in &found.items {
        sheet.row(vec![
            Cell::Text(cut(&item.id, 24)),
            number(item.before, false),
            number(item.after, false),
            number(item.change, true),
            Cell::Text(cut(&item.text, room)),
        ]);
    }
    sheet
}
