//! SigLIP's towers: CLIP's layers without a causal mask; texts are read at full length, images by a query of their own.

use super::config::Config;
use crate::encoder::clip::config::Tower;
use crate::encoder::clip::stack::{self, Stack, take};
use crate::encoder::clip::vision::patch_rows;
use crate::encoder::ops::{LayerNorm, Product, Span};
use crate::encoder::weights::Wanted;
use crate::kernel::{Activation, Precision};
use candle_core::{Device, Result, Tensor};
use candle_nn::ops;
use std::collections::HashMap;

fn one(name: &str, shape: &[usize]) -> Wanted {
    Wanted { name: name.to_owned(), shape: shape.to_vec() }
}

/// Token ids to features.
pub struct TextTower {
    tokens: Tensor,
    positions: Tensor,
    stack: Stack,
    final_norm: LayerNorm,
    head: Product,
    length: usize,
    device: Device,
}

/// Names and shapes of the text tower's tensors.
pub fn wanted_by_text(config: &Config) -> Vec<Wanted> {
    let width = config.text.width;
    let mut all = stack::wanted("text_model.encoder", &config.text);
    all.extend([
        one("text_model.embeddings.token_embedding.weight", &[config.vocabulary, width]),
        one("text_model.embeddings.position_embedding.weight", &[config.positions, width]),
        one("text_model.final_layer_norm.weight", &[width]),
        one("text_model.final_layer_norm.bias", &[width]),
        one("text_model.head.weight", &[config.projection, width]),
        one("text_model.head.bias", &[config.projection]),
    ]);
    all
}

impl TextTower {
    pub fn new(tensors: &HashMap<String, Tensor>, config: &Config, device: &Device) -> Result<Self> {
        Ok(Self {
            tokens: take(tensors, "text_model.embeddings.token_embedding.weight")?,
            positions: take(tensors, "text_model.embeddings.position_embedding.weight")?,
            stack: Stack::new(tensors, "text_model.encoder", &config.text, false, config.text.precision())?,
            final_norm: stack::norm(tensors, "text_model.final_layer_norm", config.text.norm_epsilon)?,
            head: Product::new(
                &take(tensors, "text_model.head.weight")?,
                Some(take(tensors, "text_model.head.bias")?),
                config.text.precision(),
            )?,
            length: config.positions,
            device: device.clone(),
        })
    }

    /// Features of texts that are padded to the tower's length, `[texts, projection]`: those of the last position.
    pub fn features(&self, texts: &[Vec<u32>]) -> Result<Tensor> {
        let ids = Tensor::new(texts.concat(), &self.device)?;
        let states = self.tokens.index_select(&ids, 0)?.reshape((texts.len(), self.length, ()))?;
        let states = states.broadcast_add(&self.positions)?.flatten_to(1)?;
        let last: Vec<u32> = (1..=texts.len()).map(|text| (text * self.length - 1) as u32).collect();
        let span = Span { sequences: texts.len(), length: self.length };
        self.head.forward(&self.final_norm.forward(&self.stack.forward(&states, &[span], &last)?)?)
    }
}

/// Prepared images to features.
pub struct VisionTower {
    patches: Product,
    positions: Tensor,
    stack: Stack,
    post_norm: LayerNorm,
    head: Head,
    grid: usize,
    patch_size: usize,
    device: Device,
}

/// Attention of one query, the same for all images, over an image's tokens; then an MLP.
struct Head {
    /// `[heads, 1, head width]`, scaled.
    query: Tensor,
    /// Keys and values in one product.
    inward: Product,
    outward: Product,
    norm: LayerNorm,
    mlp_in: Product,
    mlp_out: Product,
    activation: Activation,
    heads: usize,
}

/// Names and shapes of the vision tower's tensors.
pub fn wanted_by_vision(config: &Config) -> Vec<Wanted> {
    let (width, mlp, patch) = (config.vision.width, config.vision.mlp_width, config.patch_size);
    let mut all = stack::wanted("vision_model.encoder", &config.vision);
    all.extend([
        one("vision_model.embeddings.patch_embedding.weight", &[width, 3, patch, patch]),
        one("vision_model.embeddings.patch_embedding.bias", &[width]),
        one("vision_model.embeddings.position_embedding.weight", &[config.patches(), width]),
        one("vision_model.post_layernorm.weight", &[width]),
        one("vision_model.post_layernorm.bias", &[width]),
        one("vision_model.head.probe", &[1, 1, width]),
        one("vision_model.head.attention.in_proj_weight", &[3 * width, width]),
        one("vision_model.head.attention.in_proj_bias", &[3 * width]),
        one("vision_model.head.attention.out_proj.weight", &[width, width]),
        one("vision_model.head.attention.out_proj.bias", &[width]),
        one("vision_model.head.layernorm.weight", &[width]),
        one("vision_model.head.layernorm.bias", &[width]),
        one("vision_model.head.mlp.fc1.weight", &[mlp, width]),
        one("vision_model.head.mlp.fc1.bias", &[mlp]),
        one("vision_model.head.mlp.fc2.weight", &[width, mlp]),
        one("vision_model.head.mlp.fc2.bias", &[width]),
    ]);
    all
}

