//! What a person says of a table: which column is what, by flags or in a TOML file.

use super::DataError;
use super::columns::{Guess, Purpose, Role, guess};
use super::identity::GroupBy;
use super::table::Table;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// What a person says of the columns, by flags or in a TOML file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    pub id: Option<String>,
    pub text: Option<String>,
    pub image: Option<String>,
    pub label: Option<String>,
    pub split: Option<String>,
    pub group: Option<String>,
    /// The loss of the only model.
    pub loss: Option<String>,
    pub score: Option<String>,
    /// What the only model answered: a class or a number.
    pub prediction: Option<String>,
    /// 1 where the only model was right, 0 where it was wrong.
    pub correct: Option<String>,
    /// A figure of the only model that is better when higher.
    pub metric: Option<String>,
    /// Model and column.
    pub losses: BTreeMap<String, String>,
    pub scores: BTreeMap<String, String>,
    pub attributes: Vec<String>,
    pub ignore: Vec<String>,
    /// Numbers of an attribute column from here on mean that an item has it.
    pub threshold: Option<f64>,
    /// Where the numbers of a column are cut into attributes; at their quartiles where the list is empty.
    pub bins: BTreeMap<String, Vec<f64>>,
    /// The word of a label of two words that stands for yes.
    pub positive: Option<String>,
    /// A value of the split column and the split it means.
    pub splits: BTreeMap<String, String>,
    /// What items are put into groups by, where no column is the group.
    pub group_by: Option<GroupBy>,
    /// How a column is said where rows are written as sentences: `{value}` stands for the cell, nothing leaves it out.
    pub describe: BTreeMap<String, String>,
    /// Columns named may be in another file that comes with this one.
    #[serde(skip)]
    pub shared: bool,
}

/// Every table column with its role, and what was decided about them.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    pub roles: Vec<Role>,
    pub notes: Vec<String>,
    /// Columns that a person named and the table lacks: another file must have them.
    pub lacking: Vec<String>,
}

/// Longest TOML that is read: it is written by hand.
const LONGEST_TOML: usize = 1 << 20;

/// Reads the TOML of a file.
///
/// # Errors
/// If it is too long, or says something unknown.
pub(super) fn from_toml<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, DataError> {
    let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
    if text.len() > LONGEST_TOML {
        return Err(fault(format!("has {} bytes; at most {LONGEST_TOML} are read", text.len())));
    }
    toml::from_str(text).map_err(|error| fault(error.message().replace('\n', " ")))
}

