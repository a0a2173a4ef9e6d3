//! Images that lie in the table itself, as Hugging Face's data sets have them: a column of bytes beside one of paths.
//! They are written to files, for items are looked at and embedded from files.

use super::DataError;
use super::manifest::ImagePlace;
use super::mapping::Mapping;
use super::table::{Column, Kind, Table, check_plain, each_binary, files};
use std::path::{Path, PathBuf};

/// Names of columns of bytes that are images, without the `.bytes` of a structure.
const NAMES: [&str; 6] = ["image", "img", "jpg", "png", "photo", "picture"];

/// Writes the images of a table to the folder given, or to one that lasts as long as the value returned where nothing
/// is to be kept, and puts their paths in the place of their bytes. Nothing happens where there are none, or the
/// person names another content.
///
/// # Errors
/// If no folder is given, or a file cannot be written.
pub fn write_images(
    path: &Path,
    table: &mut Table,
    mapping: &mut Mapping,
    place: &mut ImagePlace,
) -> Result<Option<tempfile::TempDir>, DataError> {
    let Some(at) = column_of_images(table, mapping) else { return Ok(None) };
    let name = table.columns[at].name.clone();
    if files(path)?.is_none() && check_plain(path).is_err() {
        return Err(
            table.problem(format!("column '{name}' holds images, which do not come through a pipe; give the file"))
        );
    }
    let kept = if place.keep_nothing {
        Some(tempfile::tempdir().map_err(|error| table.problem(format!("no temporary folder: {error}")))?)
    } else {
        None
    };
    let root = match (&kept, &place.root) {
        (Some(folder), _) => folder.path().to_owned(),
        (None, Some(root)) => root.clone(),
        (None, None) => {
            return Err(table.problem(format!(
                "column '{name}' holds the images themselves; name a folder they are written to with --images-root DIR, or take a text instead with --column text=COLUMN"
            )));
        }
    };
    let beside = name.strip_suffix(".bytes").and_then(|root| table.position(&format!("{root}.path")));
    let paths = beside.map(|at| &table.columns[at]);
    let column = write_files(path, &name, paths, &root)?;
    let count = column.cells().filter(|cell| !cell.is_empty()).count();
    let shown = if kept.is_some() { "a temporary folder".to_owned() } else { root.display().to_string() };
    table.notes.push(format!("column '{name}' holds {count} images, which are written to {shown}"));
    table.columns[at] = column;
    mapping.image = Some(name.clone());
    // Other files name an image by its path.
    let names = beside.map(|at| &table.columns[at]).filter(|column| names_rows(column));
    if let Some(names) = names.filter(|names| mapping.id.is_none() && !mapping.ignore.contains(&names.name))
        && table.position("id").is_none()
    {
        mapping.id = Some(names.name.clone());
    }
    place.root = Some(root);
    Ok(kept)
}

/// Writes every image to a file; gives the files' names, or what is in the column of paths where there are no bytes.
fn write_files(path: &Path, name: &str, paths: Option<&Column>, root: &Path) -> Result<Column, DataError> {
    let fault = |file: &Path, error: std::io::Error| DataError::File {
        file: file.display().to_string(),
        problem: format!("cannot be written: {error}"),
    };
    std::fs::create_dir_all(root).map_err(|error| fault(root, error))?;
    let mut column = Column::new(name);
    each_binary(path, name, |row, bytes| {
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
            column.push(paths.map_or("", |paths| paths.cell(row)));
            return Ok(());
        };
        // Named by row and content: the same at the next time, and no two rows share one.
        let file = format!("{:07}-{:016x}.{}", row + 1, xxhash_rust::xxh3::xxh3_64(bytes), ending(bytes));
        let whole: PathBuf = root.join(&file);
        let there = std::fs::metadata(&whole).is_ok_and(|known| known.len() == bytes.len() as u64);
        if !there {
            std::fs::write(&whole, bytes).map_err(|error| fault(&whole, error))?;
        }
        column.push(&file);
        Ok(())
    })?;
    Ok(column)
}

/// The column whose bytes are the items, unless the person says what is.
fn column_of_images(table: &Table, mapping: &Mapping) -> Option<usize> {
    let root = |column: &Column| column.name.strip_suffix(".bytes").unwrap_or(&column.name).to_lowercase();
    let binary = |column: &&Column| column.kind == Kind::Binary;
    let found = match (&mapping.image, &mapping.text) {
        (Some(said), _) => table
            .columns
            .iter()
            .filter(binary)
            .find(|column| column.name == *said || column.name.strip_suffix(".bytes") == Some(said)),
        (None, Some(_)) => None,
        (None, None) => table.columns.iter().filter(binary).find(|column| NAMES.contains(&root(column).as_str())),
    };
    found.and_then(|column| table.position(&column.name))
}

/// Whether no cell is empty and no two are the same.
fn names_rows(column: &Column) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(column.len());
    column.cells().all(|cell| !cell.is_empty() && seen.insert(cell))
}

/// The ending of an image file, by its first bytes.
fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, ..] => "jpg",
        [0x89, b'P', b'N', b'G', ..] => "png",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        [b'B', b'M', ..] => "bmp",
        _ => "image",
    }
}
