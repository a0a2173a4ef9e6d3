//! `llm2loss report`: one file with every table and figure of a model.

use super::arguments::Report;
use super::compare_models::hyper_parameters;
use super::context::{Failure, Place, current_or_trained, print, session, write_file};
use super::progress;
use crate::audit::{Contrast, HeadKind, RunRecord, Side};
use crate::diagnose::{
    CalibrationTable, ComparisonQuestion, DiscoverQuestion, Discovery, Finding, Findings, ItemFilter, ModelComparison,
    PairScores, PromptScorer, PromptScores, Tables, TestSetTrend, Watch,
};
use crate::engine::{ItemsQuestion, LoadedRun, LossesOf, Risks, Session, Tracker};
use crate::report::{self, FindingItems, ReportMaterial};
use serde::Serialize;
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(Clone, Copy)]
enum Form {
    Html,
    Markdown,
    Json,
    Latex,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    data_fingerprint: &'a str,
    weights_digest: &'a str,
    hyper: &'a crate::audit::HyperParameters,
    findings: Vec<report::FindingRecord<'a>>,
    tables: &'a Tables,
    ladder: &'a [PromptScores],
    pairs: &'a [PairScores],
    calibration: &'a CalibrationTable,
    discovery: &'a Discovery,
    comparison: Option<&'a ModelComparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<&'a TestSetTrend>,
    items: &'a [FindingItems],
}

/// Prompts of each kind in Figure 2, and pairs in Figure 3.
const OWN: usize = 8;
const FOREIGN: usize = 4;
const PAIRS: usize = 6;

pub fn run(place: Place, model: Option<&str>, given: &Report) -> Result<u8, Failure> {
    let form = form(given)?;
    let date = date(given)?;
    let ledger = ledger(given)?;
    let hide_text = place.hide_text;
    let session = session(place, &given.audit)?;
    let model = session.model_name(model)?;
    let (run, mut comparison) = material(&session, &model, given)?;
    if let Some(comparison) = comparison.as_mut().filter(|_| hide_text) {
        comparison.hide_texts();
    }
    let scorer = session.scorer(&run)?.with_estimator(Arc::new(session.estimator(&run)?));
    let tables = &run.diagnosis.tables;
    let findings = session.findings_of_run(&run, comparison.as_ref().map(|found| found.before.as_str()))?;
    let items = items(&session, &findings, given.items.into(), hide_text)?;
    let mut discovery =
        session.discover(LossesOf::Model(&model), &DiscoverQuestion::default(), &[], &Watch::silent())?;
    session.combine_slices(&mut discovery, &model, Some(&run));
    let material = ReportMaterial {
        run: &run.record,
        tables,
        test_items: session.record().test_items,
        findings: &findings,
        ladder: ladder(&scorer, tables)?,
        pairs: pairs(&scorer, tables)?,
        calibration: CalibrationTable::of(&run.diagnosis.calibration),
        discovery,
        comparison: comparison.as_ref(),
        ledger: ledger.as_ref(),
        items: &items,
        date,
    };
    let text = match form {
        Form::Html => report::html_report(&material),
        Form::Markdown => report::markdown_report(&material),
        Form::Latex => report::latex_report(&material),
        Form::Json => json(&material, &run.record)?,
    };
    let Some(path) = &given.output else { return print(&text) };
    write_file(path, text.as_bytes())?;
    progress::say(&format!("{} ({} kB)", path.display(), text.len().div_ceil(1000)));
    Ok(0)
}

/// The run that is reported: with a comparison, heads trained alike for both models.
fn material(session: &Session, model: &str, given: &Report) -> Result<(LoadedRun, Option<ModelComparison>), Failure> {
    let Some(against) = &given.against else { return Ok((current_or_trained(session, Some(model))?, None)) };
    let against = session.model_name(Some(against))?;
    let question = ComparisonQuestion::default();
    let mut found = session.compare_losses(&against, model, &question)?;
    let hyper = hyper_parameters(given.architecture, given.seed);
    session.add_heads(&mut found, &hyper, &session.own_prompts(), question.top, &progress::tracker(session))?;
    let [_, run] = session.heads_of_both([&against, model], &hyper, &progress::tracker(session))?;
    Ok((run, Some(found)))
}

fn json(material: &ReportMaterial, run: &RunRecord) -> Result<String, Failure> {
    let body = Body {
        date: material.date.as_deref(),
        data_fingerprint: &run.data_fingerprint,
        weights_digest: &run.weights_digest,
        hyper: &run.hyper,
        findings: report::finding_records(material.findings),
        tables: material.tables,
        ladder: &material.ladder,
        pairs: &material.pairs,
        calibration: &material.calibration,
        discovery: &material.discovery,
        comparison: material.comparison,
        ledger: material.ledger,
        items: material.items,
    };
    Ok(report::to_json("llm2loss.report/1", Some(run), body)?)
}

