//! Embeddings, keyed by what was embedded and by whom: the same content under the same encoder is embedded once.

use super::pack_set::{NOWHERE, PackSet};
use super::packs::SEAL_ROWS;
use super::{Result, Store, StoreError, codec};
use rayon::prelude::*;
use sled::Batch;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// Digest of an item's content.
pub type ContentHash = [u8; 16];

/// Digest of a text: XXH3 with 128 bits. It finds equal content; it does not defend against forgery.
#[must_use]
pub fn content_hash(text: &str) -> ContentHash {
    bytes_hash(text.as_bytes())
}

/// Digest of a file's bytes.
#[must_use]
pub fn bytes_hash(bytes: &[u8]) -> ContentHash {
    xxhash_rust::xxh3::xxh3_128(bytes).to_be_bytes()
}

/// Trees of embeddings are called this, then the encoder's fingerprint.
const TREE: &str = "embeddings/";
/// Parts of the keys that are read side by side before their rows are handed on.
const PARTS: usize = 16;
/// Most keys of a part: what is read but not yet handed on stays small.
const PART_KEYS: usize = 8192;
/// A tree with so many more records than are wanted is not read as a whole.
const SCAN_SHARE: usize = 4;

/// What is kept for one encoder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EmbeddingStats {
    pub encoder: String,
    pub records: usize,
    pub bytes: u64,
    pub damaged: usize,
}

impl Store {
    pub(super) fn embedding_tree(&self, encoder: &str) -> Result<sled::Tree> {
        self.tree(format!("{TREE}{encoder}"))
    }

