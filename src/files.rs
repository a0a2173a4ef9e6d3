//! Files written whole or not at all: beside their place, synced, and renamed. What belongs to the home is for its
//! owner alone: losses and prompts are nobody else's, on a shared machine either.

mod places;

pub use places::{read_exact_at, write_all_at, written_behind};

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Ending of a file that is being written; a killed process may leave one.
pub const UNFINISHED_ENDING: &str = ".tmp";

/// Longest text that is read at once, in bytes; and longest of what a person writes by hand.
const LONGEST_TEXT: u64 = 64 << 20;
const LONGEST_NOTE: u64 = 1 << 20;

/// What is known of an ordinary file.
///
/// # Errors
/// If there is none, or it is a folder, a pipe, a socket or a device: those may never end, or wait for ever.
pub fn ordinary(path: &Path) -> io::Result<Metadata> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    let kind = if metadata.is_dir() { "is a folder, not a file".into() } else { unusual(&metadata) };
    Err(io::Error::new(io::ErrorKind::InvalidInput, kind))
}

#[cfg(unix)]
fn unusual(metadata: &Metadata) -> String {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    let word = if kind.is_fifo() {
        "pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    };
    format!("is a {word}, not an ordinary file")
}

#[cfg(not(unix))]
fn unusual(_: &Metadata) -> String {
    "is not an ordinary file".into()
}

/// Refuses what is no ordinary file, or too long to be read at once.
fn bounded(path: &Path, most: u64) -> io::Result<()> {
    let length = ordinary(path)?.len();
    if length > most {
        let problem = format!("has {length} bytes; at most {most} are read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(())
}

/// Reads a text from an ordinary file.
///
/// # Errors
/// If it is none, too long, or not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    bounded(path, LONGEST_TEXT)?;
    fs::read_to_string(path).map(without_mark)
}

/// [`read_text`] for what a person writes by hand: settings, rules, themes, lists of words.
///
/// # Errors
/// As [`read_text`].
pub fn read_note(path: &Path) -> io::Result<String> {
    bounded(path, LONGEST_NOTE)?;
    read_text(path)
}

/// A text without the mark of the byte order (U+FEFF) that some editors put before it.
#[must_use]
pub fn without_mark(mut text: String) -> String {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    text
}

/// Whether locks keep processes apart in a folder; `None` where it cannot be written.
#[must_use]
pub fn has_locks(folder: &Path) -> Option<bool> {
    let suffix = format!(".{}{UNFINISHED_ENDING}", std::process::id());
    let file = tempfile::Builder::new().prefix("lock").suffix(&suffix).tempfile_in(folder).ok()?;
    let other = File::open(file.path()).ok()?;
    let held = file.as_file().try_lock().is_ok();
    Some(held && matches!(other.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// What tells a folder from another one under the same path, where the system says it.
#[must_use]
pub fn identity(folder: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(folder).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    folder.is_dir().then_some((0, 0))
}

/// Makes a folder, and those above it, that only its owner may enter.
///
/// # Errors
/// If the disk refuses.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How to open a file that only its owner may read, should it be made.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// [`write_atomically`] for what only its owner may read.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_private(path: &Path, data: &[u8]) -> io::Result<()> {
    write_private_with(path, |out| out.write_all(data))
}

/// [`write_with`] for what only its owner may read.
///
/// # Errors
/// As [`write_with`].
pub fn write_private_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    write_as(path, true, fill)
}

/// Writes a file so that whoever looks finds the one before or the new one, also after a crash or on a full disk.
/// What is no ordinary file (a pipe, a device) is written to as it is; a link keeps pointing where it does.
///
/// # Errors
/// If the disk refuses; what was there before is then still there.
pub fn write_atomically(path: &Path, data: &[u8]) -> io::Result<()> {
    write_with(path, |out| out.write_all(data))
}

/// [`write_atomically`] for what is made piece by piece.
///
/// # Errors
/// If the disk refuses or `fill` fails; what was there before is then still there.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    write_as(path, false, fill)
}

fn write_as(path: &Path, is_private: bool, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let target = match fs::metadata(path) {
        Ok(there) if !there.is_file() => return fill(&mut File::options().write(true).open(path)?),
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let beside = beside(&target);
    let mut options = if is_private { private() } else { File::options() };
    // Through a link that somebody put there nothing is written.
    let _ = fs::remove_file(&beside);
    let written = options.write(true).create_new(true).open(&beside).and_then(|mut file| {
        fill(&mut file)?;
        if let Some(there) = fs::metadata(&target).ok().filter(|_| !is_private) {
            file.set_permissions(there.permissions())?;
        }
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, &target));
    if placed.is_err() {
        let _ = fs::remove_file(&beside);
        return placed;
    }
    // The folder, and the one above it for a folder just made. Some file systems cannot sync a folder.
    for folder in target.ancestors().skip(1).take(2) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// Adds a line to a file of lines, which is made if need be. `line` is told what is in the file, and nobody else adds
/// to it meanwhile; bytes that are not UTF-8 reach it replaced. A last line without its end is ended first.
///
/// # Errors
/// If the file is no ordinary one, too long, or the disk refuses: what was there before is then still there.
pub fn add_line(path: &Path, line: impl FnOnce(&str) -> io::Result<String>) -> io::Result<()> {
    if fs::exists(path)? {
        ordinary(path)?;
    }
    let mut file = File::options().read(true).append(true).create(true).open(path)?;
    // The lock ends with the handle.
    file.lock()?;
    let text = read_lines(path)?;
    let mut added = line(&text)?;
    if !text.is_empty() && !text.ends_with('\n') {
        added.insert(0, '\n');
    }
    added.push('\n');
    let length = file.metadata()?.len();
    file.write_all(added.as_bytes()).and_then(|()| file.sync_data()).inspect_err(|_| {
        let _ = file.set_len(length);
    })
}

/// Reads a file of lines, the last of which may be torn within a character.
///
/// # Errors
/// If it is no ordinary file, or too long.
pub fn read_lines(path: &Path) -> io::Result<String> {
    bounded(path, LONGEST_TEXT)?;
    Ok(without_mark(String::from_utf8_lossy(&fs::read(path)?).into_owned()))
}

/// A name of this write alone: two that write the same file do not write into each other's, on whatever machines.
fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Processes of two machines may have one number; the keys of a hasher are drawn.
    let drawn = RandomState::new().build_hasher().finish();
    target.with_file_name(format!("{name}.{}-{drawn:016x}{UNFINISHED_ENDING}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_file_before_and_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        write_atomically(&path, b"first").unwrap();
        let torn = write_with(&path, |file| {
            file.write_all(b"sec")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(torn.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_private_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let inner = folder.path().join("a/b");
        private_folder(&inner).unwrap();
        assert_eq!((mode(&inner), mode(inner.parent().unwrap())), (0o700, 0o700));
        let path = inner.join("x");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!((mode(&path), fs::read(&path).unwrap().as_slice()), (0o600, &b"new"[..]));
        private().append(true).create(true).open(inner.join("y")).unwrap();
        assert_eq!(mode(&inner.join("y")), 0o600);
    }

    #[test]
    fn lines_of_several_writers_are_whole_and_each_sees_those_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        add_line(&path, |text| Ok(text.lines().count().to_string())).unwrap();
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let expected: String = (0..100).map(|line| format!("{line}\n")).collect();
        assert_eq!(text, expected);
        fs::write(&path, b"whole\ntorn \xc3").unwrap();
        add_line(&path, |text| Ok(format!("after {}", text.lines().count()))).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole\ntorn \xc3\nafter 2\n");
        assert!(add_line(folder.path(), |_| Ok(String::new())).is_err());
    }

    #[test]
    fn locks_are_tried_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(has_locks(folder.path()), Some(true));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(has_locks(&folder.path().join("none")), None);
    }

    #[test]
    fn only_ordinary_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "text").unwrap();
        assert_eq!(read_text(&path).unwrap(), "text");
        fs::write(&path, "\u{feff}text").unwrap();
        assert_eq!([read_text(&path), read_note(&path), read_lines(&path)].map(Result::unwrap), ["text"; 3]);
        fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
        assert!(read_note(&path).unwrap_err().to_string().contains("1048577 bytes; at most 1048576"));
        assert_eq!(read_text(folder.path()).unwrap_err().to_string(), "is a folder, not a file");
        assert_eq!(read_text(Path::new("/dev/zero")).unwrap_err().to_string(), "is a device, not an ordinary file");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let error = read_text(&folder.path().join("s")).unwrap_err().to_string();
        assert_eq!(error, "is a socket, not an ordinary file");
    }

    #[cfg(unix)]
    #[test]
    fn links_rights_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, b"old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        write_atomically(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
