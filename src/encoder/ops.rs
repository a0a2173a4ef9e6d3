//! The kernels of this program as operations on candle's tensors: on a CPU they run, on a GPU candle's own do.

use super::weights::numbers_of;
use crate::kernel::{self, Activation, Attended, Heads, Panels, Precision};
use candle_core::{CpuStorage, CustomOp1, CustomOp3, D, Layout, Result, Shape, Tensor};
use candle_nn::{Module, ops};

/// A product with weights, plus a bias, then an activation: `[rows, in]` to `[rows, out]`.
pub enum Product {
    /// Arranged for a CPU.
    Arranged { panels: Panels, bias: Option<Vec<f32>> },
    /// For a GPU, `[in, out]`.
    Turned { weight: Tensor, bias: Option<Tensor> },
}

impl Product {
    /// `weight` is `[out, in]`, as checkpoints have it.
    pub fn new(weight: &Tensor, bias: Option<Tensor>, precision: Precision) -> Result<Self> {
        if !weight.device().is_cpu() {
            return Ok(Self::Turned { weight: weight.t()?.contiguous()?, bias });
        }
        let (columns, depth) = weight.dims2()?;
        let panels = Panels::new(&numbers_of(weight)?, columns, depth, precision);
        Ok(Self::Arranged { panels, bias: bias.as_ref().map(numbers_of).transpose()? })
    }

    pub fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        self.activated(rows, None)
    }

    pub fn activated(&self, rows: &Tensor, activation: Option<Activation>) -> Result<Tensor> {
        match self {
            Self::Arranged { panels, bias } => {
                rows.contiguous()?.apply_op1_no_bwd(&Multiply { panels, bias: bias.as_deref(), activation })
            }
            Self::Turned { weight, bias } => {
                let product = rows.matmul(weight)?;
                let product = bias.as_ref().map_or(Ok(product.clone()), |bias| product.broadcast_add(bias))?;
                activation.map_or(Ok(product.clone()), |activation| activate(&product, activation))
            }
        }
    }
}

/// An activation by itself.
pub fn activate(inner: &Tensor, activation: Activation) -> Result<Tensor> {
    if inner.device().is_cpu() {
        return inner.contiguous()?.apply_op1_no_bwd(&Activate(activation));
    }
    match activation {
        Activation::QuickGelu => inner * ops::sigmoid(&(inner * 1.702)?)?,
        Activation::Gelu => inner.gelu_erf(),
        Activation::GeluTanh => inner.gelu(),
        Activation::Relu => inner.relu(),
        Activation::Silu => ops::silu(inner),
    }
}

/// A norm over a token's values.
pub struct LayerNorm {
    norm: candle_nn::LayerNorm,
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f64,
}

impl LayerNorm {
    pub fn new(weight: Tensor, bias: Tensor, epsilon: f64) -> Result<Self> {
        let (weights, biases) = (numbers_of(&weight)?, numbers_of(&bias)?);
        Ok(Self { norm: candle_nn::LayerNorm::new(weight, bias, epsilon), weight: weights, bias: biases, epsilon })
    }

    pub fn forward(&self, states: &Tensor) -> Result<Tensor> {
        if states.device().is_cpu() { states.contiguous()?.apply_op1_no_bwd(self) } else { self.norm.forward(states) }
    }
}

/// Sequences of one length, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub sequences: usize,
    pub length: usize,
}

/// Neighbours of one length together.
pub fn spans(texts: &[&[u32]]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for ids in texts {
        match spans.last_mut() {
            Some(span) if span.length == ids.len() => span.sequences += 1,
            _ => spans.push(Span { sequences: 1, length: ids.len() }),
        }
    }
    spans
}

/// Attention on a CPU over queries, keys and values side by side, `[tokens, 3 * width]` to `[tokens, width]`.
pub struct AttendJoined<'a> {
    pub spans: &'a [Span],
    pub heads: usize,
    pub causal: bool,
    pub scale: f32,
}

/// Attention on a CPU over queries `[sequences, heads, queries, head width]` and keys and values
/// `[sequences, key heads, keys, head width]`, to `[sequences * queries, heads * head width]`.
pub struct Attend<'a> {
    pub causal: bool,
    pub scale: f32,
    /// As in [`Attended`].
    pub added: Option<&'a [f32]>,
}

