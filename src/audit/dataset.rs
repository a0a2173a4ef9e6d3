//! One dataset with the losses of one or more black-box models on it.

use super::{Attribute, AttributePrompts, CompactText, nearest_name};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Which part of the data an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    Validation,
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// What an encoder is given for an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// The item's text.
    #[default]
    Text,
    /// An image file, by its path; `stamp` changes when the file does.
    Image { path: CompactText, stamp: [u8; 16] },
    /// Nothing: the embedding came with the data and is kept under this digest.
    Embedded([u8; 16]),
    /// An image file that could not be decoded; the item takes part in nothing.
    Unreadable,
}

/// One data point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: CompactText,
    /// Its words: what is embedded of a text, the caption of anything else; may then be empty.
    pub text: CompactText,
    pub split: Split,
    pub content: Content,
}

/// The audited black box, known only by what it did on the items.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLosses {
    pub name: String,
    /// Task loss of each item, `>= 0`; NaN where the model has none, and then the item is in none of its runs.
    pub losses: Vec<f64>,
    /// Score of the positive class of each item, if given; with labels it makes AUROC possible. NaN where the
    /// model has no loss either.
    pub scores: Option<Vec<f64>>,
    /// What a matrix of scores said, for a model that tells many classes apart.
    pub class_aurocs: Option<ClassAurocs>,
}

/// AUROC of one class against the rest, among some items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassAuroc {
    pub class: usize,
    pub auroc: f64,
    /// Items of the class.
    pub positives: usize,
}

/// How a model tells classes apart within each attribute's groups: measured from its scores over the test items it
/// has a loss for, when they were taken in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassAurocs {
    /// Classes the model scores.
    pub classes: usize,
    pub items: usize,
    /// For each attribute, in the audit's order: classes with an AUROC among the items with it, and among those
    /// without. The negatives of a class are the group's own items of other classes.
    pub attributes: Vec<[Vec<ClassAuroc>; 2]>,
    /// Variance over items of either side's macro AUROC, where classes are too few to be the units; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item_variances: Vec<[Option<f64>; 2]>,
}

/// A named list of foreign words, such as the CIFAR-10 class names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignSet {
    pub name: String,
    pub words: Vec<String>,
    /// The words are singular nouns, which take an article: "a dog".
    pub singular: bool,
}

/// Lists of prompts an audit brings: what describes its data, and what is foreign to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptSets {
    pub in_distribution: Vec<String>,
    pub foreign: Vec<ForeignSet>,
    /// Foreign words that name people, left out where people are the data.
    pub people: Vec<String>,
}

/// Numbers of groups by name, in order of first appearance; an item without a name is alone.
#[must_use]
pub fn clusters(groups: &[String]) -> Vec<usize> {
    let mut numbers = std::collections::HashMap::with_capacity(groups.len());
    let mut next = 0..;
    let number = |group: &String| match numbers.get(group) {
        Some(&number) if !group.trim().is_empty() => number,
        _ => {
            let number = next.next().unwrap_or(usize::MAX);
            numbers.insert(group.clone(), number);
            number
        }
    };
    groups.iter().map(number).collect()
}

/// Largest loss that is taken in: its fourth power, which intervals need, is far from the ends of what numbers hold.
pub const LARGEST_LOSS: f64 = 1e30;

/// What is wrong with a dataset.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AuditError {
    #[error("audit '{0}' has no items")]
    Empty(String),
    #[error("{what} has {found} values for {expected} items")]
    Length { what: String, found: usize, expected: usize },
    #[error("loss of model '{model}' at item '{id}' is {value}; losses are from 0 to {LARGEST_LOSS:e}")]
    Loss { model: String, id: String, value: String },
    #[error("audit '{audit}' has no {split} items with a loss of model '{model}'")]
    NoSplit { audit: String, model: String, split: Split },
    #[error("model '{model}' is not part of audit '{audit}'; it has: {known}")]
    UnknownModel { audit: String, model: String, known: String },
    #[error("audit '{audit}' has no attribute '{attribute}'; {}it has: {known}", meant(.nearest.as_ref()))]
    UnknownAttribute { audit: String, attribute: String, nearest: Option<String>, known: String },
    #[error("audit '{audit}' has no item '{id}'")]
    UnknownItem { audit: String, id: String },
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("did you mean '{nearest}'? "))
}

