//! What is added to an audit taken in before: models, scores of their classes, other prompts.

use super::ingest::{keep, open};
use super::ingest_report::{IngestReport, report};
use super::phrases::{kept_list, lacking};
use super::{EngineError, Session};
use crate::audit::{Attribute, Audit, LONGEST_ATTRIBUTE, ModelLosses, is_attribute_name};
use crate::data::{
    AttributeFile, BUILTIN_AUDITS, ClassScores, Draft, Evaluations, FurtherModels, Items, Labels, Mapping, Policy,
    ScoreFiles, check_splits, no_classes, read_losses, same_name,
};
use crate::store::Ingested;
use std::path::Path;

/// What is added to an audit.
#[derive(Debug, Clone)]
pub struct Addition<'a> {
    /// Name of the model, where the files do not say.
    pub model: &'a str,
    /// Ids and losses, and what their columns mean.
    pub losses: Option<(&'a Path, &'a Mapping)>,
    /// Results of language models, in place of losses.
    pub evaluations: Option<&'a Evaluations>,
    /// Scores of the model's classes.
    pub scores: Option<&'a ScoreFiles>,
    /// Which losses are made where none are given, and what is added to all.
    pub policy: Policy,
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
    let mut notes = Vec::new();
    let mut replaced = Vec::new();
    let known = ingested.audit.models.iter().any(|model| model.name == addition.model);
    let scores_of_known = addition.scores.filter(|_| addition.losses.is_none() && known);
    if let Some(files) = scores_of_known {
        let mut scores = ClassScores::read(files, items(&ids(&ingested), ingested.numbered))?;
        notes.append(&mut scores.notes);
        measure(&mut ingested, addition.model, &scores, addition.replace)?;
    } else {
        let further = further_models(&ingested, addition)?;
        notes.extend(further.notes);
        for model in further.models {
            check_splits(&ingested.audit, &model)?;
            let name = model.name.clone();
            if put(&mut ingested, model, addition.replace)? {
                replaced.push(name);
            }
        }
        if let Some((model, scores)) = further.class_scores {
            measure(&mut ingested, &model, &scores, true)?;
        }
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

fn ids(ingested: &Ingested) -> Vec<String> {
    ingested.audit.items.iter().map(|item| item.id.to_string()).collect()
}

fn items(ids: &[String], numbered: bool) -> Items<'_> {
    Items { ids, numbered }
}

/// Reads the files of further models, and makes their losses where they bring none.
fn further_models(ingested: &Ingested, addition: &Addition) -> Result<FurtherModels, EngineError> {
    let mut draft = Draft {
        ids: ids(ingested),
        numbered: ingested.numbered,
        policy: addition.policy.clone(),
        file: format!("audit {}", ingested.audit.name),
        ..Draft::default()
    };
    if let Some((file, mapping)) = addition.losses {
        let mut facts = read_losses(file, mapping, addition.model, draft.items())?;
        draft.texts = ingested.audit.items.iter().map(|item| item.text.to_string()).collect();
        draft.label =
            facts.label.is_some().then(|| labels_of(ingested)).flatten().filter(|label| label.is_like(&facts.label));
        draft.contradicts(&facts, &file.display().to_string())?;
        (draft.texts, draft.label) = (Vec::new(), None);
        // The items are what they are: the file may only tell of the model.
        let unused = [(facts.splits.take().is_some(), "the split"), (facts.groups.take().is_some(), "the group")];
        facts.ignored.extend(unused.iter().filter(|(there, _)| *there).map(|(_, name)| (*name).to_owned()));
        facts.ignored.extend(std::mem::take(&mut facts.flags).into_iter().map(|flags| flags.name));
        draft.take(facts, Some("file of losses"));
    } else if let Some(evaluations) = addition.evaluations {
        draft.take(evaluations.losses(draft.items())?, Some("results"));
    }
    if draft.label.is_none() {
        draft.label = labels_of(ingested);
    }
    if let Some(files) = addition.scores {
        draft.add_scores(files, addition.model)?;
    }
    Ok(draft.into_models(ingested.loss_offset)?)
}

