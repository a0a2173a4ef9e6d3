//! What each column of a manifest stands for: found by its name and values, or said by a person.

use super::DataError;
use super::table::{Column, Table};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What a column stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    Id,
    Text,
    Image,
    /// Of this model.
    Loss(String),
    Score(String),
    Label,
    Split,
    /// Whom or what an item belongs to: items of one group are drawn into the same split.
    Group,
    Attribute,
    Ignore,
}

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
    /// Model and column.
    pub losses: BTreeMap<String, String>,
    pub scores: BTreeMap<String, String>,
    pub attributes: Vec<String>,
    pub ignore: Vec<String>,
    /// Numbers of an attribute column from here on mean that an item has it.
    pub threshold: Option<f64>,
    /// A value of the split column and the split it means.
    pub splits: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// If it cannot be read or says something unknown.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
        let text = crate::files::read_text(path).map_err(|error| fault(error.to_string()))?;
        toml::from_str(&text).map_err(|error| fault(error.message().replace('\n', " ")))
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
                "attribute" => self.attributes.push(column),
                "ignore" => self.ignore.push(column),
                _ => {
                    return Err(fault(
                        "roles are id, text, image, loss, loss:MODEL, score, score:MODEL, label, split, group, attribute, ignore",
                    ));
                }
            },
        }
        Ok(())
    }

    /// Every column the person names, with its role; `model` is the name of the only model.
    fn said(&self, model: &str) -> Vec<(Role, &str)> {
        let of_model = |role: fn(String) -> Role, one: &Option<String>| one.clone().map(|_| role(model.to_owned()));
        let mut said: Vec<(Role, &str)> = Vec::new();
        for (role, column) in [
            (Some(Role::Id), &self.id),
            (Some(Role::Text), &self.text),
            (Some(Role::Image), &self.image),
            (Some(Role::Label), &self.label),
            (Some(Role::Split), &self.split),
            (Some(Role::Group), &self.group),
            (of_model(Role::Loss, &self.loss), &self.loss),
            (of_model(Role::Score, &self.score), &self.score),
        ] {
            said.extend(role.zip(column.as_deref()));
        }
        said.extend(self.losses.iter().map(|(model, column)| (Role::Loss(model.clone()), column.as_str())));
        said.extend(self.scores.iter().map(|(model, column)| (Role::Score(model.clone()), column.as_str())));
        said.extend(self.attributes.iter().map(|column| (Role::Attribute, column.as_str())));
        said.extend(self.ignore.iter().map(|column| (Role::Ignore, column.as_str())));
        said
    }

    /// The role of every column of a table: what the person says, else what name and values suggest.
    ///
    /// # Errors
    /// If a column named is not there, or two columns have the same role.
    pub fn roles(&self, table: &Table, model: &str) -> Result<Vec<Role>, DataError> {
        let mut roles: Vec<Option<Role>> = vec![None; table.columns.len()];
        for (role, column) in self.said(model) {
            let at = table.position(column).ok_or_else(|| table.no_column(column))?;
            if let Some(other) = roles[at].replace(role.clone()).filter(|other| *other != role) {
                let problem = format!("column '{column}' is said to be both {} and {}", other.words(), role.words());
                return Err(DataError::File { file: table.file.clone(), problem });
            }
        }
        for (at, column) in table.columns.iter().enumerate() {
            if roles[at].is_none() {
                let guess = by_name(&column.name, model).filter(|guess| !roles.contains(&Some(guess.clone())));
                roles[at] = guess;
            }
        }
        let roles: Vec<Role> = roles
            .into_iter()
            .zip(&table.columns)
            .map(|(role, column)| role.unwrap_or_else(|| if is_flags(column) { Role::Attribute } else { Role::Ignore }))
            .collect();
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
        Ok(roles)
    }
}

impl Role {
    fn is_single(&self) -> bool {
        !matches!(self, Self::Attribute | Self::Ignore)
    }

    /// The role in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Id => "id".into(),
            Self::Text => "text".into(),
            Self::Image => "image".into(),
            Self::Loss(model) => format!("loss of model {model}"),
            Self::Score(model) => format!("score of model {model}"),
            Self::Label => "label".into(),
            Self::Split => "split".into(),
            Self::Group => "group".into(),
            Self::Attribute => "attribute".into(),
            Self::Ignore => "ignored".into(),
        }
    }
}

/// The role that a column's name suggests.
fn by_name(name: &str, model: &str) -> Option<Role> {
    let lower = name.to_lowercase();
    if let Some(model) = lower.strip_prefix("loss:") {
        // The name as it is written, not in lower case.
        return Some(Role::Loss(name[name.len() - model.len()..].to_owned()));
    }
    if let Some(model) = lower.strip_prefix("score:") {
        return Some(Role::Score(name[name.len() - model.len()..].to_owned()));
    }
    Some(match lower.as_str() {
        "id" | "item_id" | "image_id" | "img_id" | "uid" => Role::Id,
        "text" | "sentence" | "caption" | "comment_text" => Role::Text,
        "image" | "image_path" | "filepath" | "img_filename" | "path" => Role::Image,
        "loss" => Role::Loss(model.to_owned()),
        "score" | "probability" => Role::Score(model.to_owned()),
        "label" => Role::Label,
        "split" | "partition" => Role::Split,
        "group" | "identity" => Role::Group,
        _ => return None,
    })
}

/// A cell of a 0/1 column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    Yes,
    No,
    /// `-1`, which means "no" beside 1 alone and "unknown" beside 0.
    MinusOne,
    Unknown,
}

/// Reads a cell of a 0/1 column.
#[must_use]
pub fn flag(cell: &str) -> Option<Flag> {
    Some(match cell {
        "1" | "1.0" | "true" | "True" | "TRUE" | "yes" | "Yes" => Flag::Yes,
        "0" | "0.0" | "false" | "False" | "FALSE" | "no" | "No" => Flag::No,
        "-1" | "-1.0" => Flag::MinusOne,
        "" | "nan" | "NaN" | "NA" | "null" | "None" | "unknown" => Flag::Unknown,
        _ => return None,
    })
}

/// Whether every cell is 0, 1, -1 or empty, and some cell says yes.
fn is_flags(column: &Column) -> bool {
    let mut yes = false;
    column.cells().all(|cell| flag(cell).inspect(|flag| yes |= *flag == Flag::Yes).is_some()) && yes
}
