//! What each column of a table stands for, as far as its name and its cells tell.

use super::DataError;
use super::facts::listed;
use super::identity::{is_of_people, may_be_people};
use super::table::{Column, Table};
use super::text_column::{find_text, no_text};
use std::collections::{HashMap, HashSet};

/// What a column stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    Id,
    Text,
    Image,
    /// Of this model.
    Loss(String),
    Score(String),
    /// What the only model answered: a class or a number.
    Prediction,
    /// 1 where the only model was right.
    Correct,
    /// A figure of the only model, better when higher.
    Metric,
    Label,
    Split,
    /// Whom or what an item belongs to: items of one group are drawn into the same split.
    Group,
    Attribute,
    Ignore,
}

impl Role {
    /// Whether only one column can have it.
    #[must_use]
    pub fn is_single(&self) -> bool {
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
            Self::Prediction => "prediction".into(),
            Self::Correct => "correct".into(),
            Self::Metric => "metric".into(),
            Self::Label => "label".into(),
            Self::Split => "split".into(),
            Self::Group => "group".into(),
            Self::Attribute => "attribute".into(),
            Self::Ignore => "ignored".into(),
        }
    }
}

/// What a table is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Its rows are the items, and their texts are what is embedded.
    Items,
    /// Its rows are the items; their content comes from elsewhere, or is written from the columns.
    ItemsOfOtherContent,
    /// Its rows are joined to items there are.
    Joined,
}

/// Roles found, and what was decided on the way.
pub struct Guess {
    pub roles: Vec<Role>,
    pub notes: Vec<String>,
}

/// Gives every column that has none yet the role that its name and its cells suggest.
///
/// # Errors
/// If the items need a text and no column is clearly it.
pub fn guess(table: &Table, mut roles: Vec<Option<Role>>, model: &str, purpose: Purpose) -> Result<Guess, DataError> {
    let mut notes = Vec::new();
    let free = |roles: &[Option<Role>], role: &Role| !roles.contains(&Some(role.clone()));
    for (at, column) in table.columns.iter().enumerate() {
        if roles[at].is_none() {
            roles[at] = by_name(&column.name, model).filter(|role| free(&roles, role));
        }
    }
    let content = [Role::Text, Role::Image].iter().any(|role| !free(&roles, role));
    if purpose == Purpose::Items && !content {
        let open: Vec<&Column> = open_columns(table, &roles);
        let found = find_text(&open).map_err(|candidates| no_text(table, &candidates))?;
        let at = table.position(&found).unwrap_or_default();
        notes.push(format!("the texts are those of column '{found}'; --column text=COLUMN takes another"));
        roles[at] = Some(Role::Text);
    }
    for (role, names) in [(Role::Label, &LABELS[..]), (Role::Prediction, &PREDICTIONS[..])] {
        if free(&roles, &role)
            && let Some(at) = names.iter().find_map(|name| {
                (0..roles.len()).find(|&at| roles[at].is_none() && plain(&table.columns[at].name) == *name)
            })
        {
            notes.push(format!("column '{}' is taken for the {}", table.columns[at].name, role.words()));
            roles[at] = Some(role);
        }
    }
    if free(&roles, &Role::Group)
        && let Some(at) = (0..roles.len()).find(|&at| roles[at].is_none() && names_each(&table.columns[at]))
    {
        let name = &table.columns[at].name;
        notes.push(format!(
            "items of one value of column '{name}' are a group, judged as one; --column ignore={name} undoes it"
        ));
        roles[at] = Some(Role::Group);
    }
    let mut of_the_model = Vec::new();
    let mut worded = Vec::new();
    let roles = roles.into_iter().zip(&table.columns).map(|(role, column)| {
        role.unwrap_or_else(|| match kind_of(column, table.rows) {
            Kind::Other => Role::Ignore,
            _ if is_of_the_model(&column.name) => {
                of_the_model.push(column.name.clone());
                Role::Ignore
            }
            Kind::Flags => Role::Attribute,
            Kind::Words => {
                worded.push(column.name.clone());
                Role::Attribute
            }
        })
    });
    let roles = roles.collect();
    if !of_the_model.is_empty() {
        notes.push(format!(
            "not attributes, by their names: {}; --column attribute=COLUMN takes one all the same",
            listed(&of_the_model)
        ));
    }
    if !worded.is_empty() {
        notes.push(format!(
            "columns of few words become attributes: {}; --column ignore=COLUMN leaves one out",
            listed(&worded)
        ));
    }
    Ok(Guess { roles, notes })
}

/// Whether a column names people, by its own name, and has several items of each of many.
fn names_each(column: &Column) -> bool {
    if !is_of_people(&column.name) {
        return false;
    }
    let known: Vec<&str> = column.cells().filter(|cell| !is_missing(cell)).collect();
    may_be_people(known.iter().collect::<HashSet<_>>().len(), known.len(), true)
}

/// Columns that may yet become anything, results of the model left out.
fn open_columns<'a>(table: &'a Table, roles: &[Option<Role>]) -> Vec<&'a Column> {
    let open = table.columns.iter().zip(roles).filter(|(_, role)| role.is_none()).map(|(column, _)| column);
    open.filter(|column| !is_of_the_model(&column.name)).collect()
}

