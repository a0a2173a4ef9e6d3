//! Lists of phrases with their vectors, a file each under the digest that audits name them by.

use super::{Result, Store, StoreError};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;

const FOLDER: &str = "phrases";
const SUFFIX: &str = ".safetensors";

impl Store {
    fn phrase_file(&self, digest: &str) -> PathBuf {
        self.home.join(FOLDER).join(format!("{digest}{SUFFIX}"))
    }

    /// Keeps the file of a list. It is written beside and renamed; what is there stays what it is, for its name is its
    /// digest, unless it can no longer be read whole.
    ///
    /// # Errors
    /// If the disk refuses or another process holds the home.
    pub fn put_phrases(&self, digest: &str, file: &[u8]) -> Result<()> {
        self.writes()?;
        let path = self.phrase_file(digest);
        if std::fs::read(&path).is_ok_and(|kept| kept == file) {
            return Ok(());
        }
        let written = crate::files::private_folder(&self.home.join(FOLDER))
            .and_then(|()| crate::files::write_private(&path, file));
        written.map_err(|source| StoreError::Io { path, source })
    }

    /// The file of a list.
    ///
    /// # Errors
    /// If it is not there, or the disk refuses.
    pub fn phrases(&self, digest: &str) -> Result<Vec<u8>> {
        // A digest comes from an audit's file: it must not lead out of the folder.
        if !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(StoreError::Damaged { what: "the audit".into(), problem: format!("{digest:?} is no digest") });
        }
        let path = self.phrase_file(digest);
        std::fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::Damaged {
                what: "the audit's list of phrases".into(),
                problem: format!("{} is gone; take the audit in anew with --prompt-embeddings", path.display()),
            },
            _ => StoreError::Io { path, source: error },
        })
    }

    /// Drops the files of lists that are not among `used`; returns how many.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep_phrases(&self, used: &BTreeSet<String>) -> Result<usize> {
        let folder = self.home.join(FOLDER);
        let refused = |source| StoreError::Io { path: folder.clone(), source };
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(source) => return Err(refused(source)),
        };
        let mut dropped = 0;
        for entry in entries {
            let entry = entry.map_err(refused)?;
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            // What else lies there is not this program's to remove.
            if digest.is_some_and(|digest| !used.contains(digest)) {
                std::fs::remove_file(entry.path()).map_err(refused)?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}
