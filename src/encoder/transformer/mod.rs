//! The transformer of text encoders: BERT and what came of it, each told by its `config.json`.
//!
//! Texts of any lengths lie one behind the other in one matrix of tokens, so that no product reads padding and a text
//! alone gives what it gives in a batch; only attention looks at them apart. On a GPU BERT itself is
//! candle-transformers'; of the others it has an approximate GELU for DistilBERT, a cache in Qwen3 and no MPNet.

mod architecture;
mod attention;
mod bert;
mod families;

pub use architecture::Architecture;
pub use families::FAMILIES;

use super::ops::{LayerNorm, Product, Span, activate, spans};
use super::weights::{Wanted, Weights};
use crate::kernel::{Activation, Precision};
use attention::Attention;
use bert::Bert;
use candle_core::{Device, Result, Tensor};
use candle_nn::{Module, RmsNorm};
use std::collections::HashMap;

/// Tokens to states, of whatever family.
pub enum TextModel {
    Bert(Box<Bert>),
    Other(Box<Transformer>),
}

impl TextModel {
    /// Checks a checkpoint's tensors against its architecture and loads them.
    pub fn open(weights: &Weights, shape: &Architecture, device: &Device) -> std::result::Result<Self, String> {
        let probe = |prefix: &&&str| weights.has(&format!("{prefix}{}", shape.names.words));
        let prefix = shape.prefixes.iter().find(probe).copied().unwrap_or_default();
        let wanted: Vec<Wanted> = shape
            .wanted()
            .into_iter()
            .map(|one| Wanted { name: format!("{prefix}{}", one.name), shape: one.shape })
            .collect();
        weights.check(&wanted)?;
        let loaded = weights.load(&wanted, device)?;
        let tensors: HashMap<String, Tensor> =
            loaded.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect();
        let model = if shape.is_bert() && !device.is_cpu() && shape.activation != Activation::Silu {
            Bert::new(tensors, shape, device).map(|bert| Self::Bert(Box::new(bert)))
        } else {
            Transformer::new(&Source { tensors, shape, precision: shape.precision() }, device)
                .map(|model| Self::Other(Box::new(model)))
        };
        model.map_err(|error| error.to_string())
    }

    pub fn device(&self) -> &Device {
        match self {
            Self::Bert(model) => model.device(),
            Self::Other(model) => &model.device,
        }
    }

    /// States of all tokens of some texts, one text behind the other, `[all tokens, width]`.
    pub fn states(&self, texts: &[&[u32]]) -> Result<Tensor> {
        match self {
            Self::Bert(model) => model.states(texts),
            Self::Other(model) => model.states(texts),
        }
    }
}

/// A transformer of our own.
pub struct Transformer {
    words: Tensor,
    /// Rows of positions, and the row of a text's first token.
    positions: Option<(Tensor, usize)>,
    /// What every token's type adds, `[width]`: texts are all of the first type.
    kind: Option<Tensor>,
    embedding_norm: Option<Norm>,
    layers: Vec<Layer>,
    final_norm: Option<Norm>,
    pre_norm: bool,
    device: Device,
}

struct Layer {
    attention: Attention,
    norm1: Option<Norm>,
    mlp: Mlp,
    norm2: Norm,
}

struct Mlp {
    inner: Product,
    outer: Product,
    activation: Activation,
    /// Whether the first half of `inner` is activated and opens the second.
    gated: bool,
}

/// A norm over a token's values.
enum Norm {
    Layer(LayerNorm),
    Rms(RmsNorm),
}

impl Norm {
    fn forward(&self, states: &Tensor) -> Result<Tensor> {
        match self {
            Self::Layer(norm) => norm.forward(states),
            Self::Rms(norm) => norm.forward(states),
        }
    }
}

/// Tensors by the names a family gives them.
struct Source<'a> {
    tensors: HashMap<String, Tensor>,
    shape: &'a Architecture,
    precision: Precision,
}

