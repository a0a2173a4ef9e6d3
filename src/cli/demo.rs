//! `llm2loss demo`: the built-in audit from nothing to what was found.

use super::arguments::Output;
use super::context::{Failure, Place, current_or_trained, print, session};
use crate::data::BUILTIN_AUDITS;
use crate::diagnose::Tables;
use crate::report::{self, FindingRecord};
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    findings: Vec<FindingRecord<'a>>,
    tables: &'a Tables,
}

pub fn run(place: Place, model: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let session = session(place, BUILTIN_AUDITS[0])?;
    let run = current_or_trained(&session, model)?;
    let found = session.findings_of_run(&run, None)?;
    if output.json {
        let body = Body { findings: report::finding_records(&found), tables: &run.diagnosis.tables };
        return print(&report::to_json("llm2loss.demo/1", Some(&run.record), body)?);
    }
    print(&report::demo(&found, &run.diagnosis.tables, &run.record))
}
