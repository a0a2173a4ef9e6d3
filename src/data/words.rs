//! Words of texts: which words of a prompt no item uses.

use std::collections::{BTreeSet, HashSet};

/// The words of a text: runs of letters and digits (with inner apostrophes), in lower case, in order.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphanumeric() && character != '\'')
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
}

/// Appends a word in lower case.
pub fn lower_case(word: &str, to: &mut String) {
    if word.is_ascii() {
        let start = to.len();
        to.push_str(word);
        to[start..].make_ascii_lowercase();
    } else {
        to.push_str(&word.to_lowercase());
    }
}

/// Every word that any of the texts uses, sorted.
pub fn vocabulary<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut lower = String::new();
    for text in texts {
        // As `words` does; most words are known already and need no string of their own.
        for word in text.split(|character: char| !character.is_alphanumeric() && character != '\'') {
            lower.clear();
            lower_case(word.trim_matches('\''), &mut lower);
            if !lower.is_empty() && !seen.contains(lower.as_str()) {
                seen.insert(lower.clone());
            }
        }
    }
    seen.into_iter().collect()
}

/// Words of a prompt that the vocabulary lacks, numbers too, each once, in order. Items without words make an empty
/// vocabulary, beside which nothing is unseen.
#[must_use]
pub fn unseen_words(prompt: &str, vocabulary: &BTreeSet<String>) -> Vec<String> {
    let mut unseen: Vec<String> = Vec::new();
    if vocabulary.is_empty() {
        return unseen;
    }
    for word in words(prompt) {
        if !vocabulary.contains(&word) && !unseen.contains(&word) {
            unseen.push(word);
        }
    }
    unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_apostrophes_inside_and_lose_punctuation() {
        let found: Vec<String> = words("A bachelor's degree, 'quoted' HIGH-school.").collect();
        assert_eq!(found, ["a", "bachelor's", "degree", "quoted", "high", "school"]);
    }

    #[test]
    fn unseen_words_are_named_once_and_numbers_as_words_are() {
        let known = vocabulary(["a young man, 39 years old"].into_iter());
        assert_eq!(unseen_words("A trucker, a trucker of 77 years", &known), ["trucker", "of", "77"]);
    }
}
