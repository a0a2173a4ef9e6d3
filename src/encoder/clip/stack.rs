//! The transformer both towers are made of: pre-norm attention and MLP layers over packed sequences.
//!
//! Sequences of any lengths lie one behind the other in one matrix of tokens, so that every product runs over all
//! of them without padding; only attention looks at them apart. candle-transformers' own CLIP layers know
//! quick_gelu alone and one length per batch; tests hold these against them.

use super::config::{Activation, Tower};
use crate::encoder::weights::Wanted;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{LayerNorm, Module, ops};
use std::collections::HashMap;

/// Sequences of one length, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub sequences: usize,
    pub length: usize,
}

/// Keys and values of a layer for the tokens before those computed, `[heads, tokens, head width]`.
pub type Past = (Tensor, Tensor);

/// A tower's layers.
pub struct Stack {
    layers: Vec<Layer>,
    heads: usize,
    causal: bool,
}

struct Layer {
    norm1: LayerNorm,
    /// Queries (scaled), keys and values in one product.
    attention_in: Product,
    attention_out: Product,
    norm2: LayerNorm,
    mlp_in: Product,
    mlp_out: Product,
    activation: Activation,
}

/// A product with weights, plus a bias: `[rows, in]` to `[rows, out]`.
///
/// Weights are turned once to `[in, out]`, as the product reads them: turning them each time costs more than the
/// product itself where rows are few, as in a prompt.
pub struct Product {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Product {
    /// `weight` is `[out, in]`, as checkpoints have it.
    pub fn new(weight: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        Ok(Self { weight: weight.t()?.contiguous()?, bias })
    }

    pub fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        let product = rows.matmul(&self.weight)?;
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}

/// Names and shapes of a stack's tensors below `prefix`, which ends before `.layers`.
pub fn wanted(prefix: &str, tower: &Tower) -> Vec<Wanted> {
    let (width, mlp) = (tower.width, tower.mlp_width);
    let mut all = Vec::new();
    for layer in 0..tower.layers {
        let mut add = |name: &str, shape: &[usize]| {
            all.push(Wanted { name: format!("{prefix}.layers.{layer}.{name}"), shape: shape.to_vec() });
        };
        for product in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            add(&format!("self_attn.{product}.weight"), &[width, width]);
            add(&format!("self_attn.{product}.bias"), &[width]);
        }
        for norm in ["layer_norm1", "layer_norm2"] {
            add(&format!("{norm}.weight"), &[width]);
            add(&format!("{norm}.bias"), &[width]);
        }
        add("mlp.fc1.weight", &[mlp, width]);
        add("mlp.fc1.bias", &[mlp]);
        add("mlp.fc2.weight", &[width, mlp]);
        add("mlp.fc2.bias", &[width]);
    }
    all
}

impl Stack {
    /// Takes its tensors out of `tensors`.
    pub fn new(tensors: &HashMap<String, Tensor>, prefix: &str, tower: &Tower, causal: bool) -> Result<Self> {
        let scale = ((tower.width / tower.heads) as f64).powf(-0.5);
        let layer = |index: usize| {
            let get = |name: &str| take(tensors, &format!("{prefix}.layers.{index}.{name}"));
            let product =
                |name: &str| Product::new(&get(&format!("{name}.weight"))?, Some(get(&format!("{name}.bias"))?));
            let joined = |kind: &str| -> Result<Tensor> {
                let queries = (get(&format!("self_attn.q_proj.{kind}"))? * scale)?;
                let keys = get(&format!("self_attn.k_proj.{kind}"))?;
                Tensor::cat(&[queries, keys, get(&format!("self_attn.v_proj.{kind}"))?], 0)
            };
            Ok(Layer {
                norm1: norm(tensors, &format!("{prefix}.layers.{index}.layer_norm1"), tower.norm_epsilon)?,
                attention_in: Product::new(&joined("weight")?, Some(joined("bias")?))?,
                attention_out: product("self_attn.out_proj")?,
                norm2: norm(tensors, &format!("{prefix}.layers.{index}.layer_norm2"), tower.norm_epsilon)?,
                mlp_in: product("mlp.fc1")?,
                mlp_out: product("mlp.fc2")?,
                activation: tower.activation,
            })
        };
        let layers = (0..tower.layers).map(layer).collect::<Result<Vec<_>>>()?;
        Ok(Self { layers, heads: tower.heads, causal })
    }

