//! The ledger of a gate: every look at a test set, a line each, so that false alarms are counted over all of them.

mod trends;

pub use trends::{FigureTrend, LookBack, TestSetTrend};

use super::{CheckResult, Measured, Status};
use crate::audit::Rules;
use serde::{Deserialize, Serialize};

/// Schema of every line.
pub const LEDGER_SCHEMA: &str = "llm2loss.ledger/1";
/// How a line begins, and so what is left of one that was torn.
const BEGINNING: &str = "{\"schema\":\"llm2loss.ledger/1\"";

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub schema: String,
    /// UTC, as `2026-11-27T06:49:45Z`.
    pub date: String,
    pub audit: String,
    pub model: String,
    pub against: String,
    /// Digest of ids, contents and attributes of the test items.
    pub test_set: String,
    /// Test items.
    pub n: usize,
    /// Which look at this test set it is, counted from one.
    pub look: usize,
    /// Probability of a false alarm of this look, at most.
    pub level: f64,
    pub rules: Rules,
    pub status: Status,
    pub exit_code: u8,
    pub figures: Vec<LedgerFigure>,
}

/// What was held against a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerFigure {
    pub rule: String,
    pub subject: String,
    pub figure: Measured,
    pub limit: f64,
    pub error: Measured,
    pub status: Status,
}

/// How often a test set was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub test_set: String,
    /// This look, counted from one.
    pub look: usize,
    /// False alarms to be expected over all looks so far, at most: the sum of their levels.
    pub expected_false_alarms: f64,
}

/// All lines of a ledger that can be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    pub entries: Vec<LedgerEntry>,
    /// Lines, counted from one, whose end a killed process did not write.
    pub torn: Vec<usize>,
}

impl Ledger {
    /// Reads a ledger; torn lines are passed over.
    ///
    /// # Errors
    /// The first line that is not of a ledger, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut ledger = Self::default();
        for (at, line) in text.lines().enumerate() {
            let at = at + 1;
            // What the disk had room for but not yet content is zeros.
            let zeros = line.contains('\0');
            let line = line.trim_matches(|character: char| character.is_whitespace() || character == '\0');
            if line.is_empty() {
                ledger.torn.extend(zeros.then_some(at));
                continue;
            }
            match serde_json::from_str::<LedgerEntry>(line) {
                Ok(entry) if entry.schema == LEDGER_SCHEMA => {
                    entry.check().map_err(|problem| format!("line {at}: {problem}"))?;
                    ledger.entries.push(entry);
                }
                Err(error) if error.is_eof() && is_beginning(line) => ledger.torn.push(at),
                Ok(LedgerEntry { schema, .. }) => return Err(other_schema(at, &schema)),
                Err(error) => {
                    let value = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
                    let schema = value.get("schema").and_then(serde_json::Value::as_str);
                    return Err(match schema {
                        Some(LEDGER_SCHEMA) => format!("line {at}: {}", of_line(&error)),
                        Some(schema) => other_schema(at, schema),
                        None => format!("line {at} is no line of a ledger ({LEDGER_SCHEMA})"),
                    });
                }
            }
        }
        Ok(ledger)
    }

    /// What one more look at a test set is, with its level.
    #[must_use]
    pub fn look(&self, test_set: &str, level: f64) -> Look {
        let before = || self.entries.iter().filter(|entry| entry.test_set == test_set);
        Look {
            test_set: test_set.to_owned(),
            look: before().count() + 1,
            expected_false_alarms: before().map(|entry| entry.level).sum::<f64>() + level,
        }
    }
}

fn is_beginning(line: &str) -> bool {
    line.starts_with(BEGINNING) || BEGINNING.starts_with(line)
}

fn other_schema(line: usize, schema: &str) -> String {
    format!("line {line}: its schema is {schema}; this program reads {LEDGER_SCHEMA}")
}

/// What is wrong within a line: its text is a line of its own, so that the reader's "at line 1" would mislead.
fn of_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(problem, _)| format!("{problem}, column {}", error.column()))
}

