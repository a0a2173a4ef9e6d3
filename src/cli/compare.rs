//! `llm2loss compare`: two prompts and their difference, or a file of pairs.

use super::arguments::Compare;
use super::context::{Failure, Place, check_prompt, print, run_to_ask, session};
use super::lines;
use crate::diagnose::{PairEstimate, Told};
use crate::engine::{LoadedRun, Session};
use crate::report::{self, ComparedPair, PairSide};
use crate::store::HistoryEntry;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

#[derive(Serialize)]
struct Many {
    pairs: Vec<ComparedPair>,
}

pub fn run(place: Place, model: Option<&str>, given: &Compare) -> Result<u8, Failure> {
    if let Some(path) = &given.pairs {
        return many(place, model, given, path);
    }
    let (Some(a), Some(b)) = (&given.a, &given.b) else {
        return Err(Failure::usage("give two sentences, or --pairs FILE"));
    };
    let (a, b) = (check_prompt(a)?, check_prompt(b)?);
    let session = session(place, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let scorer = session.scorer(&run)?.with_estimator(Arc::new(session.estimator(&run)?));
    let scores = scorer.compare(a, b)?;
    session.store().remember(&given.which.audit, &HistoryEntry { a: a.to_owned(), b: Some(b.to_owned()) })?;
    if given.which.output.json {
        return print(&report::compare_json(&scores, &run.record)?);
    }
    print(&report::compare(&scores, &run.record))
}

fn many(place: Place, model: Option<&str>, given: &Compare, path: &Path) -> Result<u8, Failure> {
    let wanted = lines::pairs(path)?;
    let session = session(place, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let pairs = compared(&session, &run, wanted)?;
    if given.which.output.json {
        return print(&report::to_json("llm2loss.compare/1", Some(&run.record), Many { pairs })?);
    }
    let rows: Vec<(&str, &str, &PairEstimate)> =
        pairs.iter().map(|pair| (pair.a.text.as_str(), pair.b.text.as_str(), &pair.found)).collect();
    print(&report::pairs(&rows, &run.record))
}

/// Compares many pairs: each sentence is looked at once, however many pairs it is in.
fn compared(session: &Session, run: &LoadedRun, wanted: Vec<(String, String)>) -> Result<Vec<ComparedPair>, Failure> {
    let estimator = session.estimator(run)?;
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut texts: Vec<&str> = Vec::new();
    for text in wanted.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]) {
        places.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() - 1
        });
    }
    let told: Vec<Told> = estimator.tell_all(&texts)?;
    let side = |text: &str, told: &Told| PairSide {
        text: text.to_owned(),
        estimate: told.estimate.clone(),
        support: Some(told.support.clone()),
    };
    let pair = |(a, b): &(String, String)| {
        let (first, second) = (&told[places[a.as_str()]], &told[places[b.as_str()]]);
        let found = estimator.compare(first, second)?;
        Some(ComparedPair { a: side(a, first), b: side(b, second), sentence: found.sentence(), found })
    };
    let pairs = wanted.iter().map(pair).collect::<Option<Vec<_>>>();
    pairs.ok_or_else(|| Failure {
        message: format!("run {} has no calibration; train it again", run.record.id),
        code: 1,
    })
}
