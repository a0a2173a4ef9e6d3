//! The embeddings kept: what there is, whether it is whole, what nobody uses, and a file of it for others.

use super::{EngineError, Session, Tracker, known_audits};
use crate::audit::Content;
use crate::encoder::PhraseEncoder;
use crate::files::write_with;
use crate::numbers::Precision;
use crate::store::{ContentHash, EmbeddingStats, FileFact, Store, content_hash};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::path::Path;

/// What is kept, whole or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CacheReport {
    pub encoders: Vec<EmbeddingStats>,
    pub audits: Vec<AuditCache>,
    /// Files of the home that cannot be read or are not what was written: what each is, what it costs, how to mend it.
    pub damage: Vec<String>,
    pub bytes_on_disk: u64,
}

/// How many of an audit's items have an embedding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditCache {
    pub audit: String,
    pub encoder: String,
    pub items: usize,
    pub embedded: usize,
    pub unreadable: usize,
    /// The audit has runs, so that all its embeddings should be there, or they came with its data.
    pub complete: bool,
}

/// What a clean-up dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    pub embeddings: usize,
    pub files: usize,
    /// Lists of phrases with vectors.
    pub lists: usize,
    /// Bytes that the home takes less on disk.
    pub bytes_given_back: u64,
}

/// Contents of an audit, and the fingerprints under which they may be kept.
struct Uses {
    audit: String,
    fingerprints: BTreeSet<String>,
    current: String,
    contents: Vec<Option<ContentHash>>,
    stamps: Vec<ContentHash>,
    /// The list of phrases that its prompts are, if they are one.
    list: Option<String>,
    unreadable: usize,
    complete: bool,
}

/// Reads every record and checks it.
///
/// # Errors
/// If the store or an audit cannot be read.
pub fn cache_report(home: &Path) -> Result<CacheReport, EngineError> {
    report(&Store::open_reading(home)?)
}

fn report(store: &Store) -> Result<CacheReport, EngineError> {
    let encoders = store.embedding_encoders()?;
    let encoders = encoders.iter().map(|encoder| store.embedding_stats(encoder)).collect::<Result<_, _>>()?;
    let mut audits = Vec::new();
    let mut damage = store.damaged_packs()?;
    damage.extend(store.damaged_runs()?);
    for name in known_audits(store.home())? {
        let uses = match uses_of(store, &name) {
            Ok(uses) => uses,
            Err(error) => {
                damage.push(format!("{error}; bring a copy of the file, or 'llm2loss audits delete {name}'"));
                continue;
            }
        };
        let Some(uses) = uses else { continue };
        let present = store.embeddings_present(&uses.current, &uses.contents)?;
        audits.push(AuditCache {
            audit: uses.audit,
            encoder: uses.current,
            items: uses.contents.len(),
            embedded: present,
            unreadable: uses.unreadable,
            complete: uses.complete,
        });
    }
    Ok(CacheReport { encoders, audits, damage, bytes_on_disk: store.bytes()? })
}

impl CacheReport {
    /// Records that are damaged, and items whose embedding should be there and is not.
    #[must_use]
    pub fn faults(&self) -> (usize, usize) {
        let lost = |audit: &AuditCache| audit.items - audit.unreadable - audit.embedded;
        let missing = self.audits.iter().filter(|audit| audit.complete).map(lost).sum();
        (self.encoders.iter().map(|encoder| encoder.damaged).sum(), missing)
    }
}

/// Drops embeddings that no audit uses.
///
/// # Errors
/// If the store or an audit cannot be read; nothing is dropped then.
pub fn cache_gc(home: &Path) -> Result<Dropped, EngineError> {
    let store = Store::open(home)?;
    let before = store.bytes()?;
    let mut used: BTreeMap<String, BTreeSet<ContentHash>> = BTreeMap::new();
    let (mut stamps, mut lists) = (BTreeSet::new(), BTreeSet::new());
    for uses in every_use(&store)? {
        for fingerprint in &uses.fingerprints {
            used.entry(fingerprint.clone()).or_default().extend(uses.contents.iter().flatten());
        }
        stamps.extend(uses.stamps);
        lists.extend(uses.list);
    }
    let mut dropped = Dropped::default();
    for encoder in store.embedding_encoders()? {
        let used = used.remove(&encoder).unwrap_or_default();
        dropped.embeddings += store.keep_embeddings(&encoder, &used)?;
    }
    dropped.files = store.keep_files(&stamps)?;
    dropped.lists = store.keep_phrases(&lists)?;
    // The database keeps the space of what it dropped: made again from the files, it has none.
    let store = store.rebuilt()?;
    store.drop_set_aside()?;
    dropped.bytes_given_back = before.saturating_sub(store.bytes()?);
    Ok(dropped)
}

