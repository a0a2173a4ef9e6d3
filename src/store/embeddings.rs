//! Embeddings, keyed by what was embedded and by whom: the same content under the same encoder is embedded once.

use super::{Result, Store, StoreError, codec};
use rayon::prelude::*;
use sled::Batch;
use std::collections::BTreeSet;

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
/// What is known of image files, by their stamp.
const FILES: &str = "files";
/// Parts of the keys that are read side by side before their rows are handed on.
const PARTS: usize = 16;
/// Most keys of a part: what is read but not yet handed on stays small.
const PART_KEYS: usize = 8192;
/// A tree with so many more records than are wanted is not read as a whole.
const SCAN_SHARE: usize = 4;

/// What an image file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFact {
    /// Its content.
    Content(ContentHash),
    /// It cannot be decoded, for this reason.
    Unreadable(String),
}

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

    /// Keeps embeddings, row-major `[hashes.len(), dimension]`, in one atomic batch, then flushes.
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
        tree.apply_batch(batch)?;
        self.flush()
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

    /// Hands on the embedding of each content with its position, in the order of their digests, and returns the
    /// positions that are missing or damaged. Little is in memory at a time.
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
        let tree = self.embedding_tree(encoder)?;
        let mut wanted: Vec<(ContentHash, usize)> =
            hashes.iter().enumerate().filter_map(|(row, hash)| Some(((*hash)?, row))).collect();
        wanted.par_sort_unstable();
        let scan = tree.len() <= SCAN_SHARE * wanted.len();
        // Keys are digests, evenly spread: equal parts of the wanted ones are equal ranges of the tree.
        let parts: Vec<&[(ContentHash, usize)]> =
            wanted.chunks(wanted.len().div_ceil(PARTS).clamp(1, PART_KEYS)).collect();
        let mut there = vec![false; hashes.len()];
        for group in parts.chunks(PARTS) {
            let found = group.par_iter().map(|part| read_part(&tree, part, dimension, scan));
            let found: Vec<(Vec<usize>, Vec<f32>)> = found.collect::<Result<_>>()?;
            for (positions, values) in &found {
                for (&row, vector) in positions.iter().zip(values.chunks_exact(dimension)) {
                    take(row, vector).map_err(|source| StoreError::Io { path: self.home.clone(), source })?;
                    there[row] = true;
                }
            }
        }
        Ok(there.iter().enumerate().filter_map(|(row, there)| (!there).then_some(row)).collect())
    }

    /// Number of embeddings kept for an encoder.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embedding_count(&self, encoder: &str) -> Result<usize> {
        Ok(self.embedding_tree(encoder)?.len())
    }

    /// Whether a content has an embedding.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_embedding(&self, encoder: &str, hash: &ContentHash) -> Result<bool> {
        Ok(self.embedding_tree(encoder)?.contains_key(hash)?)
    }

    /// How many of the contents have an embedding.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn embeddings_present(&self, encoder: &str, hashes: &[Option<ContentHash>]) -> Result<usize> {
        let tree = self.embedding_tree(encoder)?;
        let mut present = 0;
        for hash in hashes.iter().flatten() {
            present += usize::from(tree.contains_key(hash)?);
        }
        Ok(present)
    }

    /// Fingerprints of the encoders whose embeddings are kept.
    #[must_use]
    pub fn embedding_encoders(&self) -> Vec<String> {
        let names = self.db().map(|db| db.tree_names()).unwrap_or_default();
        let mut encoders: Vec<String> = names
            .iter()
            .filter_map(|name| Some(String::from_utf8_lossy(name).strip_prefix(TREE)?.to_owned()))
            .collect();
        encoders.sort_unstable();
        encoders
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
        Ok(stats)
    }

    /// Drops the embeddings of an encoder that are not among `used`, and the tree if none is; returns how many.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_embeddings(&self, encoder: &str, used: &BTreeSet<ContentHash>) -> Result<usize> {
        let tree = self.embedding_tree(encoder)?;
        let dropped = keep(&tree, used)?;
        if tree.is_empty() {
            self.db()?.drop_tree(tree.name())?;
        }
        self.flush()?;
        Ok(dropped)
    }

    /// Drops what is known of image files whose stamps are not among `used`; returns how many.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_files(&self, used: &BTreeSet<ContentHash>) -> Result<usize> {
        let dropped = keep(&self.tree(FILES)?, used)?;
        self.flush()?;
        Ok(dropped)
    }

    /// What is known of the image file with this stamp.
    ///
    /// # Errors
    /// If the store cannot be read; a damaged entry counts as none.
    pub fn file_fact(&self, stamp: &ContentHash) -> Result<Option<FileFact>> {
        let value = self.tree(FILES)?.get(stamp)?;
        Ok(value.and_then(|value| codec::unseal_json::<FileEntry>(&value, "a file's entry").ok()).map(FileFact::from))
    }

    /// Remembers what image files turned out to be, in one atomic batch.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_file_facts(&self, facts: &[(ContentHash, FileFact)]) -> Result<()> {
        let mut batch = Batch::default();
        for (stamp, fact) in facts {
            batch.insert(stamp, codec::seal_json(&FileEntry::from(fact), "a file's entry")?);
        }
        self.tree(FILES)?.apply_batch(batch)?;
        self.flush()
    }
}

/// A file's entry as it is kept: one of the two.
#[derive(serde::Serialize, serde::Deserialize)]
struct FileEntry {
    content: Option<ContentHash>,
    unreadable: Option<String>,
}

impl From<&FileFact> for FileEntry {
    fn from(fact: &FileFact) -> Self {
        match fact {
            FileFact::Content(hash) => Self { content: Some(*hash), unreadable: None },
            FileFact::Unreadable(why) => Self { content: None, unreadable: Some(why.clone()) },
        }
    }
}

impl From<FileEntry> for FileFact {
    fn from(entry: FileEntry) -> Self {
        match entry.content {
            Some(hash) => Self::Content(hash),
            None => Self::Unreadable(entry.unreadable.unwrap_or_default()),
        }
    }
}

/// Removes the keys that are not among `used`.
fn keep(tree: &sled::Tree, used: &BTreeSet<ContentHash>) -> Result<usize> {
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
