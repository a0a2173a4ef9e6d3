//! Where bytes come from: a file or a pipe, opened once and read once, unpacked if it is gzip, never without bounds.

use super::forms;
use crate::data::DataError;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most bytes that are read of anything.
pub const LARGEST_FILE: u64 = 8 << 30;
/// What may be unpacked of any file, and how many times a larger one's own length: beyond it is a bomb, not data.
const UNPACKED: u64 = 256 << 20;
const MOST_TIMES: u64 = 100;
/// Bytes looked at to tell what a file is.
const HEAD: usize = 8 << 10;
/// How long a pipe may lie there before somebody writes into it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes a packed file of this length may unpack to.
#[must_use]
pub fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MOST_TIMES).clamp(UNPACKED, LARGEST_FILE)
}

/// Rows that any file may unpack to; a larger one may have as many as it has bytes.
const ROWS: u64 = 2 << 20;

/// How many rows a packed file of this length may hold: each becomes an item, however little it says.
#[must_use]
pub fn most_rows(packed: u64) -> u64 {
    packed.max(ROWS)
}

/// Holds the rows of what is unpacked to the bytes that were read of it; `None` where nothing is unpacked.
#[derive(Clone, Default)]
pub struct RowLimit(Option<Arc<AtomicU64>>);

impl RowLimit {
    /// Refuses more rows than may come of what was read so far.
    ///
    /// # Errors
    /// How many bytes they come of.
    pub fn check(&self, rows: usize) -> Result<(), String> {
        let Some(packed) = self.0.as_ref().map(|read| read.load(Ordering::Relaxed)) else { return Ok(()) };
        if rows as u64 <= most_rows(packed) {
            return Ok(());
        }
        Err(format!("{packed} bytes unpack to {rows} rows and more; unpack it yourself if it is what you mean"))
    }
}

/// Whether a plain file holds nothing.
#[must_use]
pub fn is_blank(path: &Path) -> bool {
    path.is_file() && Source::begin(path).is_ok_and(|source| source.is_blank())
}

/// Bytes that can be read once.
pub struct Source {
    /// What it is called, for people.
    pub name: String,
    /// Its first bytes, which are still to be read as well.
    pub head: Vec<u8>,
    reader: Box<dyn BufRead + Send>,
    /// The path, where it is a plain file that need not be unpacked.
    plain: Option<PathBuf>,
    pub rows: RowLimit,
}

impl Source {
    /// Opens a file or a pipe.
    ///
    /// # Errors
    /// If it cannot be opened, is a device or a socket, nobody writes to the pipe, it is empty or UTF-16.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let source = Self::begin(path)?;
        if source.is_blank() {
            return Err(DataError::File { file: path.display().to_string(), problem: "is empty".into() });
        }
        Ok(source)
    }

    /// [`Source::open`] for what may hold nothing, as the output of a worker that had no rows.
    ///
    /// # Errors
    /// As [`Source::open`], but for an empty file.
    pub fn begin(path: &Path) -> Result<Self, DataError> {
        let name = file_name(path);
        let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
        let (file, pipe) = open(path).map_err(fault)?;
        let read = Arc::new(AtomicU64::new(0));
        let mut packed = BufReader::with_capacity(1 << 16, Counted { inner: file, read: Arc::clone(&read) });
        let mut head = take_head(&mut packed).map_err(|error| fault(error.to_string()))?;
        let mut reader: Box<dyn BufRead + Send> = Box::new(packed);
        let gzip = head.starts_with(&[0x1f, 0x8b]);
        let rows = RowLimit(gzip.then(|| Arc::clone(&read)));
        if gzip {
            let unpacking = flate2::read::MultiGzDecoder::new(Cursor::new(head).chain(reader));
            let mut unpacked = BufReader::with_capacity(1 << 16, Unpacking { inner: unpacking, unpacked: 0, read });
            head = take_head(&mut unpacked).map_err(|error| fault(format!("cannot be unpacked: {error}")))?;
            reader = Box::new(unpacked);
        }
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(fault("is UTF-16; save it as UTF-8".into()));
        }
        if head.starts_with(&[0xef, 0xbb, 0xbf]) {
            head.drain(..3);
        }
        Ok(Self { name, head, reader, plain: (!gzip && !pipe).then(|| path.to_owned()), rows })
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.head.len() < HEAD - 3 && self.head.iter().all(u8::is_ascii_whitespace)
    }

    /// The first byte that is not blank.
    #[must_use]
    pub fn first(&self) -> Option<u8> {
        self.head.iter().copied().find(|byte| !byte.is_ascii_whitespace())
    }

    /// Refuses what is known not to be rows, with a sentence that says what it is and what to do.
    ///
    /// # Errors
    /// That sentence.
    pub fn refuse_other_forms(&self) -> Result<(), DataError> {
        match forms::other_form(&self.head, &self.name) {
            Some(problem) => Err(DataError::File { file: self.name.clone(), problem }),
            None => Ok(()),
        }
    }

    /// All its bytes, in order.
    #[must_use]
    pub fn into_reader(self) -> impl BufRead + Send {
        Cursor::new(self.head).chain(self.reader)
    }

    /// All its bytes as a file that can be read anywhere: itself, or a copy of what came through a pipe.
    ///
    /// # Errors
    /// If the copy cannot be written.
    pub fn into_file(self) -> Result<Seekable, DataError> {
        if let Some(path) = self.plain {
            return Ok(Seekable { path, copy: None });
        }
        let name = self.name.clone();
        let fault = |error: std::io::Error| not_copied(name.clone(), &error);
        let mut copy = tempfile::NamedTempFile::new().map_err(fault)?;
        std::io::copy(&mut Cursor::new(self.head).chain(self.reader), copy.as_file_mut()).map_err(fault)?;
        Ok(Seekable { path: copy.path().to_owned(), copy: Some(copy) })
    }
}

