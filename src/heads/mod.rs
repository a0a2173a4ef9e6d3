//! The batched ensemble: parameters, forward, objectives, gradients, optimiser.
//!
//! All members of a stack are one wide product `[B, d] · [d, nets·hidden]`, followed by a block-diagonal
//! second layer. The two architectures are so small that their gradients are written out by hand on plain
//! candle tensors: that spares what automatic differentiation computes for the constant inputs, and nothing in it
//! is for the CPU alone.

mod adamw;
mod draw;
mod ensemble;
mod objective;
mod reporter;
mod scaling;
mod stack;
mod trainer;
mod weights;

pub use adamw::{AdamW, cosine_rate};
pub use ensemble::{Ensemble, HeadPredictions};
pub use objective::{LossAndGradient, all_pairs, ood, regression, sampled_pairs};
pub use scaling::{InputScale, TargetScale};
pub use stack::{Gradients, Stack, StackShape};
pub use trainer::{Observer, Outcome, TrainingData, steps_per_epoch, train};

use thiserror::Error;

/// What can go wrong with heads.
#[derive(Debug, Error)]
pub enum HeadsError {
    #[error("tensor computation failed: {0}")]
    Tensor(#[from] candle_core::Error),
    #[error("{what} has {found} values where {expected} are needed")]
    Shape { what: &'static str, found: usize, expected: usize },
    #[error("{0}")]
    Unusable(String),
    #[error("weights file {path}: {problem}")]
    Weights { path: String, problem: String },
}

/// Result of the heads room.
pub type Result<T> = std::result::Result<T, HeadsError>;
