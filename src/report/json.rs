//! JSON for programs: every document names its schema and version; `docs/json.md` describes them.

use crate::audit::RunRecord;
use serde::Serialize;

/// What a document's numbers are about.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    pub audit: String,
    pub model: String,
    pub run: String,
    pub encoder: String,
    pub members: usize,
    pub device: String,
}

impl Identity {
    #[must_use]
    pub fn of(run: &RunRecord) -> Self {
        Self {
            audit: run.audit.clone(),
            model: run.model.clone(),
            run: run.id.to_string(),
            encoder: run.encoder.clone(),
            members: run.hyper.members,
            device: run.device.clone(),
        }
    }
}

/// A document: schema, what it is about, and its body.
#[derive(Debug, Clone, Serialize)]
pub struct Envelope<T> {
    /// `llm2loss.<what>/<version>`.
    pub schema: &'static str,
    #[serde(flatten)]
    pub identity: Option<Identity>,
    #[serde(flatten)]
    pub body: T,
}

/// The document on indented lines.
///
/// # Errors
/// If a value cannot stand in JSON.
pub fn to_json<T: Serialize>(schema: &'static str, run: Option<&RunRecord>, body: T) -> serde_json::Result<String> {
    let envelope = Envelope { schema, identity: run.map(Identity::of), body };
    super::plain::json(&envelope)
}
