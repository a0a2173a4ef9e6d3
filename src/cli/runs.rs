//! `llm2loss runs`: the runs kept.

use super::arguments::Runs;
use super::context::{Failure, print, session};
use crate::audit::RunRecord;
use crate::report;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Body {
    runs: Vec<RunRecord>,
}

pub fn run(home: Option<PathBuf>, model: Option<&str>, given: &Runs) -> Result<u8, Failure> {
    let session = session(home, &given.audit)?;
    let model = model.map(|name| session.model_name(Some(name))).transpose()?;
    let runs = session.store().runs(&given.audit, model.as_deref())?;
    if given.output.json {
        return print(&report::to_json("llm2loss.runs/1", None, Body { runs })?);
    }
    print(&report::runs(&runs))
}