/// The labels of an audit, as losses are made of them.
fn labels_of(ingested: &Ingested) -> Option<Labels> {
    if let Some(labels) = &ingested.audit.labels {
        return Some(Labels::Binary(labels.iter().copied().map(Some).collect(), ["0".into(), "1".into()]));
    }
    let classes = ingested.classes.as_ref()?;
    Labels::of_classes(classes).into()
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
fn measure(ingested: &mut Ingested, model: &str, scores: &ClassScores, replace: bool) -> Result<(), EngineError> {
    let known = ingested.audit.model(model)?;
    if known.class_aurocs.is_some() && !replace {
        return Err(EngineError::Usage(format!(
            "model '{model}' has scores already; --replace puts the new ones in their place"
        )));
    }
    let classes = ingested.classes.as_deref().or(ingested.groups.as_deref()).ok_or_else(no_classes)?;
    let measured = scores.measure(&ingested.audit, known, classes)?;
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
    let unmatched = prompts.unmatched(&audit.attributes)?;
    let given = |name: &str| prompts.attributes.iter().any(|row| same_name(&row.name, name));
    audit.attributes = std::mem::take(&mut audit.attributes)
        .into_iter()
        .map(
            |attribute| {
                if given(&attribute.name) { prompts.attribute(attribute.name, attribute.values) } else { attribute }
            },
        )
        .collect();
    audit.prompts = prompts.sets(&audit.attributes)?;
    let mut report = report(&ingested, !check);
    report.notes.extend(unmatched);
    if let Some(list) = kept_list(&store, &ingested.encoder) {
        report.notes.extend(lacking(&ingested.audit, list?.as_ref()));
    }
    if !check {
        store.forget_diagnoses(name)?;
        keep(&store, &ingested)?;
    }
    Ok(report)
}

/// A slice that becomes an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttribute {
    pub name: String,
    /// What is asked of heads for it; empty for its name.
    pub phrase: String,
    /// Positions in the audit of the items that have it, and of all of which that is known, ascending.
    pub items: Vec<usize>,
    pub searched: Vec<usize>,
    /// Where it comes from, for the notes of the audit.
    pub origin: String,
}

impl Session {
    /// Makes a slice an attribute of the audit, kept with it. Runs stay what they are, for they learn from no attribute;
    /// their tables are filled again when they are next asked for.
    ///
    /// # Errors
    /// If the audit is built in, the name is not fit or known, or the disk refuses; the audit is then as before.
    pub fn add_attribute(&self, added: &NewAttribute) -> Result<(), EngineError> {
        let audit = self.record().name.clone();
        if BUILTIN_AUDITS.contains(&audit.as_str()) {
            return Err(EngineError::Usage(format!(
                "audit '{audit}' is built in and takes no attributes; one that you took in with 'llm2loss ingest' does"
            )));
        }
        self.store.writes()?;
        let gone = || EngineError::Usage(format!("there is no audit '{audit}' any more"));
        let mut ingested = self.store.ingested(&audit)?.ok_or_else(gone)?;
        let attribute = made(&ingested.audit, added)?;
        let known = self.encoder.knows(&attribute.prompts.phrase);
        let lacks = if known { "" } else { "; no vector is given for its phrase: nothing is predicted of it" };
        ingested.notes.push(format!("attribute '{}' added: {}{lacks}", attribute.name, added.origin));
        ingested.audit.attributes.push(attribute);
        for aurocs in ingested.audit.models.iter_mut().filter_map(|model| model.class_aurocs.as_mut()) {
            // The scores they were measured from are not kept: of this attribute they say nothing until given again.
            aurocs.attributes.push([Vec::new(), Vec::new()]);
            if !aurocs.item_variances.is_empty() {
                aurocs.item_variances.push([None, None]);
            }
        }
        ingested.audit.validate()?;
        keep(&self.store, &ingested)?;
        let record = self.store.audit(&audit)?.ok_or_else(gone)?;
        self.set_record(record);
        Ok(())
    }
}

/// The attribute, with sentences that nobody has read yet.
fn made(audit: &Audit, added: &NewAttribute) -> Result<Attribute, EngineError> {
    let name = added.name.trim();
    let usage = |problem: String| Err(EngineError::Usage(problem));
    if !is_attribute_name(name) {
        return usage(format!(
            "an attribute's name has 1 to {LONGEST_ATTRIBUTE} characters, each of which can be seen"
        ));
    }
    if let Some(known) = audit.attributes.iter().find(|known| same_name(&known.name, name)) {
        return usage(format!(
            "audit '{}' has an attribute '{}' already; give the slice another name",
            audit.name, known.name
        ));
    }
    let mut values = vec![None; audit.items.len()];
    for (rows, value) in [(&added.searched, false), (&added.items, true)] {
        for &row in rows {
            let Some(place) = values.get_mut(row) else {
                return usage(format!("audit '{}' has changed since the slice was found; look again", audit.name));
            };
            *place = Some(value);
        }
    }
    let mut attribute = AttributeFile::default().attribute(name.to_owned(), values);
    if !added.phrase.is_empty() {
        attribute.prompts.phrase.clone_from(&added.phrase);
    }
    if let Some(other) = audit.attributes.first() {
        attribute.prompts.generic.clone_from(&other.prompts.generic);
    }
    Ok(attribute)
}
