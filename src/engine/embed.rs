//! Embeddings of an audit's items, computed once and kept.
//!
//! Items are taken in windows at fixed places of the audit, and a window is kept as a whole: a run that was killed
//! goes on with the same windows and ends with the same numbers as one that was not.

use super::matrix::{IN_MEMORY, Matrix};
use super::{EngineError, Session, Stage, Tracker};
use crate::audit::{Audit, Content, Item};
use crate::encoder::Pixels;
use crate::store::{ContentHash, FileFact, bytes_hash, content_hash};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};

/// Texts encoded and kept together.
const TEXT_WINDOW: usize = 1024;
/// Images encoded and kept together; their pixels are in memory at once.
const IMAGE_WINDOW: usize = 64;
/// Largest image file that is read.
const LARGEST_FILE: u64 = 256 << 20;

/// An image file that could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnreadableImage {
    pub id: String,
    pub path: String,
    pub problem: String,
}

impl Session {
    /// Embeddings of all items, from the store where it has them; the rest is encoded and kept. Rows of images
    /// that cannot be decoded are zero.
    ///
    /// # Errors
    /// If the encoder or the store fails, a file cannot be read, or the job is cancelled.
    pub fn embeddings(&self, tracker: &Tracker) -> Result<Arc<Matrix>, EngineError> {
        let mut slot = self.embeddings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = slot.as_ref() {
            return Ok(rows.clone());
        }
        let audit = self.audit()?;
        let dimension = self.encoder.dimension();
        let hashes = self.content_hashes(&audit)?;
        let limit = self.memory_limit.unwrap_or(IN_MEMORY);
        let read = |hashes: &[Option<ContentHash>]| {
            Matrix::read(&self.store, self.encoder.fingerprint(), hashes, dimension, limit)
        };
        let (mut rows, missing) = read(&hashes)?;
        let readable = |row: &usize| audit.items[*row].content != Content::Unreadable;
        let missing: Vec<usize> = missing.into_iter().filter(readable).collect();
        if !missing.is_empty() {
            self.embed(&audit, &missing, tracker)?;
            self.store.seal_embeddings(self.encoder.fingerprint())?;
            self.forget_audit();
            let hashes = self.content_hashes(&*self.audit()?)?;
            // The one before goes first: there may not be room for two.
            drop(rows);
            rows = read(&hashes)?.0;
        }
        let rows = Arc::new(rows);
        *slot = Some(rows.clone());
        Ok(rows)
    }

