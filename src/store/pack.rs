//! One pack: rows of embeddings in a safetensors file that any reader opens, mapped and read where it lies.
//!
//! Tensors: `embeddings [n, d]` (f32, f16 or bf16), `digests [n, 16]` (u8, whose content a row is), `order [n]` (u32,
//! the rows by ascending digest) and `checksums [n]` (u32). A row's checksum covers its digest and its bytes, so that
//! a row proves itself: whatever is damaged elsewhere, no other numbers are ever taken for it. The metadata hold the
//! form, the encoder's fingerprint and the digest of the three small tensors. A linked pack is the same without
//! `embeddings`: it says in which array of a person's they lie (`link`).

use super::embeddings::ContentHash;
use super::link::Link;
use crate::numbers::Precision;
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

const FORMAT: &str = "llm2loss.pack/1";
const LINKED_FORMAT: &str = "llm2loss.link/1";
/// Ending of the files.
pub const ENDING: &str = ".safetensors";
/// Longest header that is read: those written here have less than a kilobyte.
const LONGEST_HEADER: u64 = 1 << 16;

/// An open pack.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    encoder: String,
    map: Mmap,
    rows: usize,
    dimension: usize,
    numbers: Numbers,
    digests: Range<usize>,
    order: Range<usize>,
    checksums: Range<usize>,
    /// The order made again from the digests, where what the file says of it is damaged.
    mended: Option<Vec<u32>>,
}

/// Where a pack's numbers lie.
#[derive(Debug)]
enum Numbers {
    Here(Precision, Range<usize>),
    Linked(Link),
}

