//! WILDS and group-DRO folders: one CSV of metadata, whose columns differ from set to set.

use super::manifest::Contents;
use super::mapping::Mapping;
use super::{DataError, Draft, manifest};
use std::path::Path;

const FILES: [&str; 3] = ["metadata.csv", "all_data_with_identities.csv", "metadata.parquet"];

/// Reads a WILDS folder as a manifest whose image paths lie in that folder. `y` is the label unless the mapping
/// says otherwise.
///
/// # Errors
/// As [`manifest`], or if there is no metadata.
pub fn wilds(folder: &Path, mapping: &Mapping, model: &str, contents: Contents<'_>) -> Result<Draft, DataError> {
    let path = FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        DataError::File { file: folder.display().to_string(), problem: format!("holds none of {}", FILES.join(", ")) }
    })?;
    let mut mapping = mapping.clone();
    if mapping.label.is_none() && super::table::Table::read(&path)?.position("y").is_some() {
        mapping.label = Some("y".into());
    }
    manifest(&path, &mapping, model, contents)
}
