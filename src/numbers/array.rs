//! An array of numbers in a file, read where it lies.

use super::Precision;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// Numbers `[rows, columns]`, row after row.
#[derive(Debug)]
pub struct NumberArray {
    lying: Lying,
    /// What it is called, and where it lies if it lies there as it is.
    path: PathBuf,
    is_there: bool,
    start: u64,
    rows: usize,
    columns: usize,
    precision: Precision,
    big_endian: bool,
}

#[derive(Debug)]
enum Lying {
    Disk(File),
    Memory(Vec<u8>),
}

impl NumberArray {
    /// The array that begins at byte `start` of a file.
    ///
    /// # Errors
    /// If the file cannot be opened, or ends before the array does.
    pub fn open(path: &Path, start: u64, shape: [usize; 2], precision: Precision) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let array = Self::new(Lying::Disk(file), path, start, shape, precision);
        let wanted = array.bytes().filter(|bytes| start.checked_add(*bytes).is_some());
        let wanted = wanted.ok_or_else(|| io::Error::other("it is too large"))?;
        if length < start + wanted {
            let there = length.saturating_sub(start);
            return Err(io::Error::other(format!("is cut off: {there} of {wanted} bytes")));
        }
        Ok(Self { is_there: true, ..array })
    }

    /// What was spooled, little-endian, of a file that does not hold it as it is.
    #[must_use]
    pub fn spooled(data: tempfile::SpooledData, path: &Path, shape: [usize; 2], precision: Precision) -> Self {
        let lying = match data {
            tempfile::SpooledData::InMemory(bytes) => Lying::Memory(bytes.into_inner()),
            tempfile::SpooledData::OnDisk(file) => Lying::Disk(file),
        };
        Self::new(lying, path, 0, shape, precision)
    }

    fn new(lying: Lying, path: &Path, start: u64, [rows, columns]: [usize; 2], precision: Precision) -> Self {
        let path = path.to_owned();
        Self { lying, path, is_there: false, start, rows, columns, precision, big_endian: false }
    }

    /// As many numbers in rows of another length.
    #[must_use]
    pub fn shaped(self, [rows, columns]: [usize; 2]) -> Self {
        Self { rows, columns, ..self }
    }

    /// The same with numbers in the other byte order.
    #[must_use]
    pub fn in_big_endian(self, big_endian: bool) -> Self {
        Self { big_endian, ..self }
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    #[must_use]
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file of this path holds it as it is; `None` if it had to be unpacked.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.is_there.then_some(self.start)
    }

    /// Bytes of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns * self.precision.bytes()
    }

    /// All its bytes, if they can be counted.
    fn bytes(&self) -> Option<u64> {
        self.rows.checked_mul(self.columns)?.checked_mul(self.precision.bytes())?.try_into().ok()
    }

    /// Rows that are read at once.
    #[must_use]
    pub fn block(&self) -> usize {
        (BLOCK / self.width().max(1)).max(1)
    }

    /// Replaces `out` by the bytes of some rows as they lie there.
    ///
    /// # Errors
    /// If the file refuses, or is shorter than it was.
    pub fn read_bytes(&self, first: usize, rows: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let (start, length) = (first * self.width(), rows * self.width());
        out.resize(length, 0);
        match &self.lying {
            Lying::Disk(file) => crate::files::read_exact_at(file, out, self.start + start as u64),
            Lying::Memory(bytes) => {
                out.copy_from_slice(bytes.get(start..start + length).ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// Numbers from bytes as they lie there.
    pub fn decode(&self, bytes: &[u8], out: &mut [f32]) {
        if !self.big_endian {
            return self.precision.decode(bytes, out);
        }
        let mut turned = bytes.to_vec();
        turned.chunks_exact_mut(self.precision.bytes()).for_each(<[u8]>::reverse);
        self.precision.decode(&turned, out);
    }

    /// Reads some rows into `out`, by way of `bytes`.
    ///
    /// # Errors
    /// As [`NumberArray::read_bytes`].
    pub fn read(&self, first: usize, out: &mut [f32], bytes: &mut Vec<u8>) -> io::Result<()> {
        self.read_bytes(first, out.len() / self.columns.max(1), bytes)?;
        self.decode(bytes, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_where_they_lie_and_a_short_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let bytes: Vec<u8> = (0..12).flat_map(|at| (at as f32).to_be_bytes()).collect();
        std::fs::write(&path, [b"head".as_slice(), &bytes].concat()).unwrap();
        let array = NumberArray::open(&path, 4, [4, 3], Precision::F32).unwrap().in_big_endian(true);
        let (mut out, mut spare) = (vec![0.0; 6], Vec::new());
        array.read(2, &mut out, &mut spare).unwrap();
        assert_eq!(out, [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert!(array.read(3, &mut out, &mut spare).is_err());
        let cut = NumberArray::open(&path, 5, [4, 3], Precision::F32).unwrap_err();
        assert_eq!(cut.to_string(), "is cut off: 47 of 48 bytes");
        assert!(NumberArray::open(&path, 4, [usize::MAX, 3], Precision::F32).is_err());
    }
}
