//! Many small nets of one shape, computed as one wide net.

use super::Result;
use candle_core::{Device, Tensor};
use rand::Rng;

/// Shape of a stack: `nets` independent heads over `dimension` inputs; `hidden == 0` means linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackShape {
    pub dimension: usize,
    pub hidden: usize,
    pub nets: usize,
}

/// Parameters of a stack, as wide tensors.
///
/// Linear: `weights = [W [d, nets], b [1, nets]]`. MLP: `[W1 [d, nets·hidden], b1 [1, nets·hidden],
/// W2 [nets·hidden, nets], b2 [1, nets]]`, where `W2` is zero outside each net's own block.
#[derive(Debug, Clone)]
pub struct Stack {
    pub shape: StackShape,
    pub weights: Vec<Tensor>,
    /// One inside the blocks of `W2`, zero outside; absent for linear stacks.
    mask: Option<Tensor>,
}

/// Arrays of every net, each weight drawn from `U(−1/√fan_in, 1/√fan_in)`, net after net, so that a net's start
/// does not depend on how many nets follow.
#[must_use]
pub fn initial_nets(shape: StackShape, rng: &mut impl Rng) -> Vec<Vec<Vec<f32>>> {
    let StackShape { dimension, hidden, nets } = shape;
    let mut net = || {
        let mut uniform = |count: usize, fan_in: usize| -> Vec<f32> {
            let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
            (0..count).map(|_| rng.random_range(-bound..bound)).collect()
        };
        if hidden == 0 {
            vec![uniform(dimension, dimension), uniform(1, dimension)]
        } else {
            vec![
                uniform(dimension * hidden, dimension),
                uniform(hidden, dimension),
                uniform(hidden, hidden),
                uniform(1, hidden),
            ]
        }
    };
    (0..nets).map(|_| net()).collect()
}

/// Gradients of a stack, in the order of its weights.
#[derive(Debug, Clone)]
pub struct Gradients(pub Vec<Tensor>);

/// What the backward pass needs of the forward pass.
#[derive(Debug)]
pub struct Forward {
    /// Output of every net, `[B, nets]`.
    pub scores: Tensor,
    /// Hidden activations after the ReLU, `[B, nets·hidden]`; absent for linear stacks.
    activation: Option<Tensor>,
}

impl Stack {
    /// Builds a stack from each net's own arrays: `[w (d), b (1)]`, or
    /// `[W1 (d×h, row-major), b1 (h), w2 (h), b2 (1)]`.
    ///
    /// # Errors
    /// If an array has the wrong length or a tensor cannot be placed on the device.
    pub fn from_nets(shape: StackShape, nets: &[Vec<Vec<f32>>], device: &Device) -> Result<Self> {
        let StackShape { dimension, hidden, .. } = shape;
        let width = if hidden == 0 { shape.nets } else { shape.nets * hidden };
        let per_net = width / shape.nets.max(1);
        let mut first = vec![0f32; dimension * width];
        let mut first_bias = vec![0f32; width];
        for (net, arrays) in nets.iter().enumerate() {
            expect_lengths(arrays, dimension, hidden)?;
            for input in 0..dimension {
                let row = &arrays[0][input * per_net..(input + 1) * per_net];
                first[input * width + net * per_net..][..per_net].copy_from_slice(row);
            }
            first_bias[net * per_net..][..per_net].copy_from_slice(&arrays[1]);
        }
        let mut weights = vec![
            Tensor::from_vec(first, (dimension, width), device)?,
            Tensor::from_vec(first_bias, (1, width), device)?,
        ];
        let mut mask = None;
        if hidden > 0 {
            let mut second = vec![0f32; width * shape.nets];
            let mut inside = vec![0f32; width * shape.nets];
            let mut second_bias = vec![0f32; shape.nets];
            for (net, arrays) in nets.iter().enumerate() {
                for unit in 0..hidden {
                    second[(net * hidden + unit) * shape.nets + net] = arrays[2][unit];
                    inside[(net * hidden + unit) * shape.nets + net] = 1.0;
                }
                second_bias[net] = arrays[3][0];
            }
            weights.push(Tensor::from_vec(second, (width, shape.nets), device)?);
            weights.push(Tensor::from_vec(second_bias, (1, shape.nets), device)?);
            mask = Some(Tensor::from_vec(inside, (width, shape.nets), device)?);
        }
        Ok(Self { shape, weights, mask })
    }

