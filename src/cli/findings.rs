//! `llm2loss findings`: whom a model fails, in at most seven sentences; nothing is embedded or trained.

use super::arguments::Findings;
use super::context::{Failure, Place, print, session};
use crate::diagnose::Additions;
use crate::report::{self, Format};

pub fn run(place: Place, model: Option<&str>, given: &Findings) -> Result<u8, Failure> {
    let session = session(place, &given.audit)?;
    let model = session.model_name(model)?;
    let against = given.against.as_deref().map(|name| session.model_name(Some(name))).transpose()?;
    let found = session.findings(&model, against.as_deref(), Additions::default())?;
    if given.json {
        return print(&report::findings_json(&found)?);
    }
    print(&report::findings(
        &found,
        match (given.markdown, given.csv) {
            (true, _) => Format::Markdown,
            (_, true) => Format::Csv,
            _ => Format::Text,
        },
    ))
}
