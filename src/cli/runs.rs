//! `llm2loss runs`: list, show, compare and delete the runs kept.

use super::arguments::{DeleteRuns, DiffRuns, Form, FormatArgument, ListRuns, Runs, RunsAction, ShowRun, SortArgument};
use super::context::{Failure, home, print, reading_store, session};
use super::progress::say;
use crate::audit::RunRecord;
use crate::report::{self, Difference, Format, Order, Sheet};
use crate::store::Store;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

pub fn run(home_given: Option<PathBuf>, model: Option<&str>, given: &Runs) -> Result<u8, Failure> {
    match &given.action {
        None => list(home_given, model, &given.list),
        Some(RunsAction::List(given)) => list(home_given, model, given),
        Some(RunsAction::Show(given)) => show(&reading_store(home_given)?, given),
        Some(RunsAction::Diff(given)) => diff(&reading_store(home_given)?, given),
        Some(RunsAction::Delete(given)) => delete(&Store::open(&home(home_given)?)?, given),
    }
}

fn list(home_given: Option<PathBuf>, model: Option<&str>, given: &ListRuns) -> Result<u8, Failure> {
    let (mut runs, unfinished, mut waiting, which) = if let Some(audit) = &given.audit {
        let session = session(home_given, audit)?;
        let model = model.map(|name| session.model_name(Some(name))).transpose()?;
        let store = session.store();
        let (model, mut waiting) = (model.as_deref(), store.waiting()?);
        waiting.retain(|run| run.audit == *audit);
        (store.runs(audit, model)?, store.unfinished(audit, model)?, waiting, format!(" of audit {audit}"))
    } else {
        let store = reading_store(home_given)?;
        let (mut runs, mut unfinished) = (store.all_runs()?, store.all_unfinished()?);
        let is_meant = |run: &RunRecord| model.is_none_or(|model| run.model == model);
        runs.retain(is_meant);
        unfinished.retain(is_meant);
        (runs, unfinished, store.waiting()?, String::new())
    };
    waiting.retain(|run| model.is_none_or(|model| run.model == model));
    let (order, words) = match given.sort {
        SortArgument::Spearman => (Order::Spearman, "best validation ρ first"),
        SortArgument::Tau => (Order::Tau, "best validation τ first"),
        SortArgument::When => (Order::When, "oldest first"),
    };
    report::sort(&mut runs, order);
    if is_json(&given.form) {
        let [runs, unfinished] = [&runs, &unfinished].map(|all| all.iter().collect::<Vec<_>>());
        return print(&report::runs_json(&runs, &unfinished, &waiting)?);
    }
    let mut sheet = report::runs(&runs, &format!("{which}, {words}"));
    sheet.notes.extend(report::unfinished(&unfinished));
    sheet.notes.extend(report::waiting(&waiting));
    write(&sheet, &given.form)
}

fn show(store: &Store, given: &ShowRun) -> Result<u8, Failure> {
    let record = store.find_run(&given.run)?;
    if is_json(&given.form) {
        return print(&report::to_json("llm2loss.run/1", None, &record)?);
    }
    write(&report::show(&record), &given.form)
}

fn diff(store: &Store, given: &DiffRuns) -> Result<u8, Failure> {
    let difference = Difference::of(&store.find_run(&given.a)?, &store.find_run(&given.b)?);
    if is_json(&given.form) {
        return print(&report::to_json("llm2loss.runs.diff/1", None, &difference)?);
    }
    write(&difference.sheet(), &given.form)
}

/// All names are looked up before anything is removed.
fn delete(store: &Store, given: &DeleteRuns) -> Result<u8, Failure> {
    let mut ids = Vec::with_capacity(given.runs.len());
    for wanted in &given.runs {
        let id = store.find_run_id(wanted)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let names = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !given.yes && !confirmed(&names)? {
        return Err(Failure { message: "nothing was deleted".into(), code: 1 });
    }
    for id in &ids {
        store.delete_run(id)?;
        say(&format!("deleted run {id}"));
    }
    Ok(0)
}

/// Asks at the terminal; without one, `--yes` must say so.
fn confirmed(names: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!("runs delete {names}: without a terminal to ask at, give --yes")));
    }
    let _ = write!(std::io::stderr(), "Delete {names} with weights and tables? There is no way back. [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.map_err(|error| Failure { message: format!("stdin: {error}"), code: 1 })?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn is_json(form: &Form) -> bool {
    form.json || form.format == Some(FormatArgument::Json)
}

fn write(sheet: &Sheet, form: &Form) -> Result<u8, Failure> {
    print(&sheet.render(match form.format {
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        Some(FormatArgument::Text | FormatArgument::Json) | None => Format::Text,
    }))
}