/// The error of a copy: what was read may be no good, or the disk has no room.
#[must_use]
pub fn not_copied(file: String, error: &std::io::Error) -> DataError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let problem = format!("cannot be copied to a temporary file: {error}");
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => DataError::Disk { file, problem },
        _ => DataError::File { file, problem },
    }
}

/// A file that can be read anywhere.
pub struct Seekable {
    pub path: PathBuf,
    /// Removed with this value.
    #[allow(dead_code, reason = "held for its drop")]
    copy: Option<tempfile::NamedTempFile>,
}

/// Opens a file or a pipe; says whether it is a pipe.
fn open(path: &Path) -> Result<(File, bool), String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.is_file() {
        return Ok((File::open(path).map_err(|error| error.to_string())?, false));
    }
    if metadata.is_dir() {
        return Err("is a folder; give a file".into());
    }
    if !is_pipe(&metadata) {
        return Err("is neither a file nor a pipe but a device or a socket; give a file".into());
    }
    // Opening a pipe waits for who writes: not for ever.
    let (sender, receiver) = std::sync::mpsc::channel();
    let owned = path.to_owned();
    std::thread::spawn(move || sender.send(File::open(owned)));
    match receiver.recv_timeout(PATIENCE) {
        Ok(opened) => Ok((opened.map_err(|error| error.to_string())?, true)),
        Err(_) => Err(format!("is a pipe, and nobody wrote to it within {} seconds", PATIENCE.as_secs())),
    }
}

/// Refuses what is no plain file.
///
/// # Errors
/// If it is missing, a folder, a pipe, a device or a socket.
pub fn check_plain(path: &Path) -> Result<u64, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.is_file() {
        return Ok(metadata.len());
    }
    Err(match is_pipe(&metadata) {
        true => "is a pipe, and this form is read from a file only; write it to one".into(),
        false => "is no file".into(),
    })
}

#[cfg(unix)]
fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

/// Counts what is read, and stops at the most that is read of anything.
struct Counted {
    inner: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if self.read.fetch_add(count as u64, Ordering::Relaxed) > LARGEST_FILE {
            return Err(std::io::Error::other(format!(
                "has more than {LARGEST_FILE} bytes; at most so many are read; use Parquet or split it"
            )));
        }
        Ok(count)
    }
}

/// Bytes of a packed file, no more than its length lets one expect.
struct Unpacking<R> {
    inner: R,
    unpacked: u64,
    /// Packed bytes read so far.
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.unpacked += count as u64;
        let packed = self.read.load(Ordering::Relaxed);
        let most = most_unpacked(packed);
        if self.unpacked > most {
            return Err(std::io::Error::other(format!(
                "{packed} bytes unpack to more than {most}; unpack it yourself if it is what you mean"
            )));
        }
        Ok(count)
    }
}

/// The first bytes, as many as there are up to a bound: a pipe gives them piece by piece.
fn take_head(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Reads a whole file or pipe, unpacking gzip; refuses what is empty, too large or UTF-16.
///
/// # Errors
/// As [`Source::open`], or if reading fails.
pub fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    let fault =
        |error: std::io::Error| DataError::File { file: path.display().to_string(), problem: error.to_string() };
    let mut bytes = Vec::new();
    Source::open(path)?.into_reader().read_to_end(&mut bytes).map_err(fault)?;
    Ok(bytes)
}

/// Reads a whole file or pipe of text.
///
/// # Errors
/// As [`read_file`], or if it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, DataError> {
    String::from_utf8(read_file(path)?)
        .map_err(|_| DataError::File { file: path.display().to_string(), problem: "is not UTF-8".into() })
}

/// The name of a file, for people.
#[must_use]
pub fn file_name(path: &Path) -> String {
    // The last part of /dev/fd/63 says nothing.
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return path.display().to_string();
    }
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The folder that paths in a file are relative to: a folder's own, and the current one for a pipe.
#[must_use]
pub fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.starts_with("/dev"));
    parent.unwrap_or(Path::new(".")).to_owned()
}
