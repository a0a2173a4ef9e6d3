//! One MLP member on plain slices: forward, analytic backward, AdamW. Fast on a CPU because a member's weights
//! and a batch's activations stay in the cache of the core that works on them.

use super::Result;
use super::adamw::{Moments, StepRate};
use super::product::{add_transposed_product, multiply};
use pulp::{Arch, Simd, WithSimd};

/// Arrays of a member: `W1 (d×h, row-major), b1 (h), w2 (h), b2 (1)`.
pub type Arrays = Vec<Vec<f32>>;

/// A member with its optimiser state.
#[derive(Debug, Clone)]
pub struct Net {
    pub dimension: usize,
    pub hidden: usize,
    pub arrays: Arrays,
    pub moments: Vec<Moments>,
}

/// What a thread needs to work on a member, whichever that is.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Activations `[rows, h]`, turned into their gradients on the way back.
    hidden: Vec<f32>,
    pub scores: Vec<f32>,
    pub d_scores: Vec<f32>,
    /// Rows of the batch that a member's resample holds, `[kept, d]`.
    pub gathered: Vec<f32>,
    gradients: Arrays,
}

impl Scratch {
    /// Makes room for `rows` rows of a net and empties its gradients.
    fn prepare(&mut self, net: &Net, rows: usize) {
        // Old values need no clearing: every one of them is written before it is read.
        if self.hidden.len() < rows * net.hidden {
            self.hidden.resize(rows * net.hidden, 0.0);
        }
        self.scores.resize(rows, 0.0);
        self.gradients.resize(net.arrays.len(), Vec::new());
        for (gradient, array) in self.gradients.iter_mut().zip(&net.arrays) {
            gradient.clear();
            gradient.resize(array.len(), 0.0);
        }
    }
}

impl Net {
    /// Scores of the rows of all parts, one part after the other, into `scratch.scores`.
    ///
    /// # Errors
    /// If a part is not `[rows, d]`.
    pub fn forward(&self, parts: &[&[f32]], scratch: &mut Scratch) -> Result<()> {
        scratch.prepare(self, parts.iter().map(|part| part.len() / self.dimension).sum());
        let mut done = 0;
        for part in parts {
            let rows = part.len() / self.dimension;
            let hidden = &mut scratch.hidden[done * self.hidden..(done + rows) * self.hidden];
            multiply(hidden, part, &self.arrays[0], [rows, self.dimension, self.hidden])?;
            let scores = &mut scratch.scores[done..done + rows];
            let (bias, second, offset) = (&self.arrays[1][..], &self.arrays[2][..], self.arrays[3][0]);
            Arch::new().dispatch(Activate { hidden, scores, bias, second, offset });
            done += rows;
        }
        Ok(())
    }

    /// Gradients of a loss whose derivative by the scores is `scratch.d_scores`, and one step of AdamW. The parts
    /// are those of the forward pass.
    ///
    /// # Errors
    /// If the parts are not those of the forward pass.
    pub fn learn(&mut self, parts: &[&[f32]], scratch: &mut Scratch, rate: StepRate) -> Result<()> {
        let Scratch { hidden, d_scores, gradients, .. } = scratch;
        let [d_first, d_bias, d_second, d_offset] = &mut gradients[..] else { return Ok(()) };
        let mut done = 0;
        for part in parts {
            let rows = part.len() / self.dimension;
            let hidden = &mut hidden[done * self.hidden..(done + rows) * self.hidden];
            let slopes = &d_scores[done..done + rows];
            let second = &self.arrays[2][..];
            Arch::new().dispatch(
                #[inline(always)]
                || deactivate(hidden, slopes, second, d_bias, d_second),
            );
            d_offset[0] += slopes.iter().sum::<f32>();
            add_transposed_product(d_first, part, hidden, [rows, self.dimension, self.hidden])?;
            done += rows;
        }
        for ((array, moments), gradient) in self.arrays.iter_mut().zip(&mut self.moments).zip(&*gradients) {
            Arch::new().dispatch(
                #[inline(always)]
                || moments.update(array, gradient, rate),
            );
        }
        Ok(())
    }
}

/// `relu(z + b1)` in place, and `w2·relu(z + b1) + b2` of each row.
struct Activate<'a> {
    hidden: &'a mut [f32],
    scores: &'a mut [f32],
    bias: &'a [f32],
    second: &'a [f32],
    offset: f32,
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { hidden, scores, bias, second, offset } = self;
        let ((biases, bias_rest), (weights, weight_rest)) = (S::as_simd_f32s(bias), S::as_simd_f32s(second));
        let zero = simd.splat_f32s(0.0);
        for (row, score) in hidden.chunks_exact_mut(bias.len()).zip(scores) {
            let (values, rest) = S::as_mut_simd_f32s(row);
            // Two sums side by side: one would wait for each addition before the next.
            let mut sums = [zero; 2];
            for (index, ((value, bias), weight)) in values.iter_mut().zip(biases).zip(weights).enumerate() {
                *value = simd.max_f32s(simd.add_f32s(*value, *bias), zero);
                sums[index % 2] = simd.mul_add_f32s(*value, *weight, sums[index % 2]);
            }
            let mut sum = offset + simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]));
            for ((value, bias), weight) in rest.iter_mut().zip(bias_rest).zip(weight_rest) {
                *value = (*value + bias).max(0.0);
                sum += *value * weight;
            }
            *score = sum;
        }
    }
}

/// Turns activations into gradients of the hidden layer, in place, and adds to those of `b1` and `w2`.
#[inline(always)]
fn deactivate(hidden: &mut [f32], slopes: &[f32], second: &[f32], d_bias: &mut [f32], d_second: &mut [f32]) {
    let width = second.len();
    for (row, &slope) in hidden.chunks_exact_mut(width).zip(slopes) {
        let columns = row.iter_mut().zip(second).zip(d_bias.iter_mut()).zip(d_second.iter_mut());
        for (((value, weight), d_bias), d_second) in columns {
            *d_second += slope * *value;
            *value = if *value > 0.0 { slope * weight } else { 0.0 };
            *d_bias += *value;
        }
    }
}
