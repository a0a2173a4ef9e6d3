//! Files for decoders of others: ordinary files only, and a decoder that panics says that the file is damaged.

use super::DataError;
use super::table::file_name;
use crate::files::ordinary;
use crate::guard::guarded;
use std::path::Path;

/// Runs `work` on a file.
///
/// # Errors
/// If it is no ordinary file, what `work` says, or that the file is damaged where `work` panics.
pub fn decoded<T>(path: &Path, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    ordinary(path).map_err(|error| DataError::File { file: path.display().to_string(), problem: error.to_string() })?;
    let damaged = |problem| Err(DataError::Damaged { file: file_name(path), problem });
    guarded(work).unwrap_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage_and_a_device_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, b"x").unwrap();
        let broken = decoded(&path, || -> Result<(), DataError> { panic!("index out of bounds") });
        assert_eq!(broken.unwrap_err().to_string(), "x.parquet is damaged: index out of bounds");
        assert_eq!(decoded(&path, || Ok(7)).unwrap(), 7);
        let error = decoded(Path::new("/dev/zero"), || Ok(7)).unwrap_err().to_string();
        assert_eq!(error, "/dev/zero: is a device, not an ordinary file");
    }
}
