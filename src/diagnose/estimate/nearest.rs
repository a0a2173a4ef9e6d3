//! The nearest witness: the items nearest to a prompt, by cosine about the items' mean.

use crate::heads::Rows;
use pulp::{Arch, Simd, WithSimd};

/// Items whose losses are averaged.
pub const NEIGHBOURS: usize = 100;

/// Fewest neighbours that are averaged, of however small a sample.
const LEAST_NEIGHBOURS: usize = 10;

/// Embeddings of items about their mean, each of length one, in 8 bits a value: enough to find who is near.
pub struct NearestItems {
    dimension: usize,
    centre: Vec<f32>,
    /// `[n, d]`; value = code × the row's scale.
    codes: Vec<i8>,
    scales: Vec<f32>,
    losses: Vec<f32>,
    /// Positions of the rows in the audit.
    positions: Vec<u32>,
    neighbours: usize,
}

/// What the nearest items lost.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestFinding {
    pub mean: f64,
    pub sd: f64,
    pub rows: usize,
    /// Cosine of the nearest and of the last one counted.
    pub cosines: (f64, f64),
    /// Positions in the audit of the very nearest, with cosine and loss.
    pub items: Vec<(usize, f64, f64)>,
}

/// Nearest items that are named.
const NAMED: usize = 5;

impl NearestItems {
    /// Takes the rows at `positions` of an audit's embeddings, with their losses.
    #[must_use]
    pub fn new(rows: Rows<'_>, positions: &[usize], losses: &[f64], dimension: usize) -> Self {
        let mut row = vec![0_f32; dimension];
        let mut sums = vec![0_f64; dimension];
        for &position in positions {
            rows.read(position, &mut row);
            sums.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let centre: Vec<f32> = sums.iter().map(|sum| (sum / positions.len().max(1) as f64) as f32).collect();
        let mut codes = vec![0_i8; positions.len() * dimension];
        let mut scales = Vec::with_capacity(positions.len());
        for (&position, codes) in positions.iter().zip(codes.chunks_exact_mut(dimension.max(1))) {
            rows.read(position, &mut row);
            scales.push(encode(&mut row, &centre, codes));
        }
        Self {
            dimension,
            centre,
            codes,
            scales,
            losses: losses.iter().map(|loss| *loss as f32).collect(),
            positions: positions.iter().map(|position| *position as u32).collect(),
            neighbours: NEIGHBOURS,
        }
    }

    /// These rows stand for `all`: of a sample, fewer neighbours are as near.
    #[must_use]
    pub fn of_all(self, all: usize) -> Self {
        let neighbours = (NEIGHBOURS * self.len()).div_ceil(all.max(1)).max(LEAST_NEIGHBOURS);
        Self { neighbours, ..self }
    }

    /// Rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// The items nearest to an embedding `[d]`, at most 100 and at most a tenth of all; none without items.
    #[must_use]
    pub fn find(&self, embedding: &[f32]) -> Option<NearestFinding> {
        let wanted = self.neighbours.min(self.len().div_ceil(10));
        if wanted == 0 {
            return None;
        }
        let (mut query, mut codes) = (embedding.to_vec(), vec![0_i8; self.dimension]);
        let scale = encode(&mut query, &self.centre, &mut codes);
        let mut cosines = vec![0_f32; self.len()];
        Arch::new().dispatch(Cosines { items: self, query: &codes, scale, out: &mut cosines });
        let mut order: Vec<u32> = (0..cosines.len() as u32).collect();
        let descending = |a: &u32, b: &u32| cosines[*b as usize].total_cmp(&cosines[*a as usize]).then(a.cmp(b));
        order.select_nth_unstable_by(wanted - 1, descending);
        order.truncate(wanted);
        order.sort_unstable_by(descending);
        let losses: Vec<f64> = order.iter().map(|&row| f64::from(self.losses[row as usize])).collect();
        let summary = crate::stats::summary(&losses).ok()?;
        let cosine = |row: u32| f64::from(cosines[row as usize]);
        let named = order.iter().take(NAMED);
        let items = named
            .map(|&row| (self.positions[row as usize] as usize, cosine(row), f64::from(self.losses[row as usize])));
        Some(NearestFinding {
            mean: summary.mean,
            sd: summary.sd,
            rows: wanted,
            cosines: (cosine(order[0]), cosine(order[wanted - 1])),
            items: items.collect(),
        })
    }
}

/// Centres a row, brings it to length one and writes its codes; returns their scale.
fn encode(row: &mut [f32], centre: &[f32], codes: &mut [i8]) -> f32 {
    row.iter_mut().zip(centre).for_each(|(value, centre)| *value -= centre);
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    let most = row.iter().fold(0_f32, |most, value| most.max(value.abs()));
    if length <= 1e-9 || most <= 0.0 {
        codes.fill(0);
        return 0.0;
    }
    codes.iter_mut().zip(&*row).for_each(|(code, value)| *code = (value / most * 127.0).round() as i8);
    most / 127.0 / length
}

struct Cosines<'a> {
    items: &'a NearestItems,
    query: &'a [i8],
    scale: f32,
    out: &'a mut [f32],
}

impl WithSimd for Cosines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.items.codes.chunks_exact(self.items.dimension.max(1));
        for ((row, scale), out) in rows.zip(&self.items.scales).zip(self.out) {
            let sum: i32 = row.iter().zip(self.query).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum();
            *out = sum as f32 * scale * self.scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_nearest_are_those_of_exact_arithmetic() {
        let (count, dimension) = (400, 48);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let rows: Vec<f32> = (0..count * dimension).map(|_| rng.random_range(-1.0..1.0)).collect();
        let losses: Vec<f64> = (0..count).map(|row| row as f64).collect();
        let positions: Vec<usize> = (0..count).collect();
        let items = NearestItems::new(Rows::Dense(&rows), &positions, &losses, dimension);
        let query: Vec<f32> = (0..dimension).map(|_| rng.random_range(-1.0..1.0)).collect();
        let found = items.find(&query).unwrap();
        let centre: Vec<f64> = (0..dimension)
            .map(|i| (0..count).map(|row| f64::from(rows[row * dimension + i])).sum::<f64>() / count as f64)
            .collect();
        let about =
            |row: &[f32]| row.iter().zip(&centre).map(|(value, centre)| f64::from(*value) - centre).collect::<Vec<_>>();
        let cosine = |row: usize| {
            let (a, b) = (about(&rows[row * dimension..(row + 1) * dimension]), about(&query));
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
        };
        let mut exact: Vec<usize> = (0..count).collect();
        exact.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)));
        assert_eq!(found.rows, 40, "a tenth of 400");
        assert!((found.cosines.0 - cosine(exact[0])).abs() < 0.01);
        let named: Vec<usize> = found.items.iter().map(|item| item.0).collect();
        assert!(named.iter().filter(|row| exact[..6].contains(row)).count() >= 4, "{named:?} {:?}", &exact[..6]);
        assert!(NearestItems::new(Rows::Dense(&[]), &[], &[], dimension).find(&query).is_none());
    }
}
