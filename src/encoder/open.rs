//! An encoder by its name.

use super::choice::EncoderChoice;
use super::clip::ClipEncoder;
use super::files::{Files, read_json};
use super::hub::{HubSettings, Repository};
use super::sentence::SentenceEncoder;
use super::server::{self, ServerEncoder, ServerSettings};
use super::siglip::SiglipEncoder;
use super::transformer::{Architecture, FAMILIES};
use super::{Encoder, EncoderError, PhraseEncoder, StaticEncoder};
use crate::guard::guarded;
use candle_core::Device;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// How an encoder is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Where it computes.
    pub device: Device,
    /// Where it comes from if it is not on this machine.
    pub hub: HubSettings,
    /// How a server of embeddings is asked.
    pub server: ServerSettings,
}

impl Default for OpenOptions {
    /// The CPU, and hub and server as the environment says.
    fn default() -> Self {
        Self { device: Device::Cpu, hub: HubSettings::from_environment(), server: ServerSettings::from_environment() }
    }
}

/// What a person should be told of an encoder's name before it is opened: that texts go where others can read them.
pub fn caution(name: &str) -> Option<String> {
    server::caution(name)
}

/// Opens an encoder by name: `builtin`, a local folder, a hub id with an optional `@revision`, or `ADDRESS#MODEL` of a
/// server; each with the settings of an [`EncoderChoice`] behind it.
///
/// # Errors
/// If there is no such encoder or its files cannot be used.
pub fn open(name: &str) -> Result<Arc<dyn Encoder>, EncoderError> {
    open_with(name, &OpenOptions::default())
}

/// The same on a device and a hub of one's own.
///
/// # Errors
/// If there is no such encoder or its files cannot be used.
pub fn open_with(name: &str, options: &OpenOptions) -> Result<Arc<dyn Encoder>, EncoderError> {
    // A folder may be called like a name with settings.
    let plain = Path::new(name).is_dir();
    let choice = if plain {
        EncoderChoice { name: name.to_owned(), ..EncoderChoice::default() }
    } else {
        EncoderChoice::read(name)
    };
    if choice.name == "builtin" {
        return choice.of(Arc::new(StaticEncoder::new()?), false).map_err(|problem| unopened(name, problem));
    }
    if PhraseEncoder::digest_in(&choice.name).is_some() {
        let problem =
            "it is a list of phrases that an audit keeps; give phrases and vectors by --prompt-embeddings FILE";
        return Err(unopened(name, problem.to_owned()));
    }
    if server::is_address(&choice.name) {
        let client = ServerEncoder::client(&choice.name, options.server.clone());
        // A server may answer later.
        let opened = ServerEncoder::open(&choice.name, client.map_err(|problem| unopened(name, problem))?);
        let encoder = opened.map_err(|problem| out_of_reach(name, problem))?;
        return choice.of(Arc::new(encoder), false).map_err(|problem| unopened(name, problem));
    }
    let files = if Path::new(&choice.name).is_dir() {
        Files::Folder(Path::new(&choice.name).to_owned())
    } else {
        let repository = Repository::new(&choice.name, options.hub.clone());
        Files::Hub(Box::new(repository.map_err(|problem| unopened(name, problem))?))
    };
    // What others' libraries stumble over is damage of the files.
    let opened = guarded(|| open_files(&choice, &files, options));
    let opened = opened.unwrap_or_else(|words| Err(format!("its files are damaged: {words}")));
    opened.map_err(|problem| match files.may_come() {
        true => out_of_reach(name, problem),
        false => unopened(name, problem),
    })
}

fn unopened(encoder: &str, problem: String) -> EncoderError {
    EncoderError::Unopened { encoder: encoder.to_owned(), problem }
}

fn out_of_reach(encoder: &str, problem: String) -> EncoderError {
    EncoderError::Unusable { encoder: encoder.to_owned(), problem }
}

fn open_files(choice: &EncoderChoice, files: &Files, options: &OpenOptions) -> Result<Arc<dyn Encoder>, String> {
    let name = choice.name.as_str();
    let config: Value = read_json(&files.require("config.json")?)?;
    let kind = config["model_type"].as_str().unwrap_or(if config.get("text_config").is_some() { "clip" } else { "" });
    if kind == "clip" {
        return choice.of(Arc::new(ClipEncoder::open(name, files, &options.device)?), false);
    }
    if kind == "siglip" {
        return choice.of(Arc::new(SiglipEncoder::open(name, files, &options.device)?), false);
    }
    if let Some(shape) = Architecture::of(kind, &config)? {
        let encoder = SentenceEncoder::open(name, files, &shape, &choice.wish(), &options.device)?;
        return choice.of(Arc::new(encoder), true);
    }
    let what =
        if kind.is_empty() { "names no model_type".to_owned() } else { format!("model_type {kind:?} cannot be read") };
    Err(format!(
        "config.json: {what}; clip, siglip, {} can; any other model can be served and named by http://HOST:PORT/v1/embeddings#MODEL, or its embeddings be taken in by --embeddings, prompts by --prompt-embeddings",
        FAMILIES.join(", ")
    ))
}
