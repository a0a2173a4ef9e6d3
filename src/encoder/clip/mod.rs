//! CLIP: texts and images in one space, from a Hugging Face `CLIPModel` checkpoint.

pub(super) mod config;
mod prefix;
pub(super) mod stack;
mod text;
pub(super) mod vision;

use super::batch::{by_length, embed, normalise};
use super::files::{Files, digest};
use super::picture::{ImageProblem, Picture};
use super::processor::{Processor, Usual};
use super::tokens::{Tokens, plain_word};
use super::weights::Weights;
use super::{Encoder, EncoderError, Pixels, Reading};
use candle_core::{DType, Device, Tensor};
use config::{Config, Pooling};
use prefix::PrefixCache;
use std::path::PathBuf;
use std::sync::OnceLock;
use text::TextTower;
use vision::VisionTower;

/// Texts and images that share their products; more gain nothing on a CPU.
const TEXT_BATCH: usize = 32;
const IMAGE_BATCH: usize = 8;
/// The same on a GPU.
const GPU_BATCH: usize = 256;

/// A CLIP checkpoint. The vision tower is loaded with the first image, so that prompts alone need not wait for it.
pub struct ClipEncoder {
    name: String,
    fingerprint: String,
    config: Config,
    device: Device,
    tokens: Tokens,
    words: OnceLock<Vec<&'static str>>,
    text: TextTower,
    prefixes: PrefixCache,
    weights: Weights,
    processor: Option<Processor>,
    vision: OnceLock<Result<VisionTower, String>>,
}

impl ClipEncoder {
    /// Opens a checkpoint's files; `name` is what people call it.
    pub(super) fn open(name: &str, files: &Files, device: &Device) -> Result<Self, String> {
        let config = Config::open(files)?;
        let tokens = Tokens::open(files, config.positions)?;
        check_tokens(&tokens, &config)?;
        let processor = Processor::open(files, config.image_size, &Usual::CLIP)?;
        let weights = Weights::open(files)?;
        let wanted = text::wanted(&config);
        weights.check(&wanted)?;
        weights.check(&vision::wanted(&config))?;
        let tensors = weights.load(&wanted, device)?;
        let text = TextTower::new(&tensors, &config, device).map_err(|error| error.to_string())?;
        let mut named: Vec<PathBuf> = vec![files.require("config.json")?, files.require("tokenizer.json")?];
        named.extend(weights.files().iter().cloned());
        let preprocessing = processor.as_ref().map_or_else(|| "no images".to_owned(), ToString::to_string);
        let digest = digest(&named)? ^ xxhash_rust::xxh3::xxh3_64(preprocessing.as_bytes());
        Ok(Self {
            name: name.to_owned(),
            fingerprint: format!("clip-{}-{digest:016x}", config.projection),
            config,
            device: device.clone(),
            tokens,
            words: OnceLock::new(),
            text,
            prefixes: PrefixCache::default(),
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
            let tensors = self.weights.load(&vision::wanted(&self.config), &self.device)?;
            VisionTower::new(&tensors, &self.config, &self.device).map_err(|error| error.to_string())
        };
        self.vision.get_or_init(load).as_ref().map_err(|problem| self.fault(problem))
    }

    fn processor(&self) -> Result<&Processor, EncoderError> {
        self.processor
            .as_ref()
            .ok_or_else(|| self.fault("it has no preprocessor_config.json, which says how images are brought to size"))
    }

    fn rows(&self, features: &Tensor) -> Result<Vec<f32>, EncoderError> {
        let rows = features.to_dtype(DType::F32).and_then(|rows| rows.flatten_all()?.to_vec1());
        rows.map_err(|error| self.fault(error))
    }

    fn ids(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>, EncoderError> {
        texts.iter().map(|text| self.tokens.ids(text).map_err(|problem| self.fault(problem))).collect()
    }
}

/// Whether the tokenizer belongs to the towers.
fn check_tokens(tokens: &Tokens, config: &Config) -> Result<(), String> {
    tokens.check(config.vocabulary)?;
    let ids = tokens.ids("a")?;
    match config.pooling {
        Pooling::First(eos) if !ids.contains(&eos) => {
            Err(format!("config.json names token {eos} as the end of a text, and tokenizer.json does not put it there"))
        }
        _ => Ok(()),
    }
}

impl Encoder for ClipEncoder {
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
        let ids = self.ids(texts)?;
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let most = if self.device.is_cpu() { TEXT_BATCH } else { GPU_BATCH };
        embed(&by_length(&lengths, most), self.dimension(), &self.device, |batch| {
            let batch: Vec<&[u32]> = batch.iter().map(|&index| ids[index].as_slice()).collect();
            self.rows(&self.text.features(&batch).map_err(|error| self.fault(error))?)
        })
    }

    fn encode_prompt(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        let ids = self.tokens.ids(text).map_err(|problem| self.fault(problem))?;
        let features = self.prefixes.features(&self.text, &ids).map_err(|error| self.fault(error))?;
        let mut row = self.rows(&features)?;
        normalise(&mut row);
        Ok(row)
    }

    fn reads_images(&self) -> bool {
        self.processor.is_some()
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        let processor = self.processor()?;
        let picture = Picture::decode(bytes)?;
        Ok(Pixels(processor.pixels(&picture).map_err(ImageProblem::Damaged)?))
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        let side = self.config.image_size;
        if let Some(image) = images.iter().find(|image| image.0.len() != 3 * side * side) {
            return Err(self.fault(format!("an image has {} values; 3 x {side} x {side} are wanted", image.0.len())));
        }
        let vision = self.vision()?;
        let most = if self.device.is_cpu() { IMAGE_BATCH } else { GPU_BATCH };
        let share = images.len().div_ceil(rayon::current_num_threads()).clamp(1, most);
        let most = if self.device.is_cpu() { share } else { most };
        let all: Vec<usize> = (0..images.len()).collect();
        let batches: Vec<Vec<usize>> = all.chunks(most).map(<[usize]>::to_vec).collect();
        embed(&batches, self.dimension(), &self.device, |batch| {
            let batch: Vec<&[f32]> = batch.iter().map(|&index| images[index].0.as_slice()).collect();
            self.rows(&vision.features(&batch, side).map_err(|error| self.fault(error))?)
        })
    }

    fn words(&self) -> &[&str] {
        self.words.get_or_init(|| self.tokens.words(|piece| piece.strip_suffix("</w>").filter(|word| plain_word(word))))
    }
}
