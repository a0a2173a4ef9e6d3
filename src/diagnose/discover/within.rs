//! Names in a question: attributes, and the items a phrase holds for.

use super::DiscoverError;
use crate::audit::{Attribute, Audit};
use crate::data::{content_words, generic_words, words};
use std::collections::BTreeSet;

/// The attributes of these names; all for none.
///
/// # Errors
/// If the audit has none of a name, or none at all.
pub fn named_attributes<'a>(audit: &'a Audit, names: &[String]) -> Result<Vec<&'a Attribute>, DiscoverError> {
    let known = || audit.attributes.iter().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>().join(", ");
    if audit.attributes.is_empty() {
        return Err(DiscoverError::Question(format!(
            "audit '{}' has no attributes that could explain a loss",
            audit.name
        )));
    }
    if names.is_empty() {
        return Ok(audit.attributes.iter().collect());
    }
    let find = |name: &String| {
        let found = audit.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| {
            let problem = format!("audit '{}' has no attribute '{name}'; it has: {}", audit.name, known());
            DiscoverError::Question(problem)
        })
    };
    names.iter().map(find).collect()
}

/// Which items a phrase holds for: an attribute by its name, phrase or antonym, else those with all its content words.
///
/// # Errors
/// If it holds for none.
pub fn rows_within(audit: &Audit, phrase: &str) -> Result<Vec<bool>, DiscoverError> {
    let wanted = phrase.trim().to_lowercase();
    let says = |text: &str| text.to_lowercase() == wanted;
    let group = audit.attributes.iter().find_map(|attribute| {
        let prompts = &attribute.prompts;
        let with = [&attribute.name, &prompts.phrase, &prompts.bare.0].into_iter().any(|text| says(text));
        let side = with.then_some(true).or_else(|| says(&prompts.bare.1).then_some(false));
        side.map(|side| attribute.values.iter().map(|value| *value == Some(side)).collect::<Vec<bool>>())
    });
    let held = group.unwrap_or_else(|| {
        let generic = generic_words(audit.attributes.iter().map(|attribute| attribute.prompts.generic.as_str()));
        let wanted = content_words(phrase, &generic);
        let holds = |text: &str| {
            let said: BTreeSet<String> = words(text).collect();
            !wanted.is_empty() && wanted.iter().all(|word| said.contains(word))
        };
        audit.items.iter().map(|item| holds(&item.text)).collect()
    });
    if held.contains(&true) {
        return Ok(held);
    }
    Err(DiscoverError::Question(format!(
        "no item of audit '{}' is within '{phrase}'; give an attribute's phrase or name, or words that items use",
        audit.name
    )))
}
