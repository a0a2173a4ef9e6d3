//! Large files, read and written at many places by many threads, while the disk follows.

use std::fs::File;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long what is written may wait for the disk while more comes.
const WRITE_BEHIND: Duration = Duration::from_millis(100);

/// Fills `out` from a place of a file, whatever else reads it.
///
/// # Errors
/// If the disk refuses or the file ends before.
#[cfg(unix)]
pub fn read_exact_at(file: &File, out: &mut [u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, place)
}

/// Fills `out` from a place of a file, whatever else reads it.
///
/// # Errors
/// If the disk refuses or the file ends before.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut out: &mut [u8], mut place: u64) -> io::Result<()> {
    while !out.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, out, place)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[read..];
        place += read as u64;
    }
    Ok(())
}

/// Writes all of `bytes` at a place of a file, whatever else is written to it.
///
/// # Errors
/// If the disk refuses.
#[cfg(unix)]
pub fn write_all_at(file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, place)
}

/// Writes all of `bytes` at a place of a file, whatever else is written to it.
///
/// # Errors
/// If the disk refuses.
#[cfg(windows)]
pub fn write_all_at(file: &File, mut bytes: &[u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, place)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        place += written as u64;
    }
    Ok(())
}

/// Does work that writes much to a file while the disk takes what was written before, rather than all of it at the end.
///
/// # Errors
/// If the disk refuses: it may say so once only.
pub fn written_behind<T>(file: &File, work: impl FnOnce() -> T) -> io::Result<T> {
    std::thread::scope(|scope| {
        let (working, rest) = channel::<()>();
        let disk = scope.spawn(move || {
            while rest.recv_timeout(WRITE_BEHIND) == Err(RecvTimeoutError::Timeout) {
                file.sync_data()?;
            }
            Ok(())
        });
        let done = work();
        drop(working);
        disk.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes stopped")))?;
        Ok(done)
    })
}
