//! Slices of audits without attributes: frequent words and pairs of words of the items.

use super::slice::{LEAST_JOINT, Slice, SliceKind, TestItems};
use crate::data::{is_function_word, words};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Slices of one or two words in a row, and pairs of them.
const SINGLES: usize = 150;
const PAIRS: usize = 150;
/// Pairs tried for each one wanted.
const TRIES: usize = 20;
/// A word in more than this share of the items describes no group.
const COMMON: f64 = 0.5;
const SEED: u64 = 14;

/// Words and pairs of words in a row with the test items that hold them, by place; function words begin and end none.
fn frequent(texts: &[&str], generic: &BTreeSet<String>) -> Vec<(String, Vec<u32>)> {
    let mut held: HashMap<String, Vec<u32>> = HashMap::new();
    for (place, text) in (0_u32..).zip(texts) {
        let all: Vec<String> = words(text).collect();
        let content = |word: &String| !is_function_word(word) && !generic.contains(word);
        let singles = all.iter().filter(|word| content(word)).cloned();
        let doubles = all.windows(2).filter(|two| two.iter().all(content)).map(|two| two.join(" "));
        for gram in singles.chain(doubles) {
            let rows = held.entry(gram).or_default();
            if rows.last() != Some(&place) {
                rows.push(place);
            }
        }
    }
    let most = (texts.len() as f64 * COMMON) as usize;
    let mut kept: Vec<(String, Vec<u32>)> =
        held.into_iter().filter(|(_, rows)| (LEAST_JOINT..=most).contains(&rows.len())).collect();
    kept.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    kept
}

fn both(a: &[u32], b: &[u32]) -> Vec<u32> {
    a.iter().copied().filter(|row| b.binary_search(row).is_ok()).collect()
}

/// Slices of frequent words and of pairs of them; `texts` are those of the test items. Parts are numbered from
/// `first_part`, one for each word, so that what shares a word shares a part.
#[must_use]
pub fn word_slices(texts: &[&str], test: TestItems<'_>, generic: &BTreeSet<String>, first_part: usize) -> Vec<Slice> {
    let grams = frequent(texts, generic);
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut parts_of = |gram: &str| -> Vec<usize> {
        let mut number = |word: &str| {
            let next = first_part + numbers.len();
            *numbers.entry(word.to_owned()).or_insert(next)
        };
        gram.split(' ').map(&mut number).collect()
    };
    let slice = |text: String, kind: SliceKind, parts: Vec<usize>, rows: &[u32]| {
        let losses: Vec<f64> = rows.iter().map(|&row| test.losses[row as usize]).collect();
        Slice::of(text, kind, parts, &losses)
    };
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut order: Vec<usize> = (0..grams.len()).collect();
    order.shuffle(&mut rng);
    let mut slices: Vec<Slice> = Vec::new();
    // Words that always come together name the same items, which are one slice however often they are named.
    let mut known: HashSet<Vec<u32>> = HashSet::new();
    for &at in order.iter().take(SINGLES) {
        let (gram, rows) = &grams[at];
        if !known.insert(rows.clone()) {
            continue;
        }
        slices.extend(slice(gram.clone(), SliceKind::Words, parts_of(gram), rows));
    }
    let (mut pairs, mut seen) = (0, BTreeSet::new());
    for (a, b) in super::calibration::draw_pairs(grams.len(), PAIRS * TRIES, SEED) {
        if pairs == PAIRS {
            break;
        }
        let ((first, rows), (second, others)) = (&grams[a], &grams[b]);
        let overlap = first.split(' ').any(|word| second.split(' ').any(|other| other == word));
        if overlap || !seen.insert((a.min(b), a.max(b))) {
            continue;
        }
        let rows = both(rows, others);
        if rows.len() < LEAST_JOINT || !known.insert(rows.clone()) {
            continue;
        }
        let text = if pairs % 2 == 0 { format!("{first}, {second}") } else { format!("{first} and {second}") };
        let parts = [parts_of(first), parts_of(second)].concat();
        slices.extend(slice(text, SliceKind::WordPair, parts, &rows));
        pairs += 1;
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_several_words_name_are_one_slice() {
        let texts: Vec<String> = (0..300)
            .map(|at| format!("{} thing", ["ask for the manager and money back", "blue", "red"][at % 3]))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let rows: Vec<usize> = (0..300).collect();
        let losses: Vec<f64> = (0..300).map(|at| f64::from(u8::from(at % 3 == 0))).collect();
        let test = TestItems { rows: &rows, losses: &losses };
        let found = word_slices(&texts, test, &BTreeSet::from(["thing".to_owned()]), 0);
        let mut means: Vec<(usize, f64)> = found.iter().map(|slice| (slice.n, slice.mean)).collect();
        means.sort_by(|a, b| a.1.total_cmp(&b.1));
        assert_eq!(means, [(100, 0.0), (100, 0.0), (100, 1.0)], "blue, red, and one of the six words of the rest");
    }

    #[test]
    fn slices_are_the_items_that_hold_the_words() {
        let texts: Vec<String> = (0..200)
            .map(|at| format!("the {} {} thing", ["red", "green"][at % 2], ["old", "new", "odd"][at % 3]))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let rows: Vec<usize> = (0..200).collect();
        let losses: Vec<f64> = (0..200).map(|at| f64::from(u8::from(at % 2 == 0))).collect();
        let test = TestItems { rows: &rows, losses: &losses };
        let found = word_slices(&texts, test, &BTreeSet::from(["thing".to_owned()]), 7);
        let named = |text: &str| found.iter().find(|slice| slice.text == text).unwrap();
        assert_eq!((named("red").n, named("red").mean), (100, 1.0));
        assert_eq!(named("old").n, 67);
        assert!(found.iter().all(|slice| slice.n >= LEAST_JOINT && slice.parts.iter().all(|part| *part >= 7)));
        let pair = found.iter().find(|slice| slice.kind == SliceKind::WordPair);
        assert!(pair.is_none(), "red and old: 34 items are too few, as every pair of words is: {pair:?}");
    }
}
