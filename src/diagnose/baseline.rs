//! A pinned baseline: where a model stood, in a small file to be committed. It holds no item, only figures.

use super::ModelStanding;
use serde::{Deserialize, Serialize};

/// Schema of the file.
pub const BASELINE_SCHEMA: &str = "llm2loss.baseline/1";

/// Predicted loss of a prompt, one value a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselinePrompt {
    pub text: String,
    pub members: Vec<f64>,
}

/// Where a model stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub schema: String,
    pub audit: String,
    pub model: String,
    /// Digest of texts, splits and losses it was measured on.
    pub data_fingerprint: String,
    pub encoder: String,
    /// The heads behind `prompts`, in words; empty without prompts.
    pub heads: String,
    pub standing: ModelStanding,
    pub prompts: Vec<BaselinePrompt>,
}

impl Baseline {
    /// Reads a baseline of an audit.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str, audit: &str) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        let schema = value.get("schema").and_then(serde_json::Value::as_str).unwrap_or("none");
        if schema != BASELINE_SCHEMA {
            return Err(format!("its schema is {schema}; this program reads {BASELINE_SCHEMA}"));
        }
        let baseline: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if baseline.audit != audit {
            return Err(format!("it is of audit '{}', not of '{audit}'", baseline.audit));
        }
        Ok(baseline)
    }
}