    /// Where each item's embedding is kept; `None` for an image file not looked at yet, or not readable.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn content_hashes(&self, audit: &Audit) -> Result<Vec<Option<ContentHash>>, EngineError> {
        audit.items.iter().map(|item| self.content_hash(item)).collect()
    }

    /// The same for one item.
    pub(super) fn content_hash(&self, item: &Item) -> Result<Option<ContentHash>, EngineError> {
        Ok(match &item.content {
            Content::Text => Some(content_hash(&item.text)),
            Content::Embedded(digest) => Some(*digest),
            Content::Unreadable => None,
            Content::Image { stamp, .. } => match self.store.file_fact(stamp)? {
                Some(FileFact::Content(hash)) => Some(hash),
                _ => None,
            },
        })
    }

    /// Marks the images that are known to be unreadable.
    pub(super) fn mark_unreadable(&self, audit: &mut Audit) -> Result<(), EngineError> {
        for item in &mut audit.items {
            if let Content::Image { stamp, .. } = &item.content
                && let Some(FileFact::Unreadable(_)) = self.store.file_fact(stamp)?
            {
                item.content = Content::Unreadable;
            }
        }
        Ok(())
    }

    /// The images that embedding found unreadable.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn unreadable_images(&self) -> Result<Vec<UnreadableImage>, EngineError> {
        let audit = self.read_again()?;
        let mut found = Vec::new();
        for item in &audit.items {
            if let Content::Image { stamp, path } = &item.content
                && let Some(FileFact::Unreadable(problem)) = self.store.file_fact(stamp)?
            {
                found.push(UnreadableImage { id: item.id.to_string(), path: path.to_string(), problem });
            }
        }
        Ok(found)
    }

    /// Encodes and keeps the items at the `missing` positions.
    fn embed(&self, audit: &Audit, missing: &[usize], tracker: &Tracker) -> Result<(), EngineError> {
        if missing.iter().any(|&row| matches!(audit.items[row].content, Content::Embedded(_))) {
            let faults = self.store.link_faults(self.encoder.fingerprint())?;
            if !faults.is_empty() {
                return Err(EngineError::Usage(faults.join("; ")));
            }
            return Err(EngineError::Usage(format!(
                "embeddings of audit '{}' came with its data and are not in the store under encoder {}; take it in again with 'llm2loss ingest'",
                audit.name,
                self.encoder.fingerprint()
            )));
        }
        tracker.stage(Stage::Embedding, missing.len() as u64);
        if audit.has_texts() {
            self.embed_texts(audit, missing, tracker)
        } else {
            self.embed_images(audit, missing, tracker)
        }
    }

    fn embed_texts(&self, audit: &Audit, missing: &[usize], tracker: &Tracker) -> Result<(), EngineError> {
        let text = |row: usize| audit.items[row].text.as_str();
        let mut seen = HashSet::new();
        // A text belongs to the window it is first in, whatever was done before.
        let firsts: Vec<usize> = missing.iter().copied().filter(|&row| seen.insert(content_hash(text(row)))).collect();
        let repeated = missing.len() - firsts.len();
        for window in windows(&firsts, TEXT_WINDOW) {
            if tracker.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let end = window.end;
            let texts: Vec<&str> = firsts[window].iter().map(|&row| text(row)).collect();
            let hashes: Vec<ContentHash> = texts.iter().map(|text| content_hash(text)).collect();
            let fresh = self.encoder.encode(&texts)?;
            self.check_finite(&fresh, |at| &audit.items[firsts[end - texts.len() + at]].id)?;
            self.store.put_embeddings(self.encoder.fingerprint(), &hashes, &fresh)?;
            tracker.done((repeated + end) as u64);
        }
        Ok(())
    }

    /// Decodes on all cores while the encoder works; a window is encoded and kept as soon as it is whole.
    fn embed_images(&self, audit: &Audit, missing: &[usize], tracker: &Tracker) -> Result<(), EngineError> {
        let files: Vec<(&str, ContentHash)> = missing
            .iter()
            .filter_map(|&row| match &audit.items[row].content {
                Content::Image { path, stamp } => Some((path.as_str(), *stamp)),
                _ => None,
            })
            .collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = sync_channel(IMAGE_WINDOW);
        let decoders = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for _ in 0..decoders {
                let sender = sender.clone();
                scope.spawn(|| self.decode(&files, &next, &stop, sender));
            }
            drop(sender);
            let mut early = std::collections::HashMap::new();
            let mut done = 0;
            let result = windows(missing, IMAGE_WINDOW).try_for_each(|window| {
                let mut ready = Vec::with_capacity(window.len());
                for at in window {
                    let id = audit.items[missing[at]].id.as_str();
                    ready.push(loop {
                        if tracker.is_cancelled() {
                            return Err(EngineError::Cancelled);
                        }
                        if let Some(decoded) = early.remove(&at) {
                            break (id, files[at].1, decoded);
                        }
                        let (found, decoded) = receiver
                            .recv()
                            .map_err(|_| EngineError::Internal("the threads that decode images have stopped".into()))?;
                        early.insert(found, decoded);
                    });
                }
                done += ready.len();
                self.keep_images(ready)?;
                tracker.done(done as u64);
                Ok(())
            });
            // Decoders that wait to hand over find nobody, and end.
            stop.store(true, Ordering::Relaxed);
            drop(receiver);
            result
        })
    }

    /// One decoding thread: takes the next file until there is none.
    fn decode(
        &self,
        files: &[(&str, ContentHash)],
        next: &AtomicUsize,
        stop: &AtomicBool,
        sender: SyncSender<(usize, Decoded)>,
    ) {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((path, _)) = files.get(at) else { return };
            let decoded = self.decode_file(path);
            if sender.send((at, decoded)).is_err() {
                return;
            }
        }
    }

    fn decode_file(&self, path: &str) -> Decoded {
        let length = match std::fs::metadata(path) {
            // A pipe or a device may never end.
            Ok(metadata) if !metadata.is_file() => return Decoded::Bad("it is no ordinary file".into()),
            Ok(metadata) => metadata.len(),
            Err(error) => return Decoded::Lost(format!("{path}: {error}")),
        };
        if length > LARGEST_FILE {
            return Decoded::Bad(format!("the file has {length} bytes; at most {LARGEST_FILE} are read"));
        }
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Decoded::Lost(format!("{path}: {error}")),
        };
        if bytes.is_empty() {
            return Decoded::Bad("the file is empty".into());
        }
        let hash = bytes_hash(&bytes);
        match self.store.has_embedding(self.encoder.fingerprint(), &hash) {
            Ok(true) => return Decoded::Known(hash),
            Ok(false) => {}
            Err(error) => return Decoded::Lost(error.to_string()),
        }
        match self.encoder.prepare_image(&bytes) {
            Ok(pixels) => Decoded::Good(hash, pixels),
            Err(error) => Decoded::Bad(error.to_string()),
        }
    }

    /// Refuses embeddings with a number that is none; `id` names the item of a row.
    fn check_finite<'a>(&self, rows: &[f32], id: impl Fn(usize) -> &'a str) -> Result<(), EngineError> {
        let dimension = self.encoder.dimension().max(1);
        let bad = |row: &[f32]| row.iter().any(|value| !value.is_finite());
        match rows.chunks(dimension).position(bad) {
            None => Ok(()),
            Some(at) => Err(EngineError::Internal(format!(
                "encoder {} gives numbers that are not finite for item '{}'; nothing of its batch is kept, and its weights may be damaged",
                self.encoder.name(),
                id(at)
            ))),
        }
    }

    /// Encodes the good images of a window and keeps them, then what each file turned out to be.
    fn keep_images(&self, window: Vec<(&str, ContentHash, Decoded)>) -> Result<(), EngineError> {
        let (mut ids, mut hashes, mut images, mut facts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for (id, stamp, decoded) in window {
            match decoded {
                Decoded::Known(hash) => facts.push((stamp, FileFact::Content(hash))),
                Decoded::Good(hash, pixels) => {
                    facts.push((stamp, FileFact::Content(hash)));
                    // Asked again: an earlier window may have brought it since it was decoded. What is in a batch
                    // must not depend on how far the decoders were ahead.
                    if seen.insert(hash) && !self.store.has_embedding(self.encoder.fingerprint(), &hash)? {
                        ids.push(id);
                        hashes.push(hash);
                        images.push(pixels);
                    }
                }
                Decoded::Bad(problem) => facts.push((stamp, FileFact::Unreadable(problem))),
                Decoded::Lost(problem) => {
                    return Err(EngineError::Usage(format!("{problem}; is the folder of the images still there?")));
                }
            }
        }
        if !images.is_empty() {
            let fresh = self.encoder.encode_images(&images)?;
            self.check_finite(&fresh, |at| ids[at])?;
            self.store.put_embeddings(self.encoder.fingerprint(), &hashes, &fresh)?;
        }
        Ok(self.store.put_file_facts(&facts)?)
    }
}