    /// Keeps fresh embeddings, row-major `[hashes.len(), dimension]`, in one atomic batch, then flushes; when enough
    /// have come together they are sealed into a pack.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_embeddings(&self, encoder: &str, hashes: &[ContentHash], rows: &[f32]) -> Result<()> {
        let tree = self.embedding_tree(encoder)?;
        let dimension = rows.len() / hashes.len().max(1);
        // Sorted keys land in neighbouring pages.
        let mut order: Vec<usize> = (0..hashes.len()).collect();
        order.sort_unstable_by_key(|&row| hashes[row]);
        let mut batch = Batch::default();
        for row in order {
            batch.insert(&hashes[row], codec::seal_f32(&rows[row * dimension..(row + 1) * dimension]));
        }
        let due = {
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            // Counted once: sealing falls on the same window whether or not the program was killed before.
            let count = fresh.entry(encoder.to_owned()).or_insert_with(|| tree.len());
            tree.apply_batch(batch)?;
            *count += hashes.len();
            let due = *count >= SEAL_ROWS;
            if due {
                *count = 0;
            }
            due
        };
        self.flush()?;
        if due { self.seal_embeddings(encoder) } else { Ok(()) }
    }

    /// Embeddings of the given contents in order, row-major, with the positions that are missing or damaged;
    /// their rows are zero. A content of `None` is missing.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embeddings(
        &self,
        encoder: &str,
        hashes: &[Option<ContentHash>],
        dimension: usize,
    ) -> Result<(Vec<f32>, Vec<usize>)> {
        let mut rows = vec![0.0; hashes.len() * dimension];
        let missing = self.visit_embeddings(encoder, hashes, dimension, |row, vector| {
            rows[row * dimension..(row + 1) * dimension].copy_from_slice(vector);
            Ok(())
        })?;
        Ok((rows, missing))
    }

    /// Hands on the embedding of each content with its position, and returns the positions that are missing or
    /// damaged. Little is in memory at a time.
    ///
    /// # Errors
    /// If the store cannot be read, or `take` fails.
    pub fn visit_embeddings(
        &self,
        encoder: &str,
        hashes: &[Option<ContentHash>],
        dimension: usize,
        mut take: impl FnMut(usize, &[f32]) -> std::io::Result<()>,
    ) -> Result<Vec<usize>> {
        let there = vec![Cell::new(false); hashes.len()];
        let mut hand_on = |(positions, values): &(Vec<usize>, Vec<f32>)| {
            for (&row, vector) in positions.iter().zip(values.chunks_exact(dimension)) {
                take(row, vector).map_err(|source| StoreError::Io { path: self.home.clone(), source })?;
                there[row].set(true);
            }
            Ok::<(), StoreError>(())
        };
        let packs = self.packs(encoder)?;
        if !packs.is_empty() {
            let starts: Vec<usize> = (0..hashes.len()).step_by(PART_KEYS).collect();
            for group in starts.chunks(PARTS) {
                let part = |&start: &usize| {
                    let end = hashes.len().min(start + PART_KEYS);
                    read_packed(&packs, start, &hashes[start..end], dimension)
                };
                let found: Vec<(Vec<usize>, Vec<f32>)> = group.par_iter().map(part).collect();
                found.iter().try_for_each(&mut hand_on)?;
            }
        }
        let missing = || there.iter().enumerate().filter_map(|(row, there)| (!there.get()).then_some(row)).collect();
        let tree = self.embedding_tree(encoder)?;
        if tree.is_empty() {
            return Ok(missing());
        }
        let mut wanted: Vec<(ContentHash, usize)> = hashes
            .iter()
            .enumerate()
            .filter(|(row, _)| !there[*row].get())
            .filter_map(|(row, hash)| Some(((*hash)?, row)))
            .collect();
        wanted.par_sort_unstable();
        let scan = tree.len() <= SCAN_SHARE * wanted.len();
        // Keys are digests, evenly spread: equal parts of the wanted ones are equal ranges of the tree.
        let parts: Vec<&[(ContentHash, usize)]> =
            wanted.chunks(wanted.len().div_ceil(PARTS).clamp(1, PART_KEYS)).collect();
        for group in parts.chunks(PARTS) {
            let found = group.par_iter().map(|part| read_part(&tree, part, dimension, scan));
            let found: Vec<(Vec<usize>, Vec<f32>)> = found.collect::<Result<_>>()?;
            found.iter().try_for_each(&mut hand_on)?;
        }
        Ok(missing())
    }

    /// Whether an encoder has embeddings in the database, not sealed yet.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_fresh(&self, encoder: &str) -> Result<bool> {
        Ok(!self.embedding_tree(encoder)?.is_empty())
    }

    /// Number of embeddings kept for an encoder.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embedding_count(&self, encoder: &str) -> Result<usize> {
        let packs = self.packs(encoder)?;
        let mut count = packs.rows();
        for key in self.embedding_tree(encoder)?.iter().keys() {
            let hash = <ContentHash>::try_from(key?.as_ref()).ok();
            // Killed while sealing, a row is in both.
            count += usize::from(hash.is_some_and(|hash| packs.find(&hash, NOWHERE).is_none()));
        }
        Ok(count)
    }

    /// Whether a content has an embedding.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_embedding(&self, encoder: &str, hash: &ContentHash) -> Result<bool> {
        Ok(self.packs(encoder)?.find(hash, NOWHERE).is_some() || self.embedding_tree(encoder)?.contains_key(hash)?)
    }

    /// How many of the contents have an embedding.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embeddings_present(&self, encoder: &str, hashes: &[Option<ContentHash>]) -> Result<usize> {
        let (tree, packs) = (self.embedding_tree(encoder)?, self.packs(encoder)?);
        let (mut present, mut near) = (0, NOWHERE);
        for hash in hashes.iter().flatten() {
            let place = packs.find(hash, near);
            near = place.unwrap_or(near);
            present += usize::from(place.is_some() || tree.contains_key(hash)?);
        }
        Ok(present)
    }

    /// Fingerprints of the encoders whose embeddings are kept.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embedding_encoders(&self) -> Result<Vec<String>> {
        let mut encoders = self.pack_encoders()?;
        for name in self.db()?.tree_names() {
            encoders.extend(String::from_utf8_lossy(&name).strip_prefix(TREE).map(str::to_owned));
        }
        encoders.sort_unstable();
        encoders.dedup();
        Ok(encoders)
    }

    /// Reads every embedding of an encoder and checks its checksum.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embedding_stats(&self, encoder: &str) -> Result<EmbeddingStats> {
        let mut stats = EmbeddingStats { encoder: encoder.to_owned(), records: 0, bytes: 0, damaged: 0 };
        let mut row = Vec::new();
        for pair in &self.embedding_tree(encoder)? {
            let (key, value) = pair?;
            row.clear();
            stats.records += 1;
            stats.bytes += (key.len() + value.len()) as u64;
            let whole = codec::unseal_f32(&value, "an embedding", &mut row).is_ok();
            stats.damaged += usize::from(!whole || row.iter().any(|value| !value.is_finite()));
        }
        self.packed_stats(encoder, &mut stats)?;
        Ok(stats)
    }

    /// Drops the embeddings of an encoder that are not among `used`, and the tree if none is; returns how many.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_embeddings(&self, encoder: &str, used: &BTreeSet<ContentHash>) -> Result<usize> {
        let tree = self.embedding_tree(encoder)?;
        let dropped = keep(&tree, used)? + self.keep_packed(encoder, used)?;
        if tree.is_empty() {
            self.db()?.drop_tree(tree.name())?;
        }
        self.flush()?;
        Ok(dropped)
    }
}

