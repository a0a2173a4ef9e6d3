//! One pack: rows of embeddings in a safetensors file that any reader opens, mapped and read where it lies.
//!
//! Tensors: `embeddings [n, d]` (f32, f16 or bf16), `digests [n, 16]` (u8, whose content a row is), `order [n]` (u32,
//! the rows by ascending digest) and `checksums [n]` (u32). A row's checksum covers its digest and its bytes, so that
//! a row proves itself: whatever is damaged elsewhere, no other numbers are ever taken for it. The metadata hold the
//! form, the encoder's fingerprint and the digest of the three small tensors.

use super::embeddings::ContentHash;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

const FORMAT: &str = "llm2loss.pack/1";
/// Ending of the files.
pub const ENDING: &str = ".safetensors";
/// Longest header that is read: those written here have less than a kilobyte.
const LONGEST_HEADER: u64 = 1 << 16;

/// How a pack holds its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    F32,
    F16,
    Bf16,
}

impl Precision {
    /// The smallest that holds every value exactly.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let same = |value: f32, other: f32| value.to_bits() == other.to_bits();
        if values.iter().all(|value| same(*value, half::f16::from_f32(*value).to_f32())) {
            return Self::F16;
        }
        if values.iter().all(|value| same(*value, half::bf16::from_f32(*value).to_f32())) {
            return Self::Bf16;
        }
        Self::F32
    }

    fn bytes(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }

    /// Appends the bytes of a row.
    pub fn encode(self, row: &[f32], out: &mut Vec<u8>) {
        match self {
            Self::F32 => row.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes())),
            Self::F16 => row.iter().for_each(|value| out.extend_from_slice(&half::f16::from_f32(*value).to_le_bytes())),
            Self::Bf16 => {
                row.iter().for_each(|value| out.extend_from_slice(&half::bf16::from_f32(*value).to_le_bytes()))
            }
        }
    }

    /// The numbers of a row; on a processor of the other byte order, or at an odd address, one by one.
    fn decode_into(self, bytes: &[u8], out: &mut [f32]) {
        let halves = bytes.as_chunks::<2>().0;
        match self {
            Self::F32 => {
                let words = bytes.as_chunks::<4>().0;
                out.iter_mut().zip(words).for_each(|(out, bytes)| *out = f32::from_le_bytes(*bytes));
            }
            Self::F16 => match bytemuck::try_cast_slice::<u8, u16>(bytes) {
                Ok(words) if cfg!(target_endian = "little") => {
                    words.reinterpret_cast::<half::f16>().convert_to_f32_slice(out);
                }
                _ => {
                    out.iter_mut().zip(halves).for_each(|(out, bytes)| *out = half::f16::from_le_bytes(*bytes).to_f32())
                }
            },
            Self::Bf16 => {
                out.iter_mut().zip(halves).for_each(|(out, bytes)| *out = half::bf16::from_le_bytes(*bytes).to_f32());
            }
        }
    }
}

