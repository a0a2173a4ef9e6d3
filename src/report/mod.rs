//! Answers as text and JSON: the headless twin of every screen.

mod calibration;
mod combined;
mod comparison;
mod discovery;
mod document;
mod documents;
mod evidence;
mod figure;
mod findings;
mod gate;
mod grid;
mod ingest;
mod intersections;
mod item_images;
mod item_markdown;
mod items;
mod json;
mod ledger;
mod overview;
mod paper;
mod plain;
mod prompts;
mod runs;
mod sheet;
mod tables;

pub use calibration::calibration;
pub use comparison::{model_comparison, sorted_attributes};
pub use discovery::{
    DiscoveryTitle, discovery, discovery_rows, notes as discovery_notes, outside_attributes,
    outside_attributes_in_short, slice_label, slice_paragraph,
};
pub use document::{ReportMaterial, html_report, latex_report, markdown_report};
pub use documents::{
    ComparedPair, PairSide, attributes_json, attributes_within_json, compare_json, compare_models_json, discover_json,
    intersections_json, items_json, ood_json, runs_json, score_json, trends_json, validity_json, view_json,
};
pub use evidence::{Evidence, EvidenceSide};
pub use findings::{
    FindingRecord, finding_lines, finding_paragraph, finding_records, findings, findings_heading, findings_json,
    findings_sheet,
};
pub use gate::{gate_text, github, junit, sarif};
pub use grid::{Align, Grid};
pub use ingest::ingest;
pub use intersections::intersections;
pub use item_images::small_jpeg;
pub use item_markdown::item_as_markdown;
pub use items::{FindingItems, IdsForm, ListedItems, item_in_full};
pub use json::{Envelope, Identity, to_json};
pub use ledger::{figures_sheet, looks_sheet, trend_heading, trends_sheet, trends_text};
pub use overview::demo;
pub use paper::{paper_check, paper_rows};
pub use plain::{json, json_line, printable, shell_word, tame};
pub use prompts::{compare, grounds, pairs, probability, score};
pub use runs::{
    Attempt, Difference, Ending, Field, Order, best_first, plan, runs, show, sort, sweep, unfinished, waiting,
};
pub use sheet::{Cell, Format, Sheet};
pub use tables::{attributes, attributes_fitted, attributes_within, bias, ood, paper_attributes, validity, zero_shot};

use crate::audit::RunRecord;
use crate::diagnose::Measured;

/// A value in text, or why there is none.
fn fixed(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

/// A difference in text with its sign, or why there is none.
fn signed(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:+.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

/// What a table or an answer rests on: two lines.
fn heading(title: &str, run: &RunRecord) -> String {
    let (audit, model) = (printable(&run.audit), printable(&run.model));
    format!("{title}\naudit {audit} · model {model} · run {} · {}", run.id, run.summary())
}

fn members(run: &RunRecord) -> String {
    if run.hyper.members == 1 { "one member".into() } else { format!("{} members", run.hyper.members) }
}
