//! Folders that clip-retrieval writes: per partition one array of embeddings and one table of metadata, whose rows
//! belong together. The partitions do not follow the order of the inputs, so losses are joined by key.

use super::DataError;
use super::arrays::open_npy;
use super::draft::Draft;
use super::embeddings::Embeddings;
use super::manifest::{Contents, from_table};
use super::mapping::Mapping;
use super::table::Table;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Columns that name an item, best first.
const KEYS: [&str; 5] = ["id", "key", "image_path", "url", "caption"];

/// Reads a folder. Partitions that are not finished are refused, or left out if `partial`.
///
/// # Errors
/// If partitions are missing or unfinished, or the rows of the two files of one do not fit.
pub fn clip_retrieval(folder: &Path, mapping: &Mapping, model: &str, partial: bool) -> Result<Draft, DataError> {
    let fault = |problem: String| DataError::File { file: folder.display().to_string(), problem };
    let (kind, arrays) = ["img_emb", "text_emb"]
        .into_iter()
        .map(|kind| (kind, parts(folder, kind, &format!("{kind}_"), ".npy")))
        .find(|(_, arrays)| !arrays.is_empty())
        .ok_or_else(|| fault("holds no img_emb/img_emb_*.npy and no text_emb/text_emb_*.npy".into()))?;
    let tables = parts(folder, "metadata", "metadata_", ".parquet");
    let open = unfinished(folder, &arrays, &tables);
    if let Some(first) = open.first().filter(|_| !partial) {
        return Err(fault(format!(
            "partition {first} is not finished ({} of {} are not); let clip-retrieval finish, or take the finished ones with --allow-partial",
            open.len(),
            arrays.len().max(tables.len()).max(open.len())
        )));
    }
    let mut joined: Option<Table> = None;
    let (mut found, mut columns) = (Vec::new(), 0);
    for (part, path) in arrays.iter().filter(|(part, _)| !open.contains(part)) {
        let array = open_npy(path).map_err(|problem| fault(format!("partition {part}: {problem}")))?.numbers;
        let Some(table) = tables.get(part) else { continue };
        let table = Table::read(table)?;
        if table.rows != array.rows() {
            return Err(fault(format!(
                "partition {part}: {} embeddings and {} rows of metadata",
                array.rows(),
                table.rows
            )));
        }
        if columns != 0 && columns != array.columns() {
            return Err(fault(format!("partition {part}: {} dimensions, the others have {columns}", array.columns())));
        }
        columns = array.columns();
        found.push(array);
        match &mut joined {
            None => joined = Some(table),
            Some(joined) => joined.append(&table).map_err(|problem| fault(format!("partition {part}: {problem}")))?,
        }
    }
    let mut table = joined.ok_or_else(|| fault("has no finished partition".into()))?;
    table.file = format!("{}/metadata", super::table::file_name(folder));
    let mut mapping = mapping.clone();
    if mapping.id.is_none() {
        mapping.id = KEYS.into_iter().find(|key| table.position(key).is_some()).map(String::from);
    }
    let mut draft = from_table(table, folder, &mapping, model, Contents::Elsewhere)?;
    if !open.is_empty() {
        draft.notes.push(format!("left out, because not finished: {} partitions", open.len()));
    }
    draft
        .notes
        .push(format!("embeddings are those of {kind}, items are named by '{}'", mapping.id.unwrap_or_default()));
    let (embeddings, scaled) = Embeddings::new(found, kind)?;
    draft.notes.extend(scaled);
    draft.embeddings = Some(embeddings);
    Ok(draft)
}

/// Files of a kind by the number of their partition.
fn parts(folder: &Path, kind: &str, prefix: &str, suffix: &str) -> BTreeMap<usize, PathBuf> {
    let entries = std::fs::read_dir(folder.join(kind)).into_iter().flatten().flatten();
    let part = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix(prefix)?.strip_suffix(suffix)?.parse().ok()?;
        Some((number, entry.path()))
    };
    entries.filter_map(part).collect()
}

/// Partitions with a file missing, or that clip-retrieval was still at work on.
fn unfinished(folder: &Path, arrays: &BTreeMap<usize, PathBuf>, tables: &BTreeMap<usize, PathBuf>) -> Vec<usize> {
    let stats = parts(folder, "stats", "", ".json");
    let working = parts(folder, "stats", "wip_", ".json");
    let all = arrays.keys().chain(tables.keys()).chain(stats.keys()).chain(working.keys());
    let count = all.max().map_or(0, |last| last + 1);
    let whole = |part: &usize| {
        // Dumps that were passed on often lack the stats: then the two files are enough.
        let reported = stats.is_empty() || stats.contains_key(part);
        arrays.contains_key(part) && tables.contains_key(part) && !working.contains_key(part) && reported
    };
    (0..count).filter(|part| !whole(part)).collect()
}
