//! Which row of a file belongs to which item: by id where both have ids, row by row where the file has none and is as
//! long. Row numbers that were made up here never meet the ids of another program, which may count from 0.

use super::DataError;
use super::columns::Role;
use super::mapping::Roles;
use super::table::{Column, Table, brief};
use std::collections::{HashMap, HashSet};

/// Ids of the items that rows are joined to.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    pub ids: &'a [String],
    /// The ids are row numbers made up here.
    pub numbered: bool,
}

/// Rows that are joined to items, and what they are called in messages.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub file: &'a str,
    /// "losses", "embeddings", "scores".
    pub what: &'a str,
    pub ids: Option<&'a [String]>,
    pub count: usize,
    /// Number of the first row as its file counts, and the column of the ids.
    pub first_row: usize,
    /// How to give ids to a file that has none.
    pub way: &'a str,
}

/// The row of every item, and what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    pub rows: Vec<Option<usize>>,
    pub notes: Vec<String>,
}

/// The column of a table that names its rows: the one said or known to, else one whose cells are the items' own ids.
///
/// # Errors
/// If there is none, and a column that counts the rows shows that they stand in another order than they had.
pub fn id_column<'a>(
    table: &'a Table,
    roles: &Roles,
    items: Items<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<&'a Column>, DataError> {
    // What is joined is named by the paths of its images where it has no other names.
    if let Some(column) = roles.one(table, &Role::Id).or_else(|| roles.one(table, &Role::Image)) {
        return Ok(Some(column));
    }
    if !items.numbered {
        let known: HashSet<&str> = items.ids.iter().map(String::as_str).collect();
        // A loss may be a whole number too, and is no name.
        let free = table.columns.iter().zip(&roles.roles);
        let free = free.filter(|(_, role)| matches!(role, Role::Ignore | Role::Group | Role::Text));
        let names = |column: &&Column| {
            let found = column.cells().filter(|cell| known.contains(cell)).count();
            let different = column.cells().collect::<HashSet<_>>().len();
            2 * found > table.rows && different == table.rows
        };
        if let Some(column) = free.map(|(column, _)| column).find(names) {
            notes.push(format!(
                "the rows of {} join by column '{}', whose cells are the items' ids",
                table.file, column.name
            ));
            return Ok(Some(column));
        }
    }
    let counts = |name: &str| {
        let name = name.to_lowercase();
        name.starts_with("column ")
            || name.starts_with("unnamed")
            || ["index", "idx", "__index_level_0__"].contains(&name.as_str())
    };
    for column in table.columns.iter().filter(|column| counts(&column.name)) {
        let numbers: Option<Vec<i64>> = column.cells().map(|cell| cell.parse().ok()).collect();
        if numbers.is_some_and(|numbers| !numbers.is_sorted_by(|a, b| a < b)) {
            return Err(table.fault(
                0,
                &column.name,
                "counts the rows, and they stand in another order: without ids they cannot be joined; name a column of ids of both files with --column id=COLUMN, or sort the rows",
            ));
        }
    }
    Ok(None)
}

/// Whether two lists of ids are the same whole numbers counted from another start: then every row would be one off.
fn counted_otherwise(ours: &[String], theirs: &[String]) -> bool {
    let least = |ids: &[String]| {
        let mut numbers: Vec<i64> = ids.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?;
        numbers.sort_unstable();
        let first = *numbers.first()?;
        numbers.iter().zip(first..).all(|(number, wanted)| *number == wanted).then_some(first)
    };
    ours.len() == theirs.len() && matches!((least(ours), least(theirs)), (Some(a), Some(b)) if a != b)
}

/// Finds the row of every item.
///
/// # Errors
/// If ids stand on one side only and the counts differ, the items' are made up, one is there twice, or none fits.
pub fn join(items: Items<'_>, rows: Rows<'_>) -> Result<Joined, DataError> {
    let fault = |problem: String| DataError::File { file: rows.file.to_owned(), problem };
    let n = items.ids.len();
    let Some(ids) = rows.ids else {
        if rows.count != n {
            return Err(fault(format!("has {} rows for {n} items and no ids to join by; {}", rows.count, rows.way)));
        }
        let note = format!("the {} have no ids: row by row they are taken for the items in their order", rows.what);
        return Ok(Joined { rows: (0..n).map(Some).collect(), notes: vec![note] });
    };
    if items.numbered {
        return Err(fault(format!(
            "has ids, such as '{}', and the items have none; name a column of ids of the manifest with --column id=COLUMN, or bring the {} as a file of {n} rows without ids",
            ids.first().map_or_else(String::new, |id| brief(id)),
            rows.what
        )));
    }
    let mut row_of: HashMap<&str, usize> = HashMap::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        if let Some(before) = row_of.insert(id, row) {
            return Err(DataError::Cell {
                file: rows.file.to_owned(),
                row: row + rows.first_row,
                column: "id".into(),
                problem: format!("'{}' is there twice, first in row {}", brief(id), before + rows.first_row),
            });
        }
    }
    let found: Vec<Option<usize>> = items.ids.iter().map(|id| row_of.get(id.as_str()).copied()).collect();
    let known = found.iter().flatten().count();
    if known == 0 {
        let (theirs, ours) = (ids.first().map(String::as_str), items.ids.first().map(String::as_str));
        return Err(fault(format!(
            "none of its ids, such as '{}', is one of the audit's, such as '{}'",
            brief(theirs.unwrap_or_default()),
            brief(ours.unwrap_or_default())
        )));
    }
    if known < n && counted_otherwise(items.ids, ids) {
        return Err(fault(format!(
            "its ids count from another number than the items' do, such as '{}' and '{}': joined, every row would be one off; count both alike, or leave the ids out",
            ids.first().map_or("", String::as_str),
            items.ids.first().map_or("", String::as_str)
        )));
    }
    let mut notes = Vec::new();
    if known < ids.len() {
        notes.push(format!("{} rows of the {} belong to no item and were passed over", ids.len() - known, rows.what));
    }
    Ok(Joined { rows: found, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(of: &[&str]) -> Vec<String> {
        of.iter().map(|id| (*id).to_owned()).collect()
    }

    fn found(items: &[&str], numbered: bool, rows: Option<&[&str]>, count: usize) -> Result<Joined, DataError> {
        let (items, rows) = (ids(items), rows.map(ids));
        let rows = Rows { file: "f", what: "losses", ids: rows.as_deref(), count, first_row: 2, way: "name them" };
        join(Items { ids: &items, numbered }, rows)
    }

    #[test]
    fn ids_meet_ids_and_rows_meet_rows_but_numbers_made_up_meet_nothing() {
        let by_id = found(&["a", "b"], false, Some(&["b", "x", "a"]), 3).unwrap();
        assert_eq!((by_id.rows, by_id.notes.len()), (vec![Some(2), Some(0)], 1));
        for numbered in [false, true] {
            assert_eq!(found(&["1", "2"], numbered, None, 2).unwrap().rows, [Some(0), Some(1)]);
            assert!(found(&["1", "2"], numbered, None, 3).is_err());
        }
        let refused = found(&["1", "2"], true, Some(&["1", "2"]), 2).unwrap_err().to_string();
        assert!(refused.contains("--column id=COLUMN"), "{refused}");
        assert!(found(&["a", "b"], false, Some(&["c"]), 1).is_err());
        assert!(found(&["a", "b"], false, Some(&["a", "a"]), 2).unwrap_err().to_string().contains("row 3"));
    }
}
