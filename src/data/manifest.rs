//! A file of rows to an audit: what each column stands for is found or said, then every cell is read.

use super::DataError;
use super::columns::{Flag, Mapping, Role, flag};
use super::draft::{Draft, Flags};
use super::table::{Column, Table, brief, folder_of};
use crate::audit::{ModelLosses, Split};
use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

/// Most values of a column that each become an attribute of their own.
const MOST_VALUES: usize = 30;

/// Where image files may lie.
#[derive(Debug, Clone, Default)]
pub struct ImagePlace {
    /// Folder that paths are relative to [the manifest's].
    pub root: Option<PathBuf>,
    /// Take paths that lead out of that folder.
    pub outside: bool,
}

/// Reads a manifest. `model` names the model of a column called just `loss`. Image files are looked for unless
/// the embeddings come with the data (`images` is `None`).
///
/// # Errors
/// The first thing that is wrong, with file, row and column.
pub fn manifest(path: &Path, mapping: &Mapping, model: &str, images: Option<&ImagePlace>) -> Result<Draft, DataError> {
    from_table(Table::read(path)?, &folder_of(path), mapping, model, images)
}

/// Reads a table as a manifest that lies in `folder`.
pub fn from_table(
    table: Table,
    folder: &Path,
    mapping: &Mapping,
    model: &str,
    images: Option<&ImagePlace>,
) -> Result<Draft, DataError> {
    if table.rows == 0 {
        return Err(DataError::File { file: table.file, problem: "has a header and no rows".into() });
    }
    let roles = mapping.roles(&table, model)?;
    let one = |role: &Role| roles.iter().position(|other| other == role).map(|at| &table.columns[at]);
    let notes = table.notes.clone();
    let mut draft = Draft { file: table.file.clone(), first_row: table.first_row, notes, ..Draft::default() };
    let owned = |column: &Column| column.cells().map(String::from).collect::<Vec<_>>();
    let (text, image) = (one(&Role::Text), one(&Role::Image));
    draft.texts = text.map(owned).unwrap_or_default();
    draft.images = image
        .zip(images)
        .map(|(column, place)| image_paths(&table, column, place.root.as_deref().unwrap_or(folder), place.outside))
        .transpose()?;
    draft.ids = match (one(&Role::Id), image) {
        (Some(column), _) => owned(column),
        (None, Some(column)) => {
            draft.notes.push("no column of ids: the image paths serve".into());
            owned(column)
        }
        (None, None) => {
            draft.notes.push("no column of ids: rows are numbered from 1".into());
            (1..=table.rows).map(|row| row.to_string()).collect()
        }
    };
    if let Some(column) = text.filter(|_| image.is_none() && images.is_some())
        && let Some(row) = column.cells().position(str::is_empty)
    {
        return Err(table.fault(row, &column.name, "the text is empty"));
    }
    draft.splits = one(&Role::Split).map(|column| splits(&table, column, &mapping.splits)).transpose()?;
    draft.groups = one(&Role::Group).map(owned);
    draft.labels = match one(&Role::Label) {
        Some(column) => labels(&table, column, mapping.threshold)?,
        None => None,
    };
    if let Some(column) = one(&Role::Label).filter(|_| draft.labels.is_none()) {
        let classes = owned(column);
        draft.notes.push(format!(
            "labels of column '{}' have {} classes: AUROC needs the scores of all of them (--scores), gaps of the loss do not",
            column.name,
            classes.iter().collect::<std::collections::BTreeSet<_>>().len()
        ));
        draft.classes = Some(classes);
    }
    draft.models = models(&table, &roles)?;
    for (column, _) in table.columns.iter().zip(&roles).filter(|(_, role)| **role == Role::Attribute) {
        draft.flags.extend(attributes(&table, column, mapping.threshold, &mut draft.notes)?);
    }
    let ignored: Vec<&str> = table
        .columns
        .iter()
        .zip(&roles)
        .filter_map(|(column, role)| (*role == Role::Ignore).then_some(column.name.as_str()))
        .collect();
    if !ignored.is_empty() {
        draft.notes.push(format!("columns not used: {}", ignored.join(", ")));
    }
    Ok(draft)
}

