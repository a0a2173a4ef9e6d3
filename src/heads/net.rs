//! One MLP member on plain slices: forward, analytic backward, AdamW. Fast on a CPU because a member's weights
//! and a batch's activations stay in the cache of the core that works on them.

use super::Result;
use super::adamw::{Moments, StepRate};
use super::product::{add_transposed_product, multiply};
use pulp::Arch;

/// Arrays of a member: `W1 (d×h, row-major), b1 (h), w2 (h), b2 (1)`.
pub type Arrays = Vec<Vec<f32>>;

/// Elements summed side by side, so that a sum over a row can use wide registers.
const LANES: usize = 16;

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
            Arch::new().dispatch(
                #[inline(always)]
                || activate(hidden, scores, bias, second, offset),
            );
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
#[inline(always)]
fn activate(hidden: &mut [f32], scores: &mut [f32], bias: &[f32], second: &[f32], offset: f32) {
    let width = bias.len();
    for (row, score) in hidden.chunks_exact_mut(width).zip(scores) {
        let mut sums = [0f32; LANES];
        let mut values = row.chunks_exact_mut(LANES);
        let mut biases = bias.chunks_exact(LANES);
        let mut weights = second.chunks_exact(LANES);
        for ((values, biases), weights) in (&mut values).zip(&mut biases).zip(&mut weights) {
            for lane in 0..LANES {
                values[lane] = (values[lane] + biases[lane]).max(0.0);
                sums[lane] += values[lane] * weights[lane];
            }
        }
        let mut sum = offset + sums.iter().sum::<f32>();
        for ((value, bias), weight) in
            values.into_remainder().iter_mut().zip(biases.remainder()).zip(weights.remainder())
        {
            *value = (*value + bias).max(0.0);
            sum += *value * weight;
        }
        *score = sum;
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
