//! The permutation null of Table 3: how well gaps "follow" when there is nothing to learn.
//!
//! Losses are permuted over the training items, a ridge head is fitted to them in closed form, and its predicted
//! gaps are compared with the measured ones, many times over. Overlapping attributes and prompts then bring about
//! whatever correlation they bring about without any knowledge, which the textbook p does not see.

use super::{DiagnoseError, Evidence};
use crate::audit::Contrast;
use crate::heads::{Ensemble, HeadsError};
use candle_core::{Device, Tensor};
use nalgebra::{Cholesky, DMatrix};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Times the losses are permuted.
pub const REPLICATES: usize = 400;
/// Rows that are scaled and multiplied at a time: a copy of all would double what they take.
const BLOCK: usize = 8192;
/// Permutations taken through one matrix product.
const AT_ONCE: usize = 50;
/// Ridge penalty in units of the inputs' own variance.
const RIDGE: f64 = 1e-2;
const SEED: u64 = 7;

/// Predicted gaps of the refitted heads: `gaps[contrast][replicate][attribute]`.
pub struct NullGaps {
    gaps: Vec<Vec<Vec<Option<f64>>>>,
}

impl NullGaps {
    /// The replicates of a contrast; each holds one gap an attribute, or none where it has no such prompts.
    #[must_use]
    pub fn of(&self, contrast: Contrast) -> &[Vec<Option<f64>>] {
        let position = Contrast::ALL.iter().position(|other| *other == contrast).unwrap_or(0);
        &self.gaps[position]
    }

    /// Refits the ridge head to permuted losses of the training items; `embeddings` are theirs, `[n, d]`.
    ///
    /// # Errors
    /// If a tensor computation fails.
    pub fn draw(
        evidence: &Evidence,
        ensemble: &Ensemble,
        embeddings: &[f32],
        losses: &[f64],
    ) -> Result<Self, DiagnoseError> {
        let (directions, places) = prompt_directions(evidence, ensemble);
        let predictions = predictions_under_permutation(ensemble, embeddings, losses, &directions)?;
        let attributes = evidence.audit.attributes.len();
        let gaps = places.iter().map(|columns| {
            let gap = |row: &Vec<f64>| {
                (0..attributes).map(|attribute| columns[attribute].map(|column| row[column])).collect()
            };
            predictions.iter().map(gap).collect()
        });
        Ok(Self { gaps: gaps.collect() })
    }
}

/// Columns of directions by attribute, for each contrast.
type Places = Vec<Vec<Option<usize>>>;

/// Difference of each attribute's two prompts on the heads' input scale, and where each stands.
fn prompt_directions(evidence: &Evidence, ensemble: &Ensemble) -> (Vec<Vec<f64>>, Places) {
    let scale = f64::from(ensemble.input.scale);
    let mut directions = Vec::new();
    let places = Contrast::ALL.map(|contrast| {
        let place = |attribute: &crate::audit::Attribute| {
            let (phrase, other) = attribute.prompts.pair(contrast)?;
            let (a, b) = (evidence.prompt_embedding(phrase)?, evidence.prompt_embedding(other)?);
            // The mean of the inputs cancels in a difference.
            directions.push(a.iter().zip(b).map(|(a, b)| f64::from(a - b) / scale).collect());
            Some(directions.len() - 1)
        };
        evidence.audit.attributes.iter().map(place).collect()
    });
    (directions, places.into())
}

/// Predicted gap of every direction under each permutation, `[REPLICATES][directions]`.
fn predictions_under_permutation(
    ensemble: &Ensemble,
    embeddings: &[f32],
    losses: &[f64],
    directions: &[Vec<f64>],
) -> Result<Vec<Vec<f64>>, DiagnoseError> {
    let (rows, dimension) = (losses.len(), ensemble.dimension());
    if rows == 0 || directions.is_empty() {
        return Ok(vec![Vec::new(); REPLICATES]);
    }
    let scaled = |block: &[f32]| {
        let mut scaled = block.to_vec();
        ensemble.input.apply(&mut scaled);
        let rows = scaled.len() / dimension;
        Tensor::from_vec(scaled, (rows, dimension), &Device::Cpu)
    };
    let weights = response(|| embeddings.chunks(BLOCK * dimension).map(scaled), rows, directions);
    let weights = weights.map_err(HeadsError::from)?;
    let mean = losses.iter().sum::<f64>() / rows as f64;
    let mut permuted: Vec<f32> = losses.iter().map(|loss| (loss - mean) as f32).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut predictions = Vec::with_capacity(REPLICATES);
    while predictions.len() < REPLICATES {
        let mut batch = Vec::with_capacity(AT_ONCE * rows);
        for _ in 0..AT_ONCE {
            permuted.shuffle(&mut rng);
            batch.extend_from_slice(&permuted);
        }
        let batch = Tensor::from_vec(batch, (AT_ONCE, rows), &Device::Cpu).map_err(HeadsError::from)?;
        let gaps = batch.matmul(&weights).and_then(|gaps| gaps.to_vec2::<f32>()).map_err(HeadsError::from)?;
        predictions.extend(gaps.into_iter().map(|row| row.into_iter().map(f64::from).collect::<Vec<f64>>()));
    }
    Ok(predictions)
}

/// `X (XᵀX + λI)⁻¹ D`, `[n, directions]`: what each training loss adds to each predicted gap. `blocks` are the rows of
/// `X`, some at a time, `rows` in all.
fn response<B: Iterator<Item = candle_core::Result<Tensor>>>(
    blocks: impl Fn() -> B,
    rows: usize,
    directions: &[Vec<f64>],
) -> candle_core::Result<Tensor> {
    let (dimension, count) = (directions[0].len(), directions.len());
    let mut system = DMatrix::from_diagonal_element(dimension, dimension, RIDGE * rows as f64);
    for block in blocks() {
        let block = block?;
        let gram = block.t()?.matmul(&block)?.flatten_all()?.to_vec1::<f32>()?;
        // It is symmetric: rows or columns first is the same.
        system.iter_mut().zip(gram).for_each(|(sum, value)| *sum += f64::from(value));
    }
    let wanted = DMatrix::from_fn(dimension, count, |i, j| directions[j][i]);
    // The penalty makes the system positive definite.
    let Some(factor) = Cholesky::new(system) else {
        return Tensor::zeros((rows, count), candle_core::DType::F32, &Device::Cpu);
    };
    let solved = factor.solve(&wanted);
    let solved: Vec<f32> =
        (0..dimension).flat_map(|i| (0..count).map(move |j| (i, j))).map(|(i, j)| solved[(i, j)] as f32).collect();
    let solved = Tensor::from_vec(solved, (dimension, count), &Device::Cpu)?;
    Tensor::cat(&blocks().map(|block| block?.matmul(&solved)).collect::<candle_core::Result<Vec<_>>>()?, 0)
}
