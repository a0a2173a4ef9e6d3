//! `llm2loss demo`: the built-in audit from nothing to what was found.

use super::arguments::Output;
use super::context::{Failure, Place, current_or_trained, print, session};
use crate::data::BUILTIN_AUDITS;
use crate::diagnose::{DiscoverQuestion, Discovery, Tables, Watch};
use crate::engine::LossesOf;
use crate::report::{self, FindingRecord};
use serde::Serialize;
use std::env;

/// Slices that are told.
const SLICES: usize = 3;

#[derive(Serialize)]
struct Body<'a> {
    findings: Vec<FindingRecord<'a>>,
    /// The first slices found by themselves.
    discovery: &'a Discovery,
    tables: &'a Tables,
}

pub fn run(place: Place, model: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let elsewhere = place.home.clone().filter(|home| env::var_os("LLM2LOSS_HOME").is_none_or(|set| set != *home));
    let session = session(place, BUILTIN_AUDITS[0])?;
    let run = current_or_trained(&session, model)?;
    let found = session.findings_of_run(&run, None)?;
    let question = DiscoverQuestion { depth: 1, top: SLICES, ..DiscoverQuestion::default() };
    let slices = session.discover(LossesOf::Model(&run.record.model), &question, &[], &Watch::silent())?;
    if output.json {
        let body =
            Body { findings: report::finding_records(&found), discovery: &slices, tables: &run.diagnosis.tables };
        return print(&report::to_json("llm2loss.demo/1", Some(&run.record), body)?);
    }
    let mut text = report::demo(&found, &slices, &run.diagnosis.tables, &run.record);
    if let Some(home) = elsewhere {
        let home = report::shell_word(&home.to_string_lossy());
        text.push_str(&format!("For the same home, first: export LLM2LOSS_HOME={home}\n"));
    }
    print(&text)
}
