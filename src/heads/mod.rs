//! The batched ensemble: parameters, forward, objectives, gradients, optimiser.
//!
//! The two architectures are so small that their gradients are written out by hand, which spares what automatic
//! differentiation computes for the constant inputs. On a CPU, MLP members are tasks on plain slices and linear members
//! share one pass over the rows; on a GPU all members of a stack are one wide product `[B, d] · [d, nets·hidden]` of candle
//! tensors, followed by a block-diagonal second layer. Tests hold the three to each other.

mod adamw;
mod checkpoint;
mod cpu_learner;
mod draw;
mod ensemble;
mod examples;
mod learner;
mod linear_learner;
mod member_objective;
mod net;
mod objective;
mod pairs;
mod product;
mod row_products;
mod rows;
mod scaling;
mod stack;
mod tensor_learner;
mod trainer;
#[cfg(test)]
mod trainer_tests;
mod validation;
mod weights;

pub use adamw::{AdamW, Moments, StepRate, scheduled_rate};
pub use checkpoint::{Checkpoint, Progress};
pub use draw::StepRng;
pub use ensemble::{Ensemble, HeadPredictions};
pub use objective::{LossAndGradient, all_pairs, ood, regression, sampled_pairs};
pub use rows::{LyingRow, Picked, RowReader, Rows};
pub use scaling::{InputScale, TargetScale};
pub use stack::{Gradients, Stack, StackShape, initial_nets};
pub use trainer::{Observer, Outcome, Resources, TrainingData, steps_per_epoch, train};

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

impl HeadsError {
    /// Whether a device had not enough memory for a step: a smaller batch may do.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Tensor(error) if error.to_string().to_ascii_lowercase().contains("out of memory")
            || error.to_string().contains("OUT_OF_MEMORY"))
    }
}

/// Result of the heads room.
pub type Result<T> = std::result::Result<T, HeadsError>;