impl LedgerEntry {
    /// Refuses what no check writes: figures that are counted over all looks must be true of each.
    fn check(&self) -> Result<(), String> {
        let parse = |text: &str| {
            let (day, time) = text.split_once('T')?;
            let mut day = day.splitn(3, '-').map(str::parse::<u16>);
            let (year, month, day) = (day.next()?.ok()?, day.next()?.ok()?, day.next()?.ok()?);
            let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
            time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
            time.ends_with('Z').then_some(())
        };
        if parse(&self.date).is_none() {
            return Err(format!("its date is '{}'; it is written as 2026-11-27T06:49:45Z", self.date));
        }
        if !(self.level > 0.0 && self.level <= 0.5) {
            return Err(format!("its level is {}; it is a probability above 0, at most .5", self.level));
        }
        Ok(())
    }

    /// A check as a line of the ledger.
    #[must_use]
    pub fn of(found: &CheckResult, look: &Look, rules: &Rules, audit: &str, date: String) -> Self {
        let figures = found.outcomes.iter().map(|outcome| LedgerFigure {
            rule: outcome.rule.clone(),
            subject: outcome.subject.clone(),
            figure: outcome.figure,
            limit: outcome.limit,
            error: outcome.error,
            status: outcome.status,
        });
        Self {
            schema: LEDGER_SCHEMA.into(),
            date,
            audit: audit.to_owned(),
            model: found.model.clone(),
            against: found.against.clone(),
            test_set: look.test_set.clone(),
            n: found.n,
            look: look.look,
            level: found.level,
            rules: rules.clone(),
            status: found.status,
            exit_code: found.exit_code(),
            figures: figures.collect(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn entry(test_set: &str, level: f64) -> String {
        let entry = LedgerEntry {
            schema: LEDGER_SCHEMA.into(),
            date: "2026-11-27T06:49:45Z".into(),
            audit: "adult".into(),
            model: "v2".into(),
            against: "v1".into(),
            test_set: test_set.into(),
            n: 3,
            look: 1,
            level,
            rules: Rules::usual(),
            status: Status::Pass,
            exit_code: 0,
            figures: Vec::new(),
        };
        serde_json::to_string(&entry).unwrap()
    }

    #[test]
    fn looks_are_counted_by_test_set_and_their_levels_add_up() {
        let text = format!("{}\n{}\n{}\n", entry("a", 0.05), entry("b", 0.05), entry("a", 0.01));
        let ledger = Ledger::parse(&text).unwrap();
        let look = ledger.look("a", 0.05);
        assert_eq!(look.look, 3);
        assert!((look.expected_false_alarms - 0.11).abs() < 1e-12);
        assert_eq!(ledger.look("c", 0.05).look, 1);
    }

    #[test]
    fn a_line_torn_anywhere_is_passed_over_and_said() {
        let whole = entry("a", 0.05);
        assert!(whole.starts_with(BEGINNING));
        for length in 1..whole.len() {
            let text = format!("{whole}\n{}\n{whole}\n", &whole[..length]);
            let ledger = Ledger::parse(&text).unwrap();
            assert_eq!((ledger.entries.len(), ledger.torn), (2, vec![2]), "{length}");
        }
        assert_eq!(Ledger::parse(&format!("{whole}\n\0\0\0")).unwrap().torn, vec![2]);
        assert_eq!(Ledger::parse(&format!("{whole}\n\n")).unwrap().torn, Vec::<usize>::new());
    }

    #[test]
    fn a_file_of_another_kind_is_refused_with_its_line() {
        for (text, words) in [
            ("# Notes\n", "line 1 is no line of a ledger"),
            ("{\"schema\":\"llm2loss.baseline/1\"}\n", "line 1: its schema is llm2loss.baseline/1"),
            ("{\"schema\":\"llm2loss.ledger/1\"}\n", "line 1: missing field"),
            ("[1, 2]\n", "line 1 is no line"),
        ] {
            let error = Ledger::parse(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        for (of, to, words) in [
            ("\"level\":0.05", "\"level\":-3", "its level is -3"),
            ("2026-11-27T", "yesterday T", "its date is 'yesterday T06"),
            ("2026-11-27T", "2026-02-30T", "its date is '2026-02-30T06"),
            ("\"n\":3", "\"n\":\"many\"", "invalid type: string \"many\", expected usize, column"),
        ] {
            let error = Ledger::parse(&entry("a", 0.05).replace(of, to)).unwrap_err();
            assert!(error.starts_with("line 1: ") && error.contains(words), "{error}");
        }
        let later = entry("a", 0.05).replace("ledger/1", "ledger/2");
        assert!(Ledger::parse(&later).unwrap_err().contains("llm2loss.ledger/2"));
    }
}
