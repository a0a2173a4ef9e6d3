//! Which items slices are found on, and which they are tested on.

use crate::audit::{Audit, Content, Split};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const SEED: u64 = 18;

/// Readable items that have a value, as places: `rows` in the audit, and the two halves as positions in `rows`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Halves {
    pub rows: Vec<usize>,
    /// Training items and half of the test items.
    pub found_on: Vec<u32>,
    /// The other half of the test items.
    pub tested_on: Vec<u32>,
    /// For each of `rows`, the first place of its text, whatever its case, blanks and marks; none where no text comes twice.
    pub copies: Option<Vec<u32>>,
}

/// Splits items that have a finite value. Items of one cluster, or of one text but for case and marks, are in the same half; which one hangs on
/// themselves alone, so that it is the same for every model and every run.
#[must_use]
pub fn halves(audit: &Audit, values: &[f64], inside: impl Fn(usize) -> bool) -> Halves {
    let mut halves = Halves::default();
    let (mut firsts, mut copies) = (HashMap::new(), Vec::new());
    for (row, item) in audit.items.iter().enumerate() {
        if item.content == Content::Unreadable || !values[row].is_finite() || !inside(row) {
            continue;
        }
        let place = halves.rows.len() as u32;
        let draw = match &audit.clusters {
            Some(clusters) => xxh3_64_with_seed(&clusters[row].to_le_bytes(), SEED),
            None if item.text.is_empty() => {
                copies.push(place);
                xxh3_64_with_seed(item.id.as_bytes(), SEED)
            }
            None => {
                // The first of its copies decides for all.
                let draw = xxh3_64_with_seed(item.text.as_bytes(), SEED);
                let (first, draw) = *firsts.entry(letters(&item.text)).or_insert((place, draw));
                copies.push(first);
                draw
            }
        };
        let is_other = item.split == Split::Test && draw.is_multiple_of(2);
        if is_other { &mut halves.tested_on } else { &mut halves.found_on }.push(place);
        halves.rows.push(row);
    }
    halves.copies = copies.iter().zip(0..).any(|(first, place)| *first != place).then_some(copies);
    halves
}

/// Digest of a text's letters and digits; of one that has none, of itself.
fn letters(text: &str) -> u64 {
    let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    xxh3_64_with_seed(if letters.is_empty() { text.as_bytes() } else { letters.as_bytes() }, SEED)
}
