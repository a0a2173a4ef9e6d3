//! `llm2loss table`: the paper's tables for a run.

use super::arguments::{ContrastArgument, FormatArgument, IntervalArgument, Switch, Table, TableKind};
use super::context::{Failure, Place, print, run_to_ask, session};
use super::progress;
use crate::audit::{Contrast, ForeignSet, RunRecord};
use crate::diagnose::{CalibrationTable, IntervalMethod, OodQuestion, Tables, TrueGap, grouped};
use crate::engine::Session;
use crate::report::{self, Format};
use std::path::Path;

pub fn run(place: Place, model: Option<&str>, given: &Table) -> Result<u8, Failure> {
    let contrast = if given.paper { Some(Contrast::Bare) } else { given.contrast.and_then(contrast) };
    if given.contrast.is_some() && matches!(given.kind, TableKind::Validity | TableKind::Ood | TableKind::Calibration) {
        return Err(Failure::usage("--contrast chooses prompts of attributes; this table has none"));
    }
    let session = session(place, &given.which.audit)?;
    if given.kind == TableKind::Intersections {
        return intersections(&session, model, given);
    }
    if given.of.is_some() || given.top.is_some() {
        return Err(Failure::usage("--of and --top belong to the table 'intersections'"));
    }
    if !given.within.is_empty() {
        return within(&session, model, given);
    }
    let run = run_to_ask(&session, model, &given.which)?;
    let (mut tables, record, calibration) = (run.diagnosis.tables, run.record, run.diagnosis.calibration);
    if let Some(method) = bootstrap(given)? {
        progress::say(&format!("resampling {} test items for every gap", grouped(tables.attributes.n)));
        tables.attributes = session.bootstrapped_attributes(&record, method)?;
    }
    if given.contrast == Some(ContrastArgument::Everybody) && given.kind == TableKind::Zeroshot {
        return Err(Failure::usage(
            "everybody is no sentence, so it has no zero-shot AUROC; choose another --contrast",
        ));
    }
    let mut tables = chosen(tables, contrast);
    if given.contrast == Some(ContrastArgument::Everybody) {
        tables.bias.rows.clear();
    }
    if given.paper {
        // The paper compares unsigned gaps alone.
        tables.bias.rows.retain(|row| row.against == TrueGap::Rmm);
    }
    if given.kind == TableKind::Ood && (given.paper || given.drop_people.is_some() || !lists(given).is_empty()) {
        tables.ood = session.ood(&record, &question(&session, given)?)?;
    } else if given.kind != TableKind::Ood && (given.drop_people.is_some() || !lists(given).is_empty()) {
        return Err(Failure::usage("--positives, --foreign, --drop-people and --lists belong to the table 'ood'"));
    }
    if given.which.output.json || given.format == Some(FormatArgument::Json) {
        if given.kind == TableKind::Calibration {
            let body = CalibrationTable::of(&calibration);
            return print(&report::to_json("llm2loss.table.calibration/1", Some(&record), body)?);
        }
        return print(&document(given.kind, &tables, &record)?);
    }
    let is_text = matches!(given.format, Some(FormatArgument::Text) | None);
    let sheet = match given.kind {
        TableKind::Intersections => return intersections(&session, model, given),
        TableKind::Attributes if given.paper => report::paper_attributes(&tables.attributes, &record),
        TableKind::Attributes if is_text && !given.all_columns => {
            report::attributes_fitted(&tables.attributes, &record)
        }
        TableKind::Attributes => report::attributes(&tables.attributes, &record),
        TableKind::Validity => report::validity(&tables.validity, &record),
        TableKind::Bias => report::bias(&tables.bias, &record),
        TableKind::Zeroshot => report::zero_shot(&tables.zero_shot, &record),
        TableKind::Ood => report::ood(&tables.ood, &record, given.lists),
        TableKind::Calibration => report::calibration(&CalibrationTable::of(&calibration), &record),
    };
    print(&sheet.render(sheet_format(given.format)))
}

/// Rows of intersections that a terminal shows.
const SHOWN: usize = 20;

/// Pairs of attributes: measured, so that no run is asked; one that is there adds to them.
fn intersections(session: &Session, model: Option<&str>, given: &Table) -> Result<u8, Failure> {
    let of_others = given.which.run.is_some() || given.contrast.is_some() || given.intervals.is_some();
    let lists = !lists(given).is_empty() || given.drop_people.is_some();
    if of_others || lists || given.paper || given.all_columns {
        return Err(Failure::usage("intersections are measured and need no run; --of, --top and --format are theirs"));
    }
    let model = session.model_name(model)?;
    let (mut table, run) = session.intersections(&model)?;
    if given.which.output.json || given.format == Some(FormatArgument::Json) {
        table.rows.truncate(given.top.unwrap_or(usize::MAX));
        return print(&report::intersections_json(&table, (&given.which.audit, &model), run.as_ref())?);
    }
    let format = sheet_format(given.format);
    let top = given.top.unwrap_or(if format == Format::Text { SHOWN } else { usize::MAX });
    print(&report::intersections(&table, &given.which.audit, &model, top).render(format))
}