/// A file on its way to the encoder.
enum Decoded {
    Good(ContentHash, Pixels),
    /// Its content has an embedding already.
    Known(ContentHash),
    /// It is there, but no image.
    Bad(String),
    /// It cannot be read: nothing is known of it.
    Lost(String),
}

/// Ranges of the ascending positions `missing` that fall into the same window of `size` items.
fn windows(missing: &[usize], size: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let window = missing.get(start)? / size;
        let end = start + missing[start..].partition_point(|row| row / size == window);
        Some(std::mem::replace(&mut start, end)..end)
    })
}

#[cfg(test)]
mod tests {
    use super::windows;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_do_not_depend_on_what_was_done_before(n in 1..500usize, size in 1..70usize, done in 0..8usize) {
            let all: Vec<usize> = (0..n).collect();
            let whole: Vec<_> = windows(&all, size).collect();
            prop_assert_eq!(whole.iter().map(ExactSizeIterator::len).sum::<usize>(), n);
            let rest = &all[whole.get(done).map_or(n, |window| window.start)..];
            let resumed: Vec<Vec<usize>> = windows(rest, size).map(|window| rest[window].to_vec()).collect();
            let left: Vec<Vec<usize>> = whole.into_iter().skip(done).map(|window| all[window].to_vec()).collect();
            prop_assert_eq!(resumed, left);
        }
    }
}
