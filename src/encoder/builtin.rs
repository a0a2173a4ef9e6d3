//! The built-in encoder: one vector a WordPiece, distilled from all-MiniLM-L6-v2, mean pooled.
//!
//! Table and vocabulary are assets made by `tests/recipes/make_encoder.py`; see `builtin/NOTICE`.

use super::{Encoder, EncoderError, Reading};
use rayon::prelude::*;
use safetensors::SafeTensors;
use std::collections::HashMap;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Model, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

static TABLE: &[u8] = include_bytes!("builtin/static-256.safetensors");
static VOCABULARY: &str = include_str!("builtin/vocab.txt");

const DIMENSION: usize = 256;
const PIECE_LIMIT: usize = 256;
/// Row of [UNK], as the recipe orders the vocabulary.
const UNKNOWN: u32 = 1;
/// Texts a thread takes at a time: long enough for its word cache to pay.
const CHUNK: usize = 2048;

/// Static WordPiece embeddings.
pub struct StaticEncoder {
    model: WordPiece,
    normalizer: BertNormalizer,
    rows: &'static [u8],
    scales: Vec<f32>,
    words: Vec<&'static str>,
    fingerprint: String,
}

/// A word's pieces and the sum of their vectors.
struct Word {
    pieces: Vec<u32>,
    sum: Box<[f32; DIMENSION]>,
}

impl StaticEncoder {
    /// Reads the tables inside the program.
    ///
    /// # Errors
    /// If they are damaged, which only a broken build can cause.
    pub fn new() -> Result<Self, EncoderError> {
        let fault = |problem: String| EncoderError::Unusable { encoder: "builtin".to_owned(), problem };
        let file = SafeTensors::deserialize(TABLE).map_err(|error| fault(error.to_string()))?;
        let rows = file.tensor("rows").map_err(|error| fault(error.to_string()))?;
        let scales = file.tensor("scale").map_err(|error| fault(error.to_string()))?;
        let scales: Vec<f32> =
            scales.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if rows.shape() != [scales.len(), DIMENSION] || VOCABULARY.lines().count() != scales.len() {
            return Err(fault(format!("table {:?} does not fit its vocabulary", rows.shape())));
        }
        let vocabulary = WordPiece::read_bytes(VOCABULARY.as_bytes()).map_err(|error| fault(error.to_string()))?;
        let model = WordPiece::builder().vocab(vocabulary).build().map_err(|error| fault(error.to_string()))?;
        let words = VOCABULARY
            .lines()
            .filter(|piece| piece.len() >= 3 && piece.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        let digest = xxhash_rust::xxh3::xxh3_64(TABLE) ^ xxhash_rust::xxh3::xxh3_64(VOCABULARY.as_bytes());
        Ok(Self {
            model,
            normalizer: BertNormalizer::default(),
            rows: rows.data(),
            scales,
            words,
            fingerprint: format!("builtin-static-256-{:08x}", digest >> 32),
        })
    }

    /// Adds the vector of a piece.
    fn add_piece(&self, piece: u32, sum: &mut [f32; DIMENSION]) {
        let scale = self.scales[piece as usize];
        let row = &self.rows[piece as usize * DIMENSION..][..DIMENSION];
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += f32::from(*value as i8) * scale;
        }
    }

    fn lookup(&self, word: &str) -> Word {
        // A word over the length limit is one unknown piece; the model never fails with a vocabulary that has [UNK].
        let tokens = self.model.tokenize(word).unwrap_or_default();
        let pieces: Vec<u32> = tokens.into_iter().map(|token| token.id).collect();
        let mut sum = Box::new([0f32; DIMENSION]);
        pieces.iter().for_each(|&piece| self.add_piece(piece, &mut sum));
        Word { pieces, sum }
    }

    /// Adds up a text's pieces, at most the limit; returns how many.
    fn sum_text(&self, text: &str, cache: &mut HashMap<String, Word>, sum: &mut [f32; DIMENSION]) -> usize {
        let mut count = 0;
        self.each_word(text, |word| {
            if count >= PIECE_LIMIT {
                return;
            }
            if !cache.contains_key(word) {
                cache.insert(word.to_owned(), self.lookup(word));
            }
            let Some(known) = cache.get(word) else { return };
            if count + known.pieces.len() <= PIECE_LIMIT {
                sum.iter_mut().zip(known.sum.iter()).for_each(|(sum, value)| *sum += value);
                count += known.pieces.len();
            } else {
                known.pieces.iter().take(PIECE_LIMIT - count).for_each(|&piece| self.add_piece(piece, sum));
                count = PIECE_LIMIT;
            }
        });
        count
    }

