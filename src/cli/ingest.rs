//! `llm2loss ingest`: files to an audit. `llm2loss audits`: the audits there are.

use super::arguments::{Audits, AuditsAction, Ingest};
use super::context::{Failure, home, print};
use crate::data::{AttributeFile, DataError, ImagePlace, Mapping, manifest};
use crate::engine::{EngineError, IngestReport, add_models, delete, described, ingest, known_audits, set_prompts};
use crate::report;
use crate::store::{Store, ingested_names};
use serde::Serialize;
use std::path::PathBuf;

/// Name of a model whose column is called just `loss`.
const ONLY_MODEL: &str = "model";

pub fn run(home_given: Option<PathBuf>, model: Option<&str>, given: &Ingest) -> Result<u8, Failure> {
    let home = home(home_given)?;
    let mapping = mapping(given)?;
    let prompts = given.attributes.as_deref().map(AttributeFile::read).transpose().map_err(EngineError::from)?;
    let report = match (&given.manifest, &given.losses) {
        (Some(path), None) => {
            let place = ImagePlace { root: given.images_root.clone(), outside: given.allow_outside };
            let draft = manifest(path, &mapping, model.unwrap_or(ONLY_MODEL), &place).map_err(EngineError::from)?;
            let encoder = given.encoder.as_deref().unwrap_or("builtin");
            ingest(&home, &given.name, draft, &prompts.unwrap_or_default(), encoder, given.check)?
        }
        (None, Some(losses)) => {
            let model = model.unwrap_or(ONLY_MODEL);
            add_models(&home, &given.name, losses, &mapping, model, given.replace, given.check)?
        }
        (None, None) => {
            let prompts = prompts.ok_or_else(|| {
                Failure::usage("nothing to take in; give --manifest FILE, or --losses FILE with --model NAME for an audit there is")
            })?;
            set_prompts(&home, &given.name, &prompts, given.check)?
        }
        (Some(_), Some(_)) => {
            return Err(Failure::usage("give --manifest first, then --losses with the audit's name in a second call"));
        }
    };
    show(&report, given.output.json)
}

fn mapping(given: &Ingest) -> Result<Mapping, Failure> {
    let read = || -> Result<Mapping, DataError> {
        let mut mapping = given.columns.as_deref().map_or_else(|| Ok(Mapping::default()), Mapping::read)?;
        given.column.iter().try_for_each(|column| mapping.set(column))?;
        Ok(mapping)
    };
    Ok(read().map_err(EngineError::from)?)
}

fn show(report: &IngestReport, json: bool) -> Result<u8, Failure> {
    if json {
        return print(&report::to_json("llm2loss.ingest/1", None, report)?);
    }
    print(&report::ingest(report))
}

#[derive(Serialize)]
struct Body {
    audits: Vec<String>,
}

pub fn audits(home_given: Option<PathBuf>, given: &Audits) -> Result<u8, Failure> {
    let home = home(home_given)?;
    match &given.action {
        None => {
            let audits = known_audits(&home);
            if given.output.json {
                return print(&report::to_json("llm2loss.audits/1", None, Body { audits })?);
            }
            print(&(audits.join("\n") + "\n"))
        }
        Some(AuditsAction::Show { audit, output }) => {
            if !ingested_names(&home).contains(audit) {
                let known = known_audits(&home).join(", ");
                return Err(EngineError::from(DataError::UnknownAudit { name: audit.clone(), known }).into());
            }
            show(&described(&Store::open(&home)?, audit)?, output.json)
        }
        Some(AuditsAction::Delete { audit }) => {
            let runs = delete(&home, audit)?;
            print(&format!(
                "audit {audit} deleted, with {runs} runs; 'llm2loss cache gc' drops embeddings nobody uses\n"
            ))
        }
    }
}
