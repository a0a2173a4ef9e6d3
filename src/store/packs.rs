//! Packs of embeddings: where fresh ones are sealed, where those that came with data go at once, how they are found.
//!
//! The database takes fresh embeddings window by window, as a write ahead; when there are enough of them, or a job is
//! done, they move into a pack. A pack is there before its rows leave the database: killed in between, they are in
//! both, and the next sealing finds them known.

use super::embeddings::{ContentHash, EmbeddingStats};
use super::pack::{ENDING, Pack};
use super::pack_file::{Fill, Shape, write};
use super::pack_set::{NOWHERE, PackSet, PackedRows};
use super::reconcile::{listed, name_of};
use super::{Result, Store, StoreError, codec};
use crate::guard::guarded;
use crate::numbers::{Precision, all_differ};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Folder of the packs, with a folder an encoder.
const FOLDER: &str = "packs";
/// How often packs are listed that go meanwhile.
const LISTINGS: usize = 20;
/// Fresh embeddings that are sealed together; a pack with fewer is merged into the next one.
pub(super) const SEAL_ROWS: usize = 1 << 16;

/// Contents that one thread looks for at a time.
const PART: usize = 8192;

/// Packs opened so far, by encoder.
pub type OpenPacks = Mutex<BTreeMap<String, Arc<PackSet>>>;

impl Store {
    fn pack_folder(&self, encoder: &str) -> PathBuf {
        let fit = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let name: String = encoder.chars().map(|character| if fit(character) { character } else { '_' }).collect();
        self.home.join(FOLDER).join(name)
    }

    /// The packs of an encoder.
    ///
    /// # Errors
    /// If their folder is there and cannot be listed.
    pub(super) fn packs(&self, encoder: &str) -> Result<Arc<PackSet>> {
        let mut open = self.open_packs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = open.get(encoder) {
            return Ok(set.clone());
        }
        let mut listings = 0;
        let set = loop {
            listings += 1;
            // Who writes beside a reader merges packs: one that is listed and gone is in another by now.
            if let Some(set) = self.list_packs(encoder, listings == LISTINGS)? {
                break Arc::new(set);
            }
        };
        open.insert(encoder.to_owned(), set.clone());
        Ok(set)
    }

    /// The packs in an encoder's folder; `None` if one went while they were opened, unless this is the last try.
    fn list_packs(&self, encoder: &str, last: bool) -> Result<Option<PackSet>> {
        let mut set = PackSet::default();
        let mut entries = listed(&self.pack_folder(encoder))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for path in entries.iter().map(std::fs::DirEntry::path) {
            if !path.to_string_lossy().ends_with(ENDING) {
                continue;
            }
            match guarded(|| Pack::open(&path)).and_then(|opened| opened) {
                Ok(pack) if pack.encoder() == encoder => set.packs.push(pack),
                Ok(pack) => {
                    set.damaged.push(format!("{} is of encoder {}, not {encoder}", path.display(), pack.encoder()));
                }
                Err(_) if !last && matches!(path.try_exists(), Ok(false)) => return Ok(None),
                Err(problem) => set.damaged.push(format!("{} is damaged: {problem}", path.display())),
            }
        }
        Ok(Some(set))
    }

    /// Where the rows of some contents lie in the packs, each proven now, and the positions of those that are missing or
    /// damaged.
    ///
    /// # Errors
    /// If the packs cannot be listed.
    pub fn packed_rows(
        &self,
        encoder: &str,
        hashes: &[Option<ContentHash>],
        dimension: usize,
    ) -> Result<(PackedRows, Vec<usize>)> {
        Ok(PackedRows::find(self.packs(encoder)?, hashes, dimension))
    }

    pub(super) fn forget_packs(&self, encoder: &str) {
        self.open_packs.lock().unwrap_or_else(PoisonError::into_inner).remove(encoder);
    }

