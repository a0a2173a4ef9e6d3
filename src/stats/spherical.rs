//! Clusters of directions: spherical k-means (Dhillon & Modha 2001).

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Passes over the points.
const PASSES: usize = 8;

/// Rows `[n, d]` about a centre, each of length one.
pub struct Points {
    values: Vec<f32>,
    dimension: usize,
}

impl Points {
    /// Takes the centre from each row and brings it to length one; a row at the centre stays zero.
    #[must_use]
    pub fn centred(mut rows: Vec<f32>, centre: &[f32]) -> Self {
        let dimension = centre.len().max(1);
        for row in rows.chunks_exact_mut(dimension) {
            row.iter_mut().zip(centre).for_each(|(value, centre)| *value -= centre);
            normalise(row);
        }
        Self { values: rows, dimension }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The row at a place.
    #[must_use]
    pub fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.dimension..(at + 1) * self.dimension]
    }
}

/// The mean of rows `[n, d]`.
#[must_use]
pub fn mean_row(rows: &[f32], dimension: usize) -> Vec<f32> {
    let count = (rows.len() / dimension.max(1)).max(1) as f32;
    let mut mean = vec![0_f32; dimension];
    for row in rows.chunks_exact(dimension.max(1)) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / count);
    }
    mean
}

fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 1e-9 {
        row.iter_mut().for_each(|value| *value /= length);
    }
}

/// The inner product, in eight lanes.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// The centre nearest to each point, with the cosine.
#[must_use]
pub fn assign(points: &Points, centres: &[Vec<f32>]) -> Vec<(usize, f32)> {
    let nearest = |at: usize| {
        let row = points.row(at);
        let cosines = centres.iter().enumerate().map(|(centre, values)| (centre, dot(row, values)));
        cosines.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    };
    (0..points.len()).into_par_iter().map(nearest).collect()
}

/// So many centres of length one, from a start drawn by `seed` and their number.
#[must_use]
pub fn spherical_means(points: &Points, count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed + count as u64);
    let chosen = sample(&mut rng, points.len(), count.min(points.len()));
    let mut centres: Vec<Vec<f32>> = chosen.into_iter().map(|at| points.row(at).to_vec()).collect();
    for _ in 0..PASSES {
        let mut sums = vec![vec![0_f32; points.dimension]; centres.len()];
        for (at, (centre, _)) in assign(points, &centres).into_iter().enumerate() {
            sums[centre].iter_mut().zip(points.row(at)).for_each(|(sum, value)| *sum += value);
        }
        for (centre, mut sum) in centres.iter_mut().zip(sums) {
            normalise(&mut sum);
            // A centre that lost all its points stays where it was.
            if sum.iter().any(|value| *value != 0.0) {
                *centre = sum;
            }
        }
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bundles_of_directions_are_told_apart_whatever_their_lengths() {
        // About the mean (0, 5): to the left and to the right, by hand.
        let rows = [[-1.0, 5.1], [9.0, 5.0], [-3.0, 4.9], [1.0, 5.1], [-9.0, 5.0], [3.0, 4.9_f32]].concat();
        let mean = mean_row(&rows, 2);
        assert!(mean[0].abs() < 1e-6 && (mean[1] - 5.0).abs() < 1e-6, "{mean:?}");
        let points = Points::centred(rows, &mean);
        assert!((dot(points.row(0), points.row(0)) - 1.0).abs() < 1e-6);
        let centres = spherical_means(&points, 2, 1);
        let found: Vec<usize> = assign(&points, &centres).into_iter().map(|(centre, _)| centre).collect();
        let left = found[0];
        assert_eq!(found, [left, 1 - left, left, 1 - left, left, 1 - left]);
    }

    #[test]
    fn the_inner_product_reads_the_rest_beyond_its_lanes() {
        let values: Vec<f32> = (0..11).map(|at| at as f32).collect();
        // 0² + 1² + … + 10².
        assert_eq!(dot(&values, &values), 385.0);
    }
}