    /// Each net's own arrays, the inverse of [`Stack::from_nets`].
    ///
    /// # Errors
    /// If a tensor cannot be read back.
    pub fn to_nets(&self) -> Result<Vec<Vec<Vec<f32>>>> {
        let StackShape { dimension, hidden, nets } = self.shape;
        let width = if hidden == 0 { nets } else { nets * hidden };
        let per_net = width / nets.max(1);
        let flat: Vec<Vec<f32>> = self
            .weights
            .iter()
            .map(|tensor| tensor.flatten_all()?.to_vec1::<f32>())
            .collect::<candle_core::Result<_>>()?;
        let net_arrays = |net: usize| {
            let first =
                (0..dimension).flat_map(|input| flat[0][input * width + net * per_net..][..per_net].iter().copied());
            let mut arrays = vec![first.collect(), flat[1][net * per_net..][..per_net].to_vec()];
            if hidden > 0 {
                arrays.push((0..hidden).map(|unit| flat[2][(net * hidden + unit) * nets + net]).collect());
                arrays.push(vec![flat[3][net]]);
            }
            arrays
        };
        Ok((0..nets).map(net_arrays).collect())
    }

    /// A stack of this shape with other values, such as its moments, in place of its weights.
    #[must_use]
    pub fn with_weights(&self, weights: Vec<Tensor>) -> Self {
        Self { weights, ..self.clone() }
    }

    /// Scores of every net, `[B, nets]`, keeping what the backward pass needs.
    ///
    /// # Errors
    /// If `inputs` is not `[B, d]`.
    pub fn forward(&self, inputs: &Tensor) -> Result<Forward> {
        let first = inputs.matmul(&self.weights[0])?.broadcast_add(&self.weights[1])?;
        if self.mask.is_none() {
            return Ok(Forward { scores: first, activation: None });
        }
        let activation = first.relu()?;
        let scores = activation.matmul(&self.weights[2])?.broadcast_add(&self.weights[3])?;
        Ok(Forward { scores, activation: Some(activation) })
    }

    /// Gradients of a loss whose derivative by the scores is `d_scores` `[B, nets]`.
    ///
    /// # Errors
    /// If the shapes do not belong to the forward pass given.
    pub fn backward(&self, inputs: &Tensor, forward: &Forward, d_scores: &Tensor) -> Result<Gradients> {
        let rows = inputs.dim(0)?;
        // A product with ones is candle's fast way to sum over rows on a CPU.
        let ones = Tensor::ones((1, rows), d_scores.dtype(), d_scores.device())?;
        let transposed = inputs.t()?;
        let (Some(activation), Some(mask)) = (&forward.activation, &self.mask) else {
            return Ok(Gradients(vec![transposed.matmul(d_scores)?, ones.matmul(d_scores)?]));
        };
        let d_second = (activation.t()?.matmul(d_scores)? * mask)?;
        let d_second_bias = ones.matmul(d_scores)?;
        // The sign of a ReLU's output is its derivative: one where it passed, zero where it cut.
        let d_hidden = (d_scores.matmul(&self.weights[2].t()?)? * activation.sign()?)?;
        Ok(Gradients(vec![transposed.matmul(&d_hidden)?, ones.matmul(&d_hidden)?, d_second, d_second_bias]))
    }
}

fn expect_lengths(arrays: &[Vec<f32>], dimension: usize, hidden: usize) -> Result<()> {
    let expected: Vec<usize> =
        if hidden == 0 { vec![dimension, 1] } else { vec![dimension * hidden, hidden, hidden, 1] };
    if arrays.len() != expected.len() {
        return Err(super::HeadsError::Shape { what: "a net", found: arrays.len(), expected: expected.len() });
    }
    for (array, expected) in arrays.iter().zip(expected) {
        if array.len() != expected {
            return Err(super::HeadsError::Shape { what: "a weight array", found: array.len(), expected });
        }
    }
    Ok(())
}
