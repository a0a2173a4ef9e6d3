//! Who belongs together, where no column says so: labels that name people, and ids that begin with them.

use super::{DataError, Draft};
use serde::Deserialize;
use std::collections::HashMap;

/// What items are put into groups by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// The label.
    Label,
    /// The id up to its last number.
    Id,
    /// Nothing: items are on their own.
    None,
}

/// So many groups may be people.
const MANY: usize = 100;
/// Fewest of them for ids, which are looked at only where most begin alike.
const MANY_PREFIXES: usize = 20;
const LEAST_SHARED: f64 = 0.8;
/// Items a group has on average where it is a person's: several, and not the hundreds of a class.
const SEVERAL: std::ops::RangeInclusive<f64> = 1.5..=50.0;
/// Words of a column's name that say so.
const PEOPLE: [&str; 14] = [
    "identity",
    "identities",
    "person",
    "people",
    "subject",
    "speaker",
    "celebrity",
    "celeb",
    "user",
    "patient",
    "author",
    "actor",
    "participant",
    "annotator",
];

/// Whether so many groups of so many items may each be one person's.
#[must_use]
pub fn may_be_people(groups: usize, items: usize) -> bool {
    groups > MANY && SEVERAL.contains(&(items as f64 / groups as f64))
}

/// Whether a label's column names people: by its own name, or by values that are mostly names such as `Ann_Lee`.
#[must_use]
pub fn names_people<'a>(column: &str, values: impl Iterator<Item = &'a str>) -> bool {
    let words = |text: &str| text.split([' ', '_', '-', '.']).map(str::to_lowercase).collect::<Vec<String>>();
    if words(column).iter().any(|word| PEOPLE.contains(&word.as_str())) {
        return true;
    }
    let (mut names, mut all) = (0, 0);
    for value in values {
        all += 1;
        names += usize::from(is_name(value));
    }
    all > 0 && names * 10 >= all * 9
}

/// Two to four words that each begin with a capital.
fn is_name(value: &str) -> bool {
    let words: Vec<&str> = value.split([' ', '_']).filter(|word| !word.is_empty()).collect();
    let capital = |word: &&str| word.starts_with(char::is_uppercase) && word.chars().skip(1).any(char::is_lowercase);
    (2..=4).contains(&words.len()) && words.iter().filter(|word| capital(word)).count() >= 2
}

/// An id up to its last number, without an ending such as `.jpg`; empty where nothing is left.
fn prefix(id: &str) -> &str {
    let stem = match id.rsplit_once('.') {
        Some((stem, ending)) if (1..=5).contains(&ending.len()) && ending.starts_with(char::is_alphabetic) => stem,
        _ => id,
    };
    let cut = stem.trim_end_matches(|character: char| character.is_ascii_digit());
    if cut.len() == stem.len() { "" } else { cut.trim_end_matches(['_', '-', '/', '.', ' ', '#', ':']) }
}

impl Draft {
    /// Groups items by their ids where a person asked for it, and says where ids look as if they should be.
    ///
    /// # Errors
    /// If items shall be grouped by a label they do not have.
    pub(super) fn group_by_ids(&mut self) -> Result<(), DataError> {
        if self.groups.is_some() || self.policy.group_by == Some(GroupBy::None) {
            return Ok(());
        }
        if self.policy.group_by == Some(GroupBy::Label) {
            return Err(DataError::Usage(
                "--group-by label: the items have no label; name it with --column label=COLUMN".into(),
            ));
        }
        if self.policy.group_by == Some(GroupBy::Id) {
            let groups: Vec<String> = self.ids.iter().map(|id| prefix(id).to_owned()).collect();
            let different: std::collections::HashSet<&String> = groups.iter().collect();
            self.notes
                .push(format!("items are grouped by their ids up to the last number: {} groups", different.len()));
            self.groups = Some(groups);
        } else if !self.numbered
            && let Some((groups, example)) = shared_prefixes(&self.ids)
        {
            self.notes.push(format!(
                "the ids begin alike in {groups} groups of {:.1} items each, such as '{}'; if these are people, --group-by id judges them as such, and keeps each on one side of a drawn split",
                self.ids.len() as f64 / groups as f64,
                super::table::brief(example)
            ));
        }
        Ok(())
    }
}

/// How many groups the ids' beginnings make, and one of them; `None` where they hardly make any.
fn shared_prefixes(ids: &[String]) -> Option<(usize, &str)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    ids.iter().for_each(|id| *counts.entry(prefix(id)).or_default() += 1);
    counts.remove("");
    let shared: usize = counts.values().filter(|count| **count > 1).sum();
    let fits = counts.len() >= MANY_PREFIXES
        && SEVERAL.contains(&(ids.len() as f64 / counts.len() as f64))
        && shared as f64 >= LEAST_SHARED * ids.len() as f64;
    let example = counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?.0;
    fits.then_some((counts.len(), *example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_stands_before_the_last_number() {
        let cases = [
            ("Ann_Lee_0003.jpg", "Ann_Lee"),
            ("p12/img7.png", "p12/img"),
            ("user17-4", "user17"),
            ("000123.jpg", ""),
            ("17", ""),
            ("anna", ""),
        ];
        for (id, expected) in cases {
            assert_eq!(prefix(id), expected, "{id}");
        }
    }

    #[test]
    fn ids_of_persons_are_noticed_and_plain_numbers_are_not() {
        let ids = |of: &dyn Fn(usize) -> String| (0..300).map(of).collect::<Vec<String>>();
        let persons = ids(&|i| format!("Person{}_{:04}.jpg", i / 5, i % 5));
        assert_eq!(shared_prefixes(&persons).unwrap().0, 60);
        for plain in [ids(&|i| format!("img_{i}")), ids(&|i| i.to_string()), ids(&|i| format!("x{i}y"))] {
            assert_eq!(shared_prefixes(&plain), None, "{}", plain[0]);
        }
    }

    #[test]
    fn names_of_people_are_told_from_classes() {
        let names = ["Ann_Lee", "George W Bush", "Vicente Fox", "Jo Doe"];
        assert!(names_people("label", names.into_iter()));
        assert!(names_people("speaker_id", ["3", "4"].into_iter()));
        assert!(!names_people("label", ["tabby cat", "English setter", "n01440764"].into_iter()));
        assert!(may_be_people(1_680, 5_700) && !may_be_people(1_000, 1_281_167) && !may_be_people(7, 40));
    }
}
