//! `config.json` of a CLIP checkpoint, with transformers' defaults for what it leaves out.

use crate::encoder::files::Files;
use crate::encoder::weights::MOST_LAYERS;
use crate::kernel::{Activation, Precision};
use serde::Deserialize;
use serde_json::Value;

/// The eos id that early conversions of OpenAI's checkpoints carry by mistake; transformers then pools at the
/// largest id of a text.
const LEGACY_EOS: u32 = 2;
/// The activation and the epsilon of norms where a file names none.
const USUAL: (&str, f64) = ("quick_gelu", 1e-5);
/// Longest side of a square that a vision tower takes, in pixels.
pub const MOST_SIDE: usize = 8192;

/// What both towers have.
#[derive(Debug, Clone, PartialEq)]
pub struct Tower {
    pub width: usize,
    pub mlp_width: usize,
    pub layers: usize,
    pub heads: usize,
    pub activation: Activation,
    pub norm_epsilon: f64,
}

impl Tower {
    /// How a tower of texts keeps its weights; one of images reads them too seldom to wait for them.
    pub fn precision(&self) -> Precision {
        Precision::of_weights(self.layers * self.width * (4 * self.width + 2 * self.mlp_width))
    }
}

/// Which token's state stands for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The first token of this id.
    First(u32),
    /// The first of the largest id.
    Largest,
}

impl Pooling {
    /// The index of the pooled token; none where a text lacks it.
    pub fn index(self, ids: &[u32]) -> Option<usize> {
        let wanted = match self {
            Self::First(id) => id,
            Self::Largest => *ids.iter().max()?,
        };
        ids.iter().position(|&id| id == wanted)
    }
}

/// A CLIP checkpoint's sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub text: Tower,
    pub vocabulary: usize,
    pub positions: usize,
    pub pooling: Pooling,
    pub vision: Tower,
    pub image_size: usize,
    pub patch_size: usize,
    pub projection: usize,
}

