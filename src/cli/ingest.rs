//! `llm2loss ingest`: files to an audit. `llm2loss audits`: the audits there are.

use super::arguments::{Audits, AuditsAction, Ingest, LeakedArgument, MissingArgument};
use super::context::{Failure, home, print, reading_store};
use super::{held, progress};
use crate::data::{
    AttributeFile, BUILTIN_AUDITS, CelebaSplit, Contents, DataError, Draft, EvaluationFiles, Evaluations, Harness,
    ImagePlace, LookedAt, Mapping, PhraseVectors, Policy, ScoreFiles, celeba, clip_retrieval, image_folder, manifest,
    open_array, wilds,
};
use crate::encoder::{Encoder, PhraseEncoder};
use crate::engine::{
    Addition, EngineError, IngestReport, Intake, add_models, delete, described, ingest, ingest_with, known_audits,
    phrase_encoder, set_prompts,
};
use crate::report;
use crate::store::ingested_names;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Name of a model whose column is called just `loss`.
const ONLY_MODEL: &str = "model";

pub fn run(home_given: Option<PathBuf>, model: Option<&str>, given: &Ingest) -> Result<u8, Failure> {
    let Some(name) = &given.name else {
        return Err(nothing_given("give the audit a name, and what you hold, as above"));
    };
    let home = home(home_given)?;
    if given.link && given.embeddings.is_none() && given.clip_retrieval.is_none() {
        return Err(Failure::usage("--link needs arrays to link to: --embeddings FILE or --clip-retrieval DIR"));
    }
    let mapping = mapping(given)?;
    let prompts = given.attributes.as_deref().map(AttributeFile::read).transpose().map_err(EngineError::from)?;
    let evaluations = evaluations(given, model).map_err(EngineError::from)?;
    let further = evaluations.is_some() && ingested_names(&home)?.contains(name);
    let model = model.unwrap_or(ONLY_MODEL);
    let draft = match &evaluations {
        Some(_) if further => None,
        Some(evaluations) => {
            let mut draft = evaluations.draft(&mapping).map_err(EngineError::from)?;
            draft.policy = policy(given, &mapping);
            Some(draft)
        }
        None => draft(given, &mapping, model).map_err(EngineError::from)?,
    };
    let report = if let Some(draft) = draft {
        let how = Intake {
            name,
            encoder: &encoder(given, &draft),
            allow_mismatch: given.allow_mismatch,
            link: given.link,
            check: given.check,
        };
        let prompts = prompts.unwrap_or_default();
        match &given.prompt_embeddings {
            Some(path) => {
                let (list, scaled) = phrase_list(path)?;
                let mut report = ingest_with(&home, draft, &prompts, &Intake { encoder: list.name(), ..how }, &list)?;
                report.notes.extend(scaled);
                report
            }
            None => ingest(&home, draft, &prompts, &how, progress::opener(false))?,
        }
    } else if given.prompt_embeddings.is_some() {
        return Err(Failure::usage(
            "--prompt-embeddings belongs to an audit that is taken in now: give its items' embeddings by --embeddings FILE",
        ));
    } else if further || given.losses.is_some() || given.scores.is_some() {
        let scores = scores(given);
        let addition = Addition {
            model,
            losses: given.losses.as_deref().map(|file| (file, &mapping)),
            evaluations: evaluations.as_ref(),
            scores: scores.as_ref(),
            policy: policy(given, &mapping),
            replace: given.replace,
            check: given.check,
        };
        add_models(&home, name, &addition)?
    } else if let Some(prompts) = prompts {
        set_prompts(&home, name, &prompts, given.check)?
    } else {
        return Err(nothing_given(
            "nothing to take in; give --manifest FILE, or --losses FILE with --model NAME for an audit there is",
        ));
    };
    show(&report, given.output.json)
}

