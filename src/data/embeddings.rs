//! Embeddings that came with the data: read from their arrays row by row, each scaled to length one, and told apart
//! by the digest of its numbers.

use super::DataError;
use super::arrays::Origin;
use crate::numbers::{NumberArray, Precision, checksum, digest, is_unit, stays, to_unit};
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stands for the row of an item that has none.
const NO_ROW: u32 = u32::MAX;

/// One row an item, in arrays that follow each other.
#[derive(Debug)]
pub struct Embeddings {
    parts: Vec<NumberArray>,
    dimension: usize,
    /// Every value is of half precision.
    half: bool,
    /// The smallest precision that holds every row as it is taken in.
    precision: Precision,
    /// Every row is taken in byte for byte as it lies.
    verbatim: bool,
    /// Digest of every row of the parts, and checksum of its bytes as they lie.
    digests: Vec<u128>,
    checksums: Vec<u32>,
    /// Row of every item, if it is not the item's own number.
    rows: Option<Vec<u32>>,
}

impl Embeddings {
    /// Looks at every row of arrays of the same dimension once. Returns a sentence if they were not of length one.
    ///
    /// # Errors
    /// The first row that is zero or not finite, or that an array cannot be read; `file` is what they are called.
    pub fn new(parts: Vec<NumberArray>, file: &str) -> Result<(Self, Option<String>), DataError> {
        Self::unless(&AtomicBool::new(false), parts, &Origin { file, parts: &[] })
    }

    /// [`Embeddings::new`] that ends early, with an error, when `stopped` says so.
    ///
    /// # Errors
    /// As [`Embeddings::new`].
    pub fn unless(
        stopped: &AtomicBool,
        parts: Vec<NumberArray>,
        origin: &Origin<'_>,
    ) -> Result<(Self, Option<String>), DataError> {
        let fault = |problem: String| DataError::File { file: origin.file.to_owned(), problem };
        let refused = |error: io::Error| fault(error.to_string());
        let rows: usize = parts.iter().map(NumberArray::rows).sum();
        if rows >= NO_ROW as usize {
            return Err(fault(format!("has {rows} rows; at most {} are taken", NO_ROW - 1)));
        }
        let half =
            parts.iter().try_fold(true, |half, part| Ok::<bool, io::Error>(half && is_half(part)?)).map_err(refused)?;
        let mut seen = Seen::default();
        for part in &parts {
            let starts: Vec<usize> = (0..part.rows()).step_by(part.block()).collect();
            let look = |bytes: &mut Vec<u8>, first: &usize| match stopped.load(Ordering::Relaxed) {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => Seen::look(part, *first, half, bytes),
            };
            let blocks = starts.par_iter().map_init(Vec::new, look);
            blocks.collect::<io::Result<Vec<_>>>().map_err(refused)?.into_iter().for_each(|block| seen.add(block));
        }
        if let Some((row, norm)) = seen.bad {
            let problem = if norm == 0.0 { "all zeros" } else { "not finite" };
            return Err(origin.fault(row, problem));
        }
        let Seen { digests, checksums, least, most, fits_half, fits_bfloat, .. } = seen;
        let note = (!is_unit(least, most))
            .then(|| format!("embeddings had lengths from {least:.4} to {most:.4}; each is scaled to length 1"));
        let precision = match (fits_half, fits_bfloat) {
            (true, _) => Precision::F16,
            (_, true) => Precision::Bf16,
            _ => Precision::F32,
        };
        let dimension = parts.first().map_or(0, NumberArray::columns);
        let lies_so = |part: &NumberArray| part.precision() == precision && !part.is_big_endian();
        let verbatim = stays(least, half) && stays(most, half) && parts.iter().all(lies_so);
        Ok((Self { parts, dimension, half, precision, verbatim, digests, checksums, rows: None }, note))
    }

