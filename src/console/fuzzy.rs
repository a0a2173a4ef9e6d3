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

/// Like [`matching`], best first.
pub fn ranked<'a>(pattern: &str, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut found = matching(pattern, texts);
    found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
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
