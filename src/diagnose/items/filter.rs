//! Which items a list shows.

use crate::audit::{Audit, AuditError, Content, Item, ModelLosses, Side, Split};
use crate::diagnose::GroupFinding;
use memchr::memmem::Finder;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

/// Items one task looks at.
const PART: usize = 8192;

/// What an item must be to be listed; the default takes every item the model has a loss for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemFilter {
    pub split: Option<Split>,
    /// Attributes the item has, and those it is known not to have.
    pub with: Vec<String>,
    pub without: Vec<String>,
    /// Words that all stand in its text, its id or the path of its image, in any order and any case.
    pub text: String,
    /// Loss of the model, both ends included.
    pub least_loss: Option<f64>,
    pub most_loss: Option<f64>,
    /// These items alone, also those without a loss; empty for all.
    pub ids: Vec<String>,
    /// The items at these positions in the audit alone, ascending.
    pub among: Option<Arc<Vec<u32>>>,
}

impl ItemFilter {
    /// The test items of a group that was found.
    #[must_use]
    pub fn of_group(group: &GroupFinding) -> Self {
        let (with, without) = match group.side {
            Side::True => (group.subject.clone(), Vec::new()),
            Side::False => (Vec::new(), group.subject.clone()),
        };
        Self { split: Some(Split::Test), with, without, ..Self::default() }
    }

    /// Positions in the audit of the items that pass, in order.
    ///
    /// # Errors
    /// If there is no such attribute, or no item of such an id.
    pub fn rows(&self, audit: &Audit, model: &ModelLosses) -> Result<Vec<u32>, AuditError> {
        let with = self.with.iter().map(|name| audit.attribute(name)).collect::<Result<Vec<_>, _>>()?;
        let without = self.without.iter().map(|name| audit.attribute(name)).collect::<Result<Vec<_>, _>>()?;
        let wanted: HashSet<&str> = self.ids.iter().map(String::as_str).collect();
        let is_named = |item: &Item| wanted.contains(item.id.as_str());
        let is_readable = |item: &Item| !matches!(item.content, Content::Unreadable);
        if !wanted.is_empty() {
            let found: HashSet<&str> =
                audit.items.iter().map(|item| item.id.as_str()).filter(|id| wanted.contains(id)).collect();
            if let Some(id) = self.ids.iter().find(|id| !found.contains(id.as_str())) {
                return Err(AuditError::UnknownItem { audit: audit.name.clone(), id: id.clone() });
            }
        }
        let passes = |row: &u32| {
            let row = *row as usize;
            let (item, loss) = (&audit.items[row], model.losses[row]);
            let is_shown = if wanted.is_empty() { !loss.is_nan() && is_readable(item) } else { is_named(item) };
            is_shown
                && self.among.as_ref().is_none_or(|rows| rows.binary_search(&(row as u32)).is_ok())
                && self.split.is_none_or(|split| item.split == split)
                && with.iter().all(|attribute| attribute.values[row] == Some(true))
                && without.iter().all(|attribute| attribute.values[row] == Some(false))
                // Written so that an item without a loss is in no range.
                && self.least_loss.is_none_or(|least| loss >= least)
                && self.most_loss.is_none_or(|most| loss <= most)
        };
        let rows: Vec<u32> = (0..audit.items.len() as u32).into_par_iter().filter(passes).collect();
        if self.text.trim().is_empty() {
            return Ok(rows);
        }
        let words = Words::of(&self.text);
        Ok(rows.par_chunks(PART).flat_map_iter(|rows| holding(audit, rows, &words)).collect())
    }
}

/// The rows whose text, id or path holds every word.
fn holding(audit: &Audit, rows: &[u32], words: &Words) -> Vec<u32> {
    let mut held = words.search();
    let mut is_held = |row: &&u32| {
        let item = &audit.items[**row as usize];
        let path = if let Content::Image { path, .. } = &item.content { path.as_str() } else { "" };
        [item.text.as_str(), item.id.as_str(), path].into_iter().any(|text| held.all_in(text))
    };
    rows.iter().filter(|row| is_held(row)).copied().collect()
}

/// Words to look for.
struct Words {
    pattern: Pattern,
    /// The same in lower case, where all are ASCII and stand as they are meant.
    plain: Option<Vec<Finder<'static>>>,
}

/// A search for them, with room for what it reads.
struct Search<'a> {
    words: &'a Words,
    matcher: Matcher,
    letters: Vec<char>,
    lower: Vec<u8>,
}

impl Words {
    fn of(text: &str) -> Self {
        let pattern = Pattern::new(text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
        let is_plain = text.is_ascii() && !text.contains('\\');
        let finder = |word: &str| Finder::new(&word.to_ascii_lowercase()).into_owned();
        let finders = || text.split(' ').filter(|word| !word.is_empty()).map(finder).collect();
        Self { pattern, plain: is_plain.then(finders) }
    }

    fn search(&self) -> Search<'_> {
        Search { words: self, matcher: Matcher::new(Config::DEFAULT), letters: Vec::new(), lower: Vec::new() }
    }
}

impl Search<'_> {
    /// Whether a text holds every word. ASCII in ASCII, nearly always, is looked for as bytes.
    fn all_in(&mut self, text: &str) -> bool {
        if let Some(finders) = &self.words.plain {
            self.lower.clear();
            self.lower.extend_from_slice(text.as_bytes());
            self.lower.make_ascii_lowercase();
            // The matcher knows accents, and misses words that begin within a run of their first letter ("11b" in "111b").
            let held = finders.iter().all(|finder| finder.find(&self.lower).is_some());
            if held || text.is_ascii() {
                return held;
            }
        }
        self.words.pattern.score(Utf32Str::new(text, &mut self.letters), &mut self.matcher).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_and_letters_hold_the_same_words(words in "[aAbB1 ]{1,6}", text in "[aAbB1éß \r\n]{0,24}") {
            let known = Words::of(&words);
            prop_assert!(known.plain.is_some());
            let found = known.search().all_in(&text);
            let lower = text.to_lowercase();
            let held = words.split(' ').all(|word| lower.contains(&word.to_lowercase()));
            prop_assert!(found == held || found && !text.is_ascii(), "{found} {held}");
            // What the matcher of letters finds, accents aside, is found by bytes too.
            let by_letters = Words { pattern: known.pattern.clone(), plain: None };
            prop_assert!(found || !by_letters.search().all_in(&text));
        }
    }

    #[test]
    fn words_stand_in_any_order_and_case() {
        let holds = |words: &str, text: &str| Words::of(words).search().all_in(text);
        assert!(holds("man OLD", "an old man") && holds("wid", "WIDOWED") && !holds("old new", "an old man"));
        assert!(holds("old\\ man", "an old man") && !holds("old\\ man", "man, old"));
        assert!(!holds("a", ""));
        assert!(holds("11b", "111B") && holds("11b", "é 111b") && holds("e", "é"));
    }
}
