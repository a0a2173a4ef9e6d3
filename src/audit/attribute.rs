//! A binary attribute of the items and the prompts that describe it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of an attribute's two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    True,
    False,
}

impl Side {
    /// The letter that stands for this side on screen.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::True => 'T',
            Self::False => 'F',
        }
    }
}

/// What an attribute's phrase is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contrast {
    /// "a young person" against "an older person".
    Antonym,
    /// "a young person" against "a person".
    Generic,
    /// The paper's "Young" against "Not Young".
    Bare,
}

impl Contrast {
    pub const ALL: [Self; 3] = [Self::Antonym, Self::Generic, Self::Bare];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Antonym => "antonym",
            Self::Generic => "generic",
            Self::Bare => "bare",
        }
    }
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The sentences that stand for an attribute in prompt space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributePrompts {
    /// The paper's "X" and "Not X".
    pub bare: (String, String),
    /// A natural phrase for the group that has the attribute.
    pub phrase: String,
    /// A natural phrase for the group that has not.
    pub antonym: Option<String>,
    /// A phrase for anybody.
    pub generic: String,
    /// The sentences were made from the column's name; nobody has read them yet.
    #[serde(default)]
    pub made: bool,
}

impl AttributePrompts {
    /// The two sentences of a contrast, attribute first; `None` where it was not given.
    #[must_use]
    pub fn pair(&self, contrast: Contrast) -> Option<(&str, &str)> {
        match contrast {
            Contrast::Antonym => self.antonym.as_deref().map(|other| (self.phrase.as_str(), other)),
            Contrast::Generic => Some((&self.phrase, &self.generic)),
            Contrast::Bare => Some((&self.bare.0, &self.bare.1)),
        }
    }

    /// The default contrast: the antonym where there is one, else the generic phrase.
    #[must_use]
    pub fn natural_contrast(&self) -> Contrast {
        if self.antonym.is_some() { Contrast::Antonym } else { Contrast::Generic }
    }
}

/// A binary attribute: its name, its prompts, and which items have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    pub prompts: AttributePrompts,
    /// One entry an item; `None` where the value is not known.
    pub values: Vec<Option<bool>>,
}
