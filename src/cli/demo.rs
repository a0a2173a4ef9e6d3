//! `llm2loss demo`: the built-in audit from nothing to what was found.

use super::arguments::Output;
use super::context::{Failure, Place, current_or_trained, print, session};
use crate::data::BUILTIN_AUDITS;
use crate::diagnose::Tables;
use crate::report;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    tables: &'a Tables,
}

pub fn run(place: Place, model: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let session = session(place, BUILTIN_AUDITS[0])?;
    let run = current_or_trained(&session, model)?;
    if output.json {
        return print(&report::to_json("llm2loss.demo/1", Some(&run.record), Body { tables: &run.diagnosis.tables })?);
    }
    print(&report::demo(&run.diagnosis.tables, &run.record))
}