struct Multiply<'a> {
    panels: &'a Panels,
    bias: Option<&'a [f32]>,
    activation: Option<Activation>,
}

impl CustomOp1 for Multiply<'_> {
    fn name(&self) -> &'static str {
        "multiply"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let depth = layout.dims().last().copied().unwrap_or_default();
        if depth != self.panels.depth() {
            candle_core::bail!("rows of {depth} numbers for weights of {}", self.panels.depth());
        }
        let mut product = kernel::multiply(plain(storage, layout)?, self.panels);
        kernel::finish(&mut product, self.bias, self.activation);
        let rows = product.len() / self.panels.columns().max(1);
        Ok((CpuStorage::F32(product), (rows, self.panels.columns()).into()))
    }
}

struct Activate(Activation);

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut numbers = plain(storage, layout)?.to_vec();
        kernel::finish(&mut numbers, None, Some(self.0));
        Ok((CpuStorage::F32(numbers), layout.shape().clone()))
    }
}

impl CustomOp1 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let normed = kernel::layer_norm(plain(storage, layout)?, &self.weight, &self.bias, self.epsilon as f32);
        Ok((CpuStorage::F32(normed), layout.shape().clone()))
    }
}

impl CustomOp1 for AttendJoined<'_> {
    fn name(&self) -> &'static str {
        "attend-joined"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (tokens, row) = layout.shape().dims2()?;
        let (numbers, width) = (plain(storage, layout)?, row / 3);
        let head = width / self.heads;
        let mut attended = Vec::with_capacity(tokens * width);
        let lengths = self.spans.iter().flat_map(|span| std::iter::repeat_n(span.length, span.sequences));
        let mut start = 0;
        for length in lengths {
            let sequence = &numbers[start..start + length * row];
            let part = |index: usize| Heads { numbers: &sequence[index * width..], head, row };
            let of = Attended {
                heads: self.heads,
                shared: 1,
                head_width: head,
                queries: length,
                keys: length,
                causal: self.causal,
                scale: self.scale,
                added: None,
            };
            attended.extend(kernel::attend(part(0), part(1), part(2), &of));
            start += length * row;
        }
        Ok((CpuStorage::F32(attended), (tokens, width).into()))
    }
}

impl CustomOp3 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(
        &self,
        queries: &CpuStorage,
        of_queries: &Layout,
        keys: &CpuStorage,
        of_keys: &Layout,
        values: &CpuStorage,
        of_values: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (sequences, heads, rows, width) = of_queries.shape().dims4()?;
        let (_, key_heads, seen, _) = of_keys.shape().dims4()?;
        let (queries, keys) = (plain(queries, of_queries)?, plain(keys, of_keys)?);
        let values = plain(values, of_values)?;
        let of = Attended {
            heads,
            shared: heads / key_heads,
            head_width: width,
            queries: rows,
            keys: seen,
            causal: self.causal,
            scale: self.scale,
            added: self.added,
        };
        let attended = (0..sequences).flat_map(|sequence| {
            let part = |numbers, heads: usize, rows: usize| {
                let numbers: &[f32] = numbers;
                Heads { numbers: &numbers[sequence * heads * rows * width..], head: rows * width, row: width }
            };
            kernel::attend(part(queries, heads, rows), part(keys, key_heads, seen), part(values, key_heads, seen), &of)
        });
        Ok((CpuStorage::F32(attended.collect()), (sequences * rows, heads * width).into()))
    }
}

/// A contiguous tensor's numbers.
fn plain<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((start, end))) => Ok(&numbers[start..end]),
        _ => candle_core::bail!("a kernel wants contiguous numbers of 32 bits"),
    }
}

/// Softmax over scores, times values, heads side by side: attention on a GPU.
pub fn attend_by_tensors(queries: &Tensor, keys: &Tensor, values: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let scores = queries.matmul(&keys.transpose(2, 3)?)?;
    let scores = mask.map_or(Ok(scores.clone()), |mask| scores.broadcast_add(mask))?;
    ops::softmax_last_dim(&scores)?.matmul(values)?.transpose(1, 2)?.contiguous()?.flatten_from(D::Minus2)
}
