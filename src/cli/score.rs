//! `llm2loss score`: prompts, with what is estimated of each, witness by witness.

use super::arguments::Score;
use super::context::{Failure, Place, check_prompt, print, run_to_ask, session};
use super::lines;
use crate::diagnose::PromptScores;
use crate::engine::Session;
use crate::report;
use crate::store::HistoryEntry;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Phrases<'a> {
    phrases: &'a [String],
}

pub fn run(place: Place, model: Option<&str>, given: &Score) -> Result<u8, Failure> {
    let typed = given.prompts.iter().map(|prompt| check_prompt(prompt)).collect::<Result<Vec<_>, _>>()?;
    let mut prompts: Vec<String> = typed.iter().map(|prompt| (*prompt).to_owned()).collect();
    if let Some(path) = &given.list {
        prompts.extend(lines::prompts(path)?);
    }
    let session = session(place, &given.which.audit)?;
    if given.phrases {
        return phrases(&session, given.which.output.json);
    }
    let run = run_to_ask(&session, model, &given.which)?;
    let scorer = session.scorer(&run)?.with_estimator(Arc::new(session.estimator(&run)?));
    let score = |prompt: &String| -> Result<PromptScores, Failure> {
        let mut scores = scorer.score(prompt)?;
        if given.why {
            scorer.explain(&mut scores)?;
        }
        Ok(scores)
    };
    let scores = prompts.iter().map(score).collect::<Result<Vec<_>, _>>()?;
    for prompt in typed {
        session.store().remember(&given.which.audit, &HistoryEntry { a: prompt.to_owned(), b: None })?;
    }
    if given.which.output.json {
        return print(&report::score_json(&scores.iter().collect::<Vec<_>>(), &run.record)?);
    }
    print(&report::score(&scores, &run.record))
}

/// Lists the phrases that have a vector, one a line, as --prompts reads them.
fn phrases(session: &Session, json: bool) -> Result<u8, Failure> {
    let encoder = session.encoder();
    let Some(list) = encoder.phrases() else {
        return Err(Failure::usage(format!(
            "encoder {} reads any sentence; --phrases lists those of an audit that came with --prompt-embeddings",
            encoder.name()
        )));
    };
    if json {
        return print(&report::to_json("llm2loss.phrases/1", None, Phrases { phrases: list.phrases() })?);
    }
    let lines: Vec<String> = list.phrases().iter().map(|phrase| report::printable(phrase)).collect();
    print(&(lines.join("\n") + "\n"))
}
