//! Sentence encoders of the BERT family, as sentence-transformers lays them out.

use super::batch::embed;
use super::default_prompt::DefaultPrompt;
use super::files::{Files, digest, read_json};
use super::tokens::{Tokens, plain_word};
use super::weights::{MOST_LAYERS, Wanted, Weights};
use super::{Encoder, EncoderError, Reading};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, HiddenAct};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Sentences that share their products on a CPU, and on a GPU.
const BATCH: usize = 32;
const GPU_BATCH: usize = 256;

/// A BERT model and the pooling its files name.
pub struct SentenceEncoder {
    name: String,
    fingerprint: String,
    dimension: usize,
    pooling: Pooling,
    prompt: DefaultPrompt,
    tokens: Tokens,
    words: OnceLock<Vec<&'static str>>,
    model: BertModel,
}

/// How token states become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    Mean,
    /// The first token's state.
    First,
}

#[derive(Deserialize)]
#[serde(default)]
struct RawConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    position_embedding_type: String,
}

impl Default for RawConfig {
    fn default() -> Self {
        let default = Config::default();
        Self {
            vocab_size: default.vocab_size,
            hidden_size: default.hidden_size,
            num_hidden_layers: default.num_hidden_layers,
            num_attention_heads: default.num_attention_heads,
            intermediate_size: default.intermediate_size,
            hidden_act: "gelu".to_owned(),
            max_position_embeddings: default.max_position_embeddings,
            type_vocab_size: default.type_vocab_size,
            layer_norm_eps: default.layer_norm_eps,
            position_embedding_type: "absolute".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl SentenceEncoder {
    /// Opens a model's files; `name` is what people call it.
    pub(super) fn open(name: &str, files: &Files, device: &Device) -> Result<Self, String> {
        let config = config(files)?;
        let (pooling, mut named) = pooling(files)?;
        let (mut prompt, path) = DefaultPrompt::open(files)?;
        named.extend(path);
        let limit = limit(files)?.unwrap_or(config.max_position_embeddings).min(config.max_position_embeddings);
        let tokens = Tokens::open(files, limit, Some("[UNK]"))?;
        if tokens.largest_id() as usize >= config.vocab_size {
            return Err(format!(
                "tokenizer.json knows token {} and the weights have {} rows: they do not belong together",
                tokens.largest_id(),
                config.vocab_size
            ));
        }
        if !pooling.prompt {
            prompt.leave_out(&tokens)?;
        }
        let weights = Weights::open(files)?;
        let prefix = if weights.has("bert.embeddings.word_embeddings.weight") { "bert." } else { "" };
        let wanted = wanted(prefix, &config);
        weights.check(&wanted)?;
        let tensors: HashMap<String, Tensor> = weights
            .load(&wanted, device)?
            .into_iter()
            .map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor))
            .collect();
        let builder = VarBuilder::from_tensors(tensors, DType::F32, device);
        let model = BertModel::load(builder, &config).map_err(|error| error.to_string())?;
        named.extend([files.require("config.json")?, files.require("tokenizer.json")?]);
        named.extend(weights.files().iter().cloned());
        let digest = digest(&named)?;
        Ok(Self {
            name: name.to_owned(),
            fingerprint: format!("sentence-{}-{limit}-{digest:016x}", config.hidden_size),
            dimension: config.hidden_size,
            pooling: pooling.mode,
            prompt,
            tokens,
            words: OnceLock::new(),
            model,
        })
    }

    fn fault(&self, problem: impl ToString) -> EncoderError {
        EncoderError::Unusable { encoder: self.name.clone(), problem: problem.to_string() }
    }

    /// Pooled states of sentences; the shorter ones are padded and masked.
    fn features(&self, texts: &[&[u32]]) -> candle_core::Result<Vec<f32>> {
        let length = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let shape = (texts.len(), length);
        let padded = |of: &dyn Fn(&[u32], usize) -> u32| -> Vec<u32> {
            texts.iter().flat_map(|ids| (0..length).map(|at| of(ids, at))).collect()
        };
        let device = &self.model.device;
        let ids = Tensor::from_vec(padded(&|ids, at| ids.get(at).copied().unwrap_or(0)), shape, device)?;
        let uneven = texts.iter().any(|ids| ids.len() < length);
        let mask = uneven.then(|| Tensor::from_vec(padded(&|ids, at| u32::from(at < ids.len())), shape, device));
        let states = self.model.forward(&ids, &ids.zeros_like()?, mask.transpose()?.as_ref())?;
        let states: Vec<f32> = states.flatten_all()?.to_vec1()?;
        let mut pooled = Vec::with_capacity(texts.len() * self.dimension);
        for (states, ids) in states.chunks_exact(length * self.dimension).zip(texts) {
            // Of a text that the prompt leaves no room for, all states count rather than none.
            let unpooled = Some(self.prompt.unpooled).filter(|unpooled| *unpooled < ids.len()).unwrap_or(0);
            let (skipped, count) =
                if self.pooling == Pooling::First { (0, 1) } else { (unpooled, ids.len() - unpooled) };
            let mut sum = vec![0f32; self.dimension];
            for state in states.chunks_exact(self.dimension).skip(skipped).take(count) {
                sum.iter_mut().zip(state).for_each(|(sum, value)| *sum += value);
            }
            pooled.extend(sum.iter().map(|value| value / count as f32));
        }
        Ok(pooled)
    }
}

impl Encoder for SentenceEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn piece_limit(&self) -> usize {
        self.tokens.piece_limit().saturating_sub(self.prompt.pieces(&self.tokens))
    }

