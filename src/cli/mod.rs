//! The command line: one small file a command. Results on stdout, progress on stderr.

mod announced;
mod arguments;
mod cache;
mod check;
mod compare;
mod compare_models;
mod completions;
mod config;
mod console;
mod context;
mod demo;
mod discover;
mod doctor;
mod encode;
mod findings;
mod held;
mod ingest;
mod items;
mod ledger;
mod lines;
mod paper;
mod progress;
mod report;
mod runs;
mod score;
mod signals;
mod sweep;
mod table;
mod train;
mod version;

use crate::engine::{MemoryLimit, threads_allowed};
use arguments::{Action, Arguments};
use clap::{CommandFactory, Parser};
use config::Config;
use context::{Failure, Place};
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Parses the arguments, runs the command, and says what went wrong in one sentence.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _ = writeln!(
                std::io::stderr(),
                "llm2loss: {}",
                crate::report::tame(&crate::report::printable(&shortened(&failure.message)))
            );
            ExitCode::from(failure.code)
        }
    }
}

/// A sentence that a person reads to its end: a file may have names of any length, and any number of them.
fn shortened(text: &str) -> Cow<'_, str> {
    const BEGINNING: usize = 2000;
    const END: usize = 400;
    match (text.char_indices().nth(BEGINNING), text.char_indices().nth_back(END)) {
        (Some((first, _)), Some((last, _))) if first < last => {
            Cow::Owned(format!("{} … {}", &text[..first], &text[last..]))
        }
        _ => Cow::Borrowed(text),
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    // What describes the program needs no configuration, not even a sound one.
    if arguments.version {
        return version::run(arguments.verbose);
    }
    match &arguments.action {
        Some(Action::Keys) => return console::keys(),
        Some(Action::Config) => return config::run(),
        Some(Action::Completions { shell }) => return completions::completions(*shell),
        Some(Action::Man) => return completions::man(),
        _ => {}
    }
    arguments.memory_limit.unwrap_or_else(MemoryLimit::usual).apply().map_err(Failure::usage)?;
    threads_allowed()?;
    let config = Config::load(arguments.config.as_deref())?;
    let given = arguments.home.filter(|home| !home.as_os_str().is_empty());
    let home = given.or_else(|| config.home());
    let hide_text = arguments.hide_text.unwrap_or(config.hide_text);
    let place = Place { home: home.clone(), device: arguments.device, hide_text };
    match arguments.action {
        None => {
            if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
                let _ = write!(std::io::stderr(), "{}", Arguments::command().render_help());
                return Err(Failure::usage("the console needs a terminal; the commands above do not"));
            }
            let (audit, model) = (arguments.audit.as_deref(), arguments.model.as_deref());
            console::run(place, audit, model, &arguments.look, &config)
        }
        Some(Action::Demo(given)) => demo::run(place, arguments.model.as_deref(), &given),
        Some(Action::Findings(given)) => findings::run(place, arguments.model.as_deref(), &given),
        Some(Action::Ingest(given)) => ingest::run(home, arguments.model.as_deref(), &given),
        Some(Action::Audits(given)) => ingest::audits(home, &given),
        Some(Action::Embed(given)) => cache::embed(home, &given),
        Some(Action::Encode(given)) => encode::run(&place, &given),
        Some(Action::Cache(given)) => cache::cache(home, &given),
        Some(Action::Train(given)) => train::run(place, arguments.model.as_deref(), &given),
        Some(Action::Score(given)) => score::run(place, arguments.model.as_deref(), &given),
        Some(Action::Items(given)) => items::run(place, arguments.model.as_deref(), &given),
        Some(Action::Compare(given)) => compare::run(place, arguments.model.as_deref(), &given),
        Some(Action::CompareModels(given)) => compare_models::run(place, &given),
        Some(Action::Check(given)) => check::run(place, arguments.model.as_deref(), &given),
        Some(Action::Ledger(given)) => ledger::run(&given),
        Some(Action::Discover(given)) => discover::run(place, arguments.model.as_deref(), &given),
        Some(Action::Report(given)) => report::run(place, arguments.model.as_deref(), &given),
        Some(Action::Table(given)) => table::run(place, arguments.model.as_deref(), &given),
        Some(Action::Runs(given)) => runs::run(home, arguments.model.as_deref(), &given),
        Some(Action::Doctor(given)) => doctor::run(place, &given),
        Some(Action::Paper(given)) => paper::run(&given),
        Some(Action::Keys | Action::Config | Action::Completions { .. } | Action::Man) => Ok(0),
        Some(Action::Picture(given)) => console::picture(place, arguments.model.as_deref(), &given),
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_sentence_without_end_keeps_its_beginning_and_its_end() {
        assert_eq!(shortened("x is é"), "x is é");
        let long = format!("begins {} ends", "é, ".repeat(5000));
        let short = shortened(&long);
        assert!(
            short.starts_with("begins é, ") && short.ends_with("é,  ends") && short.chars().count() < 2500,
            "{short}"
        );
    }
}
