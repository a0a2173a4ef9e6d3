//! Finding slices one after the other: matching pursuit over terms and pairs of them.

use super::sums::TermSums;
use super::term::Incidence;
use super::watch::Watch;
use crate::stats::{PowerSums, Undefined, skewed_welch};

/// Rows by which a slice's excess is drawn to nothing.
const SHRINK: f64 = 30.0;
/// What a slice of one term counts more: a shorter name is worth something.
const SHORT: f64 = 1.1;
/// A slice is significant where p × candidates is at most this.
const LEVEL: f64 = 0.05;
/// A second term joins where it makes the first one's excess greater beyond this p, and the first one the second's.
const JOINS: f64 = 0.01;

/// What is searched.
pub struct Field<'a> {
    pub incidence: &'a Incidence,
    pub terms: usize,
    /// What is to be high, of every row.
    pub values: &'a [f64],
    /// Rows that are searched.
    pub rows: &'a [u32],
    /// Fewest of them in a slice.
    pub least: usize,
    /// Whether two terms together are candidates.
    pub pairs: bool,
    /// Candidates that were left out before, and count in the correction.
    pub tried: usize,
}

/// Slices by their terms, and how many candidates there were.
pub struct Pursued {
    pub slices: Vec<Vec<u16>>,
    pub candidates: usize,
}

/// Up to `top` slices. Each has the greatest shrunken excess × √n over the rows that no earlier one holds, and is above the
/// rest both there and among all rows, significantly after Bonferroni's correction over all candidates. `found` hears of
/// each.
pub fn pursue(field: &Field<'_>, top: usize, watch: &Watch<'_>, mut found: impl FnMut(&[u16])) -> Pursued {
    let mut sums = TermSums::over(field.incidence, field.terms, field.values, field.rows, field.pairs);
    let large = |sums: &PowerSums| sums.n >= field.least as f64;
    let candidates = field.tried + sums.candidates().filter(|(_, sums)| large(sums)).count();
    let whole = sums.clone();
    let mut left: Vec<u32> = field.rows.to_vec();
    let mut slices: Vec<Vec<u16>> = Vec::new();
    while slices.len() < top && !watch.is_cancelled() {
        let Some((a, b)) = best(&sums, &whole, field.least, LEVEL / candidates as f64) else { break };
        #[allow(clippy::cast_possible_truncation, reason = "terms are numbered in two bytes")]
        let mut names = vec![b as u16, a as u16];
        names.dedup();
        left.retain(|&row| {
            let held = field.incidence.of_row(row as usize);
            let inside = names.iter().all(|name| held.binary_search(name).is_ok());
            if inside {
                sums.take_away(held, field.values[row as usize]);
            }
            !inside
        });
        found(&names);
        slices.push(names);
    }
    Pursued { slices, candidates }
}

/// The candidate of the greatest score among those that are significant at `level`.
fn best(sums: &TermSums, whole: &TermSums, least: usize, level: f64) -> Option<(usize, usize)> {
    let mean = sums.all.mean();
    let mut best: Option<((usize, usize), f64)> = None;
    let cells = sums.candidates().zip(whole.candidates()).map(|((names, cell), (_, whole))| (names, cell, whole));
    for ((a, b), cell, all_of_it) in cells.filter(|(_, cell, _)| cell.n >= least as f64) {
        let short = if a == b { SHORT } else { 1.0 };
        let score = short * (cell.mean() - mean) * cell.n / (cell.n + SHRINK) * cell.n.sqrt();
        if score <= best.map_or(0.0, |(_, score)| score) || !is_above(cell, sums.all - cell, level) {
            continue;
        }
        let joins = |term: usize| is_above(cell, sums.of(term) - cell, JOINS);
        if (a == b || (joins(a) && joins(b))) && is_above(all_of_it, whole.all - all_of_it, level) {
            best = Some(((a, b), score));
        }
    }
    best.map(|(names, _)| names)
}