/// The losses and scores of every model among the columns.
fn models(table: &Table, roles: &[Role]) -> Result<Vec<ModelLosses>, DataError> {
    let mut models: Vec<ModelLosses> = Vec::new();
    for (column, role) in table.columns.iter().zip(roles) {
        if let Role::Loss(name) = role {
            if name.trim().is_empty() {
                return Err(DataError::File {
                    file: table.file.clone(),
                    problem: format!("column '{}' names no model", column.name),
                });
            }
            models.push(ModelLosses {
                name: name.clone(),
                losses: losses(table, column)?,
                scores: None,
                class_aurocs: None,
            });
        }
    }
    for (column, role) in table.columns.iter().zip(roles) {
        let Role::Score(name) = role else { continue };
        let Some(model) = models.iter_mut().find(|model| &model.name == name) else {
            let problem = format!("column '{}' has scores of model '{name}', which has no losses", column.name);
            return Err(DataError::File { file: table.file.clone(), problem });
        };
        model.scores = Some(scores(table, column, &model.losses)?);
    }
    Ok(models)
}

/// Losses of a column; NaN where a cell is empty.
fn losses(table: &Table, column: &Column) -> Result<Vec<f64>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        let value: f64 = cell.parse().map_err(|_| table.bad_cell(row, column, "is not a number"))?;
        if !value.is_finite() {
            return Err(table.bad_cell(row, column, "is not finite; leave the cell of a missing loss empty"));
        }
        if value < 0.0 {
            return Err(table.bad_cell(row, column, "is negative; losses are at least 0"));
        }
        Ok(value)
    };
    column.cells().enumerate().map(one).collect()
}

fn scores(table: &Table, column: &Column, losses: &[f64]) -> Result<Vec<f64>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        if losses[row].is_nan() {
            return Ok(f64::NAN);
        }
        let value: f64 = cell.parse().map_err(|_| table.bad_cell(row, column, "is not a number"))?;
        if value.is_finite() { Ok(value) } else { Err(table.bad_cell(row, column, "is not finite")) }
    };
    column.cells().enumerate().map(one).collect()
}

/// Binary labels; `None` where there are more than two classes.
fn labels(table: &Table, column: &Column, threshold: Option<f64>) -> Result<Option<Vec<bool>>, DataError> {
    if let Some(row) = column.cells().position(str::is_empty) {
        return Err(table.fault(row, &column.name, "the label is empty; give every row one or leave the column out"));
    }
    let flags: Option<Vec<Flag>> = column.cells().map(flag).collect();
    if let Some(flags) = flags.filter(|flags| !(flags.contains(&Flag::MinusOne) && flags.contains(&Flag::No))) {
        return Ok(Some(flags.into_iter().map(|flag| flag == Flag::Yes).collect()));
    }
    let numbers = threshold.map(|threshold| {
        column.cells().map(|cell| Some(cell.parse::<f64>().ok()? >= threshold)).collect::<Option<Vec<bool>>>()
    });
    Ok(numbers.flatten())
}

/// The split that a word means.
#[must_use]
pub fn split_of(word: &str) -> Option<Split> {
    Some(match word.to_lowercase().as_str() {
        "train" | "training" | "id_train" | "0" => Split::Train,
        "validation" | "valid" | "val" | "dev" | "id_val" | "1" => Split::Validation,
        "test" | "testing" | "eval" | "id_test" | "2" => Split::Test,
        _ => return None,
    })
}

fn splits(table: &Table, column: &Column, said: &BTreeMap<String, String>) -> Result<Vec<Split>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        let word = said.get(cell).map_or(cell, String::as_str);
        split_of(word).ok_or_else(|| {
            table.bad_cell(
                row,
                column,
                "is no known split; known are train, validation, test, their usual short forms, and 0, 1, 2; others go into a --columns file under [splits]",
            )
        })
    };
    column.cells().enumerate().map(one).collect()
}

/// The attributes of a column: one of 0/1 values, or one for each value of a column of words.
fn attributes(
    table: &Table,
    column: &Column,
    threshold: Option<f64>,
    notes: &mut Vec<String>,
) -> Result<Vec<Flags>, DataError> {
    let name = column.name.strip_prefix("attribute:").unwrap_or(&column.name).to_owned();
    if let Some(flags) = column.cells().map(flag).collect::<Option<Vec<Flag>>>() {
        let both = flags.contains(&Flag::No);
        if flags.contains(&Flag::MinusOne) {
            let meaning = if both { "unknown, beside 0 and 1" } else { "no, beside 1 alone" };
            notes.push(format!("-1 in column '{}' is taken for {meaning}", column.name));
        }
        let value = |flag: &Flag| match flag {
            Flag::Yes => Some(true),
            Flag::No => Some(false),
            Flag::MinusOne if !both => Some(false),
            Flag::MinusOne | Flag::Unknown => None,
        };
        return Ok(vec![Flags { name, values: flags.iter().map(value).collect() }]);
    }
    if let Some(threshold) = threshold
        && column.cells().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok())
    {
        let value =
            |cell: &str| cell.parse::<f64>().ok().filter(|value| !value.is_nan()).map(|value| value >= threshold);
        return Ok(vec![Flags { name, values: column.cells().map(value).collect() }]);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    column.cells().filter(|cell| !cell.is_empty()).for_each(|cell| *counts.entry(cell).or_default() += 1);
    if counts.len() > MOST_VALUES {
        let first = column.cells().position(|cell| flag(cell).is_none()).unwrap_or(0);
        let problem = format!(
            "of an attribute column with {} different values; up to {MOST_VALUES} become one attribute each, numbers need a threshold",
            counts.len()
        );
        return Err(table.bad_cell(first, column, &problem));
    }
    notes.push(format!("column '{}' has {} values; each is an attribute", column.name, counts.len()));
    let of_value = |value: &str| Flags {
        name: format!("{name}: {value}"),
        values: column.cells().map(|cell| (!cell.is_empty()).then_some(cell == value)).collect(),
    };
    Ok(counts.keys().map(|value| of_value(value)).collect())
}

