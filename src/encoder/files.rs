//! Where an encoder's files come from: a local folder, or the hub and its cache.

use super::hub::Repository;
use serde::de::DeserializeOwned;
use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Longest JSON file that is read: a tokenizer's has up to some 35 MiB.
const LONGEST_JSON: u64 = 64 << 20;

/// Finds files by the names a hub repository gives them.
pub(super) enum Files {
    Folder(PathBuf),
    Hub(Box<Repository>),
}

impl Files {
    /// The file's path on this machine, fetched if need be; none where the encoder has no such file.
    pub(super) fn find(&self, name: &str) -> Result<Option<PathBuf>, String> {
        // Some names come from the encoder's own files.
        if !name.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\\')) {
            return Err(format!("{} names the file {name:?}, which would lie outside of it", self.place()));
        }
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                Ok(path.is_file().then_some(path))
            }
            Self::Hub(repository) => repository.find(name),
        }
    }

    /// The same for a file that must be there.
    pub(super) fn require(&self, name: &str) -> Result<PathBuf, String> {
        self.find(name)?.ok_or_else(|| format!("{} has no {name}", self.place()))
    }

    /// Reads a JSON file that must be there.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        read_json(&self.require(name)?)
    }

    /// Whether what lacks may be there at another time.
    pub(super) fn may_come(&self) -> bool {
        matches!(self, Self::Hub(repository) if repository.out_of_reach())
    }

    /// The place in words.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Folder(folder) => format!("the folder {}", folder.display()),
            Self::Hub(repository) => repository.place(),
        }
    }
}

/// Reads a JSON file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = read_bounded(path)?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The bytes of a JSON file, if it is an ordinary file and not too long.
pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let fault = |problem: String| format!("{}: {problem}", path.display());
    let length = crate::files::ordinary(path).map_err(|error| fault(error.to_string()))?.len();
    if length > LONGEST_JSON {
        return Err(fault(format!("{length} bytes are too many for a JSON file")));
    }
    let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    if text.starts_with(super::weights::LFS) {
        return Err(fault("is a pointer that Git LFS left; run 'git lfs pull' where it was cloned".into()));
    }
    crate::guard::check_values(&text, false).map_err(fault)?;
    Ok(text)
}

/// Hash over the contents of files, in order; names weights and preprocessing.
pub(super) fn digest(paths: &[PathBuf]) -> Result<u64, String> {
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0u8; 1 << 20];
    for path in paths {
        let fault = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = std::fs::File::open(path).map_err(fault)?;
        let mut length = 0u64;
        loop {
            let read = file.read(&mut buffer).map_err(fault)?;
            if read == 0 {
                break;
            }
            length += read as u64;
            hasher.write(&buffer[..read]);
        }
        // Where one file ends is part of what they say together.
        hasher.write(&length.to_le_bytes());
    }
    Ok(hasher.finish())
}
