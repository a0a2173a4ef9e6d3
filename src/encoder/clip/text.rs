//! The text tower: token ids to features, at each text's real length.

use super::config::{Config, Pooling};
use super::stack::{self, Past, Stack, take};
use crate::encoder::ops::{LayerNorm, Product, spans};
use crate::encoder::weights::Wanted;
use candle_core::{Device, Result, Tensor};
use std::collections::HashMap;

const PREFIX: &str = "text_model";

/// Token and position embeddings, causal layers, projection.
pub struct TextTower {
    tokens: Tensor,
    positions: Tensor,
    stack: Stack,
    final_norm: LayerNorm,
    projection: Product,
    pooling: Pooling,
    device: Device,
}

/// Names and shapes of the tower's tensors.
pub fn wanted(config: &Config) -> Vec<Wanted> {
    let width = config.text.width;
    let one = |name: &str, shape: &[usize]| Wanted { name: name.to_owned(), shape: shape.to_vec() };
    let mut all = stack::wanted(&format!("{PREFIX}.encoder"), &config.text);
    all.extend([
        one("text_model.embeddings.token_embedding.weight", &[config.vocabulary, width]),
        one("text_model.embeddings.position_embedding.weight", &[config.positions, width]),
        one("text_model.final_layer_norm.weight", &[width]),
        one("text_model.final_layer_norm.bias", &[width]),
        one("text_projection.weight", &[config.projection, width]),
    ]);
    all
}

impl TextTower {
    pub fn new(tensors: &HashMap<String, Tensor>, config: &Config, device: &Device) -> Result<Self> {
        Ok(Self {
            tokens: take(tensors, "text_model.embeddings.token_embedding.weight")?,
            positions: take(tensors, "text_model.embeddings.position_embedding.weight")?,
            stack: Stack::new(tensors, &format!("{PREFIX}.encoder"), &config.text, true, config.text.precision())?,
            final_norm: stack::norm(tensors, "text_model.final_layer_norm", config.text.norm_epsilon)?,
            projection: Product::new(&take(tensors, "text_projection.weight")?, None, config.text.precision())?,
            pooling: config.pooling,
            device: device.clone(),
        })
    }

    /// Features of texts, `[texts, projection]`; neighbours of one length share their attention.
    pub fn features(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let mut pooled = Vec::with_capacity(texts.len());
        let mut start = 0;
        for ids in texts {
            pooled.push((start + self.pooled(ids)) as u32);
            start += ids.len();
        }
        let ids: Vec<u32> = texts.iter().flat_map(|ids| ids.iter().copied()).collect();
        let positions: Vec<u32> = texts.iter().flat_map(|ids| 0..ids.len() as u32).collect();
        let states = self.stack.forward(&self.embed(&ids, &positions)?, &spans(texts), &pooled)?;
        self.project(&states)
    }

    /// Features of one text, `[1, projection]`, computing only the tokens after those `past` holds; and the keys
    /// and values of all its tokens, for the next text that begins alike.
    ///
    /// `past` must hold fewer tokens than come before the pooled one.
    pub fn extend(&self, ids: &[u32], past: &[Past]) -> Result<(Tensor, Vec<Past>)> {
        let before = past.first().map_or(Ok(0), |(keys, _)| keys.dim(1))?;
        let positions: Vec<u32> = (before as u32..ids.len() as u32).collect();
        let tokens = self.embed(&ids[before..], &positions)?;
        let (states, all) = self.stack.extend(&tokens, past)?;
        let state = states.narrow(0, self.pooled(ids) - before, 1)?;
        Ok((self.project(&state)?, all))
    }

    /// Index of the token that stands for a text; the first where it lacks one, as in transformers.
    pub fn pooled(&self, ids: &[u32]) -> usize {
        self.pooling.index(ids).unwrap_or(0)
    }

    fn embed(&self, ids: &[u32], positions: &[u32]) -> Result<Tensor> {
        let tokens = self.tokens.index_select(&Tensor::new(ids, &self.device)?, 0)?;
        tokens + self.positions.index_select(&Tensor::new(positions, &self.device)?, 0)?
    }

    fn project(&self, states: &Tensor) -> Result<Tensor> {
        self.projection.forward(&self.final_norm.forward(&states.contiguous()?)?)
    }
}
