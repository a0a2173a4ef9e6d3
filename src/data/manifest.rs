//! A file of rows to an audit: what each column stands for is found or said, then every cell is read.

use super::DataError;
use super::columns::{Purpose, Role};
use super::describe::describe;
use super::draft::{Draft, PackedImages, Why};
use super::facts::{Facts, listed};
use super::mapping::Mapping;
use super::table::{Column, Kind, Table, folder_of};
use rayon::prelude::*;
use std::path::{Component, Path, PathBuf};

/// Where image files may lie.
#[derive(Debug, Clone, Default)]
pub struct ImagePlace {
    /// Folder that paths are relative to [the manifest's].
    pub root: Option<PathBuf>,
    /// Take paths that lead out of that folder.
    pub outside: bool,
}

/// Where the content of the items comes from.
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// From the table: texts, or image files that are looked for here.
    Table(&'a ImagePlace),
    /// From the table's columns, as a sentence a row.
    Described,
    /// From elsewhere: texts are captions, images are not opened.
    Elsewhere,
}

/// Reads a manifest. `model` names the model of a column called just `loss`.
///
/// # Errors
/// The first thing that is wrong, with file, row and column.
pub fn manifest(path: &Path, mapping: &Mapping, model: &str, contents: Contents<'_>) -> Result<Draft, DataError> {
    let table = Table::read(path)?;
    let packed = matches!(contents, Contents::Table(_)).then(|| packed_images(&table, mapping, path)).flatten();
    let Some(packed) = packed else { return from_table(table, &folder_of(path), mapping, model, contents) };
    // Whatever text stands beside the images is a caption.
    let mapping = Mapping { image: None, ..mapping.clone() };
    let mut draft = from_table(table, &folder_of(path), &mapping, model, Contents::Elsewhere)?;
    draft.notes.push(format!("the items are the images in column '{}'; texts are captions", packed.column));
    draft.packed_images = Some(packed);
    Ok(draft)
}

/// The column of image bytes, as Hugging Face writes images: `image.bytes` beside `image.path`, or the one a person
/// names; with a text named as the content there is none.
fn packed_images(table: &Table, mapping: &Mapping, path: &Path) -> Option<PackedImages> {
    const NAMES: [&str; 4] = ["image", "img", "picture", "photo"];
    let is_binary = |name: &str| table.position(name).is_some_and(|at| table.columns[at].kind == Kind::Binary);
    let named =
        mapping.image.iter().flat_map(|name| [name.clone(), format!("{name}.bytes")]).find(|name| is_binary(name));
    let usual = || {
        let bytes = table.columns.iter().filter(|column| column.kind == Kind::Binary);
        bytes.map(|column| &column.name).find(|name| {
            let stem = name.strip_suffix(".bytes").unwrap_or(name);
            NAMES.contains(&stem.to_lowercase().as_str())
        })
    };
    let nothing_said = mapping.image.is_none() && mapping.text.is_none();
    let column = named.or_else(|| if nothing_said { usual().cloned() } else { None })?;
    Some(PackedImages { file: path.to_owned(), column })
}

/// Reads a table as a manifest that lies in `folder`.
///
/// # Errors
/// As [`manifest`].
pub fn from_table(
    table: Table,
    folder: &Path,
    mapping: &Mapping,
    model: &str,
    contents: Contents<'_>,
) -> Result<Draft, DataError> {
    if table.rows == 0 {
        return Err(DataError::File { file: table.file, problem: "has a header and no rows".into() });
    }
    let purpose = match contents {
        Contents::Table(_) => Purpose::Items,
        Contents::Described | Contents::Elsewhere => Purpose::ItemsOfOtherContent,
    };
    let roles = mapping.roles(&table, model, purpose)?;
    let mut draft =
        Draft { file: table.file.clone(), first_row: table.first_row, notes: table.notes.clone(), ..Draft::default() };
    draft.notes.extend(roles.notes.iter().cloned());
    let cell = |column: &Column, row: usize| column.cell(row).to_owned();
    let owned = |column: &Column| (0..column.len()).into_par_iter().map(|row| cell(column, row)).collect::<Vec<_>>();
    let (text, image) = (roles.one(&table, &Role::Text), roles.one(&table, &Role::Image));
    draft.ids = match (roles.one(&table, &Role::Id), image) {
        (Some(column), _) => {
            table.check_parts(column).map_err(|problem| table.problem(problem))?;
            owned(column)
        }
        (None, Some(column)) => {
            draft.notes.push("no column of ids: the image paths serve".into());
            owned(column)
        }
        (None, None) => {
            draft.notes.push("no column of ids: rows are numbered from 1, and only files without ids join them".into());
            draft.numbered = true;
            (1..=table.rows).map(|row| row.to_string()).collect()
        }
    };
    draft.texts = text.map(owned).unwrap_or_default();
    match (contents, image) {
        (Contents::Table(place), Some(column)) => {
            let root = place.root.as_deref().unwrap_or(folder);
            draft.images = Some(image_paths(&table, column, root, place.outside, &mut draft.absent)?);
        }
        (Contents::Table(_), None) => {
            if let Some(column) = text {
                let empty = column.cells().enumerate().filter(|(_, cell)| cell.is_empty());
                draft.absent.extend(
                    empty.map(|(row, _)| (row, Why::Content(table.fault(row, &column.name, "the text is empty")))),
                );
            }
        }
        (Contents::Described, _) => {
            let (texts, note) = describe(&table, &roles, mapping)?;
            (draft.texts, draft.images) = (texts, None);
            draft.notes.push(note);
        }
        (Contents::Elsewhere, _) => {}
    }
    let facts = Facts::read(&table, &roles, mapping, model)?;
    if !facts.ignored.is_empty() {
        draft.notes.push(format!("columns not used: {}", listed(&facts.ignored)));
    }
    draft.lacking = facts.lacking.clone();
    draft.take(facts, None);
    Ok(draft)
}

/// Paths of the image files, each inside the folder it should be in; those that are not there are told.
fn image_paths(
    table: &Table,
    column: &Column,
    root: &Path,
    allow_outside: bool,
    absent: &mut Vec<(usize, Why)>,
) -> Result<Vec<String>, DataError> {
    let root =
        root.canonicalize().map_err(|error| DataError::Usage(format!("--images-root {}: {error}", root.display())))?;
    let mut paths = Vec::with_capacity(table.rows);
    for (row, cell) in column.cells().enumerate() {
        // Links are followed: what counts is where a path leads.
        let found = Some(root.join(cell)).filter(|_| !cell.is_empty()).and_then(|path| path.canonicalize().ok());
        let leads_out = match &found {
            Some(found) => !found.starts_with(&root),
            None => Path::new(cell).is_absolute() || leads_up(cell),
        };
        if leads_out && !allow_outside {
            let problem = format!("leads out of {}; --allow-outside takes such paths", root.display());
            return Err(table.bad_cell(row, column, &problem));
        }
        match found.filter(|path| path.is_file()) {
            Some(found) => paths.push(found.to_string_lossy().into_owned()),
            None => {
                let problem = if cell.is_empty() {
                    table.fault(row, &column.name, "the path is empty")
                } else {
                    let problem = format!("is no file in {}; give the folder with --images-root", root.display());
                    table.bad_cell(row, column, &problem)
                };
                absent.push((row, Why::Content(problem)));
                paths.push(String::new());
            }
        }
    }
    Ok(paths)
}

pub(super) fn leads_up(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}
