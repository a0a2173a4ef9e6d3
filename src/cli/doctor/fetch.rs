//! `llm2loss doctor --fetch ENCODER`: an encoder downloaded for a machine without a network.

use super::super::context::{Failure, print};
use super::super::progress;
use crate::encoder::HubSettings;
use crate::engine::EngineError;
use crate::report;
use serde::Serialize;
use std::path::Path;

/// An encoder that is on this machine now.
#[derive(Serialize)]
struct Fetched {
    encoder: String,
    fingerprint: String,
    dimension: usize,
    /// Folder of the cache, to be there on the other machine too.
    cache: String,
    /// What to type where there is no network.
    line: String,
}

/// Opens an encoder, and so downloads what it lacks.
pub fn fetch(name: &str, json: bool) -> Result<u8, Failure> {
    if name == "builtin" || Path::new(name).is_dir() || name.contains("://") {
        return Err(Failure::usage(format!("{name} is not from the hub: there is nothing to fetch")));
    }
    let opened = progress::opener(false)(name).map_err(EngineError::from)?;
    let cache = HubSettings::from_environment().cache.display().to_string();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let line = format!(
        "HF_HUB_OFFLINE=1 HF_HUB_CACHE={} llm2loss ingest NAME --manifest FILE --encoder {}",
        quoted(&cache),
        quoted(name)
    );
    let found = Fetched {
        encoder: opened.name().to_owned(),
        fingerprint: opened.fingerprint().to_owned(),
        dimension: opened.dimension(),
        cache,
        line,
    };
    if json {
        return print(&report::to_json("llm2loss.fetch/1", None, &found)?);
    }
    print(&format!(
        "encoder {} is on this machine ({} dimensions, {})\nits files lie in {}; copy that folder if the other machine does not see it\nthere: {}\n",
        report::printable(&found.encoder),
        found.dimension,
        found.fingerprint,
        report::printable(&found.cache),
        report::printable(&found.line)
    ))
}
