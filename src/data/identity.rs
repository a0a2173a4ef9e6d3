//! Who belongs together, where no column says so: labels that name people, and ids that begin with them.

use super::{DataError, Draft};
use rayon::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;

/// What items are put into groups by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// The label.
    Label,
    /// What the id begins with.
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
const PEOPLE: [&str; 21] = [
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
    "customer",
    "client",
    "student",
    "worker",
    "employee",
    "household",
    "respondent",
];
/// Share of values that end in a word which ends others too, from which on names are kinds: breeds share "Terrier", people
/// seldom a surname.
const KINDS: f64 = 0.25;
/// Values that end alike where a word is that of a kind.
const LEAST_ALIKE: usize = 3;

/// Whether so many groups of so many items may each be one person's; `named` where their names say so, and fewer do.
#[must_use]
pub fn may_be_people(groups: usize, items: usize, named: bool) -> bool {
    groups > if named { MANY_PREFIXES } else { MANY } && SEVERAL.contains(&(items as f64 / groups as f64))
}

/// Whether a label's column names people: by its own name, or by values that are mostly names such as `Ann_Lee`.
#[must_use]
pub fn names_people<'a>(column: &str, values: impl Iterator<Item = &'a str>) -> bool {
    if is_of_people(column) {
        return true;
    }
    let (mut names, mut all) = (0, 0);
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for value in values {
        all += 1;
        names += usize::from(is_name(value));
        *ends.entry(value.rsplit([' ', '_']).next().unwrap_or_default()).or_default() += 1;
    }
    let alike: usize = ends.values().filter(|many| **many >= LEAST_ALIKE).sum();
    all > 0 && names * 10 >= all * 9 && (alike as f64) < KINDS * all as f64
}

/// Whether a column's own name says that it names people.
#[must_use]
pub fn is_of_people(column: &str) -> bool {
    column.split([' ', '_', '-', '.']).any(|word| PEOPLE.contains(&word.to_lowercase().as_str()))
}

/// Whether values are whole numbers: years and counts repeat as people do, and are nobody.
#[must_use]
pub fn are_numbers<'a>(mut values: impl Iterator<Item = &'a str>) -> bool {
    values.all(|value| value.parse::<f64>().is_ok())
}

/// Two to four words that each begin with a capital.
fn is_name(value: &str) -> bool {
    let words: Vec<&str> = value.split([' ', '_']).filter(|word| !word.is_empty()).collect();
    let capital = |word: &&str| word.starts_with(char::is_uppercase) && word.chars().skip(1).any(char::is_lowercase);
    (2..=4).contains(&words.len()) && words.iter().filter(|word| capital(word)).count() >= 2
}

/// How much of an id may name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// What stands before the last number: `Ann_Lee` of `Ann_Lee_0003.jpg`.
    Number,
    /// Before the last mark: `S01` of `S01-a`, `alice` of `alice/front.jpg`.
    LastMark,
    /// Before the first mark: `p5` of `p5_left_eye.png`.
    FirstMark,
}

/// What separates the parts of an id.
const MARKS: [char; 7] = ['_', '-', '/', '.', ' ', '#', ':'];

impl Beginning {
    const ALL: [Self; 3] = [Self::Number, Self::LastMark, Self::FirstMark];

    /// The beginning of an id without an ending such as `.jpg`; empty where there is none, or it is a date.
    fn of(self, id: &str) -> &str {
        let stem = match id.rsplit_once('.') {
            Some((stem, ending)) if (1..=5).contains(&ending.len()) && ending.starts_with(char::is_alphabetic) => stem,
            _ => id,
        };
        let cut = match self {
            Self::Number => {
                let cut = stem.trim_end_matches(|character: char| character.is_ascii_digit());
                if cut.len() == stem.len() { "" } else { cut }
            }
            Self::LastMark => stem.rsplit_once(MARKS).map_or("", |(before, _)| before),
            Self::FirstMark => stem.split_once(MARKS).map_or("", |(before, _)| before),
        };
        let cut = cut.trim_end_matches(MARKS);
        if is_date(cut) { "" } else { cut }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Number => "the last number",
            Self::LastMark => "the last mark",
            Self::FirstMark => "the first mark",
        }
    }
}

/// Whether some text is or ends in a year and a month, such as `2023-01-05` and `IMG_20230105`: of one day, not one person.
fn is_date(text: &str) -> bool {
    let digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
    let year = |text: &str| text.len() == 4 && digits(text) && (text.starts_with("19") || text.starts_with("20"));
    let month = |text: &str| text.len() == 2 && text.parse().is_ok_and(|month: u8| (1..=12).contains(&month));
    let parts: Vec<&str> = text.split(MARKS).collect();
    let whole = |part: &&str| {
        let known = part.get(..4).zip(part.get(4..6));
        (part.len() == 6 || part.len() == 8) && digits(part) && known.is_some_and(|(y, m)| year(y) && month(m))
    };
    parts.iter().any(whole) || parts.windows(2).any(|pair| year(pair[0]) && month(pair[1]))
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
        let found = shared_beginnings(&self.ids);
        if self.policy.group_by == Some(GroupBy::Id) {
            let beginning = found.as_ref().map_or(Beginning::Number, |found| found.beginning);
            // An id without a beginning stands for itself: together they would be one group of strangers.
            let groups: Vec<String> = self.ids.iter().map(|id| group_of(beginning, id).to_owned()).collect();
            let different = groups.iter().collect::<std::collections::HashSet<&String>>().len();
            self.notes.push(format!("items are grouped by their ids up to {}: {different} groups", beginning.words()));
            self.groups = Some(groups);
        } else if !self.numbered
            && let Some(found) = found
        {
            self.notes.push(format!(
                "the ids begin alike in {} groups of {:.1} items each, such as '{}'; if these are people, --group-by id judges them as such, and keeps each on one side of a drawn split",
                found.groups,
                self.ids.len() as f64 / found.groups as f64,
                super::table::brief(found.example)
            ));
        }
        Ok(())
    }
}

