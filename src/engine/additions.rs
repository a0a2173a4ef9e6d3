//! What is added to an audit taken in before: models, scores of their classes, other prompts.

use super::EngineError;
use super::ingest::{IngestReport, keep, open, report};
use crate::audit::ModelLosses;
use crate::data::{
    AttributeFile, ClassScores, Evaluations, LossFile, Mapping, ScoreFiles, check_splits, no_classes, read_losses,
};
use crate::store::Ingested;
use std::path::Path;

/// What is added to an audit.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// Name of the model, where the files do not say.
    pub model: &'a str,
    /// Ids and losses, and what their columns mean.
    pub losses: Option<(&'a Path, &'a Mapping)>,
    /// Results of language models, in place of losses.
    pub evaluations: Option<&'a Evaluations>,
    /// Scores of the model's classes.
    pub scores: Option<&'a ScoreFiles>,
    /// Put what is new in the place of what is there.
    pub replace: bool,
    /// Only look.
    pub check: bool,
}

/// Adds models, or scores of one, to an audit taken in before. Losses it has already are replaced only if said so,
/// and the model then loses its runs; scores leave runs as they are, their tables are filled again.
///
/// # Errors
/// If there is no such audit, the files do not fit its items, or the disk refuses. Nothing is changed then.
pub fn add_models(home: &Path, name: &str, addition: &Addition) -> Result<IngestReport, EngineError> {
    let (store, mut ingested) = open(home, name)?;
    let (mut notes, mut replaced, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let ids: Vec<&str> = ingested.audit.items.iter().map(|item| item.id.as_str()).collect();
    let found = match (addition.losses, addition.evaluations) {
        (Some((file, mapping)), _) => Some(read_losses(file, mapping, addition.model, &ids)?),
        (None, Some(evaluations)) => {
            let (found, said) = evaluations.losses(&ids)?;
            notes.extend(said);
            Some(found)
        }
        (None, None) => None,
    };
    if let Some(LossFile { models, unknown }) = found {
        for model in models {
            check_splits(&ingested.audit, &model)?;
            added.push(model.name.clone());
            if put(&mut ingested, model, addition.replace)? {
                replaced.extend(added.last().cloned());
            }
        }
        if unknown > 0 {
            notes.push(format!("{unknown} rows of the losses belong to no item and were passed over"));
        }
    }
    if let Some(files) = addition.scores {
        let model = match added.as_slice() {
            [only] => only.clone(),
            _ => addition.model.to_owned(),
        };
        measure(&mut ingested, &model, files, addition.replace)?;
    }
    ingested.audit.validate()?;
    let mut report = report(&ingested, !addition.check);
    report.notes.extend(notes);
    if !addition.check {
        for model in &replaced {
            let runs = store.delete_runs(name, Some(model))?;
            report.notes.push(format!("losses of model '{model}' replaced; runs dropped: {runs}"));
        }
        if addition.scores.is_some() {
            store.forget_diagnoses(name)?;
        }
        keep(&store, &ingested)?;
    }
    Ok(report)
}

/// Puts a model among those there are; says whether it took the place of one.
fn put(ingested: &mut Ingested, model: ModelLosses, replace: bool) -> Result<bool, EngineError> {
    let audit = &mut ingested.audit;
    match audit.models.iter_mut().find(|known| known.name == model.name) {
        Some(_) if !replace => Err(EngineError::Usage(format!(
            "audit '{}' has a model '{}' already; --replace puts the new losses in its place and drops its runs",
            audit.name, model.name
        ))),
        Some(known) => {
            *known = model;
            Ok(true)
        }
        None => {
            audit.models.push(model);
            Ok(false)
        }
    }
}

/// Measures a model's AUROC from the scores of its classes.
fn measure(ingested: &mut Ingested, model: &str, files: &ScoreFiles, replace: bool) -> Result<(), EngineError> {
    let known = ingested.audit.model(model)?;
    if known.class_aurocs.is_some() && !replace {
        return Err(EngineError::Usage(format!(
            "model '{model}' has scores already; --replace puts the new ones in their place"
        )));
    }
    let classes = ingested.classes.as_deref().or(ingested.groups.as_deref()).ok_or_else(no_classes)?;
    let measured = ClassScores::read(files)?.measure(&ingested.audit, known, classes)?;
    if let Some(known) = ingested.audit.models.iter_mut().find(|known| known.name == model) {
        known.class_aurocs = Some(measured);
    }
    Ok(())
}

/// Gives an audit taken in before other prompts; tables of its runs are computed again when asked for.
///
/// # Errors
/// If there is no such audit, or the disk refuses.
pub fn set_prompts(home: &Path, name: &str, prompts: &AttributeFile, check: bool) -> Result<IngestReport, EngineError> {
    let (store, mut ingested) = open(home, name)?;
    let audit = &mut ingested.audit;
    if let Some(unused) = prompts.unused(&audit.attributes) {
        let known: Vec<&str> = audit.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        return Err(EngineError::Usage(format!(
            "audit '{name}' has no attribute '{unused}'; it has: {}",
            known.join(", ")
        )));
    }
    let given = |name: &str| prompts.attributes.iter().any(|row| row.name == name);
    audit.attributes = std::mem::take(&mut audit.attributes)
        .into_iter()
        .map(
            |attribute| {
                if given(&attribute.name) { prompts.attribute(attribute.name, attribute.values) } else { attribute }
            },
        )
        .collect();
    audit.prompts = prompts.sets(&audit.attributes)?;
    let report = report(&ingested, !check);
    if !check {
        store.forget_diagnoses(name)?;
        keep(&store, &ingested)?;
    }
    Ok(report)
}