/// An open pack.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    encoder: String,
    map: Mmap,
    rows: usize,
    dimension: usize,
    precision: Precision,
    embeddings: Range<usize>,
    digests: Range<usize>,
    order: Range<usize>,
    checksums: Range<usize>,
    /// The order made again from the digests, where what the file says of it is damaged.
    mended: Option<Vec<u32>>,
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
        if word("format")? != FORMAT {
            return Err(format!("its form is '{}', this program reads '{FORMAT}'", word("format")?));
        }
        let base = map.as_ptr() as usize;
        let part = |name: &str| -> Result<(Vec<usize>, Dtype, Range<usize>), String> {
            let tensor = tensors.tensor(name).map_err(|error| error.to_string())?;
            let start = tensor.data().as_ptr() as usize - base;
            Ok((tensor.shape().to_vec(), tensor.dtype(), start..start + tensor.data().len()))
        };
        let (shape, dtype, embeddings) = part("embeddings")?;
        let [rows, dimension] = *shape else { return Err(format!("its embeddings have shape {shape:?}")) };
        let precision = match dtype {
            Dtype::F32 => Precision::F32,
            Dtype::F16 => Precision::F16,
            Dtype::BF16 => Precision::Bf16,
            other => return Err(format!("its embeddings are {other:?}")),
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
            precision,
            embeddings,
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

    pub fn precision(&self) -> Precision {
        self.precision
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

    /// A row's bytes and checksum as they lie there.
    pub fn raw(&self, row: usize) -> (&[u8], u32) {
        let width = self.dimension * self.precision.bytes();
        let bytes = &self.map[self.embeddings.clone()][row * width..(row + 1) * width];
        (bytes, self.number(&self.checksums, row))
    }

    /// Whether a row is what was written.
    pub fn proves(&self, row: usize) -> bool {
        let (bytes, checksum) = self.raw(row);
        checksum_of(&self.digest(row), bytes) == checksum
    }

    /// Copies a row that was proven into `out`, which has its length.
    pub fn copy(&self, row: usize, out: &mut [f32]) {
        self.precision.decode_into(self.raw(row).0, out);
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

/// Writes a pack beside its place and renames it. `fill` appends the bytes of the row it is asked for, and may say
/// which checksum they had before, so that a damaged row stays one.
///
/// # Errors
/// If the disk refuses or `fill` fails; nothing is there then.
pub fn write(
    path: &Path,
    encoder: &str,
    (precision, dimension): (Precision, usize),
    digests: &[ContentHash],
    mut fill: impl FnMut(usize, &mut Vec<u8>) -> io::Result<Option<u32>>,
) -> io::Result<()> {
    let rows = digests.len();
    let width = dimension * precision.bytes();
    let header = |seal: &str| {
        let ends = [width * rows, 4 * rows, 4 * rows, 16 * rows];
        let at: Vec<usize> = ends.iter().scan(0, |end, part| Some(std::mem::replace(end, *end + part))).collect();
        let tensor = |dtype: &str, shape: &[usize], place: usize| serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [at[place], at[place] + ends[place]] });
        let text = serde_json::json!({
            "__metadata__": { "format": FORMAT, "encoder": encoder, "index": seal, "normalized": "true" },
            "embeddings": tensor(precision.name(), &[rows, dimension], 0),
            "order": tensor("U32", &[rows], 1),
            "checksums": tensor("U32", &[rows], 2),
            "digests": tensor("U8", &[rows, 16], 3),
        });
        // Padded, so that the numbers lie at addresses that suit them.
        let text = text.to_string();
        let padded = text.len().next_multiple_of(64) + 56;
        let mut bytes = (padded as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(format!("{text:padded$}").as_bytes());
        bytes
    };
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.sort_by_key(|row| digests[*row as usize]);
    crate::files::write_private_with(path, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        // As long as the true one, which is known at the end.
        out.write_all(&header(&"0".repeat(16)))?;
        let mut row_bytes = Vec::with_capacity(width);
        let mut checksums = Vec::with_capacity(rows * 4);
        for (row, digest) in digests.iter().enumerate() {
            row_bytes.clear();
            let before = fill(row, &mut row_bytes)?;
            if row_bytes.len() != width {
                return Err(io::Error::other(format!("row {row} has {} bytes, not {width}", row_bytes.len())));
            }
            let checksum = before.unwrap_or_else(|| checksum_of(digest, &row_bytes));
            checksums.extend_from_slice(&checksum.to_le_bytes());
            out.write_all(&row_bytes)?;
        }
        let order: Vec<u8> = order.iter().flat_map(|row| row.to_le_bytes()).collect();
        let digests = digests.as_flattened();
        out.write_all(&order)?;
        out.write_all(&checksums)?;
        out.write_all(digests)?;
        out.flush()?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(&seal_of([digests, &order, &checksums])))
    })
}