/// The list of phrases in a file, and a sentence if its vectors were scaled.
fn phrase_list(path: &Path) -> Result<(PhraseEncoder, Option<String>), Failure> {
    let read = PhraseVectors::read(path).map_err(EngineError::from)?;
    let scaled = read.scaled.clone();
    Ok((phrase_encoder(read)?, scaled))
}

/// Shows what can be taken in, and how; then says what is missing.
fn nothing_given(missing: &str) -> Failure {
    // A closed pipe is nobody's fault.
    let _ = writeln!(std::io::stderr(), "{}", held::table());
    Failure::usage(missing)
}

/// The encoder with what is wanted of it: the one given, else the one that embeddings name.
fn encoder(given: &Ingest, draft: &Draft) -> String {
    let made = draft.made.as_ref().filter(|_| !given.encoder.is_given());
    made.map_or_else(|| given.encoder.line(), |made| made.encoder.clone())
}

/// What the files given hold; `None` if only an audit there is shall be changed.
fn draft(given: &Ingest, mapping: &Mapping, model: &str) -> Result<Option<Draft>, DataError> {
    let mut mapping = mapping.clone();
    // Of two files, either may have a column that is named.
    mapping.shared = given.losses.is_some();
    let mapping = &mapping;
    let (draft, looked) = items_and_array(given, || items(given, mapping, model))?;
    let Some(mut draft) = draft else { return Ok(None) };
    draft.policy = policy(given, mapping);
    if let Some(looked) = looked {
        draft.embed(looked)?;
    }
    if let Some(path) = &given.losses {
        draft.add_losses(path, mapping, model)?;
    }
    if let Some(files) = scores(given) {
        draft.add_scores(&files, model)?;
    }
    Ok(Some(draft))
}

/// Looks at the array of embeddings while the items are read, and no longer than that goes well.
fn items_and_array(
    given: &Ingest,
    items: impl FnOnce() -> Result<Option<Draft>, DataError>,
) -> Result<(Option<Draft>, Option<LookedAt>), DataError> {
    let Some(path) = &given.embeddings else { return Ok((items()?, None)) };
    let array = open_array(path, given.embedding_ids.as_deref())?;
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looked = scope.spawn(|| LookedAt::new(array, path.display().to_string(), &stopped));
        let draft = items().inspect_err(|_| stopped.store(true, Ordering::Relaxed))?;
        let looked = looked.join().map_err(|_| DataError::Usage("a thread that read the embeddings stopped".into()))?;
        Ok((draft, Some(looked?)))
    })
}

/// The items that the files given hold.
fn items(given: &Ingest, mapping: &Mapping, model: &str) -> Result<Option<Draft>, DataError> {
    let place = ImagePlace { root: given.images_root.clone(), outside: given.allow_outside };
    let contents = match (given.describe, given.embeddings.is_some()) {
        (true, _) => Contents::Described,
        // With embeddings at hand nobody opens the images.
        (false, true) => Contents::Elsewhere,
        (false, false) => Contents::Table(&place),
    };
    let folder = if let Some(folder) = &given.celeba {
        Some(celeba(folder, given.split.unwrap_or(CelebaSplit::Official), given.embeddings.is_none())?)
    } else if let Some(folder) = &given.clip_retrieval {
        let partial = given.allow_partial;
        // Beside a manifest, what is said of columns is said of the manifest's.
        let plain = Mapping::default();
        let of_folder = if given.manifest.is_some() { &plain } else { mapping };
        Some(clip_retrieval(folder, of_folder, model, partial)?)
    } else if let Some(folder) = &given.images {
        Some(image_folder(folder)?)
    } else {
        None
    };
    Ok(Some(match (folder, &given.manifest) {
        (Some(mut draft), Some(path)) => {
            draft.add_table(path, mapping, model)?;
            draft
        }
        (Some(draft), None) => draft,
        (None, Some(path)) => manifest(path, mapping, model, contents)?,
        (None, None) => {
            if let Some(folder) = &given.wilds {
                wilds(folder, mapping, model, contents)?
            } else if given.embeddings.is_some() {
                Draft::default()
            } else {
                return Ok(None);
            }
        }
    }))
}

