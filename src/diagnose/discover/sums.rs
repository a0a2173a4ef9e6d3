//! Power sums of the losses of every term and every pair of terms: the sums behind `M · diag(loss) · Mᵀ`, row by row.

use super::term::Incidence;
use crate::stats::PowerSums;
use rayon::prelude::*;

/// Parts that rows are summed up in; fixed, so that the sums are the same on any number of threads.
const PARTS: usize = 4;

/// Sums of single terms, and of pairs where they are wanted.
#[derive(Debug, Clone)]
pub struct TermSums {
    terms: usize,
    pairs: bool,
    /// The lower triangle, row by row, of terms by terms; the diagonal alone without pairs.
    cells: Vec<PowerSums>,
    /// All rows together.
    pub all: PowerSums,
}

impl TermSums {
    fn empty(terms: usize, pairs: bool) -> Self {
        let cells = if pairs { terms * (terms + 1) / 2 } else { terms };
        Self { terms, pairs, cells: vec![PowerSums::default(); cells], all: PowerSums::default() }
    }

    /// Sums over `rows`; `values` has an entry a row of the incidence.
    #[must_use]
    pub fn over(incidence: &Incidence, terms: usize, values: &[f64], rows: &[u32], pairs: bool) -> Self {
        let part = |rows: &[u32]| {
            let mut sums = Self::empty(terms, pairs);
            for &row in rows {
                sums.each(incidence.of_row(row as usize), PowerSums::one(values[row as usize]), |cell, one| {
                    *cell += one
                });
            }
            sums
        };
        let parts: Vec<Self> = rows.par_chunks(rows.len().div_ceil(PARTS).max(1)).map(part).collect();
        let mut whole = Self::empty(terms, pairs);
        for part in parts {
            whole.cells.iter_mut().zip(part.cells).for_each(|(cell, other)| *cell += other);
            whole.all += part.all;
        }
        whole
    }

    fn each(&mut self, held: &[u16], one: PowerSums, change: impl Fn(&mut PowerSums, PowerSums)) {
        change(&mut self.all, one);
        for (at, &term) in held.iter().enumerate() {
            let term = usize::from(term);
            if !self.pairs {
                change(&mut self.cells[term], one);
                continue;
            }
            let line = &mut self.cells[term * (term + 1) / 2..];
            held[..=at].iter().for_each(|&other| change(&mut line[usize::from(other)], one));
        }
    }

    /// Takes a row away again.
    pub fn take_away(&mut self, held: &[u16], value: f64) {
        self.each(held, PowerSums::one(value), |cell, one| *cell -= one);
    }

    /// The sums of a term.
    #[must_use]
    pub fn of(&self, term: usize) -> PowerSums {
        self.cells[if self.pairs { term * (term + 1) / 2 + term } else { term }]
    }

    /// Every candidate with its sums: `(a, a)` for a term, `(a, b)` with `b < a` for a pair.
    pub fn candidates(&self) -> impl Iterator<Item = ((usize, usize), PowerSums)> + '_ {
        let names = (0..self.terms).flat_map(move |a| {
            let first = if self.pairs { 0 } else { a };
            (first..=a).map(move |b| (a, b))
        });
        names.zip(self.cells.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::term::{Term, TermKind};
    use super::*;

    #[test]
    fn sums_are_those_of_the_rows_that_hold_both() {
        let term = |rows: &[u32]| Term { name: String::new(), kind: TermKind::Words, rows: rows.to_vec() };
        let terms = [term(&[0, 1, 2]), term(&[1, 2, 4]), term(&[3])];
        let incidence = Incidence::of(&terms, 5);
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        let mut sums = TermSums::over(&incidence, 3, &values, &[0, 1, 2, 3, 4], true);
        let found: Vec<(usize, usize, f64, f64)> =
            sums.candidates().map(|((a, b), sums)| (a, b, sums.n, sums.sum)).collect();
        let expected = [
            (0, 0, 3.0, 6.0),
            (1, 0, 2.0, 5.0),
            (1, 1, 3.0, 10.0),
            (2, 0, 0.0, 0.0),
            (2, 1, 0.0, 0.0),
            (2, 2, 1.0, 4.0),
        ];
        assert_eq!(found, expected);
        sums.take_away(incidence.of_row(2), 3.0);
        assert_eq!((sums.of(0).sum, sums.of(1).sum, sums.all.n), (3.0, 7.0, 4.0));
        let singles = TermSums::over(&incidence, 3, &values, &[1, 2], false);
        let found: Vec<((usize, usize), f64)> = singles.candidates().map(|(name, sums)| (name, sums.sum)).collect();
        assert_eq!(found, [((0, 0), 5.0), ((1, 1), 5.0), ((2, 2), 0.0)]);
    }
}