/// The items behind each finding of a group that fares worse, the highest losses first.
fn items(session: &Session, findings: &Findings, count: usize, hide_text: bool) -> Result<Vec<FindingItems>, Failure> {
    let mut found = Vec::new();
    for finding in findings.findings.iter().filter(|_| count > 0) {
        let (Finding::Harder(group) | Finding::Pair(group)) = finding else { continue };
        let with = group.side == Side::True;
        let filter = ItemFilter::of_group(group);
        let question = ItemsQuestion { model: findings.model.clone(), filter, hide_text, ..ItemsQuestion::default() };
        let list = session.list_items(question, None, &mut Risks::default(), &Tracker::silent())?;
        let items = list.page(session, 0, count)?;
        // A hidden item has no path: its image is not read.
        let images = items.iter().filter(|item| item.image.is_some()).map(|item| item.row);
        let images = images.map(|row| (row, list.picture(row).and_then(|image| report::small_jpeg(&image)))).collect();
        let attribute = group.subject.join(" + ");
        found.push(FindingItems { attribute, with, texts_hidden: hide_text, items, images });
    }
    Ok(found)
}

/// The looks at the test set of the audit that was looked at last.
fn ledger(given: &Report) -> Result<Option<TestSetTrend>, Failure> {
    let Some(file) = &given.ledger else { return Ok(None) };
    let trends = super::ledger::read(file)?.trends();
    let found = trends.into_iter().find(|trend| trend.audit == given.audit);
    let none = || Failure::usage(format!("{}: no check of audit '{}' in it", file.display(), given.audit));
    found.map(Some).ok_or_else(none)
}

/// The form by name, else by the file's ending.
fn form(given: &Report) -> Result<Form, Failure> {
    if given.json {
        return Ok(Form::Json);
    }
    let Some(path) = &given.output else {
        return Err(Failure::usage(
            "say where the report goes: -o audit.html, or .md, .json, .tex; or --json for stdout",
        ));
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "html" | "htm" => Ok(Form::Html),
        "md" | "markdown" => Ok(Form::Markdown),
        "json" => Ok(Form::Json),
        "tex" => Ok(Form::Latex),
        _ => Err(Failure::usage(format!("{}: a report ends in .html, .md, .json or .tex", path.display()))),
    }
}

/// The date given, else that of `SOURCE_DATE_EPOCH`, else none: reports of equal inputs are equal.
fn date(given: &Report) -> Result<Option<String>, Failure> {
    if let Some(date) = &given.date {
        return Ok(Some(date.clone()));
    }
    let date = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok().map(|time| time.date().to_string());
    Ok(source_date()?.and_then(date))
}

/// Seconds since 1970 that `SOURCE_DATE_EPOCH` says, if any.
pub fn source_date() -> Result<Option<i64>, Failure> {
    let Some(seconds) = std::env::var("SOURCE_DATE_EPOCH").ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let parsed = seconds.parse().ok().filter(|seconds| (0..=253_402_300_799).contains(seconds));
    parsed
        .map(Some)
        .ok_or_else(|| Failure::usage(format!("SOURCE_DATE_EPOCH is '{seconds}'; it counts seconds since 1970")))
}

/// Figure 2: prompts that describe the data, and some of each foreign set.
fn ladder(scorer: &PromptScorer, tables: &Tables) -> Result<Vec<PromptScores>, Failure> {
    let own = tables.ood.in_distribution.iter().take(OWN);
    // Bare lists repeat those with articles.
    let sets = tables.ood.rows.iter().filter(|row| !row.prompts.is_empty());
    let fairest: Vec<_> = sets.clone().filter(|row| row.foreign.contains("a/an")).collect();
    let sets = if fairest.is_empty() { sets.collect() } else { fairest };
    let foreign = sets.iter().flat_map(|row| {
        let step = row.prompts.len().div_ceil(FOREIGN).max(1);
        row.prompts.iter().step_by(step)
    });
    let mut prompts: Vec<&String> = own.chain(foreign).collect();
    prompts.dedup();
    Ok(prompts.into_iter().map(|prompt| scorer.score(prompt)).collect::<Result<_, _>>()?)
}

/// Figure 3: the attributes of the largest predicted gaps, phrase against contrast.
fn pairs(scorer: &PromptScorer, tables: &Tables) -> Result<Vec<PairScores>, Failure> {
    let gap = |row: &crate::diagnose::AttributeRow, contrast: Contrast| {
        row.predicted(HeadKind::Regressor, contrast).map_or(0.0, |gap| gap.summary.mean.abs())
    };
    let mut rows: Vec<_> = tables.attributes.rows.iter().collect();
    rows.sort_by(|a, b| gap(b, b.contrast).total_cmp(&gap(a, a.contrast)));
    let texts = rows.iter().filter_map(|row| row.prompts.pair(row.contrast));
    let texts = texts.filter(|(a, b)| scorer.knows(a) && scorer.knows(b)).take(PAIRS);
    Ok(texts.map(|(a, b)| scorer.compare(a, b)).collect::<Result<_, _>>()?)
}
