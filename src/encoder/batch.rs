//! Work over batches on all threads of the current pool, each on one; a single batch uses all.

use super::EncoderError;
use crate::kernel::alone;
use candle_core::Device;
use rayon::prelude::*;

/// Embeddings of `count` things by batches of indices, row-major `[count, dimension]`, every row of length one.
///
/// `forward` gives a batch's rows in the batch's order.
pub(super) fn embed(
    batches: &[Vec<usize>],
    dimension: usize,
    device: &Device,
    forward: impl Fn(&[usize]) -> Result<Vec<f32>, EncoderError> + Sync,
) -> Result<Vec<f32>, EncoderError> {
    // One batch after the other on a GPU, which computes one at a time anyway.
    let parts: Vec<Vec<f32>> = if device.is_cpu() && batches.len() > 1 {
        batches.par_iter().map(|batch| alone(|| forward(batch))).collect::<Result<_, _>>()?
    } else {
        batches.iter().map(|batch| forward(batch)).collect::<Result<_, _>>()?
    };
    let count: usize = batches.iter().map(Vec::len).sum();
    let mut rows = vec![0f32; count * dimension];
    for (batch, part) in batches.iter().zip(&parts) {
        for (&index, vector) in batch.iter().zip(part.chunks_exact(dimension)) {
            let row = &mut rows[index * dimension..(index + 1) * dimension];
            row.copy_from_slice(vector);
            normalise(row);
        }
    }
    Ok(rows)
}

/// Scales a vector to length one; one of zeros stays as it is.
pub(super) fn normalise(row: &mut [f32]) {
    let norm = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        row.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
    }
}

/// Indices of texts by length, the longest first, cut into batches: at most `most` texts and, where there are
/// several threads, enough batches for all of them.
pub(super) fn by_length(lengths: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(lengths[index]));
    let share = lengths.len().div_ceil(rayon::current_num_threads()).max(SMALLEST);
    order.chunks(most.min(share).max(1)).map(<[usize]>::to_vec).collect()
}

/// Texts below which another thread is not worth reading all weights once more.
const SMALLEST: usize = 4;