impl Mapping {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// If it cannot be read or says something unknown.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        from_toml(path, &super::table::read_text(path)?)
    }

    /// Takes in `ROLE=COLUMN`; a later one replaces an earlier.
    ///
    /// # Errors
    /// If the role is unknown.
    pub fn set(&mut self, given: &str) -> Result<(), DataError> {
        let fault = |problem: &str| DataError::Usage(format!("--column {given}: {problem}"));
        let (role, column) =
            given.split_once('=').filter(|(_, column)| !column.is_empty()).ok_or_else(|| fault("give ROLE=COLUMN"))?;
        let column = column.to_owned();
        match role.split_once(':') {
            Some(("loss", model)) => drop(self.losses.insert(model.to_owned(), column)),
            Some(("score", model)) => drop(self.scores.insert(model.to_owned(), column)),
            _ => match role {
                "id" => self.id = Some(column),
                "text" => self.text = Some(column),
                "image" => self.image = Some(column),
                "label" => self.label = Some(column),
                "split" => self.split = Some(column),
                "group" => self.group = Some(column),
                "loss" => self.loss = Some(column),
                "score" => self.score = Some(column),
                "prediction" => self.prediction = Some(column),
                "correct" => self.correct = Some(column),
                "metric" => self.metric = Some(column),
                "attribute" => self.attributes.push(column),
                "ignore" => self.ignore.push(column),
                _ => {
                    return Err(fault(
                        "roles are id, text, image, loss, loss:MODEL, score, score:MODEL, prediction, correct, metric, label, split, group, attribute, ignore",
                    ));
                }
            },
        }
        Ok(())
    }

    /// Takes in `COLUMN=EDGE,EDGE,…`, or `COLUMN` alone for its quartiles.
    ///
    /// # Errors
    /// If an edge is no number, or the edges do not rise.
    pub fn set_bins(&mut self, given: &str) -> Result<(), DataError> {
        let fault = |problem: &str| DataError::Usage(format!("--bins {given}: {problem}"));
        let (column, edges) = given.split_once('=').unwrap_or((given, ""));
        let edges = edges.split(',').map(str::trim).filter(|edge| !edge.is_empty());
        let edges: Vec<f64> =
            edges.map(str::parse).collect::<Result<_, _>>().map_err(|_| fault("give COLUMN=EDGE,EDGE,…"))?;
        if column.is_empty() || !edges.iter().all(|edge| edge.is_finite()) || !edges.is_sorted_by(|a, b| a < b) {
            return Err(fault("the edges must be numbers that rise"));
        }
        self.bins.insert(column.to_owned(), edges);
        Ok(())
    }

    /// Every column the person names, with its role; `model` is the name of the only model.
    fn said(&self, model: &str) -> Vec<(Role, &str)> {
        let model = || model.to_owned();
        let mut said: Vec<(Role, &str)> = Vec::new();
        for (role, column) in [
            (Role::Id, &self.id),
            (Role::Text, &self.text),
            (Role::Image, &self.image),
            (Role::Label, &self.label),
            (Role::Split, &self.split),
            (Role::Group, &self.group),
            (Role::Loss(model()), &self.loss),
            (Role::Score(model()), &self.score),
            (Role::Prediction, &self.prediction),
            (Role::Correct, &self.correct),
            (Role::Metric, &self.metric),
        ] {
            said.extend(column.as_deref().map(|column| (role, column)));
        }
        said.extend(self.losses.iter().map(|(model, column)| (Role::Loss(model.clone()), column.as_str())));
        said.extend(self.scores.iter().map(|(model, column)| (Role::Score(model.clone()), column.as_str())));
        let attributes = self.attributes.iter().chain(self.bins.keys().filter(|name| !self.attributes.contains(name)));
        said.extend(attributes.map(|column| (Role::Attribute, column.as_str())));
        said.extend(self.ignore.iter().map(|column| (Role::Ignore, column.as_str())));
        said
    }

    /// The role of every column of a table: what the person says, else what name and values suggest.
    ///
    /// # Errors
    /// If a column named is not there, two columns have the same role, or the text an item needs cannot be found.
    pub fn roles(&self, table: &Table, model: &str, purpose: Purpose) -> Result<Roles, DataError> {
        let mut roles: Vec<Option<Role>> = vec![None; table.columns.len()];
        let mut lacking = Vec::new();
        for (role, column) in self.said(model) {
            let Some(at) = table.position(column) else {
                if self.shared {
                    lacking.push(column.to_owned());
                    continue;
                }
                return Err(table.no_column(column));
            };
            if let Some(other) = roles[at].replace(role.clone()).filter(|other| *other != role) {
                let problem = format!("column '{column}' is said to be both {} and {}", other.words(), role.words());
                return Err(DataError::File { file: table.file.clone(), problem });
            }
        }
        let Guess { roles, notes } = guess(table, roles, model, purpose)?;
        for (at, role) in roles.iter().enumerate() {
            let again = roles[..at].iter().position(|other| other == role && role.is_single());
            if let Some(first) = again {
                let problem = format!(
                    "columns '{}' and '{}' are both {}; say which with --column",
                    table.columns[first].name,
                    table.columns[at].name,
                    role.words()
                );
                return Err(DataError::File { file: table.file.clone(), problem });
            }
        }
        // What is wrong with a column matters only to who uses it.
        let used = table.columns.iter().zip(&roles).filter(|(_, role)| **role != Role::Ignore);
        used.map(|(column, _)| column).try_for_each(|column| table.check(column))?;
        Ok(Roles { roles, notes, lacking })
    }
}

impl Roles {
    /// The column of a role that only one can have.
    #[must_use]
    pub fn one<'a>(&self, table: &'a Table, role: &Role) -> Option<&'a super::table::Column> {
        self.roles.iter().position(|other| other == role).map(|at| &table.columns[at])
    }

    /// Columns of a role.
    pub fn all<'a>(&'a self, table: &'a Table, role: &'a Role) -> impl Iterator<Item = &'a super::table::Column> {
        table.columns.iter().zip(&self.roles).filter(move |(_, other)| *other == role).map(|(column, _)| column)
    }
}
