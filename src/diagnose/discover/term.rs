//! Terms: what a slice can be named by, each with the rows it holds for.

use crate::data::{is_function_word, words};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Where a term comes from; of terms that hold for the same rows the first is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermKind {
    /// An attribute of the audit, or the group without it.
    Attribute,
    /// Words of the items.
    Words,
    /// A sentence near which items lie in the encoder's space; weaker than the others.
    Near,
}

/// A name and the rows it holds for, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub name: String,
    pub kind: TermKind,
    pub rows: Vec<u32>,
}

/// Most terms; the number of one fits two bytes.
const MOST: usize = 20_000;

/// Keeps one of the terms that hold for the same rows: attributes before words, then the most words that are not grammar
/// in the shortest phrase.
#[must_use]
pub fn distinct(mut terms: Vec<Term>) -> Vec<Term> {
    let rank = |term: &Term| {
        let content = words(&term.name).filter(|word| !is_function_word(word)).count();
        let all = words(&term.name).count();
        (term.kind, Reverse(content), all, Reverse(term.name.chars().count()), term.name.clone())
    };
    terms.sort_by_cached_key(rank);
    let mut seen: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    let mut kept: Vec<Term> = Vec::new();
    for term in terms {
        let bytes: &[u8] = bytemuck::cast_slice(&term.rows);
        let same = seen.entry((term.rows.len(), xxhash_rust::xxh3::xxh3_64(bytes))).or_default();
        if !same.iter().any(|&at| kept[at].rows == term.rows) && kept.len() < MOST {
            same.push(kept.len());
            kept.push(term);
        }
    }
    kept
}

/// Which terms hold for each row: terms of row `r` are `terms[starts[r]..starts[r + 1]]`, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Incidence {
    starts: Vec<usize>,
    terms: Vec<u16>,
}

impl Incidence {
    /// Turns the terms' rows around; at most 20,000 terms.
    #[must_use]
    pub fn of(terms: &[Term], rows: usize) -> Self {
        let mut starts = vec![0; rows + 1];
        terms.iter().flat_map(|term| &term.rows).for_each(|&row| starts[row as usize + 1] += 1);
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut held = vec![0_u16; starts[rows]];
        for (number, term) in (0_u16..).zip(terms) {
            for &row in &term.rows {
                held[next[row as usize]] = number;
                next[row as usize] += 1;
            }
        }
        Self { starts, terms: held }
    }

    /// The terms of a row, ascending.
    #[must_use]
    pub fn of_row(&self, row: usize) -> &[u16] {
        &self.terms[self.starts[row]..self.starts[row + 1]]
    }
}

/// Rows in both of two ascending lists.
#[must_use]
pub fn in_both(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut from = 0;
    let mut both = Vec::new();
    for &row in short {
        from += long[from..].partition_point(|&other| other < row);
        if long.get(from) == Some(&row) {
            both.push(row);
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: &str, kind: TermKind, rows: &[u32]) -> Term {
        Term { name: name.into(), kind, rows: rows.to_vec() }
    }

    #[test]
    fn of_equal_rows_the_longest_name_stays_and_an_attribute_before_words() {
        let kept = distinct(vec![
            term("common", TermKind::Words, &[1, 2]),
            term("greatest common", TermKind::Words, &[1, 2]),
            term("divisor", TermKind::Words, &[1, 2, 3]),
            term("a person over 60 who is retired", TermKind::Words, &[4]),
            term("old", TermKind::Attribute, &[4]),
        ]);
        let names: Vec<&str> = kept.iter().map(|term| term.name.as_str()).collect();
        assert_eq!(names, ["old", "greatest common", "divisor"]);
    }

    #[test]
    fn rows_know_their_terms() {
        let terms = [term("a", TermKind::Words, &[0, 2]), term("b", TermKind::Words, &[2])];
        let found = Incidence::of(&terms, 4);
        assert_eq!([0, 1, 2, 3].map(|row| found.of_row(row).to_vec()), [vec![0], vec![], vec![0, 1], vec![]]);
        assert_eq!(in_both(&[1, 3, 5, 9], &[3, 4, 9]), [3, 9]);
        assert!(in_both(&[], &[3]).is_empty());
    }
}