    fn reading(&self, text: &str) -> Reading {
        self.tokens.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let ids: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| self.tokens.ids(&self.prompt.before(text)).map_err(|problem| self.fault(problem)))
            .collect::<Result<_, _>>()?;
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let device = &self.model.device;
        let most = if device.is_cpu() { BATCH } else { GPU_BATCH };
        embed(&super::batch::by_length(&lengths, most), self.dimension, device, |batch| {
            let batch: Vec<&[u32]> = batch.iter().map(|&index| ids[index].as_slice()).collect();
            self.features(&batch).map_err(|error| self.fault(error))
        })
    }

    fn words(&self) -> &[&str] {
        self.words.get_or_init(|| self.tokens.words(|piece| Some(piece).filter(|piece| plain_word(piece))))
    }
}

fn config(files: &Files) -> Result<Config, String> {
    let raw: RawConfig = files.json("config.json")?;
    let hidden_act = match raw.hidden_act.as_str() {
        "gelu" => HiddenAct::Gelu,
        "gelu_new" | "gelu_pytorch_tanh" => HiddenAct::GeluApproximate,
        "relu" => HiddenAct::Relu,
        other => return Err(format!("config.json: hidden_act is {other:?}; gelu, gelu_new and relu can be computed")),
    };
    if raw.position_embedding_type != "absolute" {
        return Err(format!(
            "config.json: position_embedding_type {:?} is not known here",
            raw.position_embedding_type
        ));
    }
    if raw.num_hidden_layers > MOST_LAYERS {
        return Err(format!(
            "config.json: num_hidden_layers is {}; at most {MOST_LAYERS} are computed",
            raw.num_hidden_layers
        ));
    }
    if raw.num_attention_heads == 0 || !raw.hidden_size.is_multiple_of(raw.num_attention_heads) {
        return Err(format!(
            "config.json: hidden_size {} cannot be divided over {} heads",
            raw.hidden_size, raw.num_attention_heads
        ));
    }
    Ok(Config {
        vocab_size: raw.vocab_size,
        hidden_size: raw.hidden_size,
        num_hidden_layers: raw.num_hidden_layers,
        num_attention_heads: raw.num_attention_heads,
        intermediate_size: raw.intermediate_size,
        hidden_act,
        max_position_embeddings: raw.max_position_embeddings,
        type_vocab_size: raw.type_vocab_size,
        layer_norm_eps: raw.layer_norm_eps,
        ..Config::default()
    })
}

