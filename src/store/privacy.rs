//! Whether a home is its owner's alone: losses and prompts are private, on a machine that others use too.

use super::reconcile::listed;
use std::path::Path;

/// What was found of a home's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privacy {
    /// Files and folders that others could read or change, and can no longer.
    pub mended: usize,
    /// Those whose rights could not be changed.
    pub open: usize,
}

/// Takes the rights of others from every file and folder of a home; links are left alone.
#[cfg(unix)]
#[must_use]
pub fn make_private(home: &Path) -> Privacy {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Privacy::default();
    let mut waiting = vec![home.to_owned()];
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        // The home itself may be a link.
        let metadata = if path == home { path.metadata().unwrap_or(metadata) } else { metadata };
        if metadata.is_symlink() {
            continue;
        }
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 {
            let closed = std::fs::Permissions::from_mode(mode & 0o700);
            match std::fs::set_permissions(&path, closed) {
                Ok(()) => found.mended += 1,
                Err(_) => found.open += 1,
            }
        }
        if metadata.is_dir() {
            waiting.extend(listed(&path).unwrap_or_default().iter().map(std::fs::DirEntry::path));
        }
    }
    found
}

/// Elsewhere a home lies among its owner's files, whose rights are the system's.
#[cfg(not(unix))]
#[must_use]
pub fn make_private(_: &Path) -> Privacy {
    Privacy::default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_open_home_is_closed_and_what_a_link_leads_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (home, outside) = (folder.path().join("home"), folder.path().join("outside"));
        fs::create_dir_all(home.join("audits")).unwrap();
        fs::write(home.join("audits/x.json.gz"), b"x").unwrap();
        fs::write(&outside, b"x").unwrap();
        std::os::unix::fs::symlink(&outside, home.join("link")).unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        set(&home, 0o755);
        set(&home.join("audits"), 0o755);
        set(&home.join("audits/x.json.gz"), 0o644);
        set(&outside, 0o644);
        assert_eq!(make_private(&home), Privacy { mended: 3, open: 0 });
        assert_eq!(
            (mode(&home), mode(&home.join("audits")), mode(&home.join("audits/x.json.gz"))),
            (0o700, 0o700, 0o600)
        );
        assert_eq!(mode(&outside), 0o644);
        assert_eq!(make_private(&home), Privacy::default());
    }
}
