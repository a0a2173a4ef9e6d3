//! A matrix of scores out of a file: an array, a column of lists, or a table with a column a class, as a data frame
//! of probabilities is written.

use super::DataError;
use super::arrays::{Matrix, read_matrix_named};
use super::columns::{Purpose, Role};
use super::join::{Items, id_column};
use super::mapping::Mapping;
use super::table::{Table, file_name, is_parquet};
use std::path::Path;

/// Name of the array, tensor or column that scores are looked for under.
const NAME: &str = "scores";

/// A matrix as it was found.
pub struct Read {
    pub matrix: Matrix,
    /// Names of its columns, where the file has them.
    pub names: Option<Vec<String>>,
    /// What was decided, as sentences.
    pub notes: Vec<String>,
}

/// Reads the matrix, and the names of its columns where the file has them.
///
/// # Errors
/// What is wrong with the file.
pub fn read(path: &Path, ids: Option<&Path>, items: Items<'_>) -> Result<Read, DataError> {
    let name = file_name(path).to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    if [".csv", ".tsv", ".tab", ".jsonl", ".ndjson"].iter().any(|ending| plain.ends_with(ending)) {
        return from_table(&Table::read(path)?, items);
    }
    match read_matrix_named(path, ids, NAME) {
        Err(_) if is_parquet(path) && ids.is_none() => from_table(&Table::read(path)?, items),
        read => Ok(Read { matrix: read?, names: None, notes: Vec::new() }),
    }
}

/// Every column of numbers is a class, but for the ids and a row number that pandas leaves without a name.
fn from_table(table: &Table, items: Items<'_>) -> Result<Read, DataError> {
    let roles = Mapping::default().roles(table, "", Purpose::Joined)?;
    let mut notes = Vec::new();
    let id = id_column(table, &roles, items, &mut notes)?;
    let numbers = |column: &super::table::Column| column.cells().all(|cell| cell.parse::<f32>().is_ok());
    let unnamed = |name: &str| name == "column 1" || name.to_lowercase().starts_with("unnamed");
    let apart = |role: &Role| matches!(role, Role::Id | Role::Label | Role::Loss(_) | Role::Split | Role::Group);
    let columns: Vec<_> = (table.columns.iter().zip(&roles.roles))
        .filter(|(column, role)| {
            !apart(role) && id.is_none_or(|id| id.name != column.name) && !unnamed(&column.name) && numbers(column)
        })
        .map(|(column, _)| column)
        .collect();
    if columns.len() < 2 {
        let problem = "holds no two columns of numbers; a table of scores has one column a class".into();
        return Err(DataError::File { file: table.file.clone(), problem });
    }
    let mut values = Vec::with_capacity(table.rows * columns.len());
    for row in 0..table.rows {
        values.extend(columns.iter().filter_map(|column| column.cell(row).parse::<f32>().ok()));
    }
    let ids = id.map(|column| column.cells().map(String::from).collect());
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    // A header of numbers from 0 is pandas' own, and names nothing.
    let counted = names.iter().enumerate().all(|(at, name)| *name == at.to_string());
    let fault = |problem: String| DataError::File { file: table.file.clone(), problem };
    let matrix = Matrix::new(values, &[table.rows, columns.len()], ids).map_err(fault)?;
    Ok(Read { matrix, names: (!counted).then(|| plain_names(names)), notes })
}

/// Names without what all of them begin with, such as `prob_`.
fn plain_names(names: Vec<String>) -> Vec<String> {
    let Some(first) = names.first() else { return names };
    let ends = first.char_indices().filter(|(_, mark)| matches!(mark, '_' | ':' | '.')).map(|(at, _)| at + 1);
    let shared = |end: &usize| names.iter().all(|name| name.get(..*end) == first.get(..*end) && name.len() > *end);
    match ends.filter(shared).max() {
        Some(end) => names.iter().map(|name| name[end..].to_owned()).collect(),
        None => names,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_columns_begin_with_names_no_class() {
        let plain = |names: &[&str]| plain_names(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(plain(&["prob_ant", "prob_bee"]), ["ant", "bee"]);
        assert_eq!(plain(&["p_a_1", "p_a_2"]), ["1", "2"]);
        assert_eq!(plain(&["ant", "bee_a"]), ["ant", "bee_a"]);
    }
}
