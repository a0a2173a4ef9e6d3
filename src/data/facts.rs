//! What a table says of its rows beside their content: losses, scores, labels, splits, groups, attributes.

use super::DataError;
use super::attribute_columns::attributes;
use super::columns::{Role, is_missing};
use super::draft::Flags;
use super::identity::{GroupBy, are_numbers, is_of_people, may_be_people, names_people};
use super::losses::{Labels, correct_column, labels, loss_column, metric_column};
use super::mapping::{Mapping, Roles};
use super::table::{Column, Table};
use crate::audit::{ModelLosses, Split};
use std::collections::{BTreeMap, BTreeSet};

/// What a table says of its rows.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub models: Vec<ModelLosses>,
    /// A model without losses, and its score of the positive class, or the number it answered.
    pub scores: Vec<(String, Vec<f64>)>,
    /// What the only model answered.
    pub predictions: Option<(String, Vec<String>)>,
    pub label: Option<Labels>,
    pub splits: Option<Vec<Option<Split>>>,
    pub groups: Option<Vec<String>>,
    pub flags: Vec<Flags>,
    pub notes: Vec<String>,
    /// Columns of no use.
    pub ignored: Vec<String>,
    /// Columns that a person named and this table lacks.
    pub lacking: Vec<String>,
    /// Its rows were taken for the items in their order.
    pub by_row: bool,
    /// The texts beside rows that were.
    pub texts: Option<Vec<String>>,
}

impl Facts {
    /// Reads every column that has a role. `model` is the name of the only model.
    ///
    /// # Errors
    /// The first cell that does not fit its column's role.
    pub fn read(table: &Table, roles: &Roles, mapping: &Mapping, model: &str) -> Result<Self, DataError> {
        let owned = |column: &Column| column.cells().map(String::from).collect::<Vec<_>>();
        let mut facts = Self { lacking: roles.lacking.clone(), ..Self::default() };
        // A column just called 'score' is of the only model there is.
        let only = only_model(table, roles);
        let notes = &mut facts.notes;
        facts.splits =
            roles.one(table, &Role::Split).map(|column| splits(table, column, &mapping.splits)).transpose()?;
        // Cells that say nothing are nobody, not one person.
        let grouped = |column: &Column| {
            column
                .cells()
                .map(|cell| if is_missing(cell) { String::new() } else { cell.into() })
                .collect::<Vec<String>>()
        };
        facts.groups = roles.one(table, &Role::Group).map(grouped);
        if let Some(column) = roles.one(table, &Role::Label) {
            let read = labels(&owned(column), mapping.positive.as_deref(), mapping.threshold, notes)?;
            if facts.groups.is_none() && groups_by_label(column, &read, mapping.group_by, notes) {
                facts.groups = Some(grouped(column));
            }
            facts.label = Some(read);
        }
        for (column, role) in table.columns.iter().zip(&roles.roles) {
            let (name, losses) = match role {
                Role::Loss(name) if name.trim().is_empty() => {
                    let problem = format!("column '{}' names no model", column.name);
                    return Err(DataError::File { file: table.file.clone(), problem });
                }
                Role::Loss(name) => (name.as_str(), loss_column(table, column)?),
                Role::Correct => (model, correct_column(table, column)?),
                Role::Metric => (model, metric_column(table, column, notes)?),
                _ => continue,
            };
            if facts.models.iter().any(|known| known.name == name) {
                return Err(DataError::Usage(format!("losses of model '{name}' are there twice")));
            }
            facts.models.push(ModelLosses { name: name.to_owned(), losses, scores: None, class_aurocs: None });
        }
        for (column, role) in table.columns.iter().zip(&roles.roles) {
            let Role::Score(name) = role else { continue };
            let name = only.as_ref().filter(|_| name == model).unwrap_or(name);
            match facts.models.iter_mut().find(|known| known.name == *name) {
                Some(known) => known.scores = Some(scores(table, column, Some(&known.losses))?),
                None => facts.scores.push((name.clone(), scores(table, column, None)?)),
            }
        }
        facts.predictions = roles.one(table, &Role::Prediction).map(|column| (model.to_owned(), owned(column)));
        for column in roles.all(table, &Role::Attribute) {
            facts.flags.extend(attributes(table, column, mapping, &mut facts.notes)?);
        }
        facts.ignored = roles.all(table, &Role::Ignore).map(|column| column.name.clone()).collect();
        Ok(facts)
    }

