//! SigLIP and SigLIP 2 of fixed size: texts and images in one space, from a Hugging Face `SiglipModel` checkpoint.

mod config;
mod towers;

use super::batch::embed;
use super::files::{Files, digest, read_json};
use super::picture::{ImageProblem, Picture};
use super::processor::{Processor, Usual};
use super::tokens::{Tokens, plain_word};
use super::weights::Weights;
use super::{Encoder, EncoderError, Pixels, Reading};
use candle_core::{Device, Tensor};
use config::Config;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::OnceLock;
use towers::{TextTower, VisionTower};

/// Texts and images that share their products, and the same on a GPU.
const TEXT_BATCH: usize = 8;
const IMAGE_BATCH: usize = 8;
const GPU_BATCH: usize = 256;

/// A SigLIP checkpoint. The vision tower is loaded with the first image.
pub struct SiglipEncoder {
    name: String,
    fingerprint: String,
    config: Config,
    device: Device,
    tokens: Tokens,
    words: OnceLock<Vec<&'static str>>,
    text: TextTower,
    weights: Weights,
    processor: Option<Processor>,
    vision: OnceLock<Result<VisionTower, String>>,
}

impl SiglipEncoder {
    /// Opens a checkpoint's files; `name` is what people call it.
    pub(super) fn open(name: &str, files: &Files, device: &Device) -> Result<Self, String> {
        let mut config = Config::open(files)?;
        let tokens = Tokens::open(files, config.positions)?;
        let mut named: Vec<PathBuf> = vec![files.require("config.json")?, files.require("tokenizer.json")?];
        if let Some((path, padding)) = padding(files, &tokens)? {
            config.padding = padding;
            named.push(path);
        }
        tokens.check(config.vocabulary)?;
        if config.padding as usize >= config.vocabulary {
            return Err(format!(
                "texts are padded with token {} and the weights have {} rows",
                config.padding, config.vocabulary
            ));
        }
        let processor = Processor::open(files, config.image_size, &Usual::siglip(config.image_size))?;
        let weights = Weights::open(files)?;
        let wanted = towers::wanted_by_text(&config);
        weights.check(&wanted)?;
        weights.check(&towers::wanted_by_vision(&config))?;
        let tensors = weights.load(&wanted, device)?;
        let text = TextTower::new(&tensors, &config, device).map_err(|error| error.to_string())?;
        named.extend(weights.files().iter().cloned());
        let preprocessing = processor.as_ref().map_or_else(|| "no images".to_owned(), ToString::to_string);
        let digest = digest(&named)? ^ xxhash_rust::xxh3::xxh3_64(preprocessing.as_bytes());
        Ok(Self {
            name: name.to_owned(),
            fingerprint: format!("siglip-{}-{digest:016x}", config.projection),
            config,
            device: device.clone(),
            tokens,
            words: OnceLock::new(),
            text,
            weights,
            processor,
            vision: OnceLock::new(),
        })
    }

    fn fault(&self, problem: impl ToString) -> EncoderError {
        EncoderError::Unusable { encoder: self.name.clone(), problem: problem.to_string() }
    }

    fn vision(&self) -> Result<&VisionTower, EncoderError> {
        let load = || {
            let tensors = self.weights.load(&towers::wanted_by_vision(&self.config), &self.device)?;
            VisionTower::new(&tensors, &self.config, &self.device).map_err(|error| error.to_string())
        };
        self.vision.get_or_init(load).as_ref().map_err(|problem| self.fault(problem))
    }

    fn rows(&self, features: candle_core::Result<Tensor>) -> Result<Vec<f32>, EncoderError> {
        features.and_then(|rows| rows.flatten_all()?.to_vec1()).map_err(|error| self.fault(error))
    }

    /// Indices in batches, enough for all threads.
    fn batches(&self, count: usize, most: usize) -> Vec<Vec<usize>> {
        let share = count.div_ceil(rayon::current_num_threads()).clamp(1, most);
        let most = if self.device.is_cpu() { share } else { GPU_BATCH };
        (0..count).collect::<Vec<usize>>().chunks(most).map(<[usize]>::to_vec).collect()
    }
}

/// The id that `tokenizer_config.json` pads with, where it names one, and the file.
fn padding(files: &Files, tokens: &Tokens) -> Result<Option<(PathBuf, u32)>, String> {
    let Some(path) = files.find("tokenizer_config.json")? else { return Ok(None) };
    let config: Value = read_json(&path)?;
    let token = config["pad_token"].as_str().or_else(|| config["pad_token"]["content"].as_str());
    Ok(token.and_then(|token| tokens.id(token)).map(|id| (path, id)))
}

impl Encoder for SiglipEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.config.projection
    }

    fn piece_limit(&self) -> usize {
        self.tokens.piece_limit()
    }

    fn reading(&self, text: &str) -> Reading {
        self.tokens.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let padded = |text: &&str| -> Result<Vec<u32>, EncoderError> {
            let mut ids = self.tokens.ids(text).map_err(|problem| self.fault(problem))?;
            ids.resize(self.config.positions, self.config.padding);
            Ok(ids)
        };
        let ids: Vec<Vec<u32>> = texts.iter().map(padded).collect::<Result<_, _>>()?;
        embed(&self.batches(ids.len(), TEXT_BATCH), self.dimension(), &self.device, |batch| {
            let batch: Vec<Vec<u32>> = batch.iter().map(|&index| ids[index].clone()).collect();
            self.rows(self.text.features(&batch))
        })
    }

    fn reads_images(&self) -> bool {
        self.processor.is_some()
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        let lacks = || self.fault("it has no preprocessor_config.json, which says how images are brought to size");
        let processor = self.processor.as_ref().ok_or_else(lacks)?;
        let picture = Picture::decode(bytes)?;
        Ok(Pixels(processor.pixels(&picture).map_err(ImageProblem::Damaged)?))
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        let side = self.config.image_size;
        if let Some(image) = images.iter().find(|image| image.0.len() != 3 * side * side) {
            return Err(self.fault(format!("an image has {} values; 3 x {side} x {side} are wanted", image.0.len())));
        }
        let vision = self.vision()?;
        embed(&self.batches(images.len(), IMAGE_BATCH), self.dimension(), &self.device, |batch| {
            let batch: Vec<&[f32]> = batch.iter().map(|&index| images[index].0.as_slice()).collect();
            self.rows(vision.features(&batch, side))
        })
    }

    fn words(&self) -> &[&str] {
        self.words.get_or_init(|| self.tokens.words(|piece| piece.strip_prefix('▁').filter(|word| plain_word(word))))
    }
}
