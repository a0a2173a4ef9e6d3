//! `llm2loss demo`: the built-in audit from nothing to what was found.

use super::arguments::Output;
use super::context::{Failure, newest_or_trained, print, session};
use crate::data::BUILTIN_AUDITS;
use crate::report;
use std::path::PathBuf;

pub fn run(home: Option<PathBuf>, model: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let session = session(home, BUILTIN_AUDITS[0])?;
    let run = newest_or_trained(&session, model)?;
    if output.json {
        return print(&report::to_json("llm2loss.demo/1", Some(&run.record), &run.diagnosis.tables)?);
    }
    print(&report::demo(&run.diagnosis.tables, &run.record))
}