fn policy(given: &Ingest, mapping: &Mapping) -> Policy {
    Policy {
        drop_missing: given.missing == MissingArgument::Drop,
        drop_leaked: given.leaked == LeakedArgument::Drop,
        loss: given.loss,
        loss_offset: given.loss_offset,
        group_by: mapping.group_by,
    }
}

/// Results of language models, where such are given.
fn evaluations(given: &Ingest, model: Option<&str>) -> Result<Option<Evaluations>, DataError> {
    let (harness, paths) = match (given.lm_eval.as_slice(), given.inspect.as_slice()) {
        ([], []) => return Ok(None),
        ([], paths) => (Harness::Inspect, paths),
        (paths, _) => (Harness::LmEval, paths),
    };
    let files = EvaluationFiles {
        harness,
        paths: paths.to_vec(),
        metric: given.metric.clone(),
        text_field: given.text_field.clone(),
        model: model.map(String::from),
    };
    Evaluations::read(&files).map(Some)
}

fn scores(given: &Ingest) -> Option<ScoreFiles> {
    let scores = given.scores.clone()?;
    Some(ScoreFiles { scores, ids: given.score_ids.clone(), classes: given.score_classes.clone() })
}

fn mapping(given: &Ingest) -> Result<Mapping, Failure> {
    let read = || -> Result<Mapping, DataError> {
        let mut mapping = given.columns.as_deref().map_or_else(|| Ok(Mapping::default()), Mapping::read)?;
        given.column.iter().try_for_each(|column| mapping.set(column))?;
        given.bins.iter().try_for_each(|bins| mapping.set_bins(bins))?;
        mapping.group_by = given.group_by.map(Into::into).or(mapping.group_by);
        // Of results of language models it is the name of a metric, not of a column.
        let results = !given.lm_eval.is_empty() || !given.inspect.is_empty();
        for (given, named) in [
            (&given.correct, &mut mapping.correct),
            (if results { &None } else { &given.metric }, &mut mapping.metric),
            (&given.positive, &mut mapping.positive),
        ] {
            if given.is_some() {
                named.clone_from(given);
            }
        }
        Ok(mapping)
    };
    Ok(read().map_err(EngineError::from)?)
}

fn show(report: &IngestReport, json: bool) -> Result<u8, Failure> {
    if json {
        return print(&report::to_json("llm2loss.ingest/1", None, report)?);
    }
    print(&report::ingest(report))
}

#[derive(Serialize)]
struct Body {
    audits: Vec<String>,
}

pub fn audits(home_given: Option<PathBuf>, given: &Audits) -> Result<u8, Failure> {
    let home = home(home_given)?;
    match &given.action {
        None => {
            let audits = known_audits(&home)?;
            if given.output.json {
                return print(&report::to_json("llm2loss.audits/1", None, Body { audits })?);
            }
            print(&(audits.join("\n") + "\n"))
        }
        Some(AuditsAction::Show { audit, output }) => {
            if BUILTIN_AUDITS.contains(&audit.as_str()) {
                let problem = format!(
                    "audit '{audit}' is built in; 'llm2loss findings {audit}' tells of it, docs/adult.md how it was made"
                );
                return Err(Failure::usage(problem));
            }
            if !ingested_names(&home)?.contains(audit) {
                let known = known_audits(&home)?.join(", ");
                return Err(EngineError::from(DataError::UnknownAudit { name: audit.clone(), known }).into());
            }
            show(&described(&reading_store(Some(home))?, audit)?, output.json)
        }
        Some(AuditsAction::Delete { audit }) => {
            let runs = delete(&home, audit)?;
            print(&format!(
                "audit {audit} deleted, with {runs} runs; 'llm2loss cache gc' drops embeddings nobody uses\n"
            ))
        }
    }
}
