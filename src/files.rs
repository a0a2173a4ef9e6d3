//! Files written whole or not at all: beside their place, synced, and renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Ending of a file that is being written; a killed process may leave one.
pub const UNFINISHED_ENDING: &str = ".tmp";

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
    let target = match fs::metadata(path) {
        Ok(there) if !there.is_file() => return fill(&mut File::options().write(true).open(path)?),
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let beside = beside(&target);
    let written = File::create(&beside).and_then(|mut file| {
        fill(&mut file)?;
        if let Ok(there) = fs::metadata(&target) {
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

/// A name of this process alone: two that write the same file do not write into each other's.
fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!("{name}.{}{UNFINISHED_ENDING}", std::process::id()))
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
