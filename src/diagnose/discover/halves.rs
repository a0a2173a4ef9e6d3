//! Which items slices are found on, and which they are tested on.

use crate::audit::{Audit, Content, Split};
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
}

/// Splits items that have a finite value. Items of one cluster, or of one text, are in the same half; which one hangs on
/// themselves alone, so that it is the same for every model and every run.
#[must_use]
pub fn halves(audit: &Audit, values: &[f64], inside: impl Fn(usize) -> bool) -> Halves {
    let mut halves = Halves::default();
    for (row, item) in audit.items.iter().enumerate() {
        if item.content == Content::Unreadable || !values[row].is_finite() || !inside(row) {
            continue;
        }
        let draw = match &audit.clusters {
            Some(clusters) => xxh3_64_with_seed(&clusters[row].to_le_bytes(), SEED),
            None if item.text.is_empty() => xxh3_64_with_seed(item.id.as_bytes(), SEED),
            None => xxh3_64_with_seed(item.text.as_bytes(), SEED),
        };
        let place = halves.rows.len() as u32;
        let is_other = item.split == Split::Test && draw.is_multiple_of(2);
        if is_other { &mut halves.tested_on } else { &mut halves.found_on }.push(place);
        halves.rows.push(row);
    }
    halves
}
