//! What was found and what is kept, in plain text.

use super::{finding_lines, findings_heading, printable};
use crate::audit::{Contrast, HeadKind, RunRecord};
use crate::diagnose::{Aggregate, DiscoveredSlice, Discovery, Findings, Tables, TrueGap, grouped};

/// What a newcomer should see first: whom the model fails, and how far to trust the heads.
#[must_use]
pub fn demo(found: &Findings, slices: &Discovery, tables: &Tables, run: &RunRecord) -> String {
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
        "{}\n\n{}\n{}\
         The ranker orders test items by loss with Spearman {}, the regressor with {}.\n\
         From words alone, the ranker has the sign of the loss gap right for {signs} attributes.\n\
         Open the console with 'llm2loss', or ask: llm2loss score {} \"an elderly person\"\n\n{NEXT}",
        findings_heading(found),
        finding_lines(found),
        slice_line(slices, run),
        spearman(HeadKind::Ranker),
        spearman(HeadKind::Regressor),
        run.audit,
    )
}

/// What to type next, for data of one's own.
const NEXT: &str = "\
Your own data, one loss an item:
  llm2loss ingest mine --manifest rows.csv   texts and losses; 'llm2loss ingest' alone says what else is taken
  llm2loss findings mine                     whom your model fails, at once
  llm2loss --audit mine                      the console, on your data
";

/// The slices found by themselves, greatest excess first; nothing where there are none.
fn slice_line(slices: &Discovery, run: &RunRecord) -> String {
    let one = |slice: &DiscoveredSlice| {
        format!("{} ({:.3}, n {})", printable(&slice.name), slice.mean_loss, grouped(slice.n))
    };
    let told: Vec<String> = slices.slices.iter().map(one).collect();
    let Some(first) = slices.slices.first() else { return String::new() };
    format!(
        "Found by itself, tested on {} other test items of mean loss {:.3}: {}. All of them: llm2loss discover {} --model {}\n",
        grouped(slices.tested_on),
        first.overall,
        told.join("; "),
        run.audit,
        run.model
    )
}
