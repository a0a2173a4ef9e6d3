//! An array of a person's that embeddings are read from where they lie. It is not ours: another program may change or
//! remove it at any moment. So it is not mapped, every row is proven whenever it is read, and who read one that
//! proved wrong is told.

use super::embeddings::ContentHash;
use super::pack_file::{Shape, write_linked};
use super::{Result, Store, StoreError};
use crate::numbers::{NumberArray, Precision, to_unit};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// Bytes of a row on their way.
    static ROW: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where an array lies, as a pack's header says it.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    path: PathBuf,
    /// Bytes of the whole file.
    length: u64,
    start: u64,
    rows: usize,
    columns: usize,
    precision: String,
    big_endian: bool,
    /// Rows that are scaled to length one stay of half precision.
    half: bool,
}

/// An array that embeddings are read from.
#[derive(Debug)]
pub struct Link {
    place: Place,
    /// The array, or why it is not what was linked, after its path.
    array: std::result::Result<NumberArray, String>,
    /// A row was not what it was when it was linked.
    changed: AtomicBool,
}

impl Link {
    /// Opens the array that a header names. One that is gone or of another length proves no row.
    ///
    /// # Errors
    /// If the header says nothing sensible.
    pub fn open(text: &str) -> std::result::Result<Self, String> {
        let damaged = || "its link is damaged".to_owned();
        let place: Place = serde_json::from_str(text).map_err(|_| damaged())?;
        let precision = Precision::named(&place.precision).ok_or_else(damaged)?;
        let array = place.open(precision);
        Ok(Self { place, array, changed: AtomicBool::new(false) })
    }

    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [self.place.rows, self.place.columns]
    }

    /// Whether the bytes of a row are what they were.
    pub fn proves(&self, row: usize, is_checksum: impl Fn(&[u8]) -> bool) -> bool {
        ROW.with_borrow_mut(|bytes| self.fetch(row, bytes, is_checksum).is_some())
    }

    /// Reads a row into `out`, scaled to length one, if it is what it was.
    pub fn read(&self, row: usize, out: &mut [f32], is_checksum: impl Fn(&[u8]) -> bool) -> bool {
        ROW.with_borrow_mut(|bytes| {
            let Some(array) = self.fetch(row, bytes, is_checksum) else { return false };
            array.decode(bytes, out);
            to_unit(out, self.place.half);
            true
        })
    }

    /// Reads the bytes of a row, and returns the array if they are what they were.
    fn fetch(&self, row: usize, bytes: &mut Vec<u8>, is_checksum: impl Fn(&[u8]) -> bool) -> Option<&NumberArray> {
        let array = self.array.as_ref().ok()?;
        let proven = array.read_bytes(row, 1, bytes).is_ok() && is_checksum(bytes);
        if !proven {
            self.changed.store(true, Ordering::Relaxed);
        }
        proven.then_some(array)
    }

    /// What is wrong with the array, as far as it was read.
    pub fn fault(&self) -> Option<String> {
        let changed = self.changed.load(Ordering::Relaxed).then_some("is not what it was when it was linked");
        let problem = self.array.as_ref().err().map(String::as_str).or(changed)?;
        Some(format!(
            "the linked array {} {problem}; bring it back as it was, or delete the audits that use it and take them in again",
            self.place.path.display()
        ))
    }
}

impl Place {
    fn open(&self, precision: Precision) -> std::result::Result<NumberArray, String> {
        let length = crate::files::ordinary(&self.path).map_err(|error| gone(&error))?.len();
        if length != self.length {
            return Err(format!("has {length} bytes where it had {}", self.length));
        }
        let array = NumberArray::open(&self.path, self.start, [self.rows, self.columns], precision);
        Ok(array.map_err(|error| gone(&error))?.in_big_endian(self.big_endian))
    }
}

fn gone(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "is gone".into(),
        _ => format!("cannot be read ({error})"),
    }
}

impl Store {
    /// Uses an array where it lies: `digests` are those of its rows, each scaled to length one, of half precision
    /// where `half`, and `checksums` those of their bytes as they lie. Nothing is done where every row is kept already.
    ///
    /// # Errors
    /// If the array does not lie in its file as it is, or the disk refuses.
    pub fn link_array(
        &self,
        encoder: &str,
        array: &NumberArray,
        half: bool,
        digests: &[ContentHash],
        checksums: &[u32],
    ) -> Result<()> {
        self.writes()?;
        if self.unkept(encoder, digests)?.is_empty() {
            return Ok(());
        }
        let io = |source| StoreError::Io { path: array.path().to_owned(), source };
        let start = array.start().ok_or_else(|| io(std::io::Error::other("does not hold its rows as they are")))?;
        let path = std::fs::canonicalize(array.path()).map_err(io)?;
        let place = Place {
            length: std::fs::metadata(&path).map_err(io)?.len(),
            path,
            start,
            rows: array.rows(),
            columns: array.columns(),
            precision: array.precision().name().to_owned(),
            big_endian: array.is_big_endian(),
            half,
        };
        let link = serde_json::to_string(&place).map_err(|error| io(error.into()))?;
        let shape = Shape { link: Some(link), ..Shape::here(array.precision(), array.columns()) };
        self.add_file(encoder, self.next_pack(encoder)?, |path| write_linked(path, encoder, &shape, digests, checksums))
    }

    /// What is wrong with arrays that an encoder's embeddings are read from, as sentences.
    ///
    /// # Errors
    /// If the packs cannot be listed.
    pub fn link_faults(&self, encoder: &str) -> Result<Vec<String>> {
        Ok(self.packs(encoder)?.link_faults())
    }
}
