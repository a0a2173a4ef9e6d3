//! What every command needs: a failure with its exit code, the home folder, an open session, a run to ask.

use super::arguments::WhichRun;
use super::progress;
use crate::audit::{Architecture, HyperParameters};
use crate::diagnose::{DiagnoseError, LONGEST_PROMPT};
use crate::engine::{DeviceChoice, EngineError, LoadedRun, Session};
use crate::files::write_atomically;
use crate::report::tame;
use crate::store::{Store, StoreError};
use etcetera::BaseStrategy;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a command failed, and its exit code: 1 failure, 2 usage or bad input.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub code: u8,
}

impl Failure {
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { code: if error.is_usage() { 2 } else { 1 }, message: error.to_string() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<DiagnoseError> for Failure {
    fn from(error: DiagnoseError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self { message: format!("JSON: {error}"), code: 1 }
    }
}

/// Where a command works: the home folder given, if any, the device asked for, and whether texts of items are hidden.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub home: Option<PathBuf>,
    pub device: DeviceChoice,
    pub hide_text: bool,
}

impl From<Option<PathBuf>> for Place {
    fn from(home: Option<PathBuf>) -> Self {
        Self { home, ..Self::default() }
    }
}

/// The folder given, or the user's data folder.
pub fn home(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(given) = given.filter(|given| !given.as_os_str().is_empty()) {
        // A quoted ~ would make a folder of that name, here.
        if given.starts_with("~") {
            let problem =
                format!("home {} begins with ~, which only a shell reads; write the folder out", given.display());
            return Err(Failure::usage(problem));
        }
        return Ok(given);
    }
    let base = etcetera::choose_base_strategy().map_err(|_| Failure::usage("no home folder; give one with --home"))?;
    Ok(base.data_dir().join("llm2loss"))
}

/// Opens the store to read it, beside another process if need be, and says what was found.
pub fn reading_store(given: Option<PathBuf>) -> Result<Store, Failure> {
    let store = Store::open_reading(&home(given)?)?;
    store.notes().iter().for_each(|note| progress::say(note));
    Ok(store)
}

/// Opens an audit.
pub fn session(place: impl Into<Place>, audit: &str) -> Result<Session, Failure> {
    session_reporting(place, audit, false)
}

/// Opens an audit; what is downloaded for it is told as JSON lines if asked.
pub fn session_reporting(place: impl Into<Place>, audit: &str, json: bool) -> Result<Session, Failure> {
    let place = place.into();
    let session = Session::open_with(&home(place.home)?, audit, progress::opener(json))?.on(place.device);
    session.store().notes().iter().for_each(|note| progress::say(note));
    session.changed_encoder().iter().for_each(|change| progress::say(change));
    Ok(session)
}

/// The run that answers: the one named, else the model's shown or trained last, else one trained now.
pub fn run_to_ask(session: &Session, model: Option<&str>, which: &WhichRun) -> Result<LoadedRun, Failure> {
    let Some(wanted) = &which.run else {
        return current_or_trained(session, model);
    };
    let record = session.store().find_run(wanted)?;
    if record.audit != session.record().name || model.is_some_and(|model| model != record.model) {
        return Err(Failure::usage(format!(
            "run {} is of audit '{}' and model '{}', not of what was asked for; leave out --model or give another --run",
            record.id, record.audit, record.model
        )));
    }
    Ok(session.load(record)?)
}

/// The run of a model shown or trained last, training the default heads if it has none.
pub fn current_or_trained(session: &Session, model: Option<&str>) -> Result<LoadedRun, Failure> {
    let model = session.model_name(model)?;
    if let Some(record) = session.current_run(&model, |damage| progress::say(&format!("passed over: {damage}")))? {
        return Ok(session.load(record)?);
    }
    progress::say(&format!("no run of model {model} yet: training one"));
    Ok(session.train(&model, &HyperParameters::new(Architecture::Mlp), &progress::tracker(session))?)
}

/// Writes a result to stdout at once, no line of which a build log takes for a command; a closed pipe is a normal end.
pub fn print(text: &str) -> Result<u8, Failure> {
    // No line of JSON begins so, and programs want every character of it.
    if text.starts_with('{') { print_as_is(text) } else { print_as_is(&tame(text)) }
}

/// [`print`] for what is made of commands.
pub fn print_as_is(text: &str) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure { message: format!("stdout: {error}"), code: 1 })
        }
        _ => Ok(0),
    }
}

/// Writes a file that a person named: whole, or not at all.
pub fn write_file(path: &Path, data: &[u8]) -> Result<(), Failure> {
    write_atomically(path, data).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Refuses empty and endless prompts.
pub fn check_prompt(prompt: &str) -> Result<&str, Failure> {
    let trimmed = prompt.trim();
    let length = trimmed.chars().count();
    match length {
        0 => Err(Failure::usage("the prompt is empty; give a sentence, such as \"an elderly person\"")),
        1..=LONGEST_PROMPT => Ok(trimmed),
        _ => Err(Failure::usage(format!("the prompt has {length} characters; at most {LONGEST_PROMPT} are scored"))),
    }
}
