//! Documents that a command prints and the console exports: one source for both.

use super::{ListedItems, Sheet, to_json};
use crate::audit::{RunId, RunRecord, WaitingRun};
use crate::diagnose::{
    AttributesTable, Discovery, IntersectionsTable, ModelComparison, OodTable, PairEstimate, PairScores,
    PromptEstimate, PromptScores, Support, TestSetTrend, ValidityTable,
};
use serde::Serialize;
use serde_json::Result;

/// One of two sentences that were compared.
#[derive(Debug, Clone, Serialize)]
pub struct PairSide {
    pub text: String,
    pub estimate: Option<PromptEstimate>,
    pub support: Option<Support>,
}

/// Two sentences and what is estimated of their difference.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedPair {
    pub a: PairSide,
    pub b: PairSide,
    #[serde(flatten)]
    pub found: PairEstimate,
    pub sentence: String,
}

/// `llm2loss.score/1`.
///
/// # Errors
/// If a value cannot stand in JSON, as of every document here.
pub fn score_json(prompts: &[&PromptScores], run: &RunRecord) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        prompts: &'a [&'a PromptScores],
    }
    to_json("llm2loss.score/1", Some(run), Body { prompts })
}

/// `llm2loss.compare/1` of one pair.
///
/// # Errors
/// As above.
pub fn compare_json(scores: &PairScores, run: &RunRecord) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        scores: &'a PairScores,
        pairs: Vec<ComparedPair>,
    }
    let side = |of: &PromptScores| PairSide {
        text: of.text.clone(),
        estimate: of.estimate.clone(),
        support: of.support.clone(),
    };
    let pair = scores.estimate.clone().map(|found| ComparedPair {
        a: side(&scores.a),
        b: side(&scores.b),
        sentence: found.sentence(),
        found,
    });
    to_json("llm2loss.compare/1", Some(run), Body { scores, pairs: pair.into_iter().collect() })
}

/// `llm2loss.table.attributes/1` of a run.
///
/// # Errors
/// As above.
pub fn attributes_json(table: &AttributesTable, run: &RunRecord) -> Result<String> {
    to_json("llm2loss.table.attributes/1", Some(run), table)
}

/// `llm2loss.table.attributes/1` as it is measured, within the items of some attributes.
///
/// # Errors
/// As above.
pub fn attributes_within_json(table: &AttributesTable, of: (&str, &str), within: &[String]) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        audit: &'a str,
        model: &'a str,
        within: &'a [String],
        #[serde(flatten)]
        table: &'a AttributesTable,
    }
    to_json("llm2loss.table.attributes/1", None, Body { audit: of.0, model: of.1, within, table })
}

/// `llm2loss.table.intersections/1`.
///
/// # Errors
/// As above.
pub fn intersections_json(table: &IntersectionsTable, of: (&str, &str), run: Option<&RunId>) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        audit: &'a str,
        model: &'a str,
        of: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<&'a RunId>,
        #[serde(flatten)]
        table: &'a IntersectionsTable,
    }
    to_json("llm2loss.table.intersections/1", None, Body { audit: of.0, model: of.1, of: 2, run, table })
}

/// `llm2loss.table.validity/1`.
///
/// # Errors
/// As above.
pub fn validity_json(table: &ValidityTable, run: &RunRecord) -> Result<String> {
    to_json("llm2loss.table.validity/1", Some(run), table)
}

/// `llm2loss.table.ood/1`.
///
/// # Errors
/// As above.
pub fn ood_json(table: &OodTable, run: &RunRecord) -> Result<String> {
    to_json("llm2loss.table.ood/1", Some(run), table)
}

/// `llm2loss.discover/1`: slices of a model's losses, and what was looked for.
///
/// # Errors
/// As above.
pub fn discover_json(found: &Discovery, audit: &str, model: &str, wanted: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        audit: &'a str,
        model: &'a str,
        wanted: &'a str,
        #[serde(flatten)]
        found: &'a Discovery,
    }
    to_json("llm2loss.discover/1", None, Body { audit, model, wanted, found })
}

/// `llm2loss.compare-models/1`; `encoder` is a fingerprint.
///
/// # Errors
/// As above.
pub fn compare_models_json(comparison: &ModelComparison, audit: &str, encoder: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        audit: &'a str,
        encoder: &'a str,
        #[serde(flatten)]
        comparison: &'a ModelComparison,
    }
    to_json("llm2loss.compare-models/1", None, Body { audit, encoder, comparison })
}

/// `llm2loss.ledger-trends/1`.
///
/// # Errors
/// As above.
pub fn trends_json(test_sets: &[TestSetTrend]) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        test_sets: &'a [TestSetTrend],
    }
    to_json("llm2loss.ledger-trends/1", None, Body { test_sets })
}

/// `llm2loss.items/1`.
///
/// # Errors
/// As above.
pub fn items_json(shown: &ListedItems<'_>) -> Result<String> {
    to_json("llm2loss.items/1", None, shown)
}

/// `llm2loss.runs/1`.
///
/// # Errors
/// As above.
pub fn runs_json(runs: &[&RunRecord], unfinished: &[&RunRecord], waiting: &[WaitingRun]) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        runs: &'a [&'a RunRecord],
        unfinished: &'a [&'a RunRecord],
        waiting: &'a [WaitingRun],
    }
    to_json("llm2loss.runs/1", None, Body { runs, unfinished, waiting })
}

/// `llm2loss.view/1`: a table of the console that no command prints.
///
/// # Errors
/// As above.
pub fn view_json(screen: &str, sheet: &Sheet) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        screen: &'a str,
        heading: &'a str,
        rows: Vec<serde_json::Map<String, serde_json::Value>>,
        notes: &'a [String],
    }
    to_json(
        "llm2loss.view/1",
        None,
        Body { screen, heading: &sheet.heading, rows: sheet.records(), notes: &sheet.notes },
    )
}
