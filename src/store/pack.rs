//! One pack: rows of embeddings in a safetensors file that any reader opens, mapped and read where it lies.
//!
//! Tensors: `embeddings [n, d]` (f32, f16 or bf16), `digests [n, 16]` (u8, whose content a row is), `order [n]` (u32,
//! the rows by ascending digest) and `checksums [n]` (u32). A row's checksum covers its digest and its bytes, so that
//! a row proves itself: whatever is damaged elsewhere, no other numbers are ever taken for it. The metadata hold the
//! form, the encoder's fingerprint and the digest of the three small tensors. A linked pack is the same without
//! `embeddings`: it says in which array of a person's they lie (`link`).

use super::embeddings::ContentHash;
use super::link::Link;
use crate::numbers::{Precision, checksum};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

pub(super) const FORMAT: &str = "llm2loss.pack/1";
pub(super) const LINKED_FORMAT: &str = "llm2loss.link/1";
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
pub(super) fn checksum_of(digest: &ContentHash, bytes: &[u8]) -> u32 {
    checksum(u128::from_be_bytes(*digest), bytes)
}

pub(super) fn seal_of(parts: [&[u8]; 3]) -> String {
    let mut hasher = Xxh3::new();
    parts.iter().for_each(|part| hasher.update(part));
    format!("{:016x}", hasher.digest())
}
