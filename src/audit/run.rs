//! The record of a training run: immutable once finished.

use super::{HeadKind, HyperParameters};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Name of a run: eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// The first four digits: enough to tell runs apart on a screen.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..4).unwrap_or(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Finished,
    Cancelled,
    /// A loss became infinite or not a number; its heads are not used.
    Diverged,
}

impl RunState {
    /// The word in tables and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Diverged => "diverged",
        }
    }
}

/// What one epoch achieved, over the validation rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from one.
    pub epoch: usize,
    pub head: HeadKind,
    /// Mean training loss of each member over the epoch's steps.
    pub train_loss: Vec<f64>,
    /// Spearman of each member's risk with the loss over the validation rows; empty without them, or where a
    /// member gives all rows the same output.
    pub validation_spearman: Vec<f64>,
}

/// A training loss no sound run comes near: targets have unit variance, and a coin gives ln 2.
const DIVERGED: f64 = 100.0;

impl EpochMetrics {
    /// Whether a member's loss is not finite or has left all bounds.
    #[must_use]
    pub fn diverged(&self) -> bool {
        self.train_loss.iter().any(|loss| !loss.is_finite() || *loss > DIVERGED)
    }
}

/// A trained set of heads for (audit, model, encoder, hyper-parameters, seed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub id: RunId,
    pub audit: String,
    pub model: String,
    pub encoder: String,
    pub state: RunState,
    pub hyper: HyperParameters,
    /// Digest of the texts, splits and losses the run was trained on.
    pub data_fingerprint: String,
    /// Training rows, validation rows, and embedding dimension.
    pub train_items: usize,
    pub validation_items: usize,
    pub dimension: usize,
    pub device: String,
    pub version: String,
    /// Digest of the weights file; weights that differ are not used. Empty in runs made before there was one.
    #[serde(default)]
    pub weights_digest: String,
    /// Seconds since 1970 when training ended.
    pub finished_at: u64,
    pub seconds: f64,
    pub epochs: Vec<EpochMetrics>,
}

impl RunRecord {
    /// Mean over members of the last epoch's validation Spearman of a head.
    #[must_use]
    pub fn validation_spearman(&self, head: HeadKind) -> Option<f64> {
        let last = self.epochs.iter().rev().find(|metrics| metrics.head == head)?;
        let values = &last.validation_spearman;
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}
