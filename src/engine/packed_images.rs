//! Images that lie as bytes in a table become files of the home: one folder an audit, there as a whole or not at all.

use super::EngineError;
use crate::data::{Draft, PackedImages, each_binary};
use crate::files::UNFINISHED_ENDING;
use crate::store::{StoreError, image_folder};
use std::path::{Path, PathBuf};

/// Ending of a file that no program has to guess: decoders look at the bytes.
const ENDING: &str = "image";

/// A folder of images on its way in: removed again unless the audit is kept.
#[derive(Debug)]
pub struct Unpacked {
    folder: PathBuf,
    kept: bool,
}

impl Unpacked {
    /// Writes the images of a draft beside the home's audits, and gives their paths to the items; items without one
    /// are told to the draft.
    ///
    /// # Errors
    /// If the table cannot be read again, or the disk refuses.
    pub fn write(home: &Path, audit: &str, draft: &mut Draft, packed: &PackedImages) -> Result<Self, EngineError> {
        let folder = image_folder(home, audit);
        let beside = PathBuf::from(format!("{}{UNFINISHED_ENDING}", folder.display()));
        let fault = |path: &Path, source| EngineError::from(StoreError::Io { path: path.to_owned(), source });
        let _ = std::fs::remove_dir_all(&beside);
        std::fs::create_dir_all(&beside).map_err(|source| fault(&beside, source))?;
        let mut paths = vec![String::new(); draft.ids.len()];
        let mut failed = None;
        let name = |row: usize| format!("{row:08}.{ENDING}");
        let written = each_binary(&packed.file, &packed.column, |row, bytes| {
            let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
            let path = beside.join(name(row));
            if let Err(source) = std::fs::write(&path, bytes) {
                failed.get_or_insert((path, source));
            } else if let Some(slot) = paths.get_mut(row) {
                *slot = folder.join(name(row)).to_string_lossy().into_owned();
            }
            Ok(())
        });
        let moved = match (written, failed) {
            (Err(error), _) => Err(error.into()),
            (_, Some((path, source))) => Err(fault(&path, source)),
            _ => std::fs::rename(&beside, &folder).map_err(|source| fault(&folder, source)),
        };
        if let Err(error) = moved {
            let _ = std::fs::remove_dir_all(&beside);
            return Err(error);
        }
        draft.set_images(paths, &packed.column);
        Ok(Self { folder, kept: false })
    }

    /// The audit is kept, and its images with it.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