    /// Items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.digests.len(), Vec::len)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Says which row each item has.
    pub fn arrange(&mut self, rows: &[Option<usize>]) {
        let all = rows.len() == self.digests.len() && rows.iter().enumerate().all(|(item, row)| *row == Some(item));
        let number = |row: &Option<usize>| row.and_then(|row| u32::try_from(row).ok()).unwrap_or(NO_ROW);
        self.rows = (!all).then(|| rows.iter().map(number).collect());
    }

    /// Keeps some of the items.
    pub fn retain(&mut self, keep: &[bool]) {
        let rows = |item: usize| self.row(item);
        self.rows = Some((0..keep.len()).filter(|item| keep[*item]).map(rows).collect());
    }

    /// Whether an item has one.
    #[must_use]
    pub fn has(&self, item: usize) -> bool {
        self.row(item) != NO_ROW
    }

    fn row(&self, item: usize) -> u32 {
        match &self.rows {
            Some(rows) => rows.get(item).copied().unwrap_or(NO_ROW),
            None => u32::try_from(item).unwrap_or(NO_ROW),
        }
    }

    /// Digest of every item's embedding.
    #[must_use]
    pub fn digests(&self) -> Vec<u128> {
        let digest = |item: usize| self.digests.get(self.row(item) as usize).copied().unwrap_or_default();
        (0..self.len()).map(digest).collect()
    }

    /// Reads rows one after the other, several at once where they follow each other.
    #[must_use]
    pub fn reader(&self) -> EmbeddingReader<'_> {
        EmbeddingReader { of: self, part: 0, held: 0..0, bytes: Vec::new(), row: vec![0.0; self.dimension] }
    }

    /// Each array with the digests of its rows, and the checksums of their bytes as they lie.
    pub fn parts(&self) -> impl Iterator<Item = (&NumberArray, &[u128], &[u32])> {
        let mut start = 0;
        self.parts.iter().map(move |part| {
            let own = start..start + part.rows();
            start = own.end;
            (part, &self.digests[own.clone()], &self.checksums[own])
        })
    }

    /// Whether rows that are scaled stay of half precision.
    #[must_use]
    pub fn is_half(&self) -> bool {
        self.half
    }
}

/// Rows of [`Embeddings`] on their way out.
pub struct EmbeddingReader<'a> {
    of: &'a Embeddings,
    /// The array that was read last, and the rows that `bytes` holds.
    part: usize,
    held: Range<usize>,
    bytes: Vec<u8>,
    row: Vec<f32>,
}

impl EmbeddingReader<'_> {
    /// Reads the row of an item into `out`, which has its length.
    ///
    /// # Errors
    /// If the item has none, or its file refuses or was changed since it was looked at.
    pub fn read(&mut self, item: usize, out: &mut [f32]) -> io::Result<()> {
        let row = self.fetch(item)?;
        self.of.parts[self.part].decode(self.lying(row), out);
        to_unit(out, self.of.half);
        self.is_what_it_was(self.of.digests[row] == digest(out))
    }

    /// Appends the bytes of an item's row in the precision of all, and says their checksum where it is known.
    ///
    /// # Errors
    /// As [`EmbeddingReader::read`].
    pub fn append(&mut self, item: usize, out: &mut Vec<u8>) -> io::Result<Option<u32>> {
        if !self.of.verbatim {
            let mut row = std::mem::take(&mut self.row);
            self.read(item, &mut row)?;
            self.of.precision.encode(&row, out);
            self.row = row;
            return Ok(None);
        }
        let row = self.fetch(item)?;
        let (own, known) = (self.lying(row), self.of.checksums[row]);
        self.is_what_it_was(checksum(self.of.digests[row], own) == known)?;
        out.extend_from_slice(own);
        Ok(Some(known))
    }

    fn is_what_it_was(&self, so: bool) -> io::Result<()> {
        if so { Ok(()) } else { Err(io::Error::other("the array was changed while it was read")) }
    }

    /// The bytes of a row that is held.
    fn lying(&self, row: usize) -> &[u8] {
        let width = self.of.parts[self.part].width();
        &self.bytes[(row - self.held.start) * width..][..width]
    }

    /// Holds the row of an item, and says which it is.
    fn fetch(&mut self, item: usize) -> io::Result<usize> {
        let row = self.of.row(item) as usize;
        if self.held.contains(&row) {
            return Ok(row);
        }
        let (mut first, follows) = (0, row == self.held.end);
        for (at, part) in self.of.parts.iter().enumerate() {
            if row < first + part.rows() {
                let count = if follows { part.block().min(first + part.rows() - row) } else { 1 };
                self.held = 0..0;
                part.read_bytes(row - first, count, &mut self.bytes)?;
                (self.part, self.held) = (at, row..row + count);
                return Ok(row);
            }
            first += part.rows();
        }
        Err(io::Error::other("an item has no embedding"))
    }
}

