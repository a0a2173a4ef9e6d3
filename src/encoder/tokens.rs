//! Texts to token ids by an encoder's own `tokenizer.json`.

use super::Reading;
use super::files::{Files, read_bounded};
use crate::guard::guarded;
use tokenizers::{PostProcessor, Tokenizer, TruncationDirection};

/// A text that every tokenizer can read or refuse.
const PROBE: &str = "A cat's 2 eyes, é 界";

/// A tokenizer with the encoder's limit.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// Most ids of a text, the special ones among them.
    limit: usize,
    /// Ids that the tokenizer puts around every text.
    special: usize,
    unknown: Option<u32>,
}

impl Tokens {
    /// Reads `tokenizer.json`; `limit` counts special tokens.
    pub(super) fn open(files: &Files, limit: usize) -> Result<Self, String> {
        let path = files.require("tokenizer.json")?;
        let fault = |problem: String| format!("{}: {problem}", path.display());
        let text = read_bounded(&path)?;
        super::growth::check(&text).map_err(fault)?;
        let tokenizer =
            guarded(|| Tokenizer::from_bytes(&text)).map_err(|words| fault(format!("is damaged: {words}")))?;
        let mut tokenizer = tokenizer.map_err(|error| fault(error.to_string()))?;
        // The file may bring a fixed length; texts run at their own.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| fault(error.to_string()))?;
        let special = tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
        if limit <= special {
            return Err(fault(format!("no room for text between {special} special tokens and the limit of {limit}")));
        }
        // By its name: byte-level tokenizers have none, and their models' files may name one all the same.
        let unknown = ["[UNK]", "<unk>"].into_iter().find_map(|piece| tokenizer.token_to_id(piece));
        let tokens = Self { tokenizer, limit, special, unknown };
        // What is broken is told at once, not with the first item.
        let read = guarded(|| tokens.tokenizer.encode_fast(PROBE, true).map(drop));
        // It may refuse letters that it does not know.
        read.map_err(|words| fault(format!("is damaged: {words}"))).map(|_| tokens)
    }

    /// Most pieces of a text that are read.
    pub(super) fn piece_limit(&self) -> usize {
        self.limit - self.special
    }

    /// Special tokens behind a text.
    pub(super) fn closing(&self) -> usize {
        let ids = |text: &str| self.ids(text).unwrap_or_default();
        // What two different texts end alike with, and no text at all too.
        let (nothing, some) = (ids(""), ids("a"));
        nothing.iter().rev().zip(some.iter().rev()).take_while(|(a, b)| a == b).count().min(self.special)
    }

    /// Refuses a tokenizer that knows more tokens than the embedding has rows.
    pub(super) fn check(&self, rows: usize) -> Result<(), String> {
        let largest = self.tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
        if (largest as usize) < rows {
            return Ok(());
        }
        Err(format!(
            "tokenizer.json knows token {largest} and the weights have {rows} rows: they do not belong together"
        ))
    }

    /// The id of a token.
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.tokenizer.token_to_id(token)
    }

    /// How a text falls into pieces, special ones not counted.
    pub(super) fn reading(&self, text: &str) -> Reading {
        let Ok(Ok(encoding)) = guarded(|| self.tokenizer.encode_fast(text, false)) else {
            return Reading { pieces: 0, unknown: 0 };
        };
        let ids = encoding.get_ids();
        let unknown = self.unknown.map_or(0, |unknown| ids.iter().filter(|&&id| id == unknown).count());
        Reading { pieces: ids.len(), unknown }
    }

    /// The ids of a text, cut so that the special ones keep their place.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>, String> {
        let ids = || -> tokenizers::Result<Vec<u32>> {
            let mut encoding = self.tokenizer.encode_fast(text, false)?;
            encoding.truncate(self.piece_limit(), 0, TruncationDirection::Right);
            Ok(self.tokenizer.post_process(encoding, None, true)?.get_ids().to_vec())
        };
        let found = guarded(ids).map_err(|words| format!("tokenizer.json is damaged: {words}"))?;
        found.map_err(|error| format!("the tokenizer failed: {error}"))
    }

    /// Vocabulary entries that `word` accepts, in the order of their ids.
    ///
    /// An encoder is opened once and lives as long as the program, so its words may too.
    pub(super) fn words(&self, word: impl Fn(&str) -> Option<&str>) -> Vec<&'static str> {
        let mut found: Vec<(u32, String)> = self
            .tokenizer
            .get_vocab(false)
            .iter()
            .filter_map(|(piece, &id)| word(piece).map(|word| (id, word.to_owned())))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, word)| &*word.leak()).collect()
    }
}

/// Whether a piece is a plain word: three or more lower-case ASCII letters.
pub(super) fn plain_word(piece: &str) -> bool {
    piece.len() >= 3 && piece.bytes().all(|byte| byte.is_ascii_lowercase())
}
