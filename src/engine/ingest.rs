//! Takes audits in: a draft read from files becomes an audit of the store, all of it or nothing.

use super::ingest_report::{IngestReport, report};
use super::packed_images::Unpacked;
use super::pairing::{Pairing, made_by, of_texts};
use super::phrases::{keep_list, kept_list, lacking};
use super::rows::own_words;
use super::{EngineError, known_audits};
use crate::audit::{Audit, Content, LONGEST_NAME, is_audit_name};
use crate::data::{AttributeFile, BUILTIN_AUDITS, Draft, Embeddings, Rest};
use crate::encoder::{Encoder, EncoderError};
use crate::store::{ContentHash, Ingested, Store, StoreError, content_hash};
use std::path::Path;
use std::sync::Arc;

/// How an audit is taken in.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    pub name: &'a str,
    /// What opens the encoder.
    pub encoder: &'a str,
    /// Take embeddings even if captions say that they are of another encoder.
    pub allow_mismatch: bool,
    /// Use arrays of embeddings where they lie, rather than copy them.
    pub link: bool,
    /// Only look.
    pub check: bool,
}

/// Takes in an audit under a new name; with `check` nothing is kept. `open` comes by an encoder of a name.
///
/// # Errors
/// If the name is taken or not fit, the data or the encoder do not fit each other, or the disk refuses. Nothing is
/// kept then.
pub fn ingest(
    home: &Path,
    draft: Draft,
    prompts: &AttributeFile,
    how: &Intake,
    open: impl Fn(&str) -> Result<Arc<dyn Encoder>, EncoderError>,
) -> Result<IngestReport, EngineError> {
    check_name(home, how.name)?;
    let encoder = open(how.encoder)?;
    ingest_with(home, draft, prompts, how, encoder.as_ref())
}

