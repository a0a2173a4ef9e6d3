//! Encoders of text alone, as sentence-transformers lays them out.

use super::batch::{by_length, embed};
use super::files::{Files, digest, read_json};
use super::modules::Modules;
use super::prompts::{Prefix, Prompts, Wish};
use super::tokens::{Tokens, plain_word};
use super::transformer::{Architecture, TextModel};
use super::weights::Weights;
use super::{Encoder, EncoderError, Reading};
use candle_core::Device;
use serde_json::Value;
use std::sync::OnceLock;

/// Sentences that share their products on a CPU, and on a GPU.
const BATCH: usize = 32;
const GPU_BATCH: usize = 256;
/// Most tokens of a batch: long texts share with fewer others.
const BATCH_TOKENS: usize = 16 << 10;
/// Files that hold `max_seq_length`: older releases named them by family.
const LIMITS: [&str; 4] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_xlm-roberta_config.json",
];

/// A transformer, and what its files make of its states.
pub struct SentenceEncoder {
    name: String,
    fingerprint: String,
    width: usize,
    modules: Modules,
    prompts: Prompts,
    tokens: Tokens,
    words: OnceLock<Vec<&'static str>>,
    model: TextModel,
}

impl SentenceEncoder {
    /// Opens a model's files; `name` is what people call it, `wish` what they want before its texts.
    pub(super) fn open(
        name: &str,
        files: &Files,
        shape: &Architecture,
        wish: &Wish,
        device: &Device,
    ) -> Result<Self, String> {
        let modules = Modules::open(files, shape.width)?;
        let (mut prompts, said) = Prompts::open(files, wish)?;
        let limit = limit(files)?.unwrap_or(shape.limit).min(shape.limit);
        let tokens = Tokens::open(files, limit)?;
        tokens.check(shape.vocabulary)?;
        prompts.check(&tokens)?;
        if !modules.include_prompt {
            prompts.leave_out(&tokens)?;
        }
        let weights = Weights::open(files)?;
        let model = TextModel::open(&weights, shape, device)?;
        let mut named = modules.files.clone();
        named.extend(said);
        named.extend([files.require("config.json")?, files.require("tokenizer.json")?]);
        named.extend(weights.files().iter().cloned());
        let (digest, wished) = (digest(&named)?, wish.mark());
        Ok(Self {
            name: name.to_owned(),
            fingerprint: format!("sentence-{}-{limit}-{digest:016x}{wished}", modules.dimension),
            width: shape.width,
            modules,
            prompts,
            tokens,
            words: OnceLock::new(),
            model,
        })
    }

    fn fault(&self, problem: impl ToString) -> EncoderError {
        EncoderError::Unusable { encoder: self.name.clone(), problem: problem.to_string() }
    }

    /// Vectors of sentences, one behind the other.
    fn features(&self, texts: &[&[u32]], unpooled: usize) -> candle_core::Result<Vec<f32>> {
        let states: Vec<f32> = self.model.states(texts)?.flatten_all()?.to_vec1()?;
        let mut start = 0;
        let mut vectors = Vec::with_capacity(texts.len() * self.modules.dimension);
        for ids in texts {
            let end = start + ids.len() * self.width;
            vectors.extend(self.modules.vector(&states[start..end], self.width, unpooled));
            start = end;
        }
        Ok(vectors)
    }

    fn encode_behind(&self, prefix: &Prefix, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let ids: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| self.tokens.ids(&prefix.before(text)).map_err(|problem| self.fault(problem)))
            .collect::<Result<_, _>>()?;
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let device = self.model.device();
        let longest = lengths.iter().copied().max().unwrap_or(0).max(1);
        let most = if device.is_cpu() { BATCH } else { GPU_BATCH }.min(BATCH_TOKENS / longest).max(1);
        let dimension = self.modules.dimension;
        if lengths.contains(&0) {
            // A tokenizer without special tokens makes nothing of an empty text: its place stays zero.
            let some: Vec<usize> = (0..texts.len()).filter(|&at| lengths[at] > 0).collect();
            let full: Vec<&str> = some.iter().map(|&at| texts[at]).collect();
            let mut rows = vec![0f32; texts.len() * dimension];
            if !full.is_empty() {
                let found = self.encode_behind(prefix, &full)?;
                for (at, row) in some.iter().zip(found.chunks_exact(dimension)) {
                    rows[at * dimension..(at + 1) * dimension].copy_from_slice(row);
                }
            }
            return Ok(rows);
        }
        embed(&by_length(&lengths, most), dimension, device, |batch| {
            let batch: Vec<&[u32]> = batch.iter().map(|&index| ids[index].as_slice()).collect();
            self.features(&batch, prefix.unpooled).map_err(|error| self.fault(error))
        })
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
        self.modules.dimension
    }

    fn piece_limit(&self) -> usize {
        self.tokens.piece_limit().saturating_sub(self.prompts.pieces(&self.tokens))
    }

    fn reading(&self, text: &str) -> Reading {
        self.tokens.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        self.encode_behind(&self.prompts.document, texts)
    }

    fn encode_prompts(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        self.encode_behind(&self.prompts.query, texts)
    }

    /// Whole words: of WordPiece as they stand, of the others those that begin behind a space.
    fn words(&self) -> &[&str] {
        self.words.get_or_init(|| {
            let marked = self.tokens.words(|piece| piece.strip_prefix(['▁', 'Ġ']).filter(|piece| plain_word(piece)));
            if !marked.is_empty() {
                return marked;
            }
            self.tokens.words(|piece| Some(piece).filter(|piece| plain_word(piece)))
        })
    }
}

/// Most tokens of a sentence, where the files set one.
fn limit(files: &Files) -> Result<Option<usize>, String> {
    for name in LIMITS {
        if let Some(path) = files.find(name)? {
            let config: Value = read_json(&path)?;
            return Ok(config["max_seq_length"].as_u64().and_then(|limit| usize::try_from(limit).ok()));
        }
    }
    Ok(None)
}
