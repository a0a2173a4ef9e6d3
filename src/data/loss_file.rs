//! A file of losses joined to items there are: a table of ids and losses, or an array of numbers.

use super::DataError;
use super::arrays::{is_array, read_vector};
use super::columns::{Purpose, Role};
use super::facts::Facts;
use super::join::{Items, Rows, id_column, join};
use super::mapping::Mapping;
use super::table::{Table, file_name};
use crate::audit::ModelLosses;
use std::path::Path;

const WHAT: &str = "losses";

/// Reads a file of losses, and orders what it says as the items are. Items it lacks have no loss.
///
/// # Errors
/// If its rows do not join the items, or a number is bad.
pub fn read_losses(path: &Path, mapping: &Mapping, model: &str, items: Items<'_>) -> Result<Facts, DataError> {
    read_joined(path, mapping, model, items, WHAT)
}

/// [`read_losses`] for a file that may be called otherwise in messages.
///
/// # Errors
/// As [`read_losses`].
pub fn read_joined(
    path: &Path,
    mapping: &Mapping,
    model: &str,
    items: Items<'_>,
    what: &str,
) -> Result<Facts, DataError> {
    if is_array(path) {
        return from_array(path, model, items);
    }
    let table = Table::read(path)?;
    let roles = mapping.roles(&table, model, Purpose::Joined)?;
    let mut notes = Vec::new();
    let id = id_column(&table, &roles, items, &mut notes)?;
    let ids: Option<Vec<String>> = id.map(|column| column.cells().map(String::from).collect());
    let rows = Rows {
        file: &table.file,
        what,
        ids: ids.as_deref(),
        count: table.rows,
        first_row: table.first_row,
        way: "name its column of ids with --column id=COLUMN",
    };
    let joined = join(items, rows)?;
    let mut facts = Facts::read(&table, &roles, mapping, model)?.pick(&joined.rows);
    facts.notes.splice(0..0, notes.into_iter().chain(joined.notes));
    facts.by_row = ids.is_none();
    facts.texts = roles
        .one(&table, &Role::Text)
        .filter(|_| ids.is_none())
        .map(|column| column.cells().map(String::from).collect());
    if let Some(id) = id {
        facts.ignored.retain(|name| *name != id.name);
    }
    if let Some(column) = roles.one(&table, &Role::Text) {
        facts.ignored.push(column.name.clone());
    }
    Ok(facts)
}

fn from_array(path: &Path, model: &str, items: Items<'_>) -> Result<Facts, DataError> {
    let file = file_name(path);
    let (values, ids) =
        read_vector(path, &["losses", "loss"]).map_err(|problem| DataError::File { file: file.clone(), problem })?;
    if let Some(row) = values.iter().position(|value| value.is_infinite()) {
        return Err(DataError::File { file, problem: format!("row {}: the loss is not finite", row + 1) });
    }
    let rows = Rows {
        file: &file,
        what: WHAT,
        ids: ids.as_deref(),
        count: values.len(),
        first_row: 1,
        way: "an npz may have them in an array 'ids'",
    };
    let joined = join(items, rows)?;
    let losses = ModelLosses { name: model.to_owned(), losses: values, scores: None, class_aurocs: None };
    let facts = Facts { models: vec![losses], ..Facts::default() };
    Ok(Facts { notes: joined.notes, ..facts.pick(&joined.rows) })
}