impl VisionTower {
    pub fn new(tensors: &HashMap<String, Tensor>, config: &Config, device: &Device) -> Result<Self> {
        let kernel = take(tensors, "vision_model.embeddings.patch_embedding.weight")?;
        let kernel = kernel.reshape((config.vision.width, 3 * config.patch_size.pow(2)))?;
        let bias = take(tensors, "vision_model.embeddings.patch_embedding.bias")?;
        Ok(Self {
            patches: Product::new(&kernel, Some(bias), Precision::Whole)?,
            positions: take(tensors, "vision_model.embeddings.position_embedding.weight")?,
            stack: Stack::new(tensors, "vision_model.encoder", &config.vision, false, Precision::Whole)?,
            post_norm: stack::norm(tensors, "vision_model.post_layernorm", config.vision.norm_epsilon)?,
            head: Head::new(tensors, &config.vision)?,
            grid: config.image_size / config.patch_size,
            patch_size: config.patch_size,
            device: device.clone(),
        })
    }

    /// Features of images, `[images, width]`; each image is `[3, side, side]`.
    pub fn features(&self, images: &[&[f32]], side: usize) -> Result<Tensor> {
        let (count, tokens) = (images.len(), self.grid * self.grid);
        let rows = patch_rows(images, side, self.grid, self.patch_size);
        let rows = Tensor::from_vec(rows, (count * tokens, 3 * self.patch_size.pow(2)), &self.device)?;
        let states = self.patches.forward(&rows)?.reshape((count, tokens, ()))?;
        let states = states.broadcast_add(&self.positions)?.flatten_to(1)?;
        let all: Vec<u32> = (0..(count * tokens) as u32).collect();
        let states = self.stack.forward(&states, &[Span { sequences: count, length: tokens }], &all)?;
        self.head.forward(&self.post_norm.forward(&states)?, count, tokens)
    }
}

impl Head {
    fn new(tensors: &HashMap<String, Tensor>, tower: &Tower) -> Result<Self> {
        let get = |name: &str| take(tensors, &format!("vision_model.head.{name}"));
        let made = |weight: &Tensor, bias: Tensor| Product::new(weight, Some(bias), Precision::Whole);
        let product = |name: &str| made(&get(&format!("{name}.weight"))?, get(&format!("{name}.bias"))?);
        let (width, heads) = (tower.width, tower.heads);
        let (weight, bias) = (get("attention.in_proj_weight")?, get("attention.in_proj_bias")?);
        let queries = Product::new(&weight.narrow(0, 0, width)?, Some(bias.narrow(0, 0, width)?), Precision::Whole)?;
        let query = (queries.forward(&get("probe")?.reshape((1, width))?)? * ((width / heads) as f64).powf(-0.5))?;
        Ok(Self {
            query: query.reshape((heads, 1, width / heads))?,
            inward: made(&weight.narrow(0, width, 2 * width)?, bias.narrow(0, width, 2 * width)?)?,
            outward: product("attention.out_proj")?,
            norm: stack::norm(tensors, "vision_model.head.layernorm", tower.norm_epsilon)?,
            mlp_in: product("mlp.fc1")?,
            mlp_out: product("mlp.fc2")?,
            activation: tower.activation,
            heads,
        })
    }

    /// `[images * tokens, width]` to `[images, width]`.
    fn forward(&self, states: &Tensor, count: usize, tokens: usize) -> Result<Tensor> {
        let width = states.dim(1)?;
        let joined = self.inward.forward(states)?;
        let split = |start: usize| {
            joined
                .narrow(1, start, width)?
                .reshape((count, tokens, self.heads, width / self.heads))?
                .transpose(1, 2)?
                .contiguous()
        };
        let query = self.query.unsqueeze(0)?.broadcast_as((count, self.heads, 1, width / self.heads))?.contiguous()?;
        let shares = ops::softmax_last_dim(&query.matmul(&split(0)?.transpose(2, 3)?)?)?;
        let attended = shares.matmul(&split(width)?)?.reshape((count, width))?;
        let states = self.outward.forward(&attended)?;
        let inner = self.mlp_in.activated(&self.norm.forward(&states)?, Some(self.activation))?;
        states + self.mlp_out.forward(&inner)?
    }
}
