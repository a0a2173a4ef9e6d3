//! Arguments that name an encoder, and what is wanted of it.

use crate::encoder::EncoderChoice;
use clap::Args;
use std::path::Path;

#[derive(Debug, Args)]
pub struct EncoderGiven {
    /// Encoder of items and prompts: builtin, a hub id, a folder, or a server of embeddings,
    /// http://HOST:PORT/v1/embeddings#MODEL [default: builtin]
    #[arg(id = "encoder", long = "encoder", value_name = "NAME")]
    pub name: Option<String>,

    /// Words before every item and prompt, such as "passage: " [default: what the encoder's files name]
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub prompt_document: Option<String>,

    /// Words before every prompt instead [default: those of items]; part of what the encoder is
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub prompt_query: Option<String>,

    /// Take the first so many dimensions of the embeddings, for encoders that were trained for it
    #[arg(long, value_name = "N")]
    pub dims: Option<usize>,
}

impl EncoderGiven {
    /// Whether anything is given.
    pub fn is_given(&self) -> bool {
        self.name.is_some() || self.dims.is_some() || self.prompt_document.is_some() || self.prompt_query.is_some()
    }

    /// [`EncoderGiven::line`] for what is read in another folder: a path from the root.
    pub fn lasting_line(&self) -> String {
        let folder = self.name.as_ref().filter(|name| Path::new(name).is_dir());
        let name = folder.and_then(|name| std::path::absolute(name).ok()).map(|path| path.display().to_string());
        EncoderChoice { name: name.unwrap_or_else(|| self.choice().name), ..self.choice() }.to_string()
    }

    /// The encoder that is meant, as one line.
    pub fn line(&self) -> String {
        self.choice().to_string()
    }

    fn choice(&self) -> EncoderChoice {
        EncoderChoice {
            name: self.name.clone().unwrap_or_else(|| "builtin".to_owned()),
            dims: self.dims,
            prompt_document: self.prompt_document.clone(),
            prompt_query: self.prompt_query.clone(),
        }
    }
}
