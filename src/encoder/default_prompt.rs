//! The words that sentence-transformers puts before every text where the model's files name a default prompt.

use super::files::{Files, read_json};
use super::tokens::Tokens;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const FILE: &str = "config_sentence_transformers.json";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    prompts: BTreeMap<String, String>,
    default_prompt_name: Option<String>,
}

/// Words before every text.
#[derive(Debug, Default)]
pub(super) struct DefaultPrompt {
    words: String,
    /// States at the front that are not pooled: the prompt's, where the pooling leaves it out.
    pub(super) unpooled: usize,
}

impl DefaultPrompt {
    /// Reads it, with the file that said it.
    ///
    /// # Errors
    /// If the files name a default prompt that they do not have.
    pub(super) fn open(files: &Files) -> Result<(Self, Option<PathBuf>), String> {
        let Some(path) = files.find(FILE)? else { return Ok(Default::default()) };
        let config: Config = read_json(&path)?;
        let Some(name) = config.default_prompt_name else { return Ok(Default::default()) };
        let words = config.prompts.get(&name).cloned().ok_or_else(|| {
            let known: Vec<&str> = config.prompts.keys().map(String::as_str).collect();
            format!("{FILE}: default_prompt_name is {name:?}, and its prompts are: {}", known.join(", "))
        })?;
        // Without words the embeddings are those of the plain model, and so is their fingerprint.
        let path = (!words.is_empty()).then_some(path);
        Ok((Self { words, unpooled: 0 }, path))
    }

    /// Leaves its states out of the pooling, as sentence-transformers does for `include_prompt: false`.
    pub(super) fn leave_out(&mut self, tokens: &Tokens) -> Result<(), String> {
        if !self.words.is_empty() {
            // The token that ends a sentence stands behind the text, not behind the prompt.
            self.unpooled = tokens.ids(&self.words)?.len().saturating_sub(tokens.closing());
        }
        Ok(())
    }

    /// What is read of a text.
    pub(super) fn before<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if self.words.is_empty() { text.into() } else { format!("{}{text}", self.words).into() }
    }

    /// Pieces of the prompt itself.
    pub(super) fn pieces(&self, tokens: &Tokens) -> usize {
        if self.words.is_empty() { 0 } else { tokens.reading(&self.words).pieces }
    }
}
