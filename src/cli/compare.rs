//! `llm2loss compare`: two prompts and their difference.

use super::arguments::Compare;
use super::context::{Failure, Place, check_prompt, print, run_to_ask, session};
use crate::report;
use crate::store::HistoryEntry;

pub fn run(place: Place, model: Option<&str>, given: &Compare) -> Result<u8, Failure> {
    let (a, b) = (check_prompt(&given.a)?, check_prompt(&given.b)?);
    let session = session(place, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let pair = session.scorer(&run)?.compare(a, b)?;
    session.store().remember(&given.which.audit, &HistoryEntry { a: a.to_owned(), b: Some(b.to_owned()) })?;
    if given.which.output.json {
        return print(&report::to_json("llm2loss.compare/1", Some(&run.record), pair)?);
    }
    print(&report::compare(&pair, &run.record))
}
