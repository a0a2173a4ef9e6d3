//! What was found and what is kept, in plain text.

use super::{Align, Grid, fixed, heading, printable, signed};
use crate::audit::{Contrast, HeadKind, RunRecord};
use crate::diagnose::{Aggregate, Tables, TrueGap, grouped};
use Align::{Left, Right};

/// How many attributes the demo names.
const DEMO_ROWS: usize = 5;

/// What a newcomer should see first: whom the model fails, and how far to trust the heads.
#[must_use]
pub fn demo(tables: &Tables, run: &RunRecord) -> String {
    let mut rows: Vec<_> = tables.attributes.rows.iter().filter(|row| row.loss_gap.value().is_some()).collect();
    rows.sort_by(|a, b| b.loss_gap.value().unwrap_or(0.0).abs().total_cmp(&a.loss_gap.value().unwrap_or(0.0).abs()));
    let mut grid = Grid::new(&[
        ("  attribute", Left),
        ("n true", Right),
        ("loss true", Right),
        ("loss false", Right),
        ("gap", Right),
        ("predicted", Right),
        ("prompts compared", Left),
    ]);
    for row in rows.iter().take(DEMO_ROWS) {
        let predicted = row
            .predicted(HeadKind::Regressor, row.contrast)
            .map_or_else(|| "n/a".into(), |gap| format!("{:+.2}", gap.summary.mean));
        let prompts = row.prompts.pair(row.contrast).map_or_else(String::new, |(a, b)| format!("\"{a}\" − \"{b}\""));
        grid.row(vec![
            format!("  {}", printable(&row.name)),
            row.n_true.to_string(),
            fixed(row.loss_true, 2),
            fixed(row.loss_false, 2),
            signed(row.loss_gap, 2),
            predicted,
            printable(&prompts),
        ]);
    }
    let spearman = |head: HeadKind| {
        let row = tables.validity.rows.iter().find(|row| row.head == head && row.aggregate == Aggregate::Mean);
        row.map_or_else(
            || "n/a".into(),
            |row| row.correlations.spearman.value().map_or_else(|| "n/a".into(), |value| format!("{:.2}", value.value)),
        )
    };
    let bias = tables.bias.rows.iter().find(|row| {
        row.head == HeadKind::Ranker && row.contrast == Contrast::Antonym && row.against == TrueGap::SignedLoss
    });
    let signs =
        bias.and_then(|row| row.same_sign.map(|same| format!("{same} of {}", row.n))).unwrap_or_else(|| "n/a".into());
    format!(
        "{}\n\nWhere the loss differs most, over {} test items:\n{}\n\
         The ranker orders test items by loss with Spearman {}, the regressor with {}.\n\
         From words alone, the ranker has the sign of the loss gap right for {signs} attributes.\n\
         Open the console with 'llm2loss', or ask: llm2loss score {} \"an elderly person\"\n",
        heading("What was found", run),
        grouped(tables.attributes.n),
        grid.render(),
        spearman(HeadKind::Ranker),
        spearman(HeadKind::Regressor),
        run.audit,
    )
}