/// What is pooled, and how.
struct Pooled {
    mode: Pooling,
    /// The states of a default prompt too.
    prompt: bool,
}

/// What `modules.json` says, mean pooling where there is none; and the files that said it.
fn pooling(files: &Files) -> Result<(Pooled, Vec<PathBuf>), String> {
    let mut pooling = Pooled { mode: Pooling::Mean, prompt: true };
    let Some(path) = files.find("modules.json")? else {
        return Ok((pooling, Vec::new()));
    };
    let modules: Vec<Module> = read_json(&path)?;
    let mut named = vec![path];
    for module in &modules {
        match module.kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" if module.path.is_empty() => {}
            // Every row is brought to length one anyway.
            "Normalize" => {}
            "Pooling" if !module.path.contains("..") => {
                let path = files.require(&format!("{}/config.json", module.path))?;
                let config: Value = read_json(&path)?;
                pooling =
                    Pooled { mode: pooling_mode(&config)?, prompt: config["include_prompt"].as_bool().unwrap_or(true) };
                named.push(path);
            }
            other => return Err(format!("modules.json: module {other} in {:?} is not known here", module.path)),
        }
    }
    Ok((pooling, named))
}

fn pooling_mode(config: &Value) -> Result<Pooling, String> {
    let mode = |name: &str| match name {
        "mean" | "pooling_mode_mean_tokens" => Ok(Pooling::Mean),
        "cls" | "pooling_mode_cls_token" => Ok(Pooling::First),
        other => Err(format!("pooling {other} is not known here; mean and cls are")),
    };
    if let Some(name) = config["pooling_mode"].as_str() {
        return mode(name);
    }
    let set: Vec<&str> = config
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| key.starts_with("pooling_mode_") && value.as_bool() == Some(true))
        .map(|(key, _)| key.as_str())
        .collect();
    match set.as_slice() {
        [] if config["pooling_mode"].is_null() => Ok(Pooling::Mean),
        [one] => mode(one),
        _ => Err("several poolings at once are not known here; mean and cls are".to_owned()),
    }
}

/// Most tokens of a sentence, where the files set one.
fn limit(files: &Files) -> Result<Option<usize>, String> {
    let Some(path) = files.find("sentence_bert_config.json")? else {
        return Ok(None);
    };
    let config: Value = read_json(&path)?;
    Ok(config["max_seq_length"].as_u64().and_then(|limit| usize::try_from(limit).ok()))
}

fn wanted(prefix: &str, config: &Config) -> Vec<Wanted> {
    let (width, mlp) = (config.hidden_size, config.intermediate_size);
    let mut all = Vec::new();
    let mut add = |name: String, shape: &[usize]| {
        all.push(Wanted { name: format!("{prefix}{name}"), shape: shape.to_vec() });
    };
    add("embeddings.word_embeddings.weight".into(), &[config.vocab_size, width]);
    add("embeddings.position_embeddings.weight".into(), &[config.max_position_embeddings, width]);
    add("embeddings.token_type_embeddings.weight".into(), &[config.type_vocab_size, width]);
    add("embeddings.LayerNorm.weight".into(), &[width]);
    add("embeddings.LayerNorm.bias".into(), &[width]);
    for layer in 0..config.num_hidden_layers {
        let products = [
            ("attention.self.query", width, width),
            ("attention.self.key", width, width),
            ("attention.self.value", width, width),
            ("attention.output.dense", width, width),
            ("intermediate.dense", mlp, width),
            ("output.dense", width, mlp),
        ];
        for (name, rows, columns) in products {
            add(format!("encoder.layer.{layer}.{name}.weight"), &[rows, columns]);
            add(format!("encoder.layer.{layer}.{name}.bias"), &[rows]);
        }
        for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
            add(format!("encoder.layer.{layer}.{norm}.weight"), &[width]);
            add(format!("encoder.layer.{layer}.{norm}.bias"), &[width]);
        }
    }
    all
}
