//! Fragments: a few clauses of a text, trained with its loss, so that heads know short prompts.

use rand::Rng;
use rand::seq::index::sample;

/// Most clauses a fragment keeps.
const MOST_CLAUSES: usize = 3;
/// Words of a fragment of a text without clauses.
const SPAN: std::ops::RangeInclusive<usize> = 2..=10;

/// One random fragment: 1 to 3 of the text's clauses in their order, or a span of 2 to 10 words where it
/// has no clauses. A text of at most two words comes back trimmed, without its full stop.
pub fn fragment(text: &str, rng: &mut impl Rng) -> String {
    let body = text.trim().trim_end_matches('.');
    let clauses: Vec<&str> = body.split(',').map(str::trim).filter(|clause| !clause.is_empty()).collect();
    if clauses.len() > 1 {
        let count = rng.random_range(1..=MOST_CLAUSES.min(clauses.len()));
        let mut chosen = sample(rng, clauses.len(), count).into_vec();
        chosen.sort_unstable();
        return chosen.into_iter().map(|clause| clauses[clause]).collect::<Vec<_>>().join(", ");
    }
    let words: Vec<&str> = body.split_whitespace().collect();
    if words.len() <= *SPAN.start() {
        return body.to_owned();
    }
    let length = rng.random_range(*SPAN.start()..=(*SPAN.end()).min(words.len()));
    let start = rng.random_range(0..=words.len() - length);
    words[start..start + length].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    proptest! {
        #[test]
        fn clauses_come_whole_and_in_order(seed: u64, clauses in prop::collection::vec("[a-z]{1,8}( [a-z]{1,8})?", 2..9)) {
            let text = format!("{}.", clauses.join(", "));
            let cut = fragment(&text, &mut ChaCha8Rng::seed_from_u64(seed));
            let kept: Vec<&str> = cut.split(", ").collect();
            prop_assert!((1..=3).contains(&kept.len()));
            let mut rest = clauses.iter();
            prop_assert!(kept.iter().all(|clause| rest.any(|other| other == clause)), "{cut} of {text}");
        }

        #[test]
        fn a_text_without_clauses_gives_a_span(seed: u64, words in prop::collection::vec("[a-z]{1,8}", 1..30)) {
            let text = words.join(" ");
            let cut = fragment(&text, &mut ChaCha8Rng::seed_from_u64(seed));
            let count = cut.split(' ').count();
            prop_assert!(text.contains(&cut) && count <= 10 && count >= words.len().min(2));
        }
    }
}
