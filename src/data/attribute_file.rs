//! Prompts of attributes: from a file a person wrote, or made from the names of columns.

use super::{DataError, builtin};
use crate::audit::{Attribute, AttributePrompts, ForeignSet, PromptSets};
use serde::Deserialize;
use std::path::Path;

/// Most attributes of a file: each is compared with all others.
const MOST_ATTRIBUTES: usize = 2000;

/// A file of prompts, JSON or TOML.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AttributeFile {
    pub attributes: Vec<PromptRow>,
    pub in_distribution: Vec<String>,
    /// Read through a list of pairs: the order of the sets is the order of the table.
    pub foreign: serde_json::Map<String, serde_json::Value>,
    pub people: Vec<String>,
    /// Names of the foreign sets whose words take no article.
    pub plural: Vec<String>,
}

/// The prompts of one attribute; only the phrase is needed.
#[derive(Debug, Clone, Deserialize)]
pub struct PromptRow {
    pub name: String,
    pub bare: Option<(String, String)>,
    pub phrase: String,
    pub antonym: Option<String>,
    pub generic: Option<String>,
}

impl AttributeFile {
    /// Reads JSON or, for a name that ends in `.toml`, TOML.
    ///
    /// # Errors
    /// If it cannot be read or lacks something.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
        let text = super::table::read_text(path)?;
        let file: Self = if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
            super::mapping::from_toml(path, &text)?
        } else {
            Self::parse(&text).map_err(fault)?
        };
        if file.attributes.len() > MOST_ATTRIBUTES {
            let count = file.attributes.len();
            return Err(fault(format!("has {count} attributes; at most {MOST_ATTRIBUTES} are taken")));
        }
        for (at, row) in file.attributes.iter().enumerate() {
            if row.name.trim().is_empty() || row.phrase.trim().is_empty() {
                return Err(fault(format!("attribute {}: name and phrase must not be empty", at + 1)));
            }
            if file.attributes[..at].iter().any(|other| same_name(&other.name, &row.name)) {
                return Err(fault(format!("attribute '{}' is there twice", row.name)));
            }
        }
        Ok(file)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        crate::guard::check_values(text.as_bytes(), false)?;
        if text.trim_start().starts_with('[') {
            // The attributes alone.
            let attributes = serde_json::from_str(text).map_err(|error| error.to_string())?;
            return Ok(Self { attributes, ..Self::default() });
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// An attribute with the file's prompts or, where it has none, with prompts made from its name.
    #[must_use]
    pub fn attribute(&self, name: String, values: Vec<Option<bool>>) -> Attribute {
        let row = self.attributes.iter().find(|row| same_name(&row.name, &name));
        let prompts = row.map_or_else(|| self.made(&name), |row| self.prompts(row));
        Attribute { name, prompts, values }
    }

    fn prompts(&self, row: &PromptRow) -> AttributePrompts {
        let bare = || (row.name.clone(), format!("Not {}", row.name));
        AttributePrompts {
            bare: row.bare.clone().unwrap_or_else(bare),
            phrase: row.phrase.clone(),
            antonym: row.antonym.clone(),
            generic: row.generic.clone().unwrap_or_else(|| self.anybody()),
            made: false,
        }
    }

    /// Prompts from a column's name: "Wearing_Hat" becomes "wearing hat", against what stands for any item.
    fn made(&self, name: &str) -> AttributePrompts {
        let words: String = name.replace(['_', '-', ':'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let phrase = words.to_lowercase();
        AttributePrompts {
            bare: (words.clone(), format!("Not {words}")),
            // Encoders hardly read "not": a made antonym would be worse than none (docs/data.md).
            antonym: None,
            phrase,
            generic: self.anybody(),
            made: true,
        }
    }

    /// What stands for any item, where the file does not say: what most of its attributes are compared with.
    fn anybody(&self) -> String {
        self.attributes.iter().find_map(|row| row.generic.clone()).unwrap_or_else(|| "anything".into())
    }

    /// The lists of Table 1: those of the file; else the attributes' phrases against the built-in foreign words.
    ///
    /// # Errors
    /// If a foreign set is not a list of words.
    pub fn sets(&self, attributes: &[Attribute]) -> Result<PromptSets, DataError> {
        let foreign = self.foreign.iter().map(|(name, list)| {
            let words = serde_json::from_value(list.clone()).map_err(|_| {
                DataError::Usage(format!("foreign set '{name}' of the attributes file is no list of words"))
            })?;
            Ok(ForeignSet { name: name.clone(), words, singular: !self.plural.contains(name) })
        });
        let mut sets = PromptSets {
            in_distribution: self.in_distribution.clone(),
            foreign: foreign.collect::<Result<_, DataError>>()?,
            people: self.people.clone(),
        };
        if sets.in_distribution.is_empty() {
            for attribute in attributes.iter().filter(|attribute| !attribute.prompts.made) {
                let phrases = [Some(&attribute.prompts.phrase), attribute.prompts.antonym.as_ref()];
                for phrase in phrases.into_iter().flatten() {
                    if !sets.in_distribution.contains(phrase) {
                        sets.in_distribution.push(phrase.clone());
                    }
                }
            }
        }
        if sets.foreign.is_empty() {
            let known = builtin::prompt_sets()?;
            (sets.foreign, sets.people) = (known.foreign, known.people);
        }
        Ok(sets)
    }

    /// The attributes of the file that the data lack, as a sentence.
    ///
    /// # Errors
    /// If the data have none of the file's attributes.
    pub fn unmatched(&self, attributes: &[Attribute]) -> Result<Option<String>, DataError> {
        let known = |row: &&PromptRow| !attributes.iter().any(|attribute| same_name(&attribute.name, &row.name));
        let unused: Vec<&str> = self.attributes.iter().filter(known).map(|row| row.name.as_str()).collect();
        if unused.is_empty() {
            return Ok(None);
        }
        let listed = format!("prompts of '{}' belong to no attribute of the data", unused.join("', '"));
        if unused.len() < self.attributes.len() {
            return Ok(Some(listed));
        }
        let known: Vec<&str> = attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        Err(DataError::Usage(format!("{listed}; it has: {}", known.join(", "))))
    }
}

/// Whether two names mean the same attribute: case, `_`, `-` and blanks do not count.
#[must_use]
pub fn same_name(a: &str, b: &str) -> bool {
    a == b || letters(a).eq(letters(b))
}

/// What counts of a name.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let begins = |start: &&&str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let beginning = ["attribute:", "attribute_", "attr_"].iter().find(begins).map_or(0, |start| start.len());
    let counted = name[beginning..].chars().filter(|letter| !['_', '-', ' ', ':'].contains(letter));
    // A sigma at the end of a word has a form of its own.
    counted.flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter })
}
