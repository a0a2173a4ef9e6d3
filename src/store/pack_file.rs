//! How a pack is written: by all threads at once, beside its place, its index last.

use super::embeddings::ContentHash;
use super::pack::{FORMAT, LINKED_FORMAT, checksum_of, seal_of};
use crate::numbers::Precision;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// What a pack is written as.
pub struct Shape {
    pub precision: Precision,
    pub dimension: usize,
    /// What says where the numbers lie, if not here.
    pub link: Option<String>,
    /// Further metadata.
    pub words: Vec<(String, String)>,
}

impl Shape {
    pub fn here(precision: Precision, dimension: usize) -> Self {
        Self { precision, dimension, link: None, words: Vec::new() }
    }

    /// Bytes of a row.
    fn width(&self) -> usize {
        self.dimension * self.precision.bytes()
    }

    /// Bytes of the numbers of so many rows.
    fn numbers(&self, rows: usize) -> usize {
        if self.link.is_some() { 0 } else { self.width() * rows }
    }

    /// Length and header of a pack of so many rows; as long for any seal.
    fn header(&self, encoder: &str, rows: usize, seal: &str) -> Vec<u8> {
        let ends = [self.numbers(rows), 4 * rows, 4 * rows, 16 * rows];
        let at: Vec<usize> = ends.iter().scan(0, |end, part| Some(std::mem::replace(end, *end + part))).collect();
        let tensor = |dtype: &str, shape: &[usize], place: usize| {
            let ends = [at[place], at[place] + ends[place]];
            serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": ends })
        };
        let mut text = serde_json::json!({
            "__metadata__": { "format": FORMAT, "encoder": encoder, "index": seal, "normalized": "true" },
            "embeddings": tensor(self.precision.name(), &[rows, self.dimension], 0),
            "order": tensor("U32", &[rows], 1),
            "checksums": tensor("U32", &[rows], 2),
            "digests": tensor("U8", &[rows, 16], 3),
        });
        if let (Some(link), Some(all)) = (&self.link, text.as_object_mut()) {
            all.remove("embeddings");
            all["__metadata__"] =
                serde_json::json!({ "format": LINKED_FORMAT, "encoder": encoder, "index": seal, "link": link });
        }
        if let Some(metadata) = text["__metadata__"].as_object_mut() {
            metadata.extend(self.words.iter().map(|(name, word)| (name.clone(), word.as_str().into())));
        }
        // Padded, so that the numbers lie at addresses that suit them.
        let text = text.to_string();
        let padded = text.len().next_multiple_of(64) + 56;
        let mut bytes = (padded as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(format!("{text:padded$}").as_bytes());
        bytes
    }
}

/// Bytes of rows that a thread makes at a time, on their way into a pack.
const BLOCK: usize = 1 << 20;

/// Makes rows of a pack: appends the bytes of the row it is asked for, and may say which checksum they had before, so
/// that a damaged row stays one. What one thread asks for follows each other.
pub trait Fill: FnMut(usize, &mut Vec<u8>) -> io::Result<Option<u32>> {}

impl<F: FnMut(usize, &mut Vec<u8>) -> io::Result<Option<u32>>> Fill for F {}

/// Writes a pack beside its place and renames it. Every thread makes rows with a filler of its own.
///
/// # Errors
/// If the disk refuses or a filler fails; nothing is there then.
pub fn write<F: Fill>(
    path: &Path,
    encoder: &str,
    shape: &Shape,
    digests: &[ContentHash],
    filler: impl Fn() -> F + Sync,
) -> io::Result<()> {
    crate::files::write_private_with(path, |file| fill(file, encoder, shape, digests, filler))
}

/// Writes a pack into a file that is empty.
///
/// # Errors
/// As [`write`].
pub fn fill<F: Fill>(
    file: &mut File,
    encoder: &str,
    shape: &Shape,
    digests: &[ContentHash],
    filler: impl Fn() -> F + Sync,
) -> io::Result<()> {
    let (rows, width) = (digests.len(), shape.width());
    let block = (BLOCK / width.max(1)).max(1);
    write_index(file, encoder, shape, digests, |file, start| {
        let one = |(fill, bytes): &mut (F, Vec<u8>), first: usize| {
            let checksums = made(first..rows.min(first + block), width, digests, fill, bytes)?;
            crate::files::write_all_at(file, bytes, start + (first * width) as u64)?;
            Ok((first, checksums))
        };
        // In their order, so that the disk reads and writes on where it was.
        let starts = (0..rows).step_by(block).par_bridge();
        let blocks = || starts.map_init(|| (filler(), Vec::new()), one).collect::<io::Result<Vec<_>>>();
        let mut blocks = crate::files::written_behind(file, blocks)??;
        blocks.sort_unstable_by_key(|(first, _)| *first);
        Ok(blocks.into_iter().flat_map(|(_, checksums)| checksums).collect())
    })
}

/// Writes a pack whose numbers lie elsewhere, by the checksums of its rows.
///
/// # Errors
/// As [`write`].
pub fn write_linked(
    path: &Path,
    encoder: &str,
    shape: &Shape,
    digests: &[ContentHash],
    checksums: &[u32],
) -> io::Result<()> {
    crate::files::write_private_with(path, |file| {
        write_index(file, encoder, shape, digests, |_, _| Ok(checksums.to_vec()))
    })
}

/// Writes a pack around its numbers, which are written from a place of the file on and whose checksums come back.
fn write_index(
    file: &mut File,
    encoder: &str,
    shape: &Shape,
    digests: &[ContentHash],
    numbers: impl FnOnce(&File, u64) -> io::Result<Vec<u32>>,
) -> io::Result<()> {
    let rows = digests.len();
    // As long as the true one, which is known at the end.
    let header = shape.header(encoder, rows, &"0".repeat(16));
    let checksums = numbers(file, header.len() as u64)?;
    let bytes = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let (order, checksums, digests) = (bytes(&ascending(digests)), bytes(&checksums), digests.as_flattened());
    file.seek(SeekFrom::Start((header.len() + shape.numbers(rows)) as u64))?;
    for part in [&order, &checksums, digests] {
        file.write_all(part)?;
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&shape.header(encoder, rows, &seal_of([digests, &order, &checksums])))
}

/// The rows by ascending digest. Their beginnings are sorted beside them: digests that lie apart would be fetched one by
/// one.
fn ascending(digests: &[ContentHash]) -> Vec<u32> {
    let begins = |digest: &ContentHash| digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    let mut order: Vec<(u64, u32)> = (0..).zip(digests).map(|(row, digest)| (begins(digest), row)).collect();
    let whole = |row: u32| (digests[row as usize], row);
    order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| whole(a.1).cmp(&whole(b.1))));
    order.into_iter().map(|(_, row)| row).collect()
}

/// Replaces `bytes` by those of some rows, and returns their checksums.
fn made(
    rows: Range<usize>,
    width: usize,
    digests: &[ContentHash],
    fill: &mut impl Fill,
    bytes: &mut Vec<u8>,
) -> io::Result<Vec<u32>> {
    bytes.clear();
    let mut checksums = Vec::with_capacity(rows.len());
    for row in rows {
        let start = bytes.len();
        let before = fill(row, bytes)?;
        if bytes.len() != start + width {
            return Err(io::Error::other(format!("row {row} has {} bytes, not {width}", bytes.len() - start)));
        }
        checksums.push(before.unwrap_or_else(|| checksum_of(&digests[row], &bytes[start..])));
    }
    Ok(checksums)
}