/// Attributes over the test items that have some: measured, so that no run is asked.
fn within(session: &Session, model: Option<&str>, given: &Table) -> Result<u8, Failure> {
    let of_heads = given.which.run.is_some() || given.contrast.is_some() || given.paper || given.intervals.is_some();
    if given.kind != TableKind::Attributes || of_heads || !lists(given).is_empty() || given.drop_people.is_some() {
        return Err(Failure::usage("--within is measured and needs no run; it goes with the table 'attributes' alone"));
    }
    let model = session.model_name(model)?;
    let table = session.measured_attributes(&model, &given.within)?;
    if given.which.output.json || given.format == Some(FormatArgument::Json) {
        return print(&report::attributes_within_json(&table, (&given.which.audit, &model), &given.within)?);
    }
    let format = sheet_format(given.format);
    let fitted = format == Format::Text && !given.all_columns;
    print(&report::attributes_within(&table, (&given.which.audit, &model), &given.within, fitted).render(format))
}

fn sheet_format(format: Option<FormatArgument>) -> Format {
    match format {
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        Some(FormatArgument::Text | FormatArgument::Json) | None => Format::Text,
    }
}

/// The bootstrap asked for, if any.
fn bootstrap(given: &Table) -> Result<Option<IntervalMethod>, Failure> {
    let replicates = given.replicates.unwrap_or(2000) as usize;
    let method = match given.intervals {
        None => return Ok(None),
        Some(IntervalArgument::Analytic) => IntervalMethod::Analytic,
        Some(IntervalArgument::Percentile) => IntervalMethod::Percentile { replicates },
        Some(IntervalArgument::Bca) => IntervalMethod::Bca { replicates },
    };
    match given.kind {
        TableKind::Attributes => Ok(Some(method)),
        _ => Err(Failure::usage("--intervals belongs to the table 'attributes'")),
    }
}

fn document(kind: TableKind, tables: &Tables, record: &RunRecord) -> serde_json::Result<String> {
    let id = Some(record);
    match kind {
        TableKind::Attributes => report::attributes_json(&tables.attributes, record),
        TableKind::Validity => report::validity_json(&tables.validity, record),
        TableKind::Bias => report::to_json("llm2loss.table.bias/1", id, &tables.bias),
        TableKind::Zeroshot => report::to_json("llm2loss.table.zeroshot/1", id, &tables.zero_shot),
        TableKind::Ood | TableKind::Calibration | TableKind::Intersections => report::ood_json(&tables.ood, record),
    }
}

/// Flags that change what Table 1 compares, as given.
fn lists(given: &Table) -> Vec<&str> {
    given
        .positives
        .iter()
        .map(|_| "--positives")
        .chain(given.foreign.iter().map(|_| "--foreign"))
        .chain(given.lists.then_some("--lists"))
        .collect()
}

/// What Table 1 is to compare: the audit's lists, or those of the files given.
fn question(session: &Session, given: &Table) -> Result<OodQuestion, Failure> {
    let mut sets = session.audit()?.prompts.clone();
    if let Some(path) = &given.positives {
        sets.in_distribution = read_list(path)?;
    }
    if !given.foreign.is_empty() {
        sets.foreign = given.foreign.iter().map(|text| foreign_set(text)).collect::<Result<Vec<ForeignSet>, _>>()?;
        for (at, set) in sets.foreign.iter().enumerate() {
            if sets.foreign[..at].iter().any(|other| other.name == set.name) {
                return Err(Failure::usage(format!(
                    "--foreign names '{}' twice; give each set a name of its own",
                    set.name
                )));
            }
        }
    }
    let drop_people = given.drop_people.map_or(!given.paper, |switch| switch == Switch::On);
    Ok(OodQuestion { sets, drop_people })
}

/// `NAME=FILE`: a foreign set of one's own, one word or phrase a line.
fn foreign_set(text: &str) -> Result<ForeignSet, Failure> {
    let fault = || Failure::usage(format!("--foreign {text}: give NAME=FILE, one word or phrase a line in the file"));
    let (name, path) =
        text.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty()).ok_or_else(fault)?;
    Ok(ForeignSet { name: name.to_owned(), words: read_list(Path::new(path))?, singular: false })
}

pub fn read_list(path: &Path) -> Result<Vec<String>, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let text = crate::files::read_note(path).map_err(|error| fault(error.to_string()))?;
    // The same words twice would count as two prompts.
    let mut seen = std::collections::HashSet::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && seen.insert(*line));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    if lines.is_empty() { Err(fault("no words in it; give one word or phrase a line".into())) } else { Ok(lines) }
}

/// The tables with one contrast chosen: it becomes every attribute's own, and rows of others go.
fn chosen(mut tables: Tables, contrast: Option<Contrast>) -> Tables {
    if let Some(contrast) = contrast {
        tables.attributes.rows.iter_mut().for_each(|row| row.contrast = contrast);
        tables.bias.rows.retain(|row| row.contrast == contrast);
        tables.bias.everybody.clear();
        tables.zero_shot.rows.retain(|row| row.contrast == contrast);
    }
    tables
}

/// The prompts of a contrast; everybody has none.
fn contrast(given: ContrastArgument) -> Option<Contrast> {
    match given {
        ContrastArgument::Everybody => None,
        ContrastArgument::Antonym => Some(Contrast::Antonym),
        ContrastArgument::Generic => Some(Contrast::Generic),
        ContrastArgument::Bare => Some(Contrast::Bare),
    }
}
