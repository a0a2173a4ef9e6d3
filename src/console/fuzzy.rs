//! Fuzzy search over short texts: letters in order, words in any order, the better the nearer together.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Positions of the texts that match and how well, in the order given; every text matches an empty pattern.
pub fn matching<'a>(pattern: &str, texts: impl Iterator<Item = &'a str>) -> Vec<(usize, u32)> {
    let pattern = Pattern::new(pattern.trim(), CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    texts
        .enumerate()
        .filter_map(|(at, text)| Some((at, pattern.score(Utf32Str::new(text, &mut letters), &mut matcher)?)))
        .collect()
}

/// Like [`matching`], best first; of equals the shorter one, unless nothing is typed.
pub fn ranked<'a>(pattern: &str, texts: impl Iterator<Item = &'a str> + Clone) -> Vec<usize> {
    let lengths: Vec<usize> = texts.clone().map(str::len).collect();
    let length = |at: usize| if pattern.trim().is_empty() { 0 } else { lengths[at] };
    let mut found = matching(pattern, texts);
    found.sort_by_key(|(at, score)| (std::cmp::Reverse(*score), length(*at), *at));
    found.into_iter().map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["never married", "Married", "capital gain", "born abroad"];

    #[test]
    fn letters_in_order_are_enough() {
        assert_eq!(matching("cgn", TEXTS.into_iter()).len(), 1);
        assert_eq!(ranked("gain cap", TEXTS.into_iter()), [2]);
        assert_eq!(ranked("married", TEXTS.into_iter())[0], 1);
        assert_eq!(matching("", TEXTS.into_iter()).len(), 4);
        assert!(matching("zz", TEXTS.into_iter()).is_empty());
    }
}
