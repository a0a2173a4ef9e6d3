//! `config.json` of a SigLIP checkpoint, with transformers' defaults for what it leaves out.

use crate::encoder::clip::config::{MOST_SIDE, RawText, RawVision, Tower, side};
use crate::encoder::files::Files;
use serde::Deserialize;
use serde_json::Value;

const USUAL: (&str, f64) = ("gelu_pytorch_tanh", 1e-6);

/// A SigLIP checkpoint's sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub text: Tower,
    pub vocabulary: usize,
    /// Tokens of every text, the padding among them.
    pub positions: usize,
    /// The id that pads a text.
    pub padding: u32,
    /// Values of a text's feature; an image's has the vision tower's width.
    pub projection: usize,
    pub vision: Tower,
    pub image_size: usize,
    pub patch_size: usize,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    text_config: Value,
    vision_config: Value,
}

impl Config {
    /// Reads `config.json`.
    pub fn open(files: &Files) -> Result<Self, String> {
        let raw: Raw = files.json("config.json")?;
        Self::from_raw(raw).map_err(|problem| format!("config.json: {problem}"))
    }

    fn from_raw(raw: Raw) -> Result<Self, String> {
        let or_empty = |value: Value| if value.is_null() { Value::Object(Default::default()) } else { value };
        let (text_config, vision_config) = (or_empty(raw.text_config), or_empty(raw.vision_config));
        let id = |name: &str| text_config[name].as_u64();
        let padding = id("pad_token_id").and_then(|id| u32::try_from(id).ok()).unwrap_or(1);
        let projection = id("projection_size").and_then(|size| usize::try_from(size).ok());
        if vision_config["vision_use_head"] == Value::Bool(false) {
            return Err("vision_use_head is false: without its head an image has no place beside texts".to_owned());
        }
        let text: RawText = serde_json::from_value(text_config).map_err(|error| error.to_string())?;
        let vision: RawVision = serde_json::from_value(vision_config).map_err(|error| error.to_string())?;
        let text_tower = text.tower.with_defaults("text", (768, 3072, 12, 12), USUAL)?;
        let config = Self {
            vocabulary: text.vocab_size.unwrap_or(32000),
            positions: text.max_position_embeddings.unwrap_or(64),
            padding,
            projection: projection.unwrap_or(text_tower.width),
            text: text_tower,
            vision: vision.tower.with_defaults("vision", (768, 3072, 12, 12), USUAL)?,
            image_size: side("image_size", vision.image_size, 224)?,
            patch_size: side("patch_size", vision.patch_size, 16)?,
        };
        if let Some(channels) = vision.num_channels.filter(|&channels| channels != 3) {
            return Err(format!("num_channels is {channels}; images have 3"));
        }
        if config.image_size > MOST_SIDE || config.patch_size == 0 || config.image_size < config.patch_size {
            return Err(format!(
                "image_size {} cannot be cut into patches of {}",
                config.image_size, config.patch_size
            ));
        }
        if config.projection != config.vision.width {
            let (text, image) = (config.projection, config.vision.width);
            return Err(format!("texts have {text} values and images {image}: they have no common space"));
        }
        if config.positions == 0 || config.positions > MOST_POSITIONS {
            return Err(format!("max_position_embeddings is {}, which no text tower has", config.positions));
        }
        Ok(config)
    }

    /// Patches of an image.
    pub fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }
}

/// Most tokens that every text is padded to.
const MOST_POSITIONS: usize = 4096;
