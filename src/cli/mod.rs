//! The command line: one small file a command. Results on stdout, progress on stderr.

mod arguments;
mod check;
mod compare;
mod compare_models;
mod console;
mod context;
mod demo;
mod doctor;
mod paper;
mod progress;
mod report;
mod runs;
mod score;
mod table;
mod train;

use arguments::{Action, Arguments};
use clap::{CommandFactory, Parser};
use context::Failure;
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
            let _ = writeln!(std::io::stderr(), "llm2loss: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    let home = arguments.home;
    match arguments.action {
        None => {
            if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
                let _ = write!(std::io::stderr(), "{}", Arguments::command().render_help());
                return Err(Failure::usage("the console needs a terminal; the commands above do not"));
            }
            console::run(home, arguments.model.as_deref(), &arguments.look)
        }
        Some(Action::Demo(given)) => demo::run(home, arguments.model.as_deref(), &given),
        Some(Action::Train(given)) => train::run(home, arguments.model.as_deref(), &given),
        Some(Action::Score(given)) => score::run(home, arguments.model.as_deref(), &given),
        Some(Action::Compare(given)) => compare::run(home, arguments.model.as_deref(), &given),
        Some(Action::CompareModels(given)) => compare_models::run(home, &given),
        Some(Action::Check(given)) => check::run(home, arguments.model.as_deref(), &given),
        Some(Action::Report(given)) => report::run(home, arguments.model.as_deref(), &given),
        Some(Action::Table(given)) => table::run(home, arguments.model.as_deref(), &given),
        Some(Action::Runs(given)) => runs::run(home, arguments.model.as_deref(), &given),
        Some(Action::Doctor(given)) => doctor::run(home, &given),
        Some(Action::Paper(given)) => paper::run(&given),
        Some(Action::Keys) => console::keys(),
        Some(Action::Picture(given)) => console::picture(home, arguments.model.as_deref(), &given),
    }
}