    pub(super) fn forget_all_packs(&self) {
        self.open_packs.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Encoders that have packs.
    pub(super) fn pack_encoders(&self) -> Result<Vec<String>> {
        let mut encoders = Vec::new();
        for folder in listed(&self.home.join(FOLDER))? {
            let files = listed(&folder.path())?;
            let first = files.iter().find_map(|file| guarded(|| Pack::open(&file.path())).ok()?.ok());
            // Where no file opens, the folder's name is the fingerprint but for letters that no file name may have.
            encoders.extend(first.map(|pack| pack.encoder().to_owned()).or_else(|| name_of(&folder)));
        }
        Ok(encoders)
    }

    /// Positions of contents that are not kept yet, each once; a damaged row counts as not kept.
    pub(super) fn unkept(&self, encoder: &str, hashes: &[ContentHash]) -> Result<Vec<usize>> {
        let known = self.packs(encoder)?;
        let part = |(start, hashes): (usize, &[ContentHash])| {
            let mut near = NOWHERE;
            let there = |hash: &ContentHash| {
                let place = known.find(hash, near);
                near = place.unwrap_or(near);
                // A damaged row is written once more: the newer pack is asked first.
                place.is_some_and(|(pack, row)| known.packs[pack].proves(row))
            };
            let fresh = hashes.iter().map(there).enumerate().filter_map(|(at, there)| (!there).then_some(start + at));
            fresh.collect::<Vec<usize>>()
        };
        let parts = hashes.par_chunks(PART).enumerate().map(|(at, hashes)| (at * PART, hashes));
        let mut fresh: Vec<usize> = parts.flat_map_iter(part).collect();
        let begins = |at: &usize| u128::from_be_bytes(hashes[*at]) as u64;
        if !all_differ(fresh.par_iter().map(begins)) {
            let mut seen = std::collections::HashSet::with_capacity(fresh.len());
            fresh.retain(|at| seen.insert(hashes[*at]));
        }
        Ok(fresh)
    }

    /// Keeps embeddings that came with data in a pack of their own, in their order and in this precision. Every thread has
    /// a filler of its own, which is asked for positions of `hashes`. What is kept already is not kept twice.
    ///
    /// # Errors
    /// If the disk refuses, a row cannot be read, or another process holds the home.
    pub fn add_pack<F: Fill>(
        &self,
        encoder: &str,
        hashes: &[ContentHash],
        (precision, dimension): (Precision, usize),
        filler: impl Fn() -> F + Sync,
    ) -> Result<()> {
        self.writes()?;
        let kept = self.unkept(encoder, hashes)?;
        if kept.is_empty() {
            return Ok(());
        }
        let digests: Vec<ContentHash> = kept.iter().map(|at| hashes[*at]).collect();
        let shape = Shape::here(precision, dimension);
        self.write_pack(encoder, self.next_pack(encoder)?, &shape, &digests, || {
            let (mut fill, kept) = (filler(), &kept);
            move |at: usize, out: &mut Vec<u8>| fill(kept[at], out)
        })
    }

    /// Moves the fresh embeddings of an encoder out of the database into a pack, together with packs that are small.
    ///
    /// # Errors
    /// If the disk refuses; they are then in the database still.
    pub fn seal_embeddings(&self, encoder: &str) -> Result<()> {
        if self.writes().is_err() {
            return Ok(());
        }
        let tree = self.embedding_tree(encoder)?;
        let known = self.packs(encoder)?;
        let (mut width, mut values) = (0, Vec::new());
        let mut wanted: BTreeMap<ContentHash, Source> = BTreeMap::new();
        for pair in &tree {
            let (key, value) = pair?;
            let Ok(hash) = <ContentHash>::try_from(key.as_ref()) else { continue };
            let at = values.len();
            let whole = codec::unseal_f32(&value, "an embedding", &mut values).is_ok();
            // One of another length than the first is damage as well: it is made again when it is asked for.
            if !whole || (width > 0 && values.len() - at != width) {
                values.truncate(at);
                continue;
            }
            width = values.len() - at;
            let there = known.find(&hash, NOWHERE);
            if there.is_some_and(|(pack, row)| known.packs[pack].proves(row)) {
                values.truncate(at);
            } else {
                wanted.insert(hash, Source::Fresh(at));
            }
        }
        if !wanted.is_empty() {
            let small = |pack: &&Pack| {
                pack.rows() < SEAL_ROWS && pack.dimension() == width && pack.is_whole() && pack.link().is_none()
            };
            let merged: Vec<&Pack> = known.packs.iter().filter(small).collect();
            let mut precision = Precision::of(&values);
            if merged.iter().any(|pack| pack.precision() != Some(precision)) {
                precision = Precision::F32;
            }
            for pack in &merged {
                for row in (0..pack.rows()).filter(|row| pack.proves(*row)) {
                    wanted.entry(pack.digest(row)).or_insert(Source::Pack(pack, row));
                }
            }
            let (digests, sources): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
            let shape = Shape::here(precision, width);
            let (sources, values) = (&sources, &values);
            self.write_pack(encoder, self.next_pack(encoder)?, &shape, &digests, || {
                let mut row = Vec::with_capacity(width);
                move |at: usize, out: &mut Vec<u8>| {
                    match sources[at] {
                        Source::Fresh(start) => precision.encode(&values[start..start + width], out),
                        Source::Pack(pack, from) => {
                            row.clear();
                            if !pack.read(from, &mut row) {
                                return Err(io::Error::other("a pack changed while it was read"));
                            }
                            precision.encode(&row, out);
                        }
                    }
                    Ok(None)
                }
            })?;
            for pack in merged {
                // One too many is no harm: its rows are known.
                let _ = std::fs::remove_file(pack.path());
            }
            self.forget_packs(encoder);
        }
        self.db()?.drop_tree(tree.name())?;
        self.flush()
    }

    /// Drops rows of packs that nobody uses, and packs that only had such; returns how many.
    pub(super) fn keep_packed(&self, encoder: &str, used: &std::collections::BTreeSet<ContentHash>) -> Result<usize> {
        let set = self.packs(encoder)?;
        let mut dropped = 0;
        for pack in &set.packs {
            let kept: Vec<usize> = (0..pack.rows()).filter(|row| used.contains(&pack.digest(*row))).collect();
            // A pack that links to an array goes as a whole or stays.
            dropped += if pack.link().is_some() && !kept.is_empty() { 0 } else { pack.rows() - kept.len() };
            if kept.is_empty() {
                std::fs::remove_file(pack.path())
                    .map_err(|source| StoreError::Io { path: pack.path().to_owned(), source })?;
            } else if let Some(precision) = pack.precision().filter(|_| kept.len() < pack.rows()) {
                let digests: Vec<ContentHash> = kept.iter().map(|row| pack.digest(*row)).collect();
                let shape = Shape::here(precision, pack.dimension());
                let kept = &kept;
                self.write_pack(encoder, pack.path().to_owned(), &shape, &digests, || {
                    move |at: usize, out: &mut Vec<u8>| {
                        let (bytes, checksum) = pack.raw(kept[at]).ok_or(io::ErrorKind::Unsupported)?;
                        out.extend_from_slice(bytes);
                        Ok(Some(checksum))
                    }
                })?;
            }
        }
        self.forget_packs(encoder);
        // Only if nothing is in it.
        let _ = std::fs::remove_dir(self.pack_folder(encoder));
        Ok(dropped)
    }

    /// Counts and checks every row of an encoder's packs.
    pub(super) fn packed_stats(&self, encoder: &str, stats: &mut EmbeddingStats) -> Result<()> {
        for pack in &self.packs(encoder)?.packs {
            stats.records += pack.rows();
            stats.bytes += pack.bytes();
            stats.damaged += (0..pack.rows()).filter(|row| !pack.proves(*row)).count();
        }
        Ok(())
    }

    /// Files that are no packs where packs should be, as sentences.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    pub fn damaged_packs(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for encoder in self.pack_encoders()? {
            let set = self.packs(&encoder)?;
            found.extend(set.damaged.iter().map(|problem| {
                format!(
                    "{problem}; what it held of texts and images is made again when it is needed, embeddings that came with data need 'llm2loss ingest' again; then remove the file"
                )
            }));
            found.extend(set.link_faults());
            let mended = set.packs.iter().filter(|pack| !pack.is_whole());
            found.extend(mended.map(|pack| {
                format!("the index of {} is damaged; its rows are read all the same", pack.path().display())
            }));
        }
        Ok(found)
    }

    /// Name, rows and bytes of each encoder's packs.
    pub(super) fn pack_sizes(&self) -> Result<Vec<(String, usize, u64)>> {
        let sizes = self.pack_encoders()?.into_iter().map(|encoder| {
            let set = self.packs(&encoder)?;
            Ok((format!("{FOLDER}/{encoder}"), set.rows(), set.packs.iter().map(Pack::bytes).sum()))
        });
        sizes.collect()
    }

    /// The name of an encoder's next pack.
    pub(super) fn next_pack(&self, encoder: &str) -> Result<PathBuf> {
        let folder = self.pack_folder(encoder);
        let number = |name: String| name.strip_suffix(ENDING)?.parse::<u32>().ok();
        let taken = listed(&folder)?.iter().filter_map(|entry| number(name_of(entry)?)).max();
        Ok(folder.join(format!("{:08}{ENDING}", taken.map_or(0, |number| number + 1))))
    }

    pub(super) fn write_pack<F: Fill>(
        &self,
        encoder: &str,
        path: PathBuf,
        shape: &Shape,
        digests: &[ContentHash],
        filler: impl Fn() -> F + Sync,
    ) -> Result<()> {
        self.add_file(encoder, path, |path| write(path, encoder, shape, digests, filler))
    }

    /// Writes a pack's file, and opens the packs anew when they are next asked for.
    pub(super) fn add_file(
        &self,
        encoder: &str,
        path: PathBuf,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<()> {
        let io = |source| StoreError::Io { path: path.clone(), source };
        crate::files::private_folder(&self.pack_folder(encoder)).map_err(io)?;
        write(&path).map_err(io)?;
        self.forget_packs(encoder);
        Ok(())
    }
}

/// Where a row that is sealed comes from.
enum Source<'a> {
    /// Its place among the fresh values.
    Fresh(usize),
    Pack(&'a Pack, usize),
}
