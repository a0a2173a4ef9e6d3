//! The ledger of a gate: checks are added to it, and `llm2loss ledger` shows what they found over time.

use super::arguments::{LedgerFormat, ShowLedger};
use super::context::{Failure, print};
use super::progress;
use crate::audit::Rules;
use crate::diagnose::{CheckResult, Ledger, LedgerEntry, Look};
use crate::engine::Session;
use crate::files::{add_line, read_lines};
use crate::report::{self, Format};
use std::fs::File;
use std::io;
use std::path::Path;
use time::OffsetDateTime;

pub fn run(given: &ShowLedger) -> Result<u8, Failure> {
    let ledger = read(&given.file)?;
    if ledger.entries.is_empty() {
        return Err(Failure::usage(format!("{}: no check in it yet", given.file.display())));
    }
    let trends = ledger.trends();
    match if given.json { Some(LedgerFormat::Json) } else { given.format } {
        Some(LedgerFormat::Json) => print(&report::trends_json(&trends)?),
        Some(LedgerFormat::Csv) => print(&report::trends_sheet(&trends).render(Format::Csv)),
        Some(LedgerFormat::Text) | None => print(&report::trends_text(&trends, given.top)),
    }
}

/// Refuses, before anything is computed, a file that cannot be added to or is no ledger.
pub fn try_open(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        read(path)?;
    }
    File::options().append(true).create(true).open(path).map(drop).map_err(|error| fault(path, &error))
}

/// Adds a check.
pub fn add(path: &Path, session: &Session, rules: &Rules, found: &CheckResult) -> Result<Look, Failure> {
    let test_set = session.test_set()?;
    let date = now()?;
    let mut look = None;
    add_line(path, |text| {
        let ledger = Ledger::parse(text).map_err(io::Error::other)?;
        let this = ledger.look(&test_set, found.level);
        let entry = LedgerEntry::of(found, &this, rules, &session.record().name, date);
        look = Some(this);
        serde_json::to_string(&entry).map_err(io::Error::other)
    })
    .map_err(|error| file_fault(path, &error))?;
    look.ok_or_else(|| Failure { message: format!("{}: nothing was added", path.display()), code: 1 })
}

/// Reads a ledger; torn lines are told.
pub fn read(path: &Path) -> Result<Ledger, Failure> {
    let text = read_lines(path).map_err(|error| file_fault(path, &error))?;
    let ledger = Ledger::parse(&text).map_err(|problem| fault(path, &problem))?;
    for line in &ledger.torn {
        progress::say(&format!("{}, line {line}: torn, and passed over", path.display()));
    }
    Ok(ledger)
}

fn fault(path: &Path, problem: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {problem}", path.display()))
}

/// What a file that cannot be read or written says; of one grown too long, what to do.
fn file_fault(path: &Path, error: &io::Error) -> Failure {
    let then = "; move it aside and go on with a new file, whose looks are counted from one";
    fault(path, &format!("{error}{}", if error.kind() == io::ErrorKind::FileTooLarge { then } else { "" }))
}

/// Now, or the time of `SOURCE_DATE_EPOCH`, in UTC.
fn now() -> Result<String, Failure> {
    let time = match super::report::source_date()? {
        Some(seconds) => OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|error| Failure::usage(format!("SOURCE_DATE_EPOCH: {error}")))?,
        None => OffsetDateTime::now_utc(),
    };
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    Ok(format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month)))
}
