//! `llm2loss train`: heads for a model of an audit, one run or a sweep of them.

use super::announced::Announced;
use super::arguments::Train;
use super::context::{Failure, Place, print, session_reporting};
use super::progress::{self, Position};
use super::signals::{self, Signals};
use super::sweep;
use crate::audit::{HyperParameters, RunRecord, distinct};
use crate::engine::{EngineError, Session};
use crate::report::{self, Attempt, Ending};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Body<'a> {
    runs: &'a [Attempt],
}

pub fn run(place: Place, model: Option<&str>, given: &Train) -> Result<u8, Failure> {
    let runs = sweep::runs(given)?;
    let signals = Signals::listen().map_err(|error| Failure { message: format!("signals: {error}"), code: 1 })?;
    let session = session_reporting(place, &given.audit, given.output.json && !given.dry_run)?;
    let model = session.model_name(model)?;
    session.device()?;
    let combinations = runs.len();
    let runs = distinct(runs.iter().map(|hyper| session.effective(hyper)));
    let same = combinations - runs.len();
    let note = (same > 0).then(|| format!("{same} of {combinations} combinations differ in nothing these items heed"));
    if given.dry_run {
        note.iter().for_each(|note| progress::say(note));
        return dry_run(&session, &model, runs, given);
    }
    let training = Training { session, model, given, signals };
    training.note(Position::ALONE, training.session.device_note());
    training.note(Position::ALONE, note.as_deref());
    if let [hyper] = runs.as_slice() {
        return training.alone(hyper);
    }
    let attempts = training.sweep(&runs);
    training.print_sweep(attempts, runs.len())
}

/// The runs a sweep would train, and those that are kept already.
fn dry_run(session: &Session, model: &str, runs: Vec<HyperParameters>, given: &Train) -> Result<u8, Failure> {
    let mut attempts = Vec::with_capacity(runs.len());
    for hyper in runs {
        let kept = if given.force { None } else { session.finished(model, &hyper)? };
        let ending = if kept.is_some() { Ending::Kept } else { Ending::Planned };
        attempts.push(Attempt { hyper, ending, run: kept, message: None });
    }
    if given.output.json {
        return print(&report::to_json("llm2loss.sweep/1", None, Body { runs: &attempts })?);
    }
    print(&report::plan(&attempts).render(report::Format::Text))
}

struct Training<'a> {
    session: Session,
    model: String,
    given: &'a Train,
    signals: Signals,
}

