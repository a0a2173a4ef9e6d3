//! Whether a home is its owner's alone: losses and prompts are private, on a machine that others use too.

use super::reconcile::{listed, name_of};
use super::{DAMAGED, FOLDER, Store};
use crate::files::UNFINISHED_ENDING;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// All that this program puts in a home, besides what it is writing.
const OWN_NAMES: [&str; 15] = [
    FOLDER,
    DAMAGED,
    "store.new",
    "audits",
    "images",
    "packs",
    "runs",
    "prompts",
    "exports",
    "log",
    "console.json",
    "images.jsonl",
    "owner",
    "queue.json",
    "shown.json",
];

/// What was found of a home's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privacy {
    /// Files and folders that others could read or change, and can no longer.
    pub mended: usize,
    /// Those whose rights could not be changed.
    pub open: usize,
}

impl Store {
    /// Takes the rights of others from what this program keeps in its home, wherever others could reach it. Links, and
    /// what somebody else put there, are left alone.
    #[must_use]
    pub fn close_to_others(&self) -> Privacy {
        close_to_others(self.home())
    }
}

#[cfg(unix)]
fn close_to_others(home: &Path) -> Privacy {
    use std::os::unix::fs::PermissionsExt;
    let is_open = |metadata: &Metadata| metadata.permissions().mode() & 0o077 != 0;
    let mut found = Privacy::default();
    // Behind a closed folder nothing can be reached.
    let Ok(metadata) = home.metadata() else { return found };
    if !is_open(&metadata) {
        return found;
    }
    let inside = listed(home).unwrap_or_default();
    let is_own = |name: &str| OWN_NAMES.contains(&name) || name.ends_with(UNFINISHED_ENDING);
    let (own, others): (Vec<_>, Vec<_>) =
        inside.iter().partition(|entry| name_of(entry).is_some_and(|name| is_own(&name)));
    let mut waiting: Vec<PathBuf> = own.into_iter().map(std::fs::DirEntry::path).collect();
    if others.is_empty() {
        waiting.push(home.to_owned());
    }
    while let Some(path) = waiting.pop() {
        // The home itself may be a link.
        let metadata = if path == home { path.metadata() } else { path.symlink_metadata() };
        let Ok(metadata) = metadata else { continue };
        if metadata.is_symlink() || !is_open(&metadata) {
            continue;
        }
        let closed = std::fs::Permissions::from_mode(metadata.permissions().mode() & 0o700);
        match std::fs::set_permissions(&path, closed) {
            Ok(()) => found.mended += 1,
            Err(_) => found.open += 1,
        }
        if metadata.is_dir() && path != home {
            waiting.extend(listed(&path).unwrap_or_default().iter().map(std::fs::DirEntry::path));
        }
    }
    found
}

/// Elsewhere a home lies among its owner's files, whose rights are the system's.
#[cfg(not(unix))]
fn close_to_others(_: &Path) -> Privacy {
    Privacy::default()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// A home as an earlier version may have left it: `audits/x.json.gz`, a link, and all of it open.
    fn open_home(folder: &Path) -> PathBuf {
        let (home, outside) = (folder.join("home"), folder.join("outside"));
        fs::create_dir_all(home.join("audits")).unwrap();
        fs::write(home.join("audits/x.json.gz"), b"x").unwrap();
        fs::write(&outside, b"x").unwrap();
        std::os::unix::fs::symlink(&outside, home.join("audits/link")).unwrap();
        for (path, mode) in
            [("home", 0o755), ("home/audits", 0o755), ("home/audits/x.json.gz", 0o644), ("outside", 0o644)]
        {
            set(&folder.join(path), mode);
        }
        home
    }

    #[test]
    fn an_open_home_is_closed_and_what_a_link_leads_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = open_home(folder.path());
        assert_eq!(close_to_others(&home), Privacy { mended: 3, open: 0 });
        let modes = [&home, &home.join("audits"), &home.join("audits/x.json.gz"), &folder.path().join("outside")]
            .map(|path| mode(path));
        assert_eq!(modes, [0o700, 0o700, 0o600, 0o644]);
        assert_eq!(close_to_others(&home), Privacy::default());
    }

    #[test]
    fn what_others_keep_in_the_folder_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let home = open_home(folder.path());
        fs::create_dir(home.join("project")).unwrap();
        fs::write(home.join("project/data.csv"), b"x").unwrap();
        set(&home.join("project"), 0o775);
        set(&home.join("project/data.csv"), 0o664);
        assert_eq!(close_to_others(&home), Privacy { mended: 2, open: 0 });
        let modes =
            [&home, &home.join("project"), &home.join("project/data.csv"), &home.join("audits")].map(|path| mode(path));
        assert_eq!(modes, [0o755, 0o775, 0o664, 0o700]);
    }

    #[test]
    fn nothing_is_touched_behind_a_closed_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = open_home(folder.path());
        set(&home, 0o700);
        assert_eq!((close_to_others(&home), mode(&home.join("audits/x.json.gz"))), (Privacy::default(), 0o644));
    }
}