/// Whether a group's mean is above the rest's at a level.
fn is_above(group: PowerSums, rest: PowerSums, level: f64) -> bool {
    match skewed_welch(group, rest) {
        Ok(found) => found.p <= level,
        Err(Undefined::Constant) => group.mean() > rest.mean(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::term::{Term, TermKind};
    use super::*;

    const N: u32 = 4_000;

    fn term(holds: impl Fn(u32) -> bool) -> Term {
        Term { name: String::new(), kind: TermKind::Words, rows: (0..N).filter(|row| holds(*row)).collect() }
    }

    fn pursued(terms: &[Term], loss: impl Fn(u32) -> f64) -> Vec<Vec<u16>> {
        let incidence = Incidence::of(terms, N as usize);
        let values: Vec<f64> = (0..N).map(|row| loss(row) + f64::from(row * 7919 % 101) / 101.0).collect();
        let rows: Vec<u32> = (0..N).collect();
        let field = Field {
            incidence: &incidence,
            terms: terms.len(),
            values: &values,
            rows: &rows,
            least: 40,
            pairs: true,
            tried: 0,
        };
        pursue(&field, 10, &Watch::silent(), |_| {}).slices
    }

    /// Terms that cross: every 5th row, every 7th, every second.
    fn crossing() -> [Term; 3] {
        [term(|row| row.is_multiple_of(5)), term(|row| row.is_multiple_of(7)), term(|row| row.is_multiple_of(2))]
    }

    #[test]
    fn a_planted_term_and_a_planted_pair_come_back_and_nothing_else() {
        let two = |row: u32| f64::from(u8::from(row.is_multiple_of(5))) + f64::from(u8::from(row.is_multiple_of(7)));
        assert_eq!(pursued(&crossing(), two), [vec![0], vec![1]]);
        let both = |row: u32| f64::from(u8::from(row.is_multiple_of(14)));
        assert_eq!(pursued(&crossing(), both), [vec![1, 2]]);
        assert!(pursued(&crossing(), |_| 0.0).is_empty());
    }

    #[test]
    fn what_an_earlier_slice_explains_is_not_said_again() {
        let terms = [
            term(|row| row.is_multiple_of(5)),
            term(|row| row.is_multiple_of(5) || row % 100 == 1),
            term(|row| row.is_multiple_of(10)),
        ];
        assert_eq!(pursued(&terms, |row| f64::from(u8::from(row.is_multiple_of(5)))), [vec![0]]);
    }

    #[test]
    fn low_losses_are_no_slice() {
        assert!(pursued(&crossing()[..1], |row| -f64::from(u8::from(row.is_multiple_of(5)))).is_empty());
    }

    #[test]
    fn it_is_what_brute_force_finds() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/discover.json")).unwrap();
        for search in fixture["searches"].as_array().unwrap() {
            let lines: Vec<&str> =
                search["holds"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            let holds = |column: usize| (0_u32..).zip(&lines).filter(move |(_, line)| line.as_bytes()[column] == b'1');
            let terms: Vec<Term> = (0..lines[0].len())
                .map(|column| Term {
                    name: String::new(),
                    kind: TermKind::Words,
                    rows: holds(column).map(|(row, _)| row).collect(),
                })
                .collect();
            let values: Vec<f64> =
                search["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let values: Vec<f64> = values.iter().map(|value| value - mean).collect();
            let rows: Vec<u32> = (0..values.len() as u32).collect();
            let incidence = Incidence::of(&terms, rows.len());
            let (terms, values, rows) = (terms.len(), values.as_slice(), rows.as_slice());
            let field = Field { incidence: &incidence, terms, values, rows, least: 25, pairs: true, tried: 0 };
            let mut heard = Vec::new();
            let found = pursue(&field, 6, &Watch::silent(), |names| heard.push(names.to_vec()));
            assert_eq!(heard, found.slices);
            let expected: Vec<Vec<u16>> = serde_json::from_value(search["slices"].clone()).unwrap();
            assert_eq!((found.slices, found.candidates as u64), (expected, search["candidates"].as_u64().unwrap()));
        }
    }
}
