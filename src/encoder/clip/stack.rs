//! The transformer both towers are made of: pre-norm attention and MLP layers over packed sequences.
//!
//! Sequences of any lengths lie one behind the other in one matrix of tokens, so that every product runs over all
//! of them without padding; only attention looks at them apart. candle-transformers' own CLIP layers know
//! quick_gelu alone and one length per batch; tests hold these against them.

use super::config::Tower;
use crate::encoder::ops::{Attend, AttendJoined, LayerNorm, Product, Span, attend_by_tensors};
use crate::encoder::weights::Wanted;
use crate::kernel::{Activation, Precision};
use candle_core::{DType, Device, Result, Tensor};
use std::collections::HashMap;

/// Keys and values of a layer for the tokens before those computed, `[heads, tokens, head width]`.
pub type Past = (Tensor, Tensor);

/// A tower's layers.
pub struct Stack {
    layers: Vec<Layer>,
    heads: usize,
    causal: bool,
    /// Of queries with keys.
    scale: f32,
}

struct Layer {
    norm1: LayerNorm,
    /// Queries, keys and values in one product.
    attention_in: Product,
    attention_out: Product,
    norm2: LayerNorm,
    mlp_in: Product,
    mlp_out: Product,
    activation: Activation,
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
    pub fn new(
        tensors: &HashMap<String, Tensor>,
        prefix: &str,
        tower: &Tower,
        causal: bool,
        precision: Precision,
    ) -> Result<Self> {
        let layer = |index: usize| {
            let get = |name: &str| take(tensors, &format!("{prefix}.layers.{index}.{name}"));
            let product = |name: &str| {
                Product::new(&get(&format!("{name}.weight"))?, Some(get(&format!("{name}.bias"))?), precision)
            };
            let joined = |kind: &str| -> Result<Tensor> {
                let queries = get(&format!("self_attn.q_proj.{kind}"))?;
                let keys = get(&format!("self_attn.k_proj.{kind}"))?;
                Tensor::cat(&[queries, keys, get(&format!("self_attn.v_proj.{kind}"))?], 0)
            };
            Ok(Layer {
                norm1: norm(tensors, &format!("{prefix}.layers.{index}.layer_norm1"), tower.norm_epsilon)?,
                attention_in: Product::new(&joined("weight")?, Some(joined("bias")?), precision)?,
                attention_out: product("self_attn.out_proj")?,
                norm2: norm(tensors, &format!("{prefix}.layers.{index}.layer_norm2"), tower.norm_epsilon)?,
                mlp_in: product("mlp.fc1")?,
                mlp_out: product("mlp.fc2")?,
                activation: tower.activation,
            })
        };
        let layers = (0..tower.layers).map(layer).collect::<Result<Vec<_>>>()?;
        let scale = ((tower.width / tower.heads) as f32).powf(-0.5);
        Ok(Self { layers, heads: tower.heads, causal, scale })
    }

    /// States of the tokens `pooled` names, `[pooled, width]`, from `tokens`, `[all tokens, width]`.
    ///
    /// The last layer computes nothing but keys and values for the other tokens: nobody reads their states.
    pub fn forward(&self, tokens: &Tensor, spans: &[Span], pooled: &[u32]) -> Result<Tensor> {
        let pooled = Tensor::new(pooled, tokens.device())?;
        let mut states = tokens.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            let joined = layer.attention_in.forward(&layer.norm1.forward(&states)?)?;
            let mut attended = self.attend(&joined, spans)?;
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
            let attended = self.attend_after(before, &queries, &keys.unsqueeze(0)?, &values.unsqueeze(0)?)?;
            states = layer.finish(&states, &attended)?;
            all.push((keys, values));
        }
        Ok((states, all))
    }

    /// `[all tokens, width]` from queries, keys and values side by side.
    fn attend(&self, joined: &Tensor, spans: &[Span]) -> Result<Tensor> {
        if joined.device().is_cpu() {
            let (heads, causal, scale) = (self.heads, self.causal, self.scale);
            return joined.apply_op1_no_bwd(&AttendJoined { spans, heads, causal, scale });
        }
        let mut start = 0;
        let mut parts = Vec::with_capacity(spans.len());
        for span in spans {
            let count = span.sequences * span.length;
            let (queries, keys, values) = self.split(&joined.narrow(0, start, count)?, *span)?;
            parts.push(self.attend_after(0, &queries, &keys, &values)?);
            start += count;
        }
        Tensor::cat(&parts, 0)
    }

    /// Attention of queries that come after `before` tokens, `[sequences * queries, width]`.
    fn attend_after(&self, before: usize, queries: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor> {
        if queries.device().is_cpu() {
            let attend = Attend { causal: self.causal, scale: self.scale, added: None };
            return queries.apply_op3_no_bwd(&keys.contiguous()?, &values.contiguous()?, &attend);
        }
        let (sequences, _, count, _) = queries.dims4()?;
        let masked = self.causal && count > 1;
        let mask = masked.then(|| causal_mask(count, before, queries.device())).transpose()?;
        let queries = (queries * f64::from(self.scale))?;
        attend_by_tensors(&queries, keys, values, mask.as_ref())?.reshape((sequences * count, ()))
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
        let inner = self.mlp_in.activated(&self.norm2.forward(&states)?, Some(self.activation))?;
        states + self.mlp_out.forward(&inner)?
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
    LayerNorm::new(weight, take(tensors, &format!("{prefix}.bias"))?, epsilon)
}
