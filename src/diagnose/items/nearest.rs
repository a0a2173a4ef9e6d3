//! Items nearest to a vector, by one pass over their embeddings where they lie.

use crate::heads::{LyingRow, Rows};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Rows that one task looks at: enough to be worth its start, few enough that all cores have some.
const PART: usize = 4096;
/// Sums that run side by side, so that no addition waits for the one before.
const SUMS: usize = 4;

/// Cosine of the rows at some positions with a vector `[d]`, in their order; NaN for a row or a vector without length.
#[must_use]
pub fn similarities(rows: Rows<'_>, positions: &[u32], query: &[f32]) -> Vec<f32> {
    let mut cosines = vec![f32::NAN; positions.len()];
    let parts = positions.par_chunks(PART).zip(cosines.par_chunks_mut(PART));
    parts.for_each(|(positions, out)| Arch::new().dispatch(Cosines { rows, positions, query, out }));
    cosines
}

/// The `wanted` rows nearest to a vector among those at `positions`, with cosine, nearest first; of equals the one
/// that comes first. Rows without length are never near.
#[must_use]
pub fn nearest_rows(rows: Rows<'_>, positions: &[u32], query: &[f32], wanted: usize) -> Vec<(u32, f32)> {
    let nearer = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let best_of = |mut found: Vec<(u32, f32)>| {
        if found.len() > wanted {
            found.select_nth_unstable_by(wanted, nearer);
            found.truncate(wanted);
        }
        found
    };
    let part = |positions: &[u32]| {
        let mut out = vec![f32::NAN; positions.len()];
        Arch::new().dispatch(Cosines { rows, positions, query, out: &mut out });
        best_of(positions.iter().copied().zip(out).filter(|(_, cosine)| !cosine.is_nan()).collect())
    };
    let mut found = best_of(positions.par_chunks(PART).flat_map_iter(part).collect());
    found.sort_unstable_by(nearer);
    found
}

struct Cosines<'a> {
    rows: Rows<'a>,
    positions: &'a [u32],
    query: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Cosines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let length = squares(self.query).sqrt();
        let mut copy = vec![0_f32; self.query.len()];
        for (&position, out) in self.positions.iter().zip(self.out) {
            let position = position as usize;
            let lying = match self.rows {
                Rows::Dense(values) => Some(LyingRow::F32(&values[position * self.query.len()..][..self.query.len()])),
                Rows::Stored(reader) => reader.lying(position),
            };
            let row: &[f32] = match lying {
                Some(LyingRow::F32(row)) => row,
                Some(LyingRow::F16(row)) => {
                    copy.iter_mut().zip(row).for_each(|(out, bits)| *out = widened(*bits));
                    &copy
                }
                Some(LyingRow::Bf16(row)) => {
                    copy.iter_mut().zip(row).for_each(|(out, bits)| *out = f32::from_bits(u32::from(*bits) << 16));
                    &copy
                }
                None => {
                    self.rows.read(position, &mut copy);
                    &copy
                }
            };
            let (dot, own) = products(simd, row, self.query);
            *out = dot / (own.sqrt() * length);
        }
    }
}

/// A finite half as `f32`: its exponent and fraction, moved to their places, are 2¹¹² too small. Without a branch or
/// a call, so that the loop around it becomes vector instructions.
#[inline(always)]
fn widened(bits: u16) -> f32 {
    let bits = u32::from(bits);
    let size = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
    f32::from_bits(size.to_bits() | (bits & 0x8000) << 16)
}

fn squares(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum()
}

/// `row · query` and `row · row`.
#[inline(always)]
fn products<S: Simd>(simd: S, row: &[f32], query: &[f32]) -> (f32, f32) {
    let ((row, row_rest), (query, query_rest)) = (S::as_simd_f32s(row), S::as_simd_f32s(query));
    let (mut dots, mut owns) = ([simd.splat_f32s(0.0); SUMS], [simd.splat_f32s(0.0); SUMS]);
    let (mut row_parts, mut query_parts) = (row.chunks_exact(SUMS), query.chunks_exact(SUMS));
    for (row, query) in (&mut row_parts).zip(&mut query_parts) {
        for at in 0..SUMS {
            dots[at] = simd.mul_add_f32s(row[at], query[at], dots[at]);
            owns[at] = simd.mul_add_f32s(row[at], row[at], owns[at]);
        }
    }
    for (row, query) in row_parts.remainder().iter().zip(query_parts.remainder()) {
        dots[0] = simd.mul_add_f32s(*row, *query, dots[0]);
        owns[0] = simd.mul_add_f32s(*row, *row, owns[0]);
    }
    let total = |sums: [S::f32s; SUMS]| {
        let [a, b, c, d] = sums;
        simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
    };
    let rest = row_rest.iter().zip(query_rest).map(|(a, b)| a * b).sum::<f32>();
    (total(dots) + rest, total(owns) + squares(row_rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::RowReader;

    struct Bits(Vec<Vec<u16>>, bool);

    impl RowReader for Bits {
        fn count(&self) -> usize {
            self.0.len()
        }

        fn read(&self, _: usize, _: &mut [f32]) {
            unreachable!("rows that lie are not copied");
        }

        fn lying(&self, position: usize) -> Option<LyingRow<'_>> {
            let row = self.0[position].as_slice();
            Some(if self.1 { LyingRow::F16(row) } else { LyingRow::Bf16(row) })
        }
    }

    #[test]
    fn every_finite_half_is_read_as_the_half_crate_reads_it() {
        for bits in 0..=u16::MAX {
            let expected = half::f16::from_bits(bits);
            if expected.is_finite() {
                assert_eq!(widened(bits).to_bits(), expected.to_f32().to_bits(), "{bits:#x}");
            }
        }
    }

    #[test]
    fn precisions_agree_and_rows_without_length_are_never_near() {
        // Eighths stand in all precisions; 37 values leave a rest behind every width of vector.
        let value = |row: usize, at: usize| if row == 5 { 0.0 } else { ((row * 31 + at * 17) % 23) as f32 / 8.0 - 1.0 };
        let rows: Vec<Vec<f32>> = (0..9).map(|row| (0..37).map(|at| value(row, at)).collect()).collect();
        let query = rows[3].clone();
        let positions: Vec<u32> = (0..9).rev().collect();
        let flat = rows.concat();
        let found = nearest_rows(Rows::Dense(&flat), &positions, &query, 4);
        assert_eq!((found.len(), found[0].0), (4, 3));
        assert!((found[0].1 - 1.0).abs() < 1e-6 && found.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let bits = |of: fn(f32) -> u16| rows.iter().map(|row| row.iter().map(|value| of(*value)).collect()).collect();
        let halves = Bits(bits(|value| half::f16::from_f32(value).to_bits()), true);
        let brains = Bits(bits(|value| half::bf16::from_f32(value).to_bits()), false);
        for stored in [Rows::Stored(&halves), Rows::Stored(&brains)] {
            assert_eq!(nearest_rows(stored, &positions, &query, 4), found);
            assert_eq!(nearest_rows(stored, &positions, &query, 50).len(), 8, "the row of zeros is left out");
        }
        let cosines = similarities(Rows::Dense(&flat), &positions, &query);
        assert!(cosines[3].is_nan() && positions[3] == 5);
        assert!(nearest_rows(Rows::Dense(&flat), &positions, &[0.0; 37], 4).is_empty());
    }
}
