//! An encoder by its name.

use super::clip::ClipEncoder;
use super::files::{Files, read_json};
use super::hub::{HubSettings, Repository};
use super::sentence::SentenceEncoder;
use super::{Encoder, EncoderError, StaticEncoder};
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
}

impl Default for OpenOptions {
    /// The CPU, and the hub as the environment says.
    fn default() -> Self {
        Self { device: Device::Cpu, hub: HubSettings::from_environment() }
    }
}

/// Opens an encoder by name: `builtin`, a local folder, or a hub id with an optional `@revision`.
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
    if name == "builtin" {
        return Ok(Arc::new(StaticEncoder::new()?));
    }
    // What others' libraries stumble over is damage of the files.
    let opened = guarded(|| open_files(name, options));
    opened
        .unwrap_or_else(|words| Err(format!("its files are damaged: {words}")))
        .map_err(|problem| EncoderError::Unusable { encoder: name.to_owned(), problem })
}

fn open_files(name: &str, options: &OpenOptions) -> Result<Arc<dyn Encoder>, String> {
    let files = if Path::new(name).is_dir() {
        Files::Folder(Path::new(name).to_owned())
    } else {
        Files::Hub(Box::new(Repository::new(name, options.hub.clone())?))
    };
    let config: Value = read_json(&files.require("config.json")?)?;
    let kind = config["model_type"].as_str().unwrap_or(if config.get("text_config").is_some() { "clip" } else { "" });
    match kind {
        "clip" => Ok(Arc::new(ClipEncoder::open(name, &files, &options.device)?)),
        "bert" => Ok(Arc::new(SentenceEncoder::open(name, &files, &options.device)?)),
        "" => Err("config.json names no model_type; clip and bert can be read".to_owned()),
        other => Err(format!("config.json: model_type {other:?} cannot be read; clip and bert can")),
    }
}