/// The group of an id: its beginning, or itself where it has none.
fn group_of(beginning: Beginning, id: &str) -> &str {
    let found = beginning.of(id);
    if found.is_empty() { id } else { found }
}

/// Ids that begin alike.
#[derive(Debug, PartialEq)]
struct Alike<'a> {
    beginning: Beginning,
    groups: usize,
    /// The beginning of most items.
    example: &'a str,
}

/// The first kind of beginning that makes groups as people would; `None` where none does.
fn shared_beginnings(ids: &[String]) -> Option<Alike<'_>> {
    Beginning::ALL.into_iter().find_map(|beginning| {
        let begun = ids.par_iter().filter(|id| !beginning.of(id).is_empty()).count();
        // Without a beginning none is shared, and where they are many they need not be counted.
        if (begun as f64) < LEAST_SHARED * ids.len() as f64 {
            return None;
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        ids.iter().for_each(|id| *counts.entry(beginning.of(id)).or_default() += 1);
        counts.remove("");
        let shared: usize = counts.values().filter(|count| **count > 1).sum();
        let fits = counts.len() >= MANY_PREFIXES
            && SEVERAL.contains(&(ids.len() as f64 / counts.len() as f64))
            && shared as f64 >= LEAST_SHARED * ids.len() as f64;
        let example = counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?.0;
        fits.then_some(Alike { beginning, groups: counts.len(), example })
    })
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
            assert_eq!(Beginning::Number.of(id), expected, "{id}");
        }
    }

    #[test]
    fn ids_of_persons_are_noticed_whatever_marks_them() {
        let eyes = ["left_eye", "right_eye", "mouth"];
        let cases: [(&dyn Fn(usize) -> String, &str); 6] = [
            (&|i| format!("Person{}_{:04}.jpg", i / 5, i % 5), "Person0"),
            (&|i| format!("p{:03}_img{}", i / 5, i % 5), "p000_img"),
            (&|i| format!("S{:02}-{}", i / 5, ["a", "b", "c", "d", "e"][i % 5]), "S00"),
            (&|i| format!("alice{}/{}.jpg", i / 5, i % 5), "alice0"),
            (&|i| format!("alice{}/{}.jpg", i / 3, eyes[i % 3]), "alice0"),
            (&|i| format!("p{}_{}.png", i / 3, eyes[i % 3]), "p0"),
        ];
        for (of, example) in cases {
            let ids: Vec<String> = (0..300).map(of).collect();
            let found = shared_beginnings(&ids).unwrap();
            assert_eq!(found.example, example);
            assert_eq!(found.groups, if ids[3].starts_with(example) { 60 } else { 100 }, "{}", ids[3]);
        }
    }

    #[test]
    fn ids_that_name_nobody_are_left_alone() {
        let hash = |i: usize| (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let cases: [&dyn Fn(usize) -> String; 10] = [
            &|i| format!("img_{i}"),
            &|i| i.to_string(),
            &|i| format!("x{i}y"),
            &|i| format!("{:06}.jpg", i),
            &|i| format!("train/{i:05}.png"),
            &|i| {
                let bits = hash(i);
                format!("{:08x}-{:04x}-4{:03x}-{:012x}", bits >> 32, bits & 0xffff, bits & 0xfff, bits >> 16)
            },
            &|i| format!("{:016x}", hash(i)),
            &|i| format!("2023-{:02}-{:02}_{}", 1 + i / 100, 1 + i / 5 % 28, i % 5),
            &|i| format!("2023-{:02}-{:02}", 1 + i / 28 % 12, 1 + i % 28),
            &|i| format!("IMG_202301{:02}_{}", 1 + i / 11, i % 11),
        ];
        for of in cases {
            let ids: Vec<String> = (0..300).map(of).collect();
            assert_eq!(shared_beginnings(&ids), None, "{}", ids[0]);
        }
        assert_eq!(group_of(Beginning::Number, "anna"), "anna", "strangers are no group");
    }

    #[test]
    fn names_of_people_are_told_from_classes() {
        let names = ["Ann_Lee", "George W Bush", "Vicente Fox", "Jo Doe"];
        assert!(names_people("label", names.into_iter()));
        assert!(names_people("speaker_id", ["3", "4"].into_iter()));
        let breeds =
            ["Boston Terrier", "Cairn Terrier", "Fox Terrier", "Irish Setter", "English Setter", "Gordon Setter"];
        assert!(!names_people("label", breeds.into_iter()) && names_people("customer", breeds.into_iter()));
        assert!(are_numbers(["1987", "12"].into_iter()) && !are_numbers(["n12"].into_iter()));
        assert!(!names_people("label", ["tabby cat", "English setter", "n01440764"].into_iter()));
        let may_be = |groups, items| may_be_people(groups, items, false);
        assert!(may_be(1_680, 5_700) && !may_be(1_000, 1_281_167) && !may_be(60, 1_200));
        assert!(may_be_people(60, 1_200, true) && !may_be_people(7, 40, true));
    }
}