impl Training<'_> {
    fn json(&self) -> bool {
        self.given.output.json
    }

    /// A sentence for the person, as a JSON line where those are asked for.
    fn note(&self, position: Position, message: Option<&str>) {
        match message {
            Some(message) if self.json() => progress::note(position, message),
            Some(message) => progress::say(message),
            None => {}
        }
    }

    /// Trains a run, or finds it kept; divergence is an ending, not an error.
    fn attempt(&self, hyper: &HyperParameters, position: Position) -> Result<Attempt, EngineError> {
        let attempt = |ending, run, message| Attempt { hyper: hyper.clone(), ending, run, message };
        if let Some(record) = self.kept(hyper)? {
            let message = format!("run {} has exactly these inputs already; --force trains it again", record.id);
            self.note(position, Some(&message));
            return Ok(attempt(Ending::Kept, Some(record), None));
        }
        let tracker = Arc::new(progress::follow(&self.session, position, self.json()));
        self.signals.stops(&tracker);
        if self.given.force {
            self.session.forget_checkpoint(&self.model, hyper)?;
        }
        let result = self.session.train(&self.model, hyper, &tracker);
        match result {
            Ok(run) => Ok(attempt(Ending::Finished, Some(run.record), None)),
            Err(error @ EngineError::Diverged { .. }) => Ok(attempt(Ending::Diverged, None, Some(error.to_string()))),
            Err(error) => Err(error),
        }
    }

    /// The run of these inputs, if it is kept and need not be trained again; it answers from now on.
    fn kept(&self, hyper: &HyperParameters) -> Result<Option<RunRecord>, EngineError> {
        if self.given.force {
            return Ok(None);
        }
        let kept = self.session.finished(&self.model, hyper)?;
        if let Some(record) = &kept {
            self.session.store().set_shown_run(&record.audit, &record.model, &record.id)?;
        }
        Ok(kept)
    }

    /// One run after the other; ends early on a signal, or on an error that the next run would meet too.
    fn sweep(&self, runs: &[HyperParameters]) -> Vec<Attempt> {
        let mut attempts = Vec::with_capacity(runs.len());
        let announced = Announced::new(&self.session, &self.model);
        for (index, hyper) in runs.iter().enumerate() {
            announced.tell(&runs[index..]);
            if self.signals.number().is_some() {
                break;
            }
            let position = Position { run: index + 1, runs: runs.len() };
            let attempt = self.attempt(hyper, position).unwrap_or_else(|error| failed(hyper, &error));
            self.tell(&attempt, position);
            let go_on = matches!(attempt.ending, Ending::Finished | Ending::Kept | Ending::Diverged);
            attempts.push(attempt);
            if !go_on {
                break;
            }
        }
        attempts
    }

    /// Says that a run is over.
    fn tell(&self, attempt: &Attempt, position: Position) {
        if self.json() {
            progress::finished(position, attempt.ending.name(), attempt.run.as_ref(), attempt.message.clone());
        } else if let Some(message) = &attempt.message {
            progress::say(&format!(
                "run {} of {} ({}): {message}",
                position.run,
                position.runs,
                attempt.hyper.summary()
            ));
        }
    }

    /// The failure of a program that was told to stop.
    fn stopped(&self) -> Option<Failure> {
        let number = self.signals.number()?;
        let code = u8::try_from(128 + number).unwrap_or(1);
        let message =
            format!("stopped by {}; the same command goes on from the last checkpoint", signals::name(number));
        Some(Failure { message, code })
    }

    /// A run that is no sweep: its record is the answer, and what ends it is the command's failure.
    fn alone(&self, hyper: &HyperParameters) -> Result<u8, Failure> {
        let announced = Announced::new(&self.session, &self.model);
        announced.tell(std::slice::from_ref(hyper));
        let result = self.attempt(hyper, Position::ALONE);
        drop(announced);
        let code = result.as_ref().err().map_or(2, |error| if error.is_usage() { 2 } else { 1 });
        let attempt = result.unwrap_or_else(|error| failed(hyper, &error));
        if self.json() {
            self.tell(&attempt, Position::ALONE);
        }
        match &attempt.run {
            Some(record) if self.json() => print(&report::to_json("llm2loss.run/1", None, record)?)?,
            Some(record) => print(&report::runs(std::slice::from_ref(record), "").render(report::Format::Text))?,
            None => 0,
        };
        match (self.stopped(), attempt) {
            (Some(stopped), _) => Err(stopped),
            (None, Attempt { run: Some(_), .. }) => Ok(0),
            (None, Attempt { message, .. }) => Err(Failure { message: message.unwrap_or_default(), code }),
        }
    }

    fn print_sweep(&self, mut attempts: Vec<Attempt>, planned: usize) -> Result<u8, Failure> {
        report::best_first(&mut attempts);
        if self.json() {
            print(&report::to_json("llm2loss.sweep/1", None, Body { runs: &attempts })?)?;
        } else {
            print(&report::sweep(&attempts, planned).render(report::Format::Text))?;
        }
        if let Some(stopped) = self.stopped() {
            return Err(stopped);
        }
        let failed: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.run.is_none()).collect();
        if failed.is_empty() {
            return Ok(0);
        }
        let names: Vec<String> =
            failed.iter().map(|attempt| format!("{} ({})", attempt.ending.name(), attempt.hyper.summary())).collect();
        let message = format!("{} of {planned} runs did not finish: {}", failed.len(), names.join("; "));
        Err(Failure { message, code: 1 })
    }
}

/// A run that ended on an error.
fn failed(hyper: &HyperParameters, error: &EngineError) -> Attempt {
    let ending = if matches!(error, EngineError::Cancelled) { Ending::Cancelled } else { Ending::Failed };
    Attempt { hyper: hyper.clone(), ending, run: None, message: Some(error.to_string()) }
}