/// What was seen of some rows.
struct Seen {
    digests: Vec<u128>,
    checksums: Vec<u32>,
    least: f64,
    most: f64,
    fits_half: bool,
    fits_bfloat: bool,
    /// The first row that cannot be scaled, and its length.
    bad: Option<(usize, f64)>,
}

impl Default for Seen {
    fn default() -> Self {
        let (least, most) = (f64::INFINITY, 0.0);
        Self { digests: Vec::new(), checksums: Vec::new(), least, most, fits_half: true, fits_bfloat: true, bad: None }
    }
}

impl Seen {
    /// Looks at a block of an array, in room for its bytes that a thread uses again.
    fn look(part: &NumberArray, first: usize, half: bool, bytes: &mut Vec<u8>) -> io::Result<Self> {
        let (mut seen, mut row) = (Self::default(), vec![0.0; part.columns()]);
        part.read_bytes(first, part.block().min(part.rows() - first), bytes)?;
        for (at, lying) in bytes.chunks_exact(part.width().max(1)).enumerate() {
            part.decode(lying, &mut row);
            let norm = to_unit(&mut row, half);
            if !norm.is_finite() || norm == 0.0 {
                seen.bad = seen.bad.or(Some((at, norm)));
            }
            (seen.least, seen.most) = (seen.least.min(norm), seen.most.max(norm));
            seen.fits_half = seen.fits_half && (half || Precision::F16.holds(&row));
            seen.fits_bfloat = seen.fits_bfloat && !half && Precision::Bf16.holds(&row);
            let digest = digest(&row);
            seen.digests.push(digest);
            seen.checksums.push(checksum(digest, lying));
        }
        Ok(seen)
    }

    fn add(&mut self, next: Self) {
        let before = self.digests.len();
        self.bad = self.bad.or(next.bad.map(|(row, norm)| (before + row, norm)));
        (self.least, self.most) = (self.least.min(next.least), self.most.max(next.most));
        self.fits_half &= next.fits_half;
        self.fits_bfloat &= next.fits_bfloat;
        self.digests.extend(next.digests);
        self.checksums.extend(next.checksums);
    }
}

