//! `llm2loss check`: may a retrained model ship? Exit 0 unless a rule is broken, then 3; 4 if asked for; 2 bad input.

use super::arguments::{Check, CheckFormat, InconclusiveArgument, OnArgument};
use super::compare_models::hyper_parameters;
use super::context::{Failure, Place, check_prompt, print, print_as_is, session, write_file};
use super::ledger;
use super::progress;
use crate::audit::{HyperParameters, Rules};
use crate::diagnose::{
    Baseline, CheckManner, CheckMaterial, CheckResult, Inconclusive, NewSlices, On, PromptShift, USUAL_LEVEL, check,
};
use crate::engine::{PromptBank, Session};
use crate::report;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Body<'a> {
    audit: &'a str,
    exit_code: u8,
    #[serde(flatten)]
    result: &'a CheckResult,
}

/// Longest rules or baseline file that is read.
const LONGEST_FILE: u64 = 8 << 20;

pub fn run(place: Place, model: Option<&str>, given: &Check) -> Result<u8, Failure> {
    let rules = given.rules.as_deref().map(read_rules).transpose()?.unwrap_or_else(Rules::usual);
    let baseline = given.baseline.as_deref().map(|path| read_baseline(path, &given.audit)).transpose()?;
    if given.against.is_none() && baseline.is_none() && given.write_baseline.is_none() {
        return Err(Failure::usage("say what to compare with: --against MODEL, or --baseline FILE"));
    }
    if given.ledger.is_some() && given.against.is_none() && baseline.is_none() {
        return Err(Failure::usage("--ledger keeps checks: add --against MODEL, or --baseline FILE"));
    }
    let manner = manner(given)?;
    given.ledger.as_deref().map(ledger::try_open).transpose()?;
    let session = session(place, &given.audit)?;
    let Some(model) = model else {
        let models = session.record().models.join(", ");
        return Err(Failure::usage(format!(
            "say which model to check with --model; audit '{}' has: {models}",
            given.audit
        )));
    };
    let model = session.model_name(Some(model))?;
    let against = given.against.as_deref().map(|name| session.model_name(Some(name))).transpose()?;
    check_attributes(&session, &rules, given.rules.as_deref())?;
    let hyper = hyper_parameters(given.architecture, given.seed);
    let prompts = rules.prompt.iter().map(|prompt| check_prompt(&prompt.text).map(str::to_owned));
    let bank = PromptBank { prompts: prompts.collect::<Result<_, _>>()?, source: "the rules".into() };
    let after = session.predicted_losses(&model, &hyper, &bank, &progress::tracker(&session))?;
    if let Some(path) = &given.write_baseline {
        let baseline = session.baseline(&model, &hyper, &bank, after.clone())?;
        let text = report::json(&baseline)?;
        write_file(path, text.as_bytes())?;
        progress::say(&format!("figures of {model} written to {}", path.display()));
    }
    let question = Question { session: &session, rules: &rules, model: &model, hyper: &hyper, bank: &bank, after };
    let mut found = match (&against, &baseline) {
        (Some(against), _) => question.paired(against, manner)?,
        (None, Some(baseline)) => question.pinned(baseline, manner)?,
        (None, None) => return Ok(0),
    };
    if found.outcomes.is_empty() {
        return Err(nothing_to_hold(given, &session, &found.not_applied));
    }
    if let Some(path) = &given.ledger {
        found.look = Some(ledger::add(path, &session, &rules, &found)?);
    }
    write(given, &found)?;
    Ok(found.exit_code())
}

/// How the check is held; Bonferroni over the runs of a year, where their number is given.
fn manner(given: &Check) -> Result<CheckManner, Failure> {
    let level = match (given.false_alarms, given.runs_per_year) {
        (Some(alarms), Some(runs)) => alarms / f64::from(runs),
        _ => USUAL_LEVEL,
    };
    if level > 0.5 {
        return Err(Failure::usage(format!(
            "--false-alarms over --runs-per-year is {level:.2} a run; more than every second run would be one"
        )));
    }
    Ok(CheckManner {
        on: if given.on == OnArgument::Point { On::Point } else { On::Bound },
        inconclusive: match given.inconclusive {
            InconclusiveArgument::Ok => Inconclusive::Ok,
            InconclusiveArgument::Exit4 => Inconclusive::Exit4,
            InconclusiveArgument::Fail => Inconclusive::Fail,
        },
        level,
    })
}

/// Everything about the model that is checked.
struct Question<'a> {
    session: &'a Session,
    rules: &'a Rules,
    model: &'a str,
    hyper: &'a HyperParameters,
    bank: &'a PromptBank,
    /// Predicted losses of the rules' prompts.
    after: Vec<Vec<f64>>,
}

