//! Files for decoders of others: a decoder that panics says that the file is damaged.

use super::DataError;
use super::table::file_name;
use crate::guard::guarded;
use std::path::Path;

/// Runs `work` on a file.
///
/// # Errors
/// What `work` says, or that the file is damaged where `work` panics.
pub fn decoded<T>(path: &Path, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    let damaged = |problem| Err(DataError::Damaged { file: file_name(path), problem });
    guarded(work).unwrap_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage() {
        let path = Path::new("folder/x.parquet");
        let broken = decoded(path, || -> Result<(), DataError> { panic!("index out of bounds") });
        assert_eq!(broken.unwrap_err().to_string(), "x.parquet is damaged: index out of bounds");
        assert_eq!(decoded(path, || Ok(7)).unwrap(), 7);
    }
}