impl Source<'_> {
    fn take(&self, name: &str) -> Result<Tensor> {
        self.tensors.get(name).cloned().ok_or_else(|| candle_core::Error::Msg(format!("the weights lack {name}")))
    }

    fn norm(&self, name: &str) -> Result<Norm> {
        let (weight, epsilon) = (self.take(&format!("{name}.weight"))?, self.shape.epsilon);
        if self.shape.rms {
            return Ok(Norm::Rms(RmsNorm::new(weight, epsilon)));
        }
        let bias = if self.shape.norm_bias { self.take(&format!("{name}.bias"))? } else { weight.zeros_like()? };
        LayerNorm::new(weight, bias, epsilon).map(Norm::Layer)
    }

    /// The products of some names as one, one below the other.
    fn product(&self, names: &[String], biased: bool) -> Result<Product> {
        let joined = |kind: &str| -> Result<Tensor> {
            let parts: Vec<Tensor> =
                names.iter().map(|name| self.take(&format!("{name}.{kind}"))).collect::<Result<_>>()?;
            Tensor::cat(&parts, 0)
        };
        Product::new(&joined("weight")?, biased.then(|| joined("bias")).transpose()?, self.precision)
    }
}

impl Transformer {
    fn new(source: &Source, device: &Device) -> Result<Self> {
        let (shape, names) = (source.shape, &source.shape.names);
        let table = names.relative.map(|name| source.take(name)).transpose()?;
        let layer = |index: usize| -> Result<Layer> {
            let named = |name: &str| names.of_layer(index, name);
            let inner: Vec<String> = names.inner.iter().map(|name| named(name)).collect();
            Ok(Layer {
                attention: Attention::new(source, index, table.clone())?,
                norm1: shape.has_norm1(index).then(|| source.norm(&named(names.norm1))).transpose()?,
                mlp: Mlp {
                    inner: source.product(&inner, shape.mlp_bias)?,
                    outer: source.product(&[named(names.outer)], shape.mlp_bias)?,
                    activation: shape.activation,
                    gated: shape.gated,
                },
                norm2: source.norm(&named(names.norm2))?,
            })
        };
        let positions = names.positions.map(|name| source.take(name)).transpose()?;
        Ok(Self {
            words: source.take(names.words)?,
            positions: positions.map(|table| (table, shape.first_position)),
            kind: names.kinds.map(|name| source.take(name)?.get(0)).transpose()?,
            embedding_norm: names.embedding_norm.map(|name| source.norm(name)).transpose()?,
            layers: (0..shape.layers).map(layer).collect::<Result<_>>()?,
            final_norm: names.final_norm.map(|name| source.norm(name)).transpose()?,
            pre_norm: shape.pre_norm,
            device: device.clone(),
        })
    }

    /// States of all tokens of some texts, one text behind the other, `[all tokens, width]`; neighbours of one length
    /// share their attention.
    pub fn states(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let spans = spans(texts);
        let mut states = self.embed(texts)?;
        for layer in &self.layers {
            states = self.through(layer, &states, &spans)?;
        }
        self.final_norm.as_ref().map_or(Ok(states.clone()), |norm| norm.forward(&states))
    }

    fn embed(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let ids: Vec<u32> = texts.iter().flat_map(|ids| ids.iter().copied()).collect();
        let mut states = self.words.index_select(&Tensor::new(ids, &self.device)?, 0)?;
        if let Some((table, first)) = &self.positions {
            let places: Vec<u32> = texts.iter().flat_map(|ids| (0..ids.len()).map(|at| (at + first) as u32)).collect();
            states = (states + table.index_select(&Tensor::new(places, &self.device)?, 0)?)?;
        }
        if let Some(kind) = &self.kind {
            states = states.broadcast_add(kind)?;
        }
        self.embedding_norm.as_ref().map_or(Ok(states.clone()), |norm| norm.forward(&states))
    }

    fn through(&self, layer: &Layer, states: &Tensor, spans: &[Span]) -> Result<Tensor> {
        let normed =
            |norm: Option<&Norm>, states: &Tensor| norm.map_or(Ok(states.clone()), |norm| norm.forward(states));
        if self.pre_norm {
            let attended = layer.attention.forward(&normed(layer.norm1.as_ref(), states)?, spans)?;
            let states = (states + attended)?;
            return &states + layer.mlp.forward(&layer.norm2.forward(&states)?)?;
        }
        let attended = layer.attention.forward(states, spans)?;
        let states = normed(layer.norm1.as_ref(), &(states + attended)?)?;
        layer.norm2.forward(&(&states + layer.mlp.forward(&states)?)?)
    }
}

impl Mlp {
    fn forward(&self, states: &Tensor) -> Result<Tensor> {
        if !self.gated {
            return self.outer.forward(&self.inner.activated(states, Some(self.activation))?);
        }
        let inner = self.inner.forward(states)?;
        let width = inner.dim(1)? / 2;
        let gate = activate(&inner.narrow(1, 0, width)?.contiguous()?, self.activation)?;
        self.outer.forward(&(gate * inner.narrow(1, width, width)?)?)
    }
}
