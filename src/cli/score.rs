//! `llm2loss score`: prompts, head by head and member by member.

use super::arguments::Score;
use super::context::{Failure, Place, check_prompt, print, run_to_ask, session};
use crate::diagnose::PromptScores;
use crate::report;
use crate::store::HistoryEntry;
use serde::Serialize;

#[derive(Serialize)]
struct Body {
    prompts: Vec<PromptScores>,
}

pub fn run(place: Place, model: Option<&str>, given: &Score) -> Result<u8, Failure> {
    let prompts = given.prompts.iter().map(|prompt| check_prompt(prompt)).collect::<Result<Vec<_>, _>>()?;
    let session = session(place, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let scorer = session.scorer(&run)?;
    let scores = prompts.iter().map(|prompt| scorer.score(prompt)).collect::<Result<Vec<_>, _>>()?;
    for prompt in prompts {
        session.store().remember(&given.which.audit, &HistoryEntry { a: prompt.to_owned(), b: None })?;
    }
    if given.which.output.json {
        return print(&report::to_json("llm2loss.score/1", Some(&run.record), Body { prompts: scores })?);
    }
    print(&report::score(&scores, &run.record))
}