/// [`ingest`] with an encoder that is open already.
///
/// # Errors
/// As [`ingest`].
pub fn ingest_with(
    home: &Path,
    mut draft: Draft,
    prompts: &AttributeFile,
    how: &Intake,
    encoder: &dyn Encoder,
) -> Result<IngestReport, EngineError> {
    let Intake { name, encoder: encoder_name, check, .. } = *how;
    check_name(home, name)?;
    // Vectors of phrases say nothing of what computed them.
    made_by(draft.made.as_ref().filter(|_| encoder.phrases().is_none()), encoder, how.allow_mismatch)?;
    if how.link {
        check_link(draft.embeddings.as_ref())?;
    }
    if encoder.phrases().is_none() {
        of_texts(&mut draft, encoder, how)?;
    }
    let (texts, made) = (draft.of_texts, draft.made.is_some());
    let (mut unpacked, mut opened) = (None, None);
    if let Some(packed) = draft.packed_images.take() {
        needs_eyes(encoder)?;
        if check {
            // Nothing is written: the items are named, and have no files yet.
            draft.images = Some(draft.ids.iter().map(|id| format!("{}: {id}", packed.column)).collect());
        } else {
            // Only who holds the home may write there, and folders of no audit go when it is opened.
            opened = Some(Store::open(home)?);
            unpacked = Some(Unpacked::write(home, name, &mut draft, &packed)?);
        }
    }
    let (audit, mut rest) = draft.into_audit(name, prompts)?;
    fits(&audit, &rest, encoder)?;
    if let Some(embeddings) = rest.embeddings.as_ref().filter(|_| !texts) {
        match Pairing::measure(&audit, embeddings, encoder)? {
            // Whose they are is known then.
            Some(pairing) if !pairing.fits() && made => {
                rest.notes.push(format!("{pairing}: the captions say nothing of the images they stand beside"));
            }
            Some(pairing) if !pairing.fits() && !how.allow_mismatch => {
                return Err(EngineError::Usage(format!(
                    "{pairing}: the embeddings seem not to be of encoder {}; give theirs with --encoder, or take them as they are with --allow-mismatch",
                    encoder.name()
                )));
            }
            Some(pairing) => rest.notes.push(pairing.to_string()),
            None => {}
        }
        if how.link {
            let others = match embeddings.parts().count() {
                0 | 1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let first = embeddings.parts().map(|(array, ..)| array.path().display().to_string()).next();
            let first = first.unwrap_or_default();
            rest.notes
                .push(format!("embeddings are read from {first}{others} where they lie, and must stay as they are"));
        }
    }
    let ingested = Ingested {
        audit,
        encoder: encoder_name.to_owned(),
        encoder_fingerprint: encoder.fingerprint().to_owned(),
        dimension: encoder.dimension(),
        groups: rest.groups,
        classes: rest.classes,
        numbered: rest.numbered,
        loss_offset: rest.loss_offset,
        notes: rest.notes,
    };
    let told = |mut report: IngestReport| {
        report.notes.extend(lacking(&ingested.audit, encoder));
        report
    };
    if check {
        return Ok(told(report(&ingested, false)));
    }
    let store = opened.map_or_else(|| Store::open(home), Ok)?;
    keep_list(&store, encoder)?;
    // There before the audit: without it they are only spare, and 'cache gc' drops them.
    let before = || match (&rest.embeddings, &rest.digests) {
        (Some(embeddings), Some(digests)) => {
            keep_embeddings(&store, encoder.fingerprint(), embeddings, digests, how.link)
        }
        (Some(embeddings), None) => {
            let texts: Vec<_> = ingested.audit.items.iter().map(|item| content_hash(&item.text)).collect();
            keep_embeddings(&store, encoder.fingerprint(), embeddings, &texts, false)
        }
        _ => Ok(()),
    };
    let report = std::thread::scope(|scope| {
        let report = scope.spawn(|| report(&ingested, true));
        keep_after(&store, &ingested, before)?;
        report.join().map_err(|_| EngineError::Internal("the thread that looks at the audit stopped".into()))
    })?;
    if let Some(unpacked) = unpacked {
        unpacked.keep();
    }
    Ok(told(report))
}

/// Copies embeddings that came with the data into a pack, or makes packs that link to their arrays.
fn keep_embeddings(
    store: &Store,
    encoder: &str,
    embeddings: &Embeddings,
    digests: &[ContentHash],
    link: bool,
) -> Result<(), StoreError> {
    if link {
        for (array, digests, checksums) in embeddings.parts() {
            let digests: Vec<ContentHash> = digests.iter().map(|digest| digest.to_be_bytes()).collect();
            store.link_array(encoder, array, embeddings.is_half(), &digests, checksums)?;
        }
        return Ok(());
    }
    let shape = (embeddings.precision(), embeddings.dimension());
    store.add_pack(encoder, digests, shape, || {
        let mut reader = embeddings.reader();
        move |item: usize, out: &mut Vec<u8>| reader.append(item, out)
    })
}

/// Refuses to link to what a file does not hold as it is.
fn check_link(embeddings: Option<&Embeddings>) -> Result<(), EngineError> {
    let Some(embeddings) = embeddings else {
        return Err(EngineError::Usage("--link: the items have no embeddings that came with the data".into()));
    };
    match embeddings.parts().find(|(array, ..)| array.start().is_none()) {
        None => Ok(()),
        Some((array, ..)) => Err(EngineError::Usage(format!(
            "--link: {} does not hold its rows as they are; link to npy in C order or safetensors, or leave --link out",
            array.path().display()
        ))),
    }
}

/// What is known of an audit taken in before.
///
/// # Errors
/// If there is none of this name, or its file is damaged.
pub fn described(store: &Store, name: &str) -> Result<IngestReport, EngineError> {
    let ingested = store.ingested(name)?.ok_or_else(|| unknown(store.home(), name))?;
    let mut report = report(&ingested, true);
    if let Some(list) = kept_list(store, &ingested.encoder) {
        report.notes.extend(lacking(&ingested.audit, list?.as_ref()));
    }
    Ok(report)
}

/// Removes an audit taken in before, with its runs.
///
/// # Errors
/// If there is none of this name, it is built in, or the disk refuses.
pub fn delete(home: &Path, name: &str) -> Result<usize, EngineError> {
    // A damaged audit can be removed as well: its file is not read.
    let store = open_to_change(home, name)?;
    let runs = store.runs(name, None)?.len();
    store.delete_audit(name)?;
    Ok(runs)
}

pub(super) fn open(home: &Path, name: &str) -> Result<(Store, Ingested), EngineError> {
    let store = open_to_change(home, name)?;
    let ingested = store.ingested(name)?.ok_or_else(|| unknown(home, name))?;
    Ok((store, ingested))
}

/// The store, if the audit is there and not built in.
fn open_to_change(home: &Path, name: &str) -> Result<Store, EngineError> {
    if BUILTIN_AUDITS.contains(&name) {
        return Err(EngineError::Usage(format!("audit '{name}' is built in and stays as it is")));
    }
    if !known_audits(home)?.iter().any(|known| known == name) {
        return Err(unknown(home, name));
    }
    Ok(Store::open(home)?)
}

fn unknown(home: &Path, name: &str) -> EngineError {
    match known_audits(home) {
        Ok(known) => crate::data::DataError::UnknownAudit { name: name.to_owned(), known: known.join(", ") }.into(),
        Err(error) => error,
    }
}

/// The file first, then what the store derives from it.
pub(super) fn keep(store: &Store, ingested: &Ingested) -> Result<(), EngineError> {
    keep_after(store, ingested, || Ok(()))
}

/// [`keep`], with something that must be there before the file is, and is done while it is written.
fn keep_after(
    store: &Store,
    ingested: &Ingested,
    before: impl FnOnce() -> Result<(), StoreError> + Send,
) -> Result<(), EngineError> {
    store.put_ingested(ingested, before)?;
    let encoder = (ingested.encoder.as_str(), ingested.encoder_fingerprint.as_str());
    store.put_audit(&ingested.audit, encoder, own_words(&ingested.audit))?;
    Ok(())
}

/// A name that is free, and fit for a file.
fn check_name(home: &Path, name: &str) -> Result<(), EngineError> {
    if !is_audit_name(name) {
        return Err(EngineError::Usage(format!(
            "'{name}' cannot be an audit's name; use up to {LONGEST_NAME} of a-z, A-Z, 0-9, '-', '_' and '.'"
        )));
    }
    if let Some(known) = known_audits(home)?.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        let way = if BUILTIN_AUDITS.contains(&known.as_str()) {
            "choose another name".to_owned()
        } else {
            format!(
                "choose another name, add a model with --model NAME --losses FILE, or 'llm2loss audits delete {known}'"
            )
        };
        return Err(EngineError::Usage(format!("there is an audit '{known}' already; {way}")));
    }
    Ok(())
}