impl Pack {
    /// Opens a pack.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        #[allow(unsafe_code)]
        // SAFETY: a map is sound while nobody changes or shortens its file. A pack is written under another name, synced
        // and renamed, and no code of this program opens one for writing after that; it is replaced or removed by name
        // alone, which leaves the mapped file as it is. The folder belongs to the user alone. The map is read-only.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| error.to_string())?;
        let header = map.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes)).ok_or("it is cut short")?;
        if header > LONGEST_HEADER {
            return Err("its header is damaged".into());
        }
        let tensors = SafeTensors::deserialize(&map).map_err(|error| error.to_string())?;
        let (_, metadata) = SafeTensors::read_metadata(&map).map_err(|error| error.to_string())?;
        let words = metadata.metadata().clone().unwrap_or_default();
        let word = |key: &str| words.get(key).cloned().ok_or_else(|| format!("its header has no '{key}'"));
        let linked = word("format")? == LINKED_FORMAT;
        if !linked && word("format")? != FORMAT {
            return Err(format!("its form is '{}', this program reads '{FORMAT}'", word("format")?));
        }
        let base = map.as_ptr() as usize;
        let part = |name: &str| -> Result<(Vec<usize>, Dtype, Range<usize>), String> {
            let tensor = tensors.tensor(name).map_err(|error| error.to_string())?;
            let start = tensor.data().as_ptr() as usize - base;
            Ok((tensor.shape().to_vec(), tensor.dtype(), start..start + tensor.data().len()))
        };
        let (numbers, [rows, dimension]) = if linked {
            let link = Link::open(&word("link")?)?;
            let shape = link.shape();
            (Numbers::Linked(link), shape)
        } else {
            let (shape, dtype, embeddings) = part("embeddings")?;
            let shape =
                <[usize; 2]>::try_from(shape.as_slice()).map_err(|_| format!("its embeddings have shape {shape:?}"))?;
            let precision = Precision::named(&format!("{dtype:?}")).filter(|precision| *precision != Precision::F64);
            (Numbers::Here(precision.ok_or_else(|| format!("its embeddings are {dtype:?}"))?, embeddings), shape)
        };
        let small = |name: &str, want: &[usize], kind: Dtype| match part(name)? {
            (shape, dtype, range) if shape == want && dtype == kind => Ok(range),
            (shape, dtype, _) => Err(format!("'{name}' is {dtype:?} {shape:?}")),
        };
        let digests = small("digests", &[rows, 16], Dtype::U8)?;
        let order = small("order", &[rows], Dtype::U32)?;
        let checksums = small("checksums", &[rows], Dtype::U32)?;
        let seal = seal_of([&map[digests.clone()], &map[order.clone()], &map[checksums.clone()]]);
        let whole = word("index")? == seal;
        let encoder = word("encoder")?;
        drop((tensors, words));
        let mut pack = Self {
            path: path.to_owned(),
            encoder,
            map,
            rows,
            dimension,
            numbers,
            digests,
            order,
            checksums,
            mended: None,
        };
        if !whole {
            let mut order: Vec<u32> = (0..rows as u32).collect();
            order.sort_by_key(|row| pack.digest(*row as usize));
            pack.mended = Some(order);
        }
        Ok(pack)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn encoder(&self) -> &str {
        &self.encoder
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How it holds its numbers; `None` if they lie in an array of a person's.
    pub fn precision(&self) -> Option<Precision> {
        match &self.numbers {
            Numbers::Here(precision, _) => Some(*precision),
            Numbers::Linked(_) => None,
        }
    }

    /// The array its numbers lie in, if they do not lie here.
    pub fn link(&self) -> Option<&Link> {
        match &self.numbers {
            Numbers::Here(..) => None,
            Numbers::Linked(link) => Some(link),
        }
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.map.len() as u64
    }

    /// Whether digests, order and checksums are what was written.
    pub fn is_whole(&self) -> bool {
        self.mended.is_none()
    }

    /// Whose content a row is.
    pub fn digest(&self, row: usize) -> ContentHash {
        self.map[self.digests.clone()].as_chunks::<16>().0.get(row).copied().unwrap_or_default()
    }

    fn number(&self, part: &Range<usize>, row: usize) -> u32 {
        self.map[part.clone()].as_chunks::<4>().0.get(row).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// The row at a place of the ascending digests.
    fn ranked(&self, place: usize) -> usize {
        match &self.mended {
            Some(order) => order.get(place).map_or(0, |row| *row as usize),
            None => self.number(&self.order, place) as usize,
        }
    }

    /// The row of a content; `guess` is looked at first.
    pub fn find(&self, hash: &ContentHash, guess: usize) -> Option<usize> {
        if guess < self.rows && self.digest(guess) == *hash {
            return Some(guess);
        }
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = usize::midpoint(low, high);
            let row = self.ranked(middle);
            match self.digest(row).cmp(hash) {
                std::cmp::Ordering::Equal => return Some(row),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The checksum a row had when it was written.
    fn checksum(&self, row: usize) -> u32 {
        self.number(&self.checksums, row)
    }

    /// A row's bytes and checksum as they lie here; `None` if they lie in an array of a person's.
    pub fn raw(&self, row: usize) -> Option<(&[u8], u32)> {
        let Numbers::Here(precision, range) = &self.numbers else { return None };
        let width = self.dimension * precision.bytes();
        Some((&self.map[range.clone()][row * width..(row + 1) * width], self.checksum(row)))
    }

    /// Whether a row is what was written.
    pub fn proves(&self, row: usize) -> bool {
        let is_checksum = |bytes: &[u8]| checksum_of(&self.digest(row), bytes) == self.checksum(row);
        match &self.numbers {
            Numbers::Here(..) => self.raw(row).is_some_and(|(bytes, _)| is_checksum(bytes)),
            Numbers::Linked(link) => link.proves(row, is_checksum),
        }
    }

    /// Copies a row that was proven into `out`, which has its length. A row of a linked array is proven once more:
    /// one that was changed since is not a number.
    pub fn copy(&self, row: usize, out: &mut [f32]) {
        match &self.numbers {
            Numbers::Here(precision, _) => {
                if let Some((bytes, _)) = self.raw(row) {
                    precision.decode(bytes, out);
                }
            }
            Numbers::Linked(link) => {
                let is_checksum = |bytes: &[u8]| checksum_of(&self.digest(row), bytes) == self.checksum(row);
                if !link.read(row, out, is_checksum) {
                    out.fill(f32::NAN);
                }
            }
        }
    }

    /// Appends a row if it is what was written.
    pub fn read(&self, row: usize, out: &mut Vec<f32>) -> bool {
        let proven = self.proves(row);
        if proven {
            let at = out.len();
            out.resize(at + self.dimension, 0.0);
            self.copy(row, &mut out[at..]);
        }
        proven
    }
}

/// Checksum of a row: it belongs to these numbers as those of this content.
fn checksum_of(digest: &ContentHash, bytes: &[u8]) -> u32 {
    let whole = u128::from_be_bytes(*digest);
    xxh3_64_with_seed(bytes, (whole >> 64) as u64 ^ whole as u64) as u32
}

fn seal_of(parts: [&[u8]; 3]) -> String {
    let mut hasher = Xxh3::new();
    parts.iter().for_each(|part| hasher.update(part));
    format!("{:016x}", hasher.digest())
}

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

    /// Length and header of a pack of so many rows; as long for any seal.
    fn header(&self, encoder: &str, rows: usize, seal: &str) -> Vec<u8> {
        let numbers = if self.link.is_some() { 0 } else { self.width() * rows };
        let ends = [numbers, 4 * rows, 4 * rows, 16 * rows];
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
    let order = ascending(digests);
    let block = (BLOCK / width.max(1)).max(1);
    let make = |first: &usize| made(*first..rows.min(first + block), width, digests, filler());
    let starts: Vec<usize> = (0..rows).step_by(block).collect();
    let mut out = BufWriter::with_capacity(BLOCK, file);
    // As long as the true one, which is known at the end.
    out.write_all(&shape.header(encoder, rows, &"0".repeat(16)))?;
    let mut checksums = Vec::with_capacity(rows * 4);
    for starts in starts.chunks(2 * rayon::current_num_threads()) {
        for (bytes, sums) in starts.par_iter().map(make).collect::<io::Result<Vec<_>>>()? {
            checksums.extend_from_slice(&sums);
            if shape.link.is_none() {
                out.write_all(&bytes)?;
            }
        }
    }
    let order: Vec<u8> = order.iter().flat_map(|row| row.to_le_bytes()).collect();
    let digests = digests.as_flattened();
    out.write_all(&order)?;
    out.write_all(&checksums)?;
    out.write_all(digests)?;
    out.flush()?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
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

/// Bytes and checksums of some rows.
fn made(
    rows: Range<usize>,
    width: usize,
    digests: &[ContentHash],
    mut fill: impl Fill,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(rows.len() * width);
    let mut checksums = Vec::with_capacity(rows.len() * 4);
    for row in rows {
        let start = bytes.len();
        let before = fill(row, &mut bytes)?;
        if bytes.len() != start + width {
            return Err(io::Error::other(format!("row {row} has {} bytes, not {width}", bytes.len() - start)));
        }
        let checksum = before.unwrap_or_else(|| checksum_of(&digests[row], &bytes[start..]));
        checksums.extend_from_slice(&checksum.to_le_bytes());
    }
    Ok((bytes, checksums))
}
