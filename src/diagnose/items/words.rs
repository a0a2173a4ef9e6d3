//! Words that stand in the worst items more often than chance would have it.

use crate::audit::Audit;
use crate::data::{is_function_word, words};
use crate::stats;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// Share of the items that count as the worst.
const WORST: f64 = 0.05;
/// Fewest items that hold a word which is tested: chosen without a look at which of them are the worst.
const LEAST: usize = 5;
/// Most items whose texts are read; of more, so many at even steps of the order.
const MOST_ITEMS: usize = 1 << 18;
/// A word is told if its q is under this, and of these so many.
const LEVEL: f64 = 0.05;
const MOST_WORDS: usize = 20;
/// Items one task reads.
const PART: usize = 4096;

/// A word that is over-represented among the worst items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstWord {
    pub word: String,
    /// Items that hold it, among the worst and among all looked at.
    pub worst: usize,
    pub all: usize,
    /// Its share among the worst over its share among all.
    pub ratio: f64,
    /// Of Fisher's exact test, one-sided; q is Benjamini-Hochberg over the words tested.
    pub p: f64,
    pub q: f64,
}

/// What the worst items of a list have in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WorstWords {
    /// Items looked at of those listed, and how many of them are the worst: a twentieth, and those equal to the last.
    pub n: usize,
    pub of: usize,
    pub worst: usize,
    /// Words that were tested: content words in five items or more.
    pub tested: usize,
    /// Those with q < .05, smallest p first.
    pub words: Vec<WorstWord>,
}

/// Compares the words of the worst twentieth of some rows with those of all; `figures` are what they are ordered by,
/// worst first, as the rows are. Items count as independent.
#[must_use]
pub fn worst_words(audit: &Audit, rows: &[u32], figures: &[f64]) -> WorstWords {
    let known = figures.iter().take_while(|figure| !figure.is_nan()).count();
    let (rows, figures) = (&rows[..known.min(rows.len())], &figures[..known]);
    let step = rows.len().div_ceil(MOST_ITEMS).max(1);
    let looked: Vec<u32> = rows.iter().copied().step_by(step).collect();
    let figures: Vec<f64> = figures.iter().copied().step_by(step).collect();
    let n = looked.len();
    let mut found = WorstWords { n, of: rows.len(), ..WorstWords::default() };
    let Some(last) = ((n as f64 * WORST).ceil() as usize).checked_sub(1) else { return found };
    found.worst = last + figures[last..].iter().take_while(|figure| **figure == figures[last]).count();
    if found.worst == n {
        return found;
    }
    let mut counts: Vec<(String, [usize; 2])> = count(audit, &looked, found.worst).into_iter().collect();
    counts.retain(|(_, [_, all])| *all >= LEAST);
    // A map has an order of its own; equal p are told by the alphabet.
    counts.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    found.tested = counts.len();
    let p: Vec<_> =
        counts.iter().map(|(_, [worst, all])| stats::fisher_greater(*worst, found.worst, *all, n)).collect();
    let q = stats::benjamini_hochberg(&p);
    let told = counts.into_iter().zip(p.into_iter().zip(q)).filter_map(|((word, [worst, all]), (p, q))| {
        let ratio = worst as f64 / found.worst as f64 / (all as f64 / n as f64);
        Some(WorstWord { word, worst, all, ratio, p: p.ok()?, q: q.ok()? }).filter(|word| word.q < LEVEL)
    });
    found.words = told.collect();
    found.words.sort_by(|a, b| a.p.total_cmp(&b.p).then(b.ratio.total_cmp(&a.ratio)));
    found.words.truncate(MOST_WORDS);
    found
}

/// Items that hold each content word: among the first `worst` of the rows, and among all.
fn count(audit: &Audit, rows: &[u32], worst: usize) -> HashMap<String, [usize; 2]> {
    let part = |(part, rows): (usize, &[u32])| {
        // Of each word also the item it was last seen in: said twice there, it counts once.
        let mut counts: HashMap<String, ([usize; 2], usize)> = HashMap::new();
        for (at, row) in (part * PART..).zip(rows) {
            for word in words(&audit.items[*row as usize].text) {
                if is_function_word(&word) {
                    continue;
                }
                let (counts, seen) = counts.entry(word).or_insert(([0; 2], usize::MAX));
                if *seen != at {
                    *seen = at;
                    counts[0] += usize::from(at < worst);
                    counts[1] += 1;
                }
            }
        }
        counts.into_iter().map(|(word, (counts, _))| (word, counts)).collect::<HashMap<_, _>>()
    };
    rows.par_chunks(PART).enumerate().map(part).reduce(HashMap::new, |mut sums, counts| {
        for (word, [worst, all]) in counts {
            let sum = sums.entry(word).or_insert([0; 2]);
            *sum = [sum[0] + worst, sum[1] + all];
        }
        sums
    })
}