/// Paths of the image files, each there and inside the folder it should be in.
fn image_paths(table: &Table, column: &Column, root: &Path, allow_outside: bool) -> Result<Vec<String>, DataError> {
    let root =
        root.canonicalize().map_err(|error| DataError::Usage(format!("--images-root {}: {error}", root.display())))?;
    let mut lost: Option<(usize, usize)> = None;
    let mut paths = Vec::with_capacity(table.rows);
    for (row, cell) in column.cells().enumerate() {
        if cell.is_empty() {
            return Err(table.fault(row, &column.name, "the path is empty"));
        }
        let path = root.join(cell);
        // Links are followed: what counts is where a path leads.
        let Ok(found) = path.canonicalize() else {
            if !allow_outside && (Path::new(cell).is_absolute() || leads_up(cell)) {
                return Err(outside(table, row, column, &root));
            }
            let (first, count) = lost.unwrap_or((row, 0));
            lost = Some((first, count + 1));
            continue;
        };
        if !allow_outside && !found.starts_with(&root) {
            return Err(outside(table, row, column, &root));
        }
        paths.push(found.to_string_lossy().into_owned());
    }
    if let Some((row, count)) = lost {
        let problem = format!(
            "is no file in {}; so are {count} of {} paths; give the folder with --images-root",
            root.display(),
            table.rows
        );
        return Err(table.bad_cell(row, column, &problem));
    }
    Ok(paths)
}

fn leads_up(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}

fn outside(table: &Table, row: usize, column: &Column, root: &Path) -> DataError {
    table.bad_cell(row, column, &format!("leads out of {}; --allow-outside takes such paths", root.display()))
}

/// Losses of further models, read from a file of their own.
#[derive(Debug, Clone)]
pub struct LossFile {
    pub models: Vec<ModelLosses>,
    /// Rows of the file whose id no item has.
    pub unknown: usize,
}

/// Reads a file of ids and losses, and orders it as the items are. Items it lacks have no loss.
///
/// # Errors
/// If it has no id or no loss column, an id twice, no id of the audit, or a bad number.
pub fn read_losses(path: &Path, mapping: &Mapping, model: &str, ids: &[&str]) -> Result<LossFile, DataError> {
    let table = Table::read(path)?;
    let roles = mapping.roles(&table, model)?;
    let id = roles.iter().position(|role| *role == Role::Id).ok_or_else(|| table.no_column("id"))?;
    let id = &table.columns[id];
    let read = models(&table, &roles)?;
    if read.is_empty() {
        return Err(table.no_column("loss"));
    }
    let mut row_of: HashMap<&str, usize> = HashMap::with_capacity(table.rows);
    for (row, cell) in id.cells().enumerate() {
        if let Some(before) = row_of.insert(cell, row) {
            let problem = format!("'{}' is there twice, first in row {}", brief(cell), before + table.first_row);
            return Err(table.fault(row, &id.name, problem));
        }
    }
    let rows: Vec<Option<usize>> = ids.iter().map(|id| row_of.get(id).copied()).collect();
    let known = rows.iter().flatten().count();
    if known == 0 {
        let first = id.cell(0);
        return Err(table.fault(
            0,
            &id.name,
            format!(
                "'{}': none of the ids is one of the audit's, such as '{}'",
                brief(first),
                ids.first().map_or("", |id| *id)
            ),
        ));
    }
    let order = |values: &[f64]| rows.iter().map(|row| row.map_or(f64::NAN, |row| values[row])).collect();
    let models = read
        .into_iter()
        .map(|model| ModelLosses {
            losses: order(&model.losses),
            scores: model.scores.as_deref().map(order),
            class_aurocs: None,
            name: model.name,
        })
        .collect();
    Ok(LossFile { models, unknown: table.rows - known })
}
