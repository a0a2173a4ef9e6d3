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
    /// Kendall's τ-b of each member's risk with the loss, likewise.
    #[serde(default)]
    pub validation_kendall: Vec<f64>,
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
    /// Epoch whose weights these are, counted from one, where early stopping chose; else the last.
    #[serde(default)]
    pub best_epoch: Option<usize>,
    /// Rows of a step at the end, where memory did not suffice for those asked for.
    #[serde(default)]
    pub reduced_batch: Option<usize>,
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl RunRecord {
    /// Whether another finished run differs in nothing but the model, so that their members are paired: they share
    /// initialisation, resample and batches.
    #[must_use]
    pub fn trained_like(&self, other: &Self) -> bool {
        let finished = [self, other].iter().all(|run| run.state == RunState::Finished);
        finished && (&self.audit, &self.encoder, &self.hyper) == (&other.audit, &other.encoder, &other.hyper)
    }

    /// One line that tells two runs apart, and that a run learnt from a sample.
    #[must_use]
    pub fn summary(&self) -> String {
        let (summary, rows) = (self.hyper.summary(), self.train_items + self.validation_items);
        let is_sample = self.hyper.train_rows == Some(rows);
        if is_sample { format!("{summary}, a sample of {rows} rows") } else { summary }
    }

    /// Mean over members of a head's validation Spearman in the epoch whose weights the run has.
    #[must_use]
    pub fn validation_spearman(&self, head: HeadKind) -> Option<f64> {
        mean(&self.kept_epoch(head)?.validation_spearman)
    }

    /// Mean over members of a head's validation τ-b in the epoch whose weights the run has.
    #[must_use]
    pub fn validation_kendall(&self, head: HeadKind) -> Option<f64> {
        mean(&self.kept_epoch(head)?.validation_kendall)
    }

    /// A head's metrics in the best epoch where early stopping chose one, else in the last.
    fn kept_epoch(&self, head: HeadKind) -> Option<&EpochMetrics> {
        let mut of_head = self.epochs.iter().rev().filter(|metrics| metrics.head == head);
        match self.best_epoch {
            Some(best) => of_head.find(|metrics| metrics.epoch == best),
            None => of_head.next(),
        }
    }
}

/// A run that waits for its turn, or that was being trained when this was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingRun {
    pub audit: String,
    pub model: String,
    pub running: bool,
    pub hyper: HyperParameters,
}
