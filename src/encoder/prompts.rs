//! The words before every text: those a person gives, or those the model's files name.

use super::files::{Files, read_json};
use super::tokens::Tokens;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

const FILE: &str = "config_sentence_transformers.json";
/// Bytes that may stand before a text.
const MOST_BYTES: usize = 4096;
/// Names that sentence-transformers knows for the prompt of what is searched, in its order.
const DOCUMENT: [&str; 3] = ["document", "passage", "corpus"];

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    prompts: BTreeMap<String, String>,
    default_prompt_name: Option<String>,
}

/// The words a person wants before items, and before prompts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub document: Option<String>,
    pub query: Option<String>,
}

impl Wish {
    /// As part of a fingerprint; nothing where nothing is wished.
    pub fn mark(&self) -> String {
        let Self { document, query } = self;
        if document.is_none() && query.is_none() {
            return String::new();
        }
        // Without words for prompts, those of items stand before them.
        let query = query.as_ref().or(document.as_ref());
        let words = format!("{document:?} {query:?}");
        format!("-p{:08x}", xxhash_rust::xxh3::xxh3_64(words.as_bytes()) as u32)
    }
}

/// Words before a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    words: String,
    /// States at the front that are not pooled: the words' own, where the pooling leaves them out.
    pub unpooled: usize,
}

impl Prefix {
    pub fn new(words: String) -> Self {
        Self { words, unpooled: 0 }
    }

    /// What is read of a text.
    pub fn before<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.words.is_empty() { text.into() } else { format!("{}{text}", self.words).into() }
    }

    pub fn words(&self) -> &str {
        &self.words
    }

    /// Leaves its states out of the pooling, as sentence-transformers does for `include_prompt: false`.
    fn leave_out(&mut self, tokens: &Tokens) -> Result<(), String> {
        if !self.words.is_empty() {
            // The token that ends a sentence stands behind the text, not behind the prompt.
            self.unpooled = tokens.ids(&self.words)?.len().saturating_sub(tokens.closing());
        }
        Ok(())
    }
}

/// Words before items, and before prompts: the same unless a person wants it otherwise.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    pub document: Prefix,
    pub query: Prefix,
}

impl Prompts {
    /// What a person wishes, else what the files say of documents; with the file that said it.
    ///
    /// # Errors
    /// If the files name a default prompt that they do not have.
    pub fn open(files: &Files, wish: &Wish) -> Result<(Self, Option<PathBuf>), String> {
        let (words, path) = match &wish.document {
            Some(words) => (words.clone(), None),
            None => named(files)?,
        };
        let query = wish.query.as_ref().unwrap_or(&words).clone();
        if let Some(long) = [&words, &query].into_iter().find(|words| words.len() > MOST_BYTES) {
            return Err(format!("the words before each text have {} bytes; {MOST_BYTES} are read at most", long.len()));
        }
        let query = Prefix::new(query);
        Ok((Self { document: Prefix::new(words), query }, path))
    }

    /// Leaves the states of both out of the pooling.
    pub fn leave_out(&mut self, tokens: &Tokens) -> Result<(), String> {
        self.document.leave_out(tokens)?;
        self.query.leave_out(tokens)
    }

    /// Holds the words to what the model reads.
    ///
    /// # Errors
    /// If nothing would be left of a text.
    pub fn check(&self, tokens: &Tokens) -> Result<(), String> {
        let (taken, limit) = (self.pieces(tokens), tokens.piece_limit());
        if taken < limit {
            return Ok(());
        }
        Err(format!(
            "the words before each text take all {limit} pieces that it reads, and nothing would be left of the text; give shorter ones with --prompt-document and --prompt-query"
        ))
    }

    /// Pieces of the longer one.
    pub fn pieces(&self, tokens: &Tokens) -> usize {
        let pieces = |prefix: &Prefix| if prefix.words.is_empty() { 0 } else { tokens.reading(&prefix.words).pieces };
        pieces(&self.document).max(pieces(&self.query))
    }
}

/// The words that the files put before a document, and the file, if it has any words for it.
fn named(files: &Files) -> Result<(String, Option<PathBuf>), String> {
    let Some(path) = files.find(FILE)? else { return Ok(Default::default()) };
    let config: Config = read_json(&path)?;
    let words = match &config.default_prompt_name {
        Some(name) => config.prompts.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = config.prompts.keys().map(String::as_str).collect();
            format!("{FILE}: default_prompt_name is {name:?}, and its prompts are: {}", known.join(", "))
        })?,
        None => DOCUMENT.iter().find_map(|name| config.prompts.get(*name)).cloned().unwrap_or_default(),
    };
    // Without words the embeddings are those of the plain model, and so is their fingerprint.
    let path = (!words.is_empty()).then_some(path);
    Ok((words, path))
}
