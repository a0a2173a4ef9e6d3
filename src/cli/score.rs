//! `llm2loss score`: prompts, with what is estimated of each, witness by witness.

use super::arguments::Score;
use super::context::{Failure, Place, check_prompt, print, run_to_ask, session};
use super::lines;
use crate::diagnose::{PromptScores, WordShare};
use crate::report;
use crate::store::HistoryEntry;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Body {
    prompts: Vec<Scored>,
}

#[derive(Serialize)]
struct Scored {
    #[serde(flatten)]
    scores: PromptScores,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<WordShare>>,
}

pub fn run(place: Place, model: Option<&str>, given: &Score) -> Result<u8, Failure> {
    let typed = given.prompts.iter().map(|prompt| check_prompt(prompt)).collect::<Result<Vec<_>, _>>()?;
    let mut prompts: Vec<String> = typed.iter().map(|prompt| (*prompt).to_owned()).collect();
    if let Some(path) = &given.list {
        prompts.extend(lines::prompts(path)?);
    }
    let session = session(place, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let estimator = Arc::new(session.estimator(&run)?);
    let scorer = session.scorer(&run)?.with_estimator(estimator.clone());
    let score = |prompt: &String| -> Result<Scored, Failure> {
        let why = if given.why { Some(estimator.why(prompt)?) } else { None };
        Ok(Scored { scores: scorer.score(prompt)?, why })
    };
    let scores = prompts.iter().map(score).collect::<Result<Vec<_>, _>>()?;
    for prompt in typed {
        session.store().remember(&given.which.audit, &HistoryEntry { a: prompt.to_owned(), b: None })?;
    }
    if given.which.output.json {
        return print(&report::to_json("llm2loss.score/1", Some(&run.record), Body { prompts: scores })?);
    }
    let scores: Vec<(PromptScores, Vec<WordShare>)> =
        scores.into_iter().map(|scored| (scored.scores, scored.why.unwrap_or_default())).collect();
    print(&report::score(&scores, &run.record))
}