    /// The facts of items, of which some may have no row.
    #[must_use]
    pub fn pick(self, rows: &[Option<usize>]) -> Self {
        fn take<T: Clone>(values: &[T], rows: &[Option<usize>], nothing: &T) -> Vec<T> {
            rows.iter().map(|row| row.map_or_else(|| nothing.clone(), |row| values[row].clone())).collect()
        }
        let numbers = |values: &Vec<f64>| take(values, rows, &f64::NAN);
        let words = |values: &Vec<String>| take(values, rows, &String::new());
        let models = self.models.iter().map(|model| ModelLosses {
            name: model.name.clone(),
            losses: numbers(&model.losses),
            scores: model.scores.as_ref().map(numbers),
            class_aurocs: None,
        });
        Self {
            models: models.collect(),
            scores: self.scores.iter().map(|(name, values)| (name.clone(), numbers(values))).collect(),
            predictions: self.predictions.as_ref().map(|(name, values)| (name.clone(), words(values))),
            label: self.label.as_ref().map(|label| label.pick(rows)),
            splits: self.splits.as_ref().map(|splits| take(splits, rows, &None)),
            groups: self.groups.as_ref().map(words),
            flags: self
                .flags
                .iter()
                .map(|flags| Flags { name: flags.name.clone(), values: take(&flags.values, rows, &None) })
                .collect(),
            ..self
        }
    }
}

/// The only model with a loss among the columns.
fn only_model(table: &Table, roles: &Roles) -> Option<String> {
    let mut named = table.columns.iter().zip(&roles.roles).filter_map(|(_, role)| match role {
        Role::Loss(name) => Some(name.clone()),
        _ => None,
    });
    named.next().filter(|_| named.next().is_none())
}

/// Whether items of one label are a group: because a person says so, or because the label names people.
fn groups_by_label(column: &Column, labels: &Labels, asked: Option<GroupBy>, notes: &mut Vec<String>) -> bool {
    if let Some(asked) = asked {
        return asked == GroupBy::Label;
    }
    let Labels::Classes(of, classes) = labels else { return false };
    let items = of.iter().flatten().count();
    let named = names_people(&column.name, classes.iter().map(String::as_str));
    if !may_be_people(classes.len(), items, named) {
        return false;
    }
    if !is_of_people(&column.name) && are_numbers(classes.iter().map(String::as_str)) {
        return false;
    }
    // Under a hundred names may be those of species.
    let people = named && (is_of_people(&column.name) || may_be_people(classes.len(), items, false));
    let (what, then) = if people {
        (
            "people",
            "items of one are a group, judged as one and kept on one side of a drawn split; --group-by none undoes it",
        )
    } else {
        (
            "values",
            "they may be people or kinds of things; if people, --group-by label judges each as one and keeps it on one side of a drawn split",
        )
    };
    let each = items as f64 / classes.len() as f64;
    notes.push(format!("column '{}' names {} {what} of {each:.1} items each: {then}", column.name, classes.len()));
    people
}

impl Labels {
    /// The labels of items, of which some may have no row.
    #[must_use]
    pub fn pick(&self, rows: &[Option<usize>]) -> Self {
        match self {
            Self::Binary(of, words) => {
                Self::Binary(rows.iter().map(|row| row.and_then(|row| of[row])).collect(), words.clone())
            }
            Self::Classes(of, names) => {
                Self::Classes(rows.iter().map(|row| row.and_then(|row| of[row])).collect(), names.clone())
            }
            Self::Numbers(of) => Self::Numbers(rows.iter().map(|row| row.and_then(|row| of[row])).collect()),
        }
    }

    /// Which items have none.
    #[must_use]
    pub fn missing(&self) -> Vec<bool> {
        match self {
            Self::Binary(of, _) => of.iter().map(Option::is_none).collect(),
            Self::Classes(of, _) => of.iter().map(Option::is_none).collect(),
            Self::Numbers(of) => of.iter().map(Option::is_none).collect(),
        }
    }
}

/// Scores of a column; NaN where a cell is empty or the item has no loss.
fn scores(table: &Table, column: &Column, losses: Option<&[f64]>) -> Result<Vec<f64>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        if losses.is_some_and(|losses| losses[row].is_nan()) || (losses.is_none() && is_missing(cell)) {
            return Ok(f64::NAN);
        }
        let value: f64 = cell.parse().map_err(|_| table.bad_cell(row, column, "is not a number"))?;
        if value.is_finite() { Ok(value) } else { Err(table.bad_cell(row, column, "is not finite")) }
    };
    column.cells().enumerate().map(one).collect()
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

/// The split of every row; `None` where the cell is empty.
fn splits(table: &Table, column: &Column, said: &BTreeMap<String, String>) -> Result<Vec<Option<Split>>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        let word = said.get(cell).map_or(cell, String::as_str);
        if is_missing(word) {
            return Ok(None);
        }
        split_of(word).map(Some).ok_or_else(|| {
            table.bad_cell(
                row,
                column,
                "is no known split; known are train, validation, test, their usual short forms, and 0, 1, 2; others go into a --columns file under [splits]",
            )
        })
    };
    column.cells().enumerate().map(one).collect()
}

/// Names of columns, each once and in order, as a sentence lists them.
#[must_use]
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let different: BTreeSet<&String> = names.iter().collect();
    let mut words: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    if different.len() > SHOWN {
        words.push("…");
    }
    words.join(", ")
}
