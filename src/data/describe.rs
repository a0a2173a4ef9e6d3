//! Rows of a plain table as short texts, so that what has no texts can be audited by its properties. What is embedded
//! are then words for columns and values, no more.

use super::DataError;
use super::columns::{Flag, Role, flag, is_missing, is_of_the_model};
use super::mapping::{Mapping, Roles};
use super::table::{Column, Table, brief};

/// Where a template has the cell.
const PLACE: &str = "{value}";
/// Words for the quarters of a column of numbers.
const QUARTERS: [&str; 4] = ["very low", "low", "high", "very high"];
/// Fewest different numbers that are worth a word for their quarter.
const LEAST_NUMBERS: usize = 12;

/// How one column is said.
enum Saying<'a> {
    Template(&'a str),
    /// Its name where the cell says yes.
    Flag(String),
    /// Its name, the number, and the quarter it lies in; the numbers between quarters.
    Number(String, Vec<f64>),
    Words(String),
}

/// Writes each row as a text, and says of which columns.
///
/// # Errors
/// If there is no column to write of, or a template has no place for the cell.
pub fn describe(table: &Table, roles: &Roles, mapping: &Mapping) -> Result<(Vec<String>, String), DataError> {
    if let Some(strange) = mapping.describe.keys().find(|name| table.position(name).is_none()) {
        return Err(table.no_column(strange));
    }
    let said: Vec<(&Column, Saying<'_>)> = table
        .columns
        .iter()
        .zip(&roles.roles)
        .filter(|(column, role)| is_property(column, role, mapping))
        .map(|(column, role)| (column, saying(column, role, mapping)))
        .collect();
    if said.is_empty() {
        let problem = "no column tells of the items, so --describe has nothing to write".into();
        return Err(DataError::File { file: table.file.clone(), problem });
    }
    let row = |row: usize| {
        let parts: Vec<String> = said.iter().filter_map(|(column, saying)| part(column.cell(row), saying)).collect();
        if parts.is_empty() { "nothing known".to_owned() } else { parts.join(", ") }
    };
    let texts: Vec<String> = (0..table.rows).map(row).collect();
    let names: Vec<&str> = said.iter().map(|(column, _)| column.name.as_str()).collect();
    let note = format!(
        "the texts are written from the columns {}, such as '{}'; [describe] in a --columns file says them otherwise",
        names.join(", "),
        texts.first().map_or("", String::as_str)
    );
    Ok((texts, note))
}

/// Whether a column tells of the item: neither of the model, nor what names, divides or labels the items.
fn is_property(column: &Column, role: &Role, mapping: &Mapping) -> bool {
    match mapping.describe.get(&column.name) {
        Some(template) => !template.is_empty(),
        None => match role {
            Role::Attribute | Role::Text => true,
            Role::Ignore => !is_of_the_model(&column.name) && !mapping.ignore.contains(&column.name),
            _ => false,
        },
    }
}

fn saying<'a>(column: &Column, role: &Role, mapping: &'a Mapping) -> Saying<'a> {
    if let Some(template) = mapping.describe.get(&column.name) {
        return Saying::Template(template);
    }
    if *role == Role::Text {
        // A text speaks for itself.
        return Saying::Template(PLACE);
    }
    let name = column.name.replace(['_', '-', '.'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    if column.cells().all(|cell| flag(cell).is_some()) {
        return Saying::Flag(name);
    }
    let numbers: Option<Vec<f64>> =
        column.cells().filter(|cell| !is_missing(cell)).map(|cell| cell.parse().ok()).collect();
    match numbers {
        Some(mut numbers) => {
            numbers.sort_by(f64::total_cmp);
            let quarters = (1..4).filter_map(|quarter| numbers.get(numbers.len() * quarter / 4).copied()).collect();
            numbers.dedup();
            Saying::Number(name, if numbers.len() < LEAST_NUMBERS { Vec::new() } else { quarters })
        }
        None => Saying::Words(name),
    }
}

/// What one cell says; nothing where it is empty or says no.
fn part(cell: &str, saying: &Saying<'_>) -> Option<String> {
    if is_missing(cell) {
        return None;
    }
    Some(match saying {
        Saying::Template(template) if template.contains(PLACE) => template.replace(PLACE, cell),
        // Without a place for the cell the words stand for yes.
        Saying::Template(template) => return (flag(cell) == Some(Flag::Yes)).then(|| (*template).to_owned()),
        Saying::Flag(name) => return (flag(cell) == Some(Flag::Yes)).then(|| name.clone()),
        Saying::Number(name, quarters) if quarters.is_empty() => format!("{name} {}", number(cell)),
        Saying::Number(name, quarters) => {
            let value = cell.parse().unwrap_or(0.0);
            let quarter = quarters.iter().filter(|edge| value >= **edge).count();
            format!("{name} {} ({})", number(cell), QUARTERS[quarter.min(3)])
        }
        Saying::Words(name) => format!("{name} {}", cell.to_lowercase().replace(['_', '-'], " ")),
    })
}

/// A number as a person says it: whole where it is, else of three digits after the point at most.
fn number(cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        Ok(value) => format!("{}", (value * 1000.0).round() / 1000.0),
        Err(_) => brief(cell),
    }
}