/// Every audit that the store knows, with the contents of its items.
fn every_use(store: &Store) -> Result<Vec<Uses>, EngineError> {
    let mut all = Vec::new();
    for name in known_audits(store.home())? {
        all.extend(uses_of(store, &name)?);
    }
    Ok(all)
}

/// The contents of an audit's items; none where the audit was never opened.
fn uses_of(store: &Store, name: &str) -> Result<Option<Uses>, EngineError> {
    let (audit, encoder, opened_by) = match store.audit(name)? {
        Some(record) => (super::session::read(store, name)?.0, record.encoder_fingerprint, record.encoder),
        // The built-in audit is embedded under the built-in encoder, which a record names once it was opened.
        None => match store.ingested(name)? {
            Some(found) => (found.audit, found.encoder_fingerprint, found.encoder),
            None => return Ok(None),
        },
    };
    let runs = store.runs(name, None)?;
    let mut fingerprints: BTreeSet<String> = runs.iter().map(|run| run.encoder.clone()).collect();
    fingerprints.insert(encoder.clone());
    let mut uses = Uses {
        audit: name.to_owned(),
        fingerprints,
        current: encoder,
        contents: Vec::with_capacity(audit.items.len()),
        stamps: Vec::new(),
        list: PhraseEncoder::digest_in(&opened_by).map(str::to_owned),
        unreadable: 0,
        complete: !runs.is_empty(),
    };
    for item in &audit.items {
        uses.contents.push(match &item.content {
            Content::Text => Some(content_hash(&item.text)),
            Content::Embedded(digest) => {
                uses.complete = true;
                Some(*digest)
            }
            Content::Unreadable => None,
            Content::Image { stamp, .. } => {
                uses.stamps.push(*stamp);
                match store.file_fact(stamp)? {
                    Some(FileFact::Content(hash)) => Some(hash),
                    Some(FileFact::Unreadable(_)) => {
                        uses.unreadable += 1;
                        None
                    }
                    None => None,
                }
            }
        });
    }
    Ok(Some(uses))
}

impl Session {
    /// [`cache_report`] of the store that is open.
    ///
    /// # Errors
    /// If the store or an audit cannot be read.
    pub fn cache_report(&self) -> Result<CacheReport, EngineError> {
        report(&self.store)
    }

    /// Writes the audit's embeddings as a safetensors file: `embeddings [n, d]`, ids and encoder in the metadata.
    /// Items that are not readable are left out. Returns `n`.
    ///
    /// # Errors
    /// If the embeddings cannot be made or read, or the file cannot be written; what was there before is then still
    /// there.
    pub fn export_embeddings(&self, out: &Path, tracker: &Tracker) -> Result<usize, EngineError> {
        let rows = self.embeddings(tracker)?;
        let audit = self.audit()?;
        let dimension = self.encoder.dimension();
        let readable = || audit.items.iter().enumerate().filter(|(_, item)| item.content != Content::Unreadable);
        let ids: Vec<&str> = readable().map(|(_, item)| item.id.as_str()).collect();
        let ids_text = serde_json::to_string(&ids).map_err(|error| EngineError::Internal(error.to_string()))?;
        let header = serde_json::json!({
            "__metadata__": {
                "ids": ids_text,
                "encoder": self.record().encoder,
                "encoder_fingerprint": self.encoder.fingerprint(),
                "normalized": "true",
                "audit": self.record().name,
            },
            "embeddings": { "dtype": "F32", "shape": [ids.len(), dimension], "data_offsets": [0, ids.len() * dimension * 4] },
        });
        let mut header = header.to_string();
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        let written = write_with(out, |file| {
            let mut file = BufWriter::with_capacity(1 << 20, file);
            file.write_all(&(header.len() as u64).to_le_bytes())?;
            file.write_all(header.as_bytes())?;
            let (mut row, mut bytes) = (vec![0.0f32; dimension], Vec::new());
            for (position, _) in readable() {
                rows.rows().read(position, &mut row);
                bytes.clear();
                Precision::F32.encode(&row, &mut bytes);
                file.write_all(&bytes)?;
            }
            // Before it takes the place of the file there was.
            rows.check().map_err(std::io::Error::other)?;
            file.flush()
        });
        written.map_err(|error| EngineError::Usage(format!("{}: {error}", out.display())))?;
        Ok(ids.len())
    }
}