/// A dataset seen through the losses of its models.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    pub name: String,
    pub items: Vec<Item>,
    /// Binary label of each item, if given.
    pub labels: Option<Vec<bool>>,
    /// Whom or what each item belongs to, as a number, where the data say: items of one cluster depend on each other.
    pub clusters: Option<Vec<usize>>,
    pub attributes: Vec<Attribute>,
    pub models: Vec<ModelLosses>,
    pub prompts: PromptSets,
}

impl Audit {
    /// Checks that every column has one value an item and every loss is one.
    ///
    /// # Errors
    /// The first column or loss that is wrong.
    pub fn validate(&self) -> Result<(), AuditError> {
        let expected = self.items.len();
        if expected == 0 {
            return Err(AuditError::Empty(self.name.clone()));
        }
        let check = |what: String, found: usize| {
            if found == expected { Ok(()) } else { Err(AuditError::Length { what, found, expected }) }
        };
        if let Some(labels) = &self.labels {
            check("the label column".into(), labels.len())?;
        }
        if let Some(clusters) = &self.clusters {
            check("the group column".into(), clusters.len())?;
        }
        for attribute in &self.attributes {
            check(format!("attribute '{}'", attribute.name), attribute.values.len())?;
        }
        for model in &self.models {
            check(format!("the loss of model '{}'", model.name), model.losses.len())?;
            if let Some(scores) = &model.scores {
                check(format!("the score of model '{}'", model.name), scores.len())?;
            }
            if let Some(aurocs) = &model.class_aurocs
                && aurocs.attributes.len() != self.attributes.len()
            {
                let what = format!("the class AUROC of model '{}'", model.name);
                return Err(AuditError::Length {
                    what,
                    found: aurocs.attributes.len(),
                    expected: self.attributes.len(),
                });
            }
            // NaN stands for a loss that is missing.
            if let Some(row) = model.losses.iter().position(|loss| *loss > LARGEST_LOSS || *loss < 0.0) {
                return Err(AuditError::Loss {
                    model: model.name.clone(),
                    id: self.items[row].id.to_string(),
                    value: format!("{:e}", model.losses[row]),
                });
            }
        }
        Ok(())
    }

    /// Positions of the readable items of a split, in order.
    #[must_use]
    pub fn rows(&self, split: Split) -> Vec<usize> {
        let of_split = |item: &Item| item.split == split && item.content != Content::Unreadable;
        (0..self.items.len()).filter(|&row| of_split(&self.items[row])).collect()
    }

    /// Positions of the readable items of a split that a model has a loss for, in order.
    #[must_use]
    pub fn rows_of(&self, model: &ModelLosses, split: Split) -> Vec<usize> {
        let mut rows = self.rows(split);
        rows.retain(|&row| !model.losses[row].is_nan());
        rows
    }

    /// Whether its items are texts: only then are there fragments, and words no item uses.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        self.items.iter().any(|item| item.content == Content::Text)
    }

    /// Finds a model by name.
    ///
    /// # Errors
    /// The known names, if there is none of this one.
    pub fn model(&self, name: &str) -> Result<&ModelLosses, AuditError> {
        self.models.iter().find(|model| model.name == name).ok_or_else(|| AuditError::UnknownModel {
            audit: self.name.clone(),
            model: name.to_owned(),
            known: self.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Finds an attribute by name.
    ///
    /// # Errors
    /// The one that may have been meant and the known names, if there is none of this one.
    pub fn attribute(&self, name: &str) -> Result<&Attribute, AuditError> {
        let names = || self.attributes.iter().map(|attribute| attribute.name.as_str());
        self.attributes.iter().find(|attribute| attribute.name == name).ok_or_else(|| AuditError::UnknownAttribute {
            audit: self.name.clone(),
            attribute: name.to_owned(),
            nearest: nearest_name(name, names()).map(str::to_owned),
            known: names().collect::<Vec<_>>().join(", "),
        })
    }

    /// Name and prompts of every attribute.
    pub fn attribute_prompts(&self) -> impl Iterator<Item = (&str, &AttributePrompts)> {
        self.attributes.iter().map(|attribute| (attribute.name.as_str(), &attribute.prompts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_and_who_has_none_is_alone() {
        let groups = ["anna", "", "bob", "anna", ""].map(String::from);
        assert_eq!(clusters(&groups), [0, 1, 2, 0, 3]);
    }
}