/// The role that a column's name alone makes sure.
pub fn by_name(name: &str, model: &str) -> Option<Role> {
    let lower = name.to_lowercase();
    if let Some(model) = lower.strip_prefix("loss:") {
        // The name as it is written, not in lower case.
        return Some(Role::Loss(name[name.len() - model.len()..].to_owned()));
    }
    if let Some(model) = lower.strip_prefix("score:") {
        return Some(Role::Score(name[name.len() - model.len()..].to_owned()));
    }
    if lower.starts_with("attribute:") {
        return Some(Role::Attribute);
    }
    Some(match lower.as_str() {
        "id" | "item_id" | "image_id" | "img_id" | "uid" => Role::Id,
        "text" | "sentence" | "caption" | "comment_text" => Role::Text,
        "image" | "image_path" | "filepath" | "img_filename" | "path" => Role::Image,
        "loss" => Role::Loss(model.to_owned()),
        "score" | "probability" | "prob" | "proba" => Role::Score(model.to_owned()),
        "label" => Role::Label,
        "split" | "partition" => Role::Split,
        "group" | "identity" | "identity_id" | "person_id" | "subject_id" | "speaker_id" | "patient_id"
        | "participant_id" | "user_id" => Role::Group,
        _ => return None,
    })
}

/// Names that a label goes by where no column is called so, best first.
const LABELS: [&str; 8] = ["y_true", "true_label", "ground_truth", "gold", "gold_label", "target", "y", "labels"];
/// Names that a model's answers go by.
const PREDICTIONS: [&str; 9] =
    ["prediction", "predicted", "pred", "y_pred", "predicted_label", "preds", "predictions", "y_hat", "yhat"];
/// Names of what a model or an evaluation did with an item, or of what numbers it: no properties of the item.
const OF_THE_MODEL: [&str; 45] = [
    "is_hit",
    "is_wrong",
    "is_error",
    "misclassified",
    "logit",
    "correct",
    "is_correct",
    "incorrect",
    "wrong",
    "error",
    "errors",
    "mistake",
    "failed",
    "failure",
    "success",
    "passed",
    "pass",
    "hit",
    "hits",
    "acc",
    "acc_norm",
    "accuracy",
    "exact_match",
    "em",
    "f1",
    "bleu",
    "rouge",
    "rouge1",
    "rouge2",
    "rougel",
    "perplexity",
    "ppl",
    "logprob",
    "confidence",
    "margin",
    "rank",
    "output",
    "response",
    "fold",
    "seed",
    "epoch",
    "index",
    "idx",
    "row",
    "weight",
];
const STARTS: [&str; 10] =
    ["pred_", "prediction_", "correct_", "acc_", "loss_", "score_", "prob_", "metric_", "logit_", "unnamed"];
const ENDS: [&str; 12] = [
    "_id",
    "_idx",
    "_index",
    "_correct",
    "_pred",
    "_prediction",
    "_acc",
    "_loss",
    "_score",
    "_prob",
    "_logit",
    "_metric",
];

/// Lower case, with `_` for `-`, `.` and blanks.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['-', '.', ' '], "_")
}

/// Whether a column's name says that it tells of the model or numbers the rows, rather than of the item.
#[must_use]
pub fn is_of_the_model(name: &str) -> bool {
    let name = plain(name);
    [&OF_THE_MODEL[..], &PREDICTIONS[..], &LABELS[..]].iter().any(|names| names.contains(&name.as_str()))
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
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
        _ if is_missing(cell) => Flag::Unknown,
        _ => return None,
    })
}

/// Whether a cell says that there is no value.
#[must_use]
pub fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "nan" | "NaN" | "NA" | "N/A" | "null" | "None" | "unknown")
}

/// What the cells of a column look like.
enum Kind {
    /// 0, 1, -1 or empty, and some cell says yes.
    Flags,
    /// From two to [`MOST_VALUES`] short words, each again and again.
    Words,
    Other,
}

/// Most words of a column that each become an attribute.
pub const MOST_VALUES: usize = 30;
/// Longest of them, in characters, and fewest rows a word on average.
const LONGEST_VALUE: usize = 40;
const LEAST_ROWS: usize = 8;

fn kind_of(column: &Column, rows: usize) -> Kind {
    let mut yes = false;
    if column.different().all(|cell| flag(cell).inspect(|flag| yes |= *flag == Flag::Yes).is_some()) {
        return if yes { Kind::Flags } else { Kind::Other };
    }
    let mut values: HashMap<&str, ()> = HashMap::new();
    for cell in column.different().filter(|cell| !is_missing(cell)) {
        let word =
            cell.chars().any(char::is_alphabetic) && cell.chars().take(LONGEST_VALUE + 1).count() <= LONGEST_VALUE;
        if !word || cell.parse::<f64>().is_ok() {
            return Kind::Other;
        }
        values.insert(cell, ());
        if values.len() > MOST_VALUES {
            return Kind::Other;
        }
    }
    if values.len() >= 2 && values.len() * LEAST_ROWS <= rows { Kind::Words } else { Kind::Other }
}