    /// States of the tokens `pooled` names, `[pooled, width]`, from `tokens`, `[all tokens, width]`.
    ///
    /// The last layer computes nothing but keys and values for the other tokens: nobody reads their states.
    pub fn forward(&self, tokens: &Tensor, spans: &[Span], pooled: &[u32]) -> Result<Tensor> {
        let masks: Vec<Option<Tensor>> = spans
            .iter()
            .map(|span| self.causal.then(|| causal_mask(span.length, 0, tokens.device())).transpose())
            .collect::<Result<_>>()?;
        let pooled = Tensor::new(pooled, tokens.device())?;
        let mut states = tokens.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            let joined = layer.attention_in.forward(&layer.norm1.forward(&states)?)?;
            let mut start = 0;
            let mut parts = Vec::with_capacity(spans.len());
            for (span, mask) in spans.iter().zip(&masks) {
                let count = span.sequences * span.length;
                let part = joined.narrow(0, start, count)?;
                let (queries, keys, values) = self.split(&part, *span)?;
                parts.push(attend(&queries, &keys, &values, mask.as_ref())?.reshape((count, ()))?);
                start += count;
            }
            let mut attended = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(&parts, 0)? };
            if index + 1 == self.layers.len() {
                attended = attended.index_select(&pooled, 0)?;
                states = states.index_select(&pooled, 0)?;
            }
            states = layer.finish(&states, &attended)?;
        }
        Ok(states)
    }

    /// States of one sequence's new tokens, `[new, width]`, after those `past` holds; and keys and values of all.
    pub fn extend(&self, tokens: &Tensor, past: &[Past]) -> Result<(Tensor, Vec<Past>)> {
        let span = Span { sequences: 1, length: tokens.dim(0)? };
        let before = past.first().map_or(Ok(0), |(keys, _)| keys.dim(1))?;
        let mask =
            (self.causal && span.length > 1).then(|| causal_mask(span.length, before, tokens.device())).transpose()?;
        let mut states = tokens.clone();
        let mut all = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let joined = layer.attention_in.forward(&layer.norm1.forward(&states)?)?;
            let (queries, keys, values) = self.split(&joined, span)?;
            let (mut keys, mut values) = (keys.squeeze(0)?, values.squeeze(0)?);
            if let Some((old_keys, old_values)) = past.get(index) {
                keys = Tensor::cat(&[old_keys, &keys], 1)?;
                values = Tensor::cat(&[old_values, &values], 1)?;
            }
            let attended = attend(&queries, &keys.unsqueeze(0)?, &values.unsqueeze(0)?, mask.as_ref())?;
            states = layer.finish(&states, &attended.reshape((span.length, ()))?)?;
            all.push((keys, values));
        }
        Ok((states, all))
    }

    /// Queries, keys and values of a span, each `[sequences, heads, length, head width]`.
    fn split(&self, joined: &Tensor, span: Span) -> Result<(Tensor, Tensor, Tensor)> {
        let width = joined.dim(1)? / 3;
        let part = |index: usize| {
            joined
                .narrow(1, index * width, width)?
                .reshape((span.sequences, span.length, self.heads, width / self.heads))?
                .transpose(1, 2)?
                .contiguous()
        };
        Ok((part(0)?, part(1)?, part(2)?))
    }
}

impl Layer {
    /// What follows attention, with both residuals.
    fn finish(&self, states: &Tensor, attended: &Tensor) -> Result<Tensor> {
        let states = (states + self.attention_out.forward(attended)?)?;
        let inner = self.mlp_in.forward(&self.norm2.forward(&states)?)?;
        let inner = activate(&inner, self.activation)?;
        states + self.mlp_out.forward(&inner)?
    }
}

fn attend(queries: &Tensor, keys: &Tensor, values: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let scores = queries.matmul(&keys.transpose(2, 3)?)?;
    let scores = match mask {
        Some(mask) => scores.broadcast_add(mask)?,
        None => scores,
    };
    ops::softmax_last_dim(&scores)?.matmul(values)?.transpose(1, 2)?.contiguous()?.flatten_from(D::Minus2)
}

/// The activation of an MLP.
pub fn activate(inner: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::QuickGelu => inner * ops::sigmoid(&(inner * 1.702)?)?,
        Activation::Gelu => inner.gelu_erf(),
        Activation::GeluTanh => inner.gelu(),
    }
}

/// `[length, before + length]`: zero where a token may look, minus infinity after itself.
fn causal_mask(length: usize, before: usize, device: &Device) -> Result<Tensor> {
    let values: Vec<f32> = (0..length)
        .flat_map(|row| (0..before + length).map(move |column| if column > before + row { f32::MIN } else { 0.0 }))
        .collect();
    Tensor::from_vec(values, (length, before + length), device)?.to_dtype(DType::F32)
}

/// A named tensor.
pub fn take(tensors: &HashMap<String, Tensor>, name: &str) -> Result<Tensor> {
    tensors.get(name).cloned().ok_or_else(|| candle_core::Error::Msg(format!("the weights lack {name}")))
}

/// A layer norm by its prefix.
pub fn norm(tensors: &HashMap<String, Tensor>, prefix: &str, epsilon: f64) -> Result<LayerNorm> {
    let weight = take(tensors, &format!("{prefix}.weight"))?;
    Ok(LayerNorm::new(weight, take(tensors, &format!("{prefix}.bias"))?, epsilon))
}
