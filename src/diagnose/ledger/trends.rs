//! A ledger by test set: each figure over the looks at it.

use super::{Ledger, LedgerEntry, LedgerFigure};
use crate::diagnose::Status;
use serde::{Deserialize, Serialize};

/// All looks at one test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestSetTrend {
    pub test_set: String,
    pub audit: String,
    /// Test items, at the last look.
    pub n: usize,
    /// False alarms to be expected over all looks, at most.
    pub expected_false_alarms: f64,
    /// Oldest first.
    pub looks: Vec<LookBack>,
    /// Those broken at the last look first, then those nearest to their limit.
    pub figures: Vec<FigureTrend>,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookBack {
    pub date: String,
    pub model: String,
    pub against: String,
    pub level: f64,
    pub status: Status,
}

/// One figure over the looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureTrend {
    pub rule: String,
    pub subject: String,
    /// One a look; none where it was not asked for or has no value.
    pub values: Vec<Option<f64>>,
    /// One a look; none where it was not asked for.
    pub limits: Vec<Option<f64>>,
    pub statuses: Vec<Option<Status>>,
    /// At the last look that asked for it.
    pub limit: f64,
    pub status: Status,
    /// Looks at which it was broken.
    pub broken: usize,
}

impl FigureTrend {
    /// Whether a value is past the limit of the last look; whether it is so beyond chance, that look's status says.
    #[must_use]
    pub fn breaks(&self, value: f64) -> bool {
        if self.rule.starts_with("min") { value < self.limit } else { value > self.limit }
    }

    /// How far past its limit the newest value is, in its own unit; at least under every other without one.
    fn excess(&self) -> f64 {
        let newest = self.values.iter().rev().find_map(|value| *value);
        newest.map_or(f64::NEG_INFINITY, |value| {
            if self.rule.starts_with("min") { self.limit - value } else { value - self.limit }
        })
    }
}

impl Ledger {
    /// Each test set's looks; the one looked at last first.
    #[must_use]
    pub fn trends(&self) -> Vec<TestSetTrend> {
        let mut sets: Vec<&str> = Vec::new();
        for entry in self.entries.iter().rev() {
            if !sets.contains(&entry.test_set.as_str()) {
                sets.push(&entry.test_set);
            }
        }
        let one =
            |set: &str| of_test_set(&self.entries.iter().filter(|entry| entry.test_set == set).collect::<Vec<_>>());
        sets.into_iter().filter_map(one).collect()
    }
}

/// The looks at one test set, oldest first; none for none.
fn of_test_set(entries: &[&LedgerEntry]) -> Option<TestSetTrend> {
    let last = entries.last()?;
    let mut figures: Vec<FigureTrend> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (look, entry) in entries.iter().enumerate() {
        for found in &entry.figures {
            let place = *places.entry((&found.rule, &found.subject)).or_insert_with(|| {
                figures.push(unknown(found, entries.len()));
                figures.len() - 1
            });
            let figure = &mut figures[place];
            figure.values[look] = found.figure.value();
            (figure.limits[look], figure.statuses[look]) = (Some(found.limit), Some(found.status));
            (figure.limit, figure.status) = (found.limit, found.status);
            figure.broken += usize::from(found.status == Status::Broken);
        }
    }
    figures.sort_by(|a, b| b.status.cmp(&a.status).then(b.excess().total_cmp(&a.excess())));
    let looks = entries.iter().map(|entry| LookBack {
        date: entry.date.clone(),
        model: entry.model.clone(),
        against: entry.against.clone(),
        level: entry.level,
        status: entry.status,
    });
    Some(TestSetTrend {
        test_set: last.test_set.clone(),
        audit: last.audit.clone(),
        n: last.n,
        expected_false_alarms: entries.iter().map(|entry| entry.level).sum(),
        looks: looks.collect(),
        figures,
    })
}

fn unknown(found: &LedgerFigure, looks: usize) -> FigureTrend {
    FigureTrend {
        rule: found.rule.clone(),
        subject: found.subject.clone(),
        values: vec![None; looks],
        limits: vec![None; looks],
        statuses: vec![None; looks],
        limit: found.limit,
        status: found.status,
        broken: 0,
    }
}
