//! The vision tower: prepared images to features.

use super::config::Config;
use super::stack::{self, Stack, take};
use crate::encoder::ops::{LayerNorm, Product, Span};
use crate::encoder::weights::Wanted;
use crate::kernel::Precision;
use candle_core::{Device, Result, Tensor};
use std::collections::HashMap;

const PREFIX: &str = "vision_model";

/// Patch, class and position embeddings, layers, projection.
pub struct VisionTower {
    patches: Product,
    class: Tensor,
    positions: Tensor,
    pre_norm: LayerNorm,
    stack: Stack,
    post_norm: LayerNorm,
    projection: Product,
    grid: usize,
    patch_size: usize,
    device: Device,
}

/// Names and shapes of the tower's tensors.
pub fn wanted(config: &Config) -> Vec<Wanted> {
    let (width, patch) = (config.vision.width, config.patch_size);
    let one = |name: &str, shape: &[usize]| Wanted { name: name.to_owned(), shape: shape.to_vec() };
    let mut all = stack::wanted(&format!("{PREFIX}.encoder"), &config.vision);
    all.extend([
        one("vision_model.embeddings.class_embedding", &[width]),
        one("vision_model.embeddings.patch_embedding.weight", &[width, 3, patch, patch]),
        one("vision_model.embeddings.position_embedding.weight", &[config.grid().pow(2) + 1, width]),
        // The field's spelling.
        one("vision_model.pre_layrnorm.weight", &[width]),
        one("vision_model.pre_layrnorm.bias", &[width]),
        one("vision_model.post_layernorm.weight", &[width]),
        one("vision_model.post_layernorm.bias", &[width]),
        one("visual_projection.weight", &[config.projection, width]),
    ]);
    all
}

/// Patches of images as rows, `[images * grid * grid, 3 * patch * patch]`: a convolution whose stride is its width is one
/// product over them.
pub fn patch_rows(images: &[&[f32]], side: usize, grid: usize, patch: usize) -> Vec<f32> {
    let mut rows = Vec::with_capacity(images.len() * grid * grid * 3 * patch * patch);
    for image in images {
        for (row, column) in (0..grid).flat_map(|row| (0..grid).map(move |column| (row, column))) {
            for line in (0..3).flat_map(|channel| (0..patch).map(move |y| (channel * side + y) * side)) {
                let start = line + row * patch * side + column * patch;
                rows.extend_from_slice(&image[start..start + patch]);
            }
        }
    }
    rows
}

impl VisionTower {
    pub fn new(tensors: &HashMap<String, Tensor>, config: &Config, device: &Device) -> Result<Self> {
        let width = config.vision.width;
        let kernel = take(tensors, "vision_model.embeddings.patch_embedding.weight")?;
        Ok(Self {
            patches: Product::new(&kernel.reshape((width, 3 * config.patch_size.pow(2)))?, None, Precision::Whole)?,
            class: take(tensors, "vision_model.embeddings.class_embedding")?,
            positions: take(tensors, "vision_model.embeddings.position_embedding.weight")?,
            pre_norm: stack::norm(tensors, "vision_model.pre_layrnorm", config.vision.norm_epsilon)?,
            stack: Stack::new(tensors, &format!("{PREFIX}.encoder"), &config.vision, false, Precision::Whole)?,
            post_norm: stack::norm(tensors, "vision_model.post_layernorm", config.vision.norm_epsilon)?,
            projection: Product::new(&take(tensors, "visual_projection.weight")?, None, Precision::Whole)?,
            grid: config.grid(),
            patch_size: config.patch_size,
            device: device.clone(),
        })
    }

    /// Features of images, `[images, projection]`; each image is `[3, side, side]`.
    pub fn features(&self, images: &[&[f32]], side: usize) -> Result<Tensor> {
        let (count, grid, patch) = (images.len(), self.grid, self.patch_size);
        let tokens = grid * grid;
        let rows = patch_rows(images, side, grid, patch);
        let rows = Tensor::from_vec(rows, (count * tokens, 3 * patch * patch), &self.device)?;
        let patches = self.patches.forward(&rows)?.reshape((count, tokens, ()))?;
        let class = self.class.reshape((1, 1, ()))?.broadcast_as((count, 1, patches.dim(2)?))?;
        let states = Tensor::cat(&[&class, &patches], 1)?.broadcast_add(&self.positions)?;
        let states = self.pre_norm.forward(&states.flatten_to(1)?)?;
        let length = tokens + 1;
        let pooled: Vec<u32> = (0..count).map(|image| (image * length) as u32).collect();
        let states = self.stack.forward(&states, &[Span { sequences: count, length }], &pooled)?;
        self.projection.forward(&self.post_norm.forward(&states)?)
    }
}
