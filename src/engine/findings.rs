//! What there is to know first of a model, and where its attributes meet: measured, so no run and no heads are needed.

use super::attempt::attempt;
use super::slot::Slot;
use super::worker::Shared;
use super::{EngineError, Event, LoadedRun, Session, Tracker};
use crate::audit::{HeadKind, RunId, Split};
use crate::diagnose::{
    Additions, AttributesTable, Findings, IntersectionsTable, Ledger, TestSetTrend, combine_pairs, findings,
    intersections, measured_attributes,
};
use crate::files::read_lines;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the finder is asked for.
#[derive(Debug)]
pub enum Asked {
    /// Of a model.
    Findings(String),
    Intersections(String),
    /// Among the test items with all of these.
    Attributes {
        model: String,
        within: Vec<String>,
    },
    Ledger(PathBuf),
}

/// Leaves a request for the finder, in the place of one of its kind that waits.
pub fn ask(finder: &Slot<Vec<Asked>>, asked: Asked) {
    finder.change(|waiting| {
        waiting.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&asked));
        waiting.push(asked);
    });
}

/// The finder thread, beside training and scoring. A panic over one request is told and does not end it.
pub fn run(shared: &Shared) {
    while let Some(asked) = shared.finder.take() {
        if !asked.into_iter().all(|asked| shared.send(answer(&shared.session, asked))) {
            return;
        }
    }
}

fn answer(session: &Session, asked: Asked) -> Event {
    match asked {
        Asked::Findings(model) => {
            let found = attempt(|| session.findings(&model, None, Additions::default())).map(Arc::new);
            Event::Found { model, found }
        }
        Asked::Intersections(model) => {
            let found = attempt(|| session.intersections(&model).map(|(found, _)| found)).map(Arc::new);
            Event::Intersected { model, found }
        }
        Asked::Attributes { model, within } => {
            let found = attempt(|| session.measured_attributes(&model, &within)).map(Arc::new);
            Event::Measured { model, within, found }
        }
        Asked::Ledger(file) => {
            let found = attempt(|| trends(&file)).map(Arc::new);
            Event::LedgerRead { file, found }
        }
    }
}

/// What a ledger of checks tells over time, the test set looked at last first; torn lines are passed over.
fn trends(file: &Path) -> Result<Vec<TestSetTrend>, EngineError> {
    let fault = |problem: &dyn std::fmt::Display| EngineError::Usage(format!("{}: {problem}", file.display()));
    let text = read_lines(file).map_err(|error| fault(&error))?;
    Ok(Ledger::parse(&text).map_err(|problem| fault(&problem))?.trends())
}

impl Session {
    /// The findings of a model, held against another one: the one named, else the one before it in the audit, else the
    /// one after it, if there is any.
    ///
    /// # Errors
    /// If there is no such model, or the data cannot be read.
    pub fn findings(&self, model: &str, against: Option<&str>, added: Additions) -> Result<Findings, EngineError> {
        let audit = self.audit()?;
        let against = match against {
            Some(name) if name == model => {
                return Err(EngineError::Usage(format!("model '{model}' cannot be held against itself")));
            }
            Some(name) => Some(audit.model(name)?),
            None => {
                let at = audit.models.iter().position(|known| known.name == model).unwrap_or(0);
                at.checked_sub(1).or(Some(at + 1)).and_then(|other| audit.models.get(other))
            }
        };
        // A run is only named: a store that cannot tell takes no finding away.
        let run = || self.current_run(model, |_| ()).ok().flatten().map(|run| run.id.to_string());
        let added = Additions { run: added.run.clone().or_else(run), ..added };
        Ok(findings(&audit, audit.model(model)?, against, &added))
    }

    /// The findings of a finished run's model, with what its heads add.
    ///
    /// # Errors
    /// As [`Session::findings`].
    pub fn findings_of_run(&self, run: &LoadedRun, against: Option<&str>) -> Result<Findings, EngineError> {
        let tables = &run.diagnosis.tables;
        let added = Additions::of_run(&run.record.id.to_string(), tables);
        let mut found = self.findings(&run.record.model, against, added)?;
        found.add_estimates(&tables.attributes);
        Ok(found)
    }

    /// Attributes measured over the test items that have all of `within`.
    ///
    /// # Errors
    /// If there is no such model or attribute, or the data cannot be read.
    pub fn measured_attributes(&self, model: &str, within: &[String]) -> Result<AttributesTable, EngineError> {
        let audit = self.audit()?;
        Ok(measured_attributes(&audit, audit.model(model)?, within)?)
    }

    /// Every pair of attributes with items enough, measured; where the model has a finished run, beside what its heads make of
    /// few labels. The run's id comes with the table.
    ///
    /// # Errors
    /// If there is no such model, or the data cannot be read.
    pub fn intersections(&self, model: &str) -> Result<(IntersectionsTable, Option<RunId>), EngineError> {
        let audit = self.audit()?;
        let losses = audit.model(model)?;
        let mut table = intersections(&audit, losses);
        // Measured figures need no run: one that cannot be read takes nothing away.
        let Some(record) = self.current_run(model, |_| ()).ok().flatten() else { return Ok((table, None)) };
        let Ok(predictions) = self.load(record.clone()).and_then(|run| self.predicted_items(&run)) else {
            return Ok((table, None));
        };
        combine_pairs(&mut table, &audit, losses, &predictions);
        Ok((table, Some(record.id)))
    }

    /// The regressor's mean prediction of every test item, with a loss or without, by position in the audit.
    pub(super) fn predicted_items(&self, run: &LoadedRun) -> Result<Vec<(usize, f64)>, EngineError> {
        let rows = self.audit()?.rows(Split::Test);
        let embeddings = self.embeddings(&Tracker::silent())?;
        let picked = embeddings.rows().gather(&rows, self.encoder().dimension());
        let predicted = run.ensemble.predict(&picked)?.mean(HeadKind::Regressor);
        Ok(rows.into_iter().zip(predicted).collect())
    }
}