/// Whether half precision holds every value; a first value that it does not hold ends the search.
fn is_half(part: &NumberArray) -> io::Result<bool> {
    if part.precision() == Precision::F16 {
        return Ok(true);
    }
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    for first in (0..part.rows()).step_by(part.block()) {
        values.resize(part.block().min(part.rows() - first) * part.columns(), 0.0);
        part.read(first, &mut values, &mut bytes)?;
        if !Precision::F16.holds(&values) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    const COLUMNS: usize = 5;

    /// Rows of which some are of length one and some are not, as f32.
    fn values(rows: usize) -> Vec<f32> {
        (0..rows * COLUMNS).map(|at| ((at * 37 % 101) as f32 - 50.0) / 8.0 + 0.01).collect()
    }

    fn array(folder: &Path, name: &str, values: &[f32], precision: Precision) -> (NumberArray, PathBuf) {
        let (path, mut bytes) = (folder.join(name), Vec::new());
        precision.encode(values, &mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let shape = [values.len() / COLUMNS, COLUMNS];
        (NumberArray::open(&path, 0, shape, precision).unwrap(), path)
    }

    fn read(embeddings: &Embeddings, items: impl Iterator<Item = usize>) -> Vec<Vec<f32>> {
        let mut reader = embeddings.reader();
        let row = |item: usize| {
            let mut out = vec![0.0; COLUMNS];
            reader.read(item, &mut out).map(|()| out)
        };
        items.map(row).collect::<io::Result<_>>().unwrap()
    }

    #[test]
    fn rows_are_scaled_one_by_one_in_whatever_order_they_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let all = values(300);
        let (first, _) = array(folder.path(), "a", &all[..200 * COLUMNS], Precision::F32);
        let (second, _) = array(folder.path(), "b", &all[200 * COLUMNS..], Precision::F64);
        let (mut embeddings, note) = Embeddings::new(vec![first, second], "x").unwrap();
        assert!(note.unwrap().contains("each is scaled to length 1"));
        let wanted: Vec<Vec<f32>> = all
            .chunks_exact(COLUMNS)
            .map(|row| {
                let norm = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
                row.iter().map(|value| (f64::from(*value) / norm) as f32).collect()
            })
            .collect();
        let near = |a: &[Vec<f32>], b: &[Vec<f32>]| {
            a.len() == b.len() && a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-6)
        };
        assert!(near(&read(&embeddings, 0..300), &wanted));
        let rows: Vec<Option<usize>> = (0..300).map(|item| Some(item * 7 % 300)).collect();
        embeddings.arrange(&rows);
        let turned: Vec<Vec<f32>> = (0..300).map(|item| wanted[item * 7 % 300].clone()).collect();
        assert!(near(&read(&embeddings, (0..300).rev()), &turned.iter().rev().cloned().collect::<Vec<_>>()));
        let keep: Vec<bool> = (0..300).map(|item| item % 3 == 0).collect();
        embeddings.retain(&keep);
        let kept: Vec<Vec<f32>> = turned.into_iter().step_by(3).collect();
        assert!(near(&read(&embeddings, 0..100), &kept));
        assert_eq!(embeddings.digests().len(), 100);
    }

    #[test]
    fn half_precision_stays_half_and_the_smallest_that_holds_all_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let unit: Vec<f32> =
            (0..40 * COLUMNS).map(|at| f32::from(u8::from(at % COLUMNS == at / COLUMNS % 5))).collect();
        for given in [Precision::F16, Precision::Bf16, Precision::F32, Precision::F64] {
            let (array, _) = array(folder.path(), "u", &unit, given);
            let (embeddings, note) = Embeddings::new(vec![array], "x").unwrap();
            assert_eq!((embeddings.precision(), note, embeddings.is_half()), (Precision::F16, None, true));
        }
        let (scaled, _) = array(folder.path(), "h", &values(30), Precision::F16);
        let (embeddings, _) = Embeddings::new(vec![scaled], "x").unwrap();
        assert_eq!(embeddings.precision(), Precision::F16);
        let rows = read(&embeddings, 0..30).concat();
        assert!(Precision::F16.holds(&rows));
        let (full, _) = array(folder.path(), "f", &values(30), Precision::F32);
        assert_eq!(Embeddings::new(vec![full], "x").unwrap().0.precision(), Precision::F32);
    }

    #[test]
    fn a_row_that_cannot_be_scaled_and_a_file_that_changes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut bad = values(20);
        bad[17 * COLUMNS..18 * COLUMNS].fill(0.0);
        let (zeros, _) = array(folder.path(), "z", &bad, Precision::F32);
        let said = Embeddings::new(vec![zeros], "x.npy").unwrap_err().to_string();
        assert!(said.contains("row 18 is all zeros"), "{said}");
        let (good, path) = array(folder.path(), "g", &values(20), Precision::F32);
        let (embeddings, _) = Embeddings::new(vec![good], "x").unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[5 * COLUMNS * 4 + 2] ^= 0x40;
        std::fs::write(&path, bytes).unwrap();
        let mut out = [0.0; COLUMNS];
        assert!(embeddings.reader().read(4, &mut out).is_ok());
        let said = embeddings.reader().read(5, &mut out).unwrap_err().to_string();
        assert!(said.contains("changed while it was read"), "{said}");
    }
}