/// Refuses items that the encoder has no place for.
fn fits(audit: &Audit, rest: &Rest, encoder: &dyn Encoder) -> Result<(), EngineError> {
    if let Some(dimension) = rest.embeddings.as_ref().map(Embeddings::dimension)
        && dimension != encoder.dimension()
    {
        if encoder.phrases().is_some() {
            return Err(EngineError::Usage(format!(
                "the items' embeddings have {dimension} dimensions, the phrases' vectors {}; both must be of one encoder",
                encoder.dimension()
            )));
        }
        return Err(EngineError::Usage(format!(
            "the embeddings have {dimension} dimensions, encoder {} has {}; give the encoder they were made with by --encoder",
            encoder.name(),
            encoder.dimension()
        )));
    }
    if encoder.phrases().is_some() && rest.embeddings.is_none() {
        return Err(EngineError::Usage(
            "--prompt-embeddings gives vectors to phrases alone; give the items' own by --embeddings FILE".into(),
        ));
    }
    let images = audit.items.iter().any(|item| matches!(item.content, Content::Image { .. }));
    if images { needs_eyes(encoder) } else { Ok(()) }
}

/// Refuses an encoder of text where the items are images.
fn needs_eyes(encoder: &dyn Encoder) -> Result<(), EngineError> {
    if encoder.reads_images() {
        return Ok(());
    }
    Err(EngineError::Usage(format!(
        "the items are images and encoder {} reads text only; give a CLIP or SigLIP model, such as --encoder openai/clip-vit-base-patch32",
        encoder.name()
    )))
}
