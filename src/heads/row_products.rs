//! Products of rows with a few vectors, for linear heads: a general product would spend more on arranging so thin a
//! matrix than on multiplying it.

use pulp::{Arch, Simd, WithSimd};

/// Vectors that share one reading of a row.
const TILE: usize = 8;

/// Places for `nets` values of a row, padded to whole tiles.
#[must_use]
pub fn padded(nets: usize) -> usize {
    nets.div_ceil(TILE) * TILE
}

/// Vectors of one length, padded with zeros to whole tiles.
#[derive(Debug, Clone)]
pub struct Vectors {
    dimension: usize,
    /// `[padded nets, d]`.
    values: Vec<f32>,
}

impl Vectors {
    /// Room for `nets` vectors, all zero.
    pub fn zeros(nets: usize, dimension: usize) -> Self {
        Self { dimension, values: vec![0.0; padded(nets) * dimension] }
    }

    /// `vectors` of `dimension` elements each.
    pub fn new<'a>(vectors: impl ExactSizeIterator<Item = &'a [f32]>, dimension: usize) -> Self {
        let mut made = Self::zeros(vectors.len(), dimension);
        made.values.chunks_exact_mut(dimension).zip(vectors).for_each(|(place, vector)| place.copy_from_slice(vector));
        made
    }

    /// The `net`-th vector.
    pub fn vector(&self, net: usize) -> &[f32] {
        &self.values[net * self.dimension..(net + 1) * self.dimension]
    }

    /// Adds other vectors, one to one.
    pub fn add(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
    }

    /// Product of every row of `rows` `[n, d]` with every vector, into `scores` `[n, padded nets]`.
    pub fn multiply(&self, rows: &[f32], scores: &mut [f32]) {
        Arch::new().dispatch(Multiply { vectors: self, rows, scores });
    }

    /// Adds to each vector the sum of `rows` `[n, d]`, weighted by its column of `slopes` `[n, padded nets]`.
    pub fn add_weighted(&mut self, rows: &[f32], slopes: &[f32]) {
        Arch::new().dispatch(AddWeighted { vectors: self, rows, slopes });
    }
}

struct Multiply<'a> {
    vectors: &'a Vectors,
    rows: &'a [f32],
    scores: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Vectors { dimension, values } = self.vectors;
        let width = values.len() / dimension;
        for (row, scores) in self.rows.chunks_exact(*dimension).zip(self.scores.chunks_exact_mut(width)) {
            let (row, rest) = S::as_simd_f32s(row);
            for (tile, scores) in values.chunks_exact(TILE * dimension).zip(scores.chunks_exact_mut(TILE)) {
                let vectors: [_; TILE] =
                    std::array::from_fn(|net| S::as_simd_f32s(&tile[net * dimension..(net + 1) * dimension]));
                let bodies: [_; TILE] = std::array::from_fn(|net| &vectors[net].0[..row.len()]);
                let mut sums = [simd.splat_f32s(0.0); TILE];
                for stretch in 0..row.len() {
                    for net in 0..TILE {
                        sums[net] = simd.mul_add_f32s(row[stretch], bodies[net][stretch], sums[net]);
                    }
                }
                for net in 0..TILE {
                    let tail: f32 = rest.iter().zip(vectors[net].1).map(|(value, weight)| value * weight).sum();
                    scores[net] = simd.reduce_sum_f32s(sums[net]) + tail;
                }
            }
        }
    }
}

struct AddWeighted<'a> {
    vectors: &'a mut Vectors,
    rows: &'a [f32],
    slopes: &'a [f32],
}

impl WithSimd for AddWeighted<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let dimension = self.vectors.dimension;
        let width = self.vectors.values.len() / dimension;
        let stretches = dimension / S::F32_LANES;
        for (tile, vectors) in self.vectors.values.chunks_exact_mut(TILE * dimension).enumerate() {
            let rows = || {
                let slopes = self.slopes.chunks_exact(width).map(|slopes| &slopes[tile * TILE..(tile + 1) * TILE]);
                self.rows.chunks_exact(dimension).zip(slopes)
            };
            for stretch in 0..stretches {
                let from = stretch * S::F32_LANES;
                let mut sums = [simd.splat_f32s(0.0); TILE];
                for (row, slopes) in rows() {
                    let value = simd.partial_load_f32s(&row[from..from + S::F32_LANES]);
                    for net in 0..TILE {
                        sums[net] = simd.mul_add_f32s(value, simd.splat_f32s(slopes[net]), sums[net]);
                    }
                }
                for net in 0..TILE {
                    let place = S::as_mut_simd_f32s(&mut vectors[net * dimension + from..][..S::F32_LANES]).0;
                    place[0] = simd.add_f32s(place[0], sums[net]);
                }
            }
            for element in stretches * S::F32_LANES..dimension {
                for (row, slopes) in rows() {
                    for net in 0..TILE {
                        vectors[net * dimension + element] += row[element] * slopes[net];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_textbook_for_any_shape() {
        for (rows, dimension, nets) in [(1, 1, 1), (3, 16, 8), (7, 37, 15), (5, 40, 17)] {
            let value = |seed: usize| ((seed * 7919 % 1009) as f32 / 504.5) - 1.0;
            let matrix: Vec<f32> = (0..rows * dimension).map(value).collect();
            let given: Vec<Vec<f32>> =
                (0..nets).map(|net| (0..dimension).map(|at| value(net * 131 + at * 17 + 5)).collect()).collect();
            let vectors = Vectors::new(given.iter().map(Vec::as_slice), dimension);
            assert!((0..nets).all(|net| vectors.vector(net) == given[net]));
            let width = padded(nets);
            let mut scores = vec![9.0; rows * width];
            vectors.multiply(&matrix, &mut scores);
            let mut sums = Vectors::zeros(nets, dimension);
            sums.add_weighted(&matrix, &scores);
            for net in 0..nets {
                let dot = |row: usize| -> f64 {
                    (0..dimension).map(|at| f64::from(matrix[row * dimension + at]) * f64::from(given[net][at])).sum()
                };
                for row in 0..rows {
                    assert!(
                        (f64::from(scores[row * width + net]) - dot(row)).abs() < 1e-5,
                        "{rows} {dimension} {nets}"
                    );
                }
                for (at, sum) in sums.vector(net).iter().enumerate() {
                    let expected: f64 = (0..rows).map(|row| dot(row) * f64::from(matrix[row * dimension + at])).sum();
                    assert!((f64::from(*sum) - expected).abs() < 1e-4, "{rows} {dimension} {nets}");
                }
            }
        }
    }
}