impl Question<'_> {
    fn shifts(&self, before: Vec<Vec<f64>>) -> Vec<PromptShift> {
        let rows = self.bank.prompts.iter().zip(before).zip(&self.after);
        rows.map(|((text, before), after)| PromptShift { text: text.clone(), before, after: after.clone() }).collect()
    }

    /// Slices tested for being new, where a rule asks: against another model item by item. Without one there is a note.
    fn slices(&self, against: Option<&str>) -> Result<Option<NewSlices>, Failure> {
        if self.rules.discover.is_none() {
            return Ok(None);
        }
        let Some(against) = against else {
            let note = "a baseline holds figures and no losses, and the audit does not have its model; use --against";
            return Ok(Some(NewSlices { notes: vec![note.into()], ..NewSlices::default() }));
        };
        Ok(Some(self.session.new_slices(against, self.model)?))
    }

    /// The baseline's model, where the audit still has it as it was pinned.
    fn same_data<'b>(&self, baseline: &'b Baseline) -> Result<Option<&'b str>, Failure> {
        let known = self.session.record().models.contains(&baseline.model);
        let same = known && self.session.data_fingerprint(&baseline.model)? == baseline.data_fingerprint;
        Ok(same.then_some(baseline.model.as_str()))
    }

    /// Against another model of the audit: on the same items.
    fn paired(&self, against: &str, manner: CheckManner) -> Result<CheckResult, Failure> {
        let standing = self.session.paired_standing(against, self.model)?;
        let slices = self.slices(Some(against))?;
        let before = self.session.predicted_losses(against, self.hyper, self.bank, &progress::tracker(self.session))?;
        let material = CheckMaterial {
            rules: self.rules,
            before: &standing.before,
            after: &standing.after,
            change: Some(&standing.change),
            standard_error: standing.errors.value(),
            prompts: &self.shifts(before),
            slices: slices.as_ref(),
        };
        Ok(check((self.model, against), &material, manner))
    }

    /// Against pinned figures.
    fn pinned(&self, baseline: &Baseline, manner: CheckManner) -> Result<CheckResult, Failure> {
        let mut before = Vec::new();
        for text in &self.bank.prompts {
            let known = baseline.prompts.iter().find(|prompt| prompt.text == *text);
            let known = known.ok_or_else(|| {
                Failure::usage(format!(
                    "the baseline has no prompt \"{}\"; write it again with these rules",
                    report::printable(text)
                ))
            })?;
            before.push(known.members.clone());
        }
        if !before.is_empty()
            && (baseline.heads != self.hyper.summary() || baseline.encoder != self.session.encoder().fingerprint())
        {
            return Err(Failure::usage(format!(
                "the baseline's heads ({}, {}) are not these ({}, {}); write it again",
                baseline.heads,
                baseline.encoder,
                self.hyper.summary(),
                self.session.encoder().fingerprint()
            )));
        }
        let slices = self.slices(self.same_data(baseline)?)?;
        let material = CheckMaterial {
            rules: self.rules,
            before: &baseline.standing,
            after: &self.session.standing(self.model)?,
            change: None,
            standard_error: None,
            prompts: &self.shifts(before),
            slices: slices.as_ref(),
        };
        Ok(check((self.model, &baseline.model), &material, manner))
    }
}

fn write(given: &Check, found: &CheckResult) -> Result<u8, Failure> {
    let format = if given.json { CheckFormat::Json } else { given.format.unwrap_or(CheckFormat::Text) };
    let place = given.rules.as_deref().or(given.baseline.as_deref()).unwrap_or(Path::new("llm2loss.toml"));
    let text = match format {
        CheckFormat::Text => report::gate_text(found, &given.audit),
        CheckFormat::Json => {
            let body = Body { audit: &given.audit, exit_code: found.exit_code(), result: found };
            report::to_json("llm2loss.check/1", None, body)?
        }
        CheckFormat::Junit => {
            report::junit(found, &given.audit).map_err(|error| Failure { message: error.to_string(), code: 1 })?
        }
        CheckFormat::Sarif => report::sarif(found, &place.to_string_lossy())?,
        CheckFormat::Github => report::github(found),
    };
    let Some(path) = &given.output else {
        // GitHub's form is made of commands.
        return if format == CheckFormat::Github { print_as_is(&text) } else { print(&text) };
    };
    write_file(path, text.as_bytes())?;
    Ok(0)
}

fn read(path: &Path) -> Result<String, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
    if length > LONGEST_FILE {
        return Err(fault(format!("{length} bytes; at most {LONGEST_FILE} are read")));
    }
    crate::files::read_text(path).map_err(|error| fault(error.to_string()))
}

fn read_rules(path: &Path) -> Result<Rules, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let text = crate::files::read_note(path).map_err(|error| fault(error.to_string()))?;
    Rules::parse(&text).map_err(|error| Failure::usage(format!("{}, {error}", path.display())))
}

fn read_baseline(path: &Path, audit: &str) -> Result<Baseline, Failure> {
    Baseline::parse(&read(path)?, audit).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Rules that all are about nothing are no check that was passed.
fn nothing_to_hold(given: &Check, session: &Session, not_applied: &[String]) -> Failure {
    let audit = &session.record().name;
    let why = if session.record().attributes.is_empty() {
        format!("audit '{audit}' has no attribute; add max_mean_loss_increase, or attributes at ingest")
    } else {
        format!("every attribute of audit '{audit}' they are about is skipped")
    };
    let rules = given.rules.as_deref().map_or_else(|| "the rules".into(), |path| path.display().to_string());
    Failure::usage(format!(
        "{rules}: nothing was checked: {} would be held against nothing: {why}",
        not_applied.join(", ")
    ))
}

/// Refuses rules for attributes that are not there: a slip of the pen would switch a rule off.
fn check_attributes(session: &Session, rules: &Rules, path: Option<&Path>) -> Result<(), Failure> {
    let known = |name: &String| session.record().attributes.iter().any(|(other, _)| other == name);
    let Some(unknown) = rules.attribute.keys().find(|name| !known(name)) else { return Ok(()) };
    let (place, line) = match path {
        Some(path) => (path.display().to_string(), Rules::line_of_attribute(&read(path)?, unknown)),
        None => ("the rules".into(), 1),
    };
    Err(Failure::usage(format!("{place}, line {line}: audit '{}' has no attribute '{unknown}'", session.record().name)))
}