/// Removes the keys that are not among `used`.
pub(super) fn keep(tree: &sled::Tree, used: &BTreeSet<ContentHash>) -> Result<usize> {
    let mut dropped = 0;
    for key in tree.iter().keys() {
        let key = key?;
        if !<ContentHash>::try_from(key.as_ref()).is_ok_and(|hash| used.contains(&hash)) {
            tree.remove(key)?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// Rows of some contents that are in packs and whole: positions from `start`, and values row-major.
fn read_packed(
    packs: &PackSet,
    start: usize,
    hashes: &[Option<ContentHash>],
    dimension: usize,
) -> (Vec<usize>, Vec<f32>) {
    let (mut positions, mut values) = (Vec::with_capacity(hashes.len()), Vec::with_capacity(hashes.len() * dimension));
    let mut near = NOWHERE;
    for (at, hash) in hashes.iter().enumerate() {
        let Some(place) = hash.and_then(|hash| packs.find(&hash, near)) else { continue };
        near = place;
        if packs.read(place, dimension, &mut values) || packs.read_another(place, dimension, &mut values) {
            positions.push(start + at);
        }
    }
    (positions, values)
}

/// Rows of the sorted contents of one part that are there and whole: positions, and values row-major.
fn read_part(
    tree: &sled::Tree,
    part: &[(ContentHash, usize)],
    dimension: usize,
    scan: bool,
) -> Result<(Vec<usize>, Vec<f32>)> {
    let (mut positions, mut values) = (Vec::with_capacity(part.len()), Vec::with_capacity(part.len() * dimension));
    let mut take = |row: usize, value: &[u8]| {
        let whole = codec::unseal_f32(value, "an embedding", &mut values).is_ok();
        if whole && values.len() == (positions.len() + 1) * dimension {
            positions.push(row);
        } else {
            values.truncate(positions.len() * dimension);
        }
    };
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return Ok((positions, values)) };
    if !scan {
        for (hash, row) in part {
            if let Some(value) = tree.get(hash)? {
                take(*row, &value);
            }
        }
        return Ok((positions, values));
    }
    let mut wanted = part.iter().peekable();
    for pair in tree.range(first.0..=last.0) {
        let (key, value) = pair?;
        while wanted.next_if(|(hash, _)| hash.as_slice() < key.as_ref()).is_some() {}
        while let Some((_, row)) = wanted.next_if(|(hash, _)| hash.as_slice() == key.as_ref()) {
            take(*row, &value);
        }
    }
    Ok((positions, values))
}