    /// Calls `visit` with each normalised word of a text, as BERT's uncased tokenizer splits it.
    fn each_word(&self, text: &str, mut visit: impl FnMut(&str)) {
        if text.is_ascii() {
            return each_ascii_word(text, visit);
        }
        let mut split = PreTokenizedString::from(text);
        let normalised = split.normalize(|piece| self.normalizer.normalize(piece));
        if normalised.and_then(|()| BertPreTokenizer.pre_tokenize(&mut split)).is_ok() {
            for (word, _, _) in split.get_splits(OffsetReferential::Normalized, OffsetType::None) {
                visit(word);
            }
        }
    }

    fn encode_chunk(&self, texts: &[&str], out: &mut [f32]) {
        let mut cache = HashMap::new();
        for (text, row) in texts.iter().zip(out.chunks_exact_mut(DIMENSION)) {
            let mut sum = [0f32; DIMENSION];
            if self.sum_text(text, &mut cache, &mut sum) > 0 {
                let norm = sum.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
                let inverse = if norm > 1e-9 { (1.0 / norm) as f32 } else { 0.0 };
                row.iter_mut().zip(sum).for_each(|(out, value)| *out = value * inverse);
            }
        }
    }
}

/// The same split for ASCII alone, which most items are: lower case, control characters dropped, white space
/// between words, each punctuation mark a word of its own.
fn each_ascii_word(text: &str, mut visit: impl FnMut(&str)) {
    let mut word = String::with_capacity(24);
    let mut flush = |word: &mut String| {
        if !word.is_empty() {
            visit(word);
            word.clear();
        }
    };
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => flush(&mut word),
            _ if byte.is_ascii_control() => {}
            _ if byte.is_ascii_punctuation() => {
                flush(&mut word);
                word.push(char::from(byte));
                flush(&mut word);
            }
            _ => word.push(char::from(byte.to_ascii_lowercase())),
        }
    }
    flush(&mut word);
}

impl Encoder for StaticEncoder {
    fn name(&self) -> &str {
        "builtin"
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn piece_limit(&self) -> usize {
        PIECE_LIMIT
    }

    fn reading(&self, text: &str) -> Reading {
        let mut reading = Reading { pieces: 0, unknown: 0 };
        self.each_word(text, |word| {
            let pieces = self.lookup(word).pieces;
            reading.pieces += pieces.len();
            reading.unknown += pieces.iter().filter(|&&piece| piece == UNKNOWN).count();
        });
        reading
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let mut out = vec![0f32; texts.len() * DIMENSION];
        if texts.len() <= CHUNK {
            self.encode_chunk(texts, &mut out);
        } else {
            out.par_chunks_mut(CHUNK * DIMENSION)
                .zip(texts.par_chunks(CHUNK))
                .for_each(|(out, texts)| self.encode_chunk(texts, out));
        }
        Ok(out)
    }

    fn words(&self) -> &[&str] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ascii_path_splits_as_the_library_does() {
        let encoder = StaticEncoder::new().unwrap();
        for text in [
            "A man, 39 years old, with a bachelor's degree.",
            "  tabs\tand\nlines\u{b}x ",
            "a-b_c(d)e{f}~!",
            "",
            "\u{1}\u{7f}",
            "MiXeD",
        ] {
            let mut split = PreTokenizedString::from(text);
            split.normalize(|piece| encoder.normalizer.normalize(piece)).unwrap();
            BertPreTokenizer.pre_tokenize(&mut split).unwrap();
            let library: Vec<String> = split
                .get_splits(OffsetReferential::Normalized, OffsetType::None)
                .into_iter()
                .map(|(word, _, _)| word.to_owned())
                .collect();
            let mut ours = Vec::new();
            each_ascii_word(text, |word| ours.push(word.to_owned()));
            assert_eq!(ours, library, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_the_limit() {
        let encoder = StaticEncoder::new().unwrap();
        let long = "salesperson ".repeat(300);
        let cut = "salesperson ".repeat(PIECE_LIMIT / encoder.reading("salesperson").pieces);
        assert!(encoder.reading(&long).pieces > PIECE_LIMIT);
        assert_eq!(encoder.encode(&[&long]).unwrap(), encoder.encode(&[&cut]).unwrap());
        assert_eq!(encoder.reading(""), Reading { pieces: 0, unknown: 0 });
        assert_eq!(encoder.reading("a 😀"), Reading { pieces: 2, unknown: 1 });
        assert!(encoder.encode(&[""]).unwrap().iter().all(|value| *value == 0.0));
    }
}