#[derive(Deserialize, Default)]
struct Raw {
    text_config: Option<RawText>,
    text_config_dict: Option<RawText>,
    vision_config: Option<RawVision>,
    vision_config_dict: Option<RawVision>,
    projection_dim: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RawText {
    pub vocab_size: Option<usize>,
    pub max_position_embeddings: Option<usize>,
    eos_token_id: Option<Value>,
    #[serde(flatten)]
    pub tower: RawTower,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RawVision {
    pub image_size: Option<Value>,
    pub patch_size: Option<Value>,
    pub num_channels: Option<usize>,
    #[serde(flatten)]
    pub tower: RawTower,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RawTower {
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    hidden_act: Option<String>,
    layer_norm_eps: Option<f64>,
}

impl Config {
    /// Reads `config.json`.
    pub(crate) fn open(files: &Files) -> Result<Self, String> {
        let raw: Raw = files.json("config.json")?;
        Self::from_raw(raw).map_err(|problem| format!("config.json: {problem}"))
    }

    fn from_raw(raw: Raw) -> Result<Self, String> {
        // The older `_dict` twins win where both are there, as in transformers.
        let text = raw.text_config_dict.or(raw.text_config).unwrap_or_default();
        let vision = raw.vision_config_dict.or(raw.vision_config).unwrap_or_default();
        let config = Self {
            text: text.tower.with_defaults("text", (512, 2048, 12, 8), USUAL)?,
            vocabulary: text.vocab_size.unwrap_or(49408),
            positions: text.max_position_embeddings.unwrap_or(77),
            pooling: pooling(text.eos_token_id)?,
            vision: vision.tower.with_defaults("vision", (768, 3072, 12, 12), USUAL)?,
            image_size: side("image_size", vision.image_size, 224)?,
            patch_size: side("patch_size", vision.patch_size, 32)?,
            projection: raw.projection_dim.unwrap_or(512),
        };
        if let Some(channels) = vision.num_channels.filter(|&channels| channels != 3) {
            return Err(format!("num_channels is {channels}; images have 3"));
        }
        if config.image_size > MOST_SIDE {
            return Err(format!("image_size is {}; at most {MOST_SIDE} pixels are computed", config.image_size));
        }
        if config.patch_size == 0 || config.image_size < config.patch_size {
            return Err(format!("image_size {} holds no patch of {}", config.image_size, config.patch_size));
        }
        Ok(config)
    }

    /// Patches along one side of an image.
    pub fn grid(&self) -> usize {
        self.image_size / self.patch_size
    }
}

impl RawTower {
    /// `defaults`: width, MLP width, layers, heads; `usual`: activation, epsilon.
    pub fn with_defaults(
        self,
        tower: &str,
        defaults: (usize, usize, usize, usize),
        usual: (&str, f64),
    ) -> Result<Tower, String> {
        let act = self.hidden_act.as_deref().unwrap_or(usual.0);
        let activation = match act {
            "quick_gelu" => Activation::QuickGelu,
            "gelu" => Activation::Gelu,
            "gelu_pytorch_tanh" | "gelu_new" => Activation::GeluTanh,
            other => {
                return Err(format!("{tower} hidden_act is {other:?}; quick_gelu, gelu and gelu_new can be computed"));
            }
        };
        let tower_of = Tower {
            width: self.hidden_size.unwrap_or(defaults.0),
            mlp_width: self.intermediate_size.unwrap_or(defaults.1),
            layers: self.num_hidden_layers.unwrap_or(defaults.2),
            heads: self.num_attention_heads.unwrap_or(defaults.3),
            activation,
            norm_epsilon: self.layer_norm_eps.unwrap_or(usual.1),
        };
        if tower_of.layers > MOST_LAYERS {
            return Err(format!(
                "{tower} num_hidden_layers is {}; at most {MOST_LAYERS} are computed",
                tower_of.layers
            ));
        }
        if tower_of.heads == 0 || !tower_of.width.is_multiple_of(tower_of.heads) || tower_of.layers == 0 {
            return Err(format!(
                "{tower} hidden_size {} cannot be divided over {} heads and {} layers",
                tower_of.width, tower_of.heads, tower_of.layers
            ));
        }
        Ok(tower_of)
    }
}

fn pooling(eos: Option<Value>) -> Result<Pooling, String> {
    let id = match eos {
        None | Some(Value::Null) => Some(49407),
        Some(Value::Number(number)) => number.as_u64().and_then(|id| u32::try_from(id).ok()),
        Some(_) => None,
    };
    match id {
        Some(LEGACY_EOS) => Ok(Pooling::Largest),
        Some(id) => Ok(Pooling::First(id)),
        None => Err("eos_token_id is not one token id".to_owned()),
    }
}

/// A square's side, which older files write as a list.
pub fn side(name: &str, value: Option<Value>, default: usize) -> Result<usize, String> {
    let number = |value: &Value| value.as_u64().and_then(|side| usize::try_from(side).ok());
    let side = match &value {
        None | Some(Value::Null) => Some(default),
        Some(Value::Array(sides)) if sides.len() == 2 && sides[0] == sides[1] => number(&sides[0]),
        Some(value) => number(value),
    };
    side.ok_or_else(|| format!("{name} is {}; one number is wanted: images are square", value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Config, String> {
        Config::from_raw(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_a_file_leaves_out_is_base_patch_32() {
        let config = read("{}").unwrap();
        assert_eq!((config.text.width, config.text.layers, config.text.heads, config.positions), (512, 12, 8, 77));
        assert_eq!((config.vision.width, config.vision.heads, config.grid(), config.projection), (768, 12, 7, 512));
        assert_eq!(config.pooling, Pooling::First(49407));
        assert_eq!(config.text.activation, Activation::QuickGelu);
    }

    #[test]
    fn the_older_twin_wins_and_legacy_eos_pools_at_the_largest_id() {
        let config = read(
            r#"{"text_config": {"hidden_size": 64, "eos_token_id": 7}, "text_config_dict": {"eos_token_id": 2},
                "vision_config": {"image_size": [48, 48], "hidden_act": "gelu"}}"#,
        )
        .unwrap();
        assert_eq!((config.text.width, config.pooling), (512, Pooling::Largest));
        assert_eq!((config.image_size, config.vision.activation), (48, Activation::Gelu));
        assert_eq!(Pooling::Largest.index(&[5, 9, 1, 9]), Some(1));
        assert_eq!(Pooling::First(1).index(&[5, 9, 1, 1]), Some(2));
        assert_eq!(Pooling::First(4).index(&[5, 9]), None);
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name() {
        for (json, word) in [
            (r#"{"text_config": {"hidden_act": "relu"}}"#, "relu"),
            (r#"{"text_config": {"eos_token_id": [1, 2]}}"#, "eos_token_id"),
            (r#"{"vision_config": {"image_size": [48, 32]}}"#, "image_size"),
            (r#"{"vision_config": {"num_channels": 1}}"#, "num_channels"),
            (r#"{"text_config": {"hidden_size": 10, "num_attention_heads": 3}}"#, "heads"),
            (r#"{"vision_config": {"image_size": 8}}"#, "patch"),
            (r#"{"text_config": {"num_hidden_layers": 1000000000}}"#, "layers"),
            (r#"{"vision_config": {"image_size": 1000000000}}"#, "image_size"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
    }
}
