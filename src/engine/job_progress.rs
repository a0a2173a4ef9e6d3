//! What is told of the running job while it runs.

use super::{GpuLoad, JobId};
use crate::audit::HeadKind;
use std::sync::Arc;

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Loading,
    Embedding,
    /// Fragments of the texts are encoded, for an encoder that is not cheap.
    Fragments,
    Training,
    Tables,
    Checking,
}

impl Stage {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Loading => "reading items",
            Self::Embedding => "embedding",
            Self::Fragments => "reading parts",
            Self::Training => "training",
            Self::Tables => "filling tables",
            Self::Checking => "checking the cache",
        }
    }
}

/// The loss curves of a job: one series a head and member, thinned to a bounded length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Step at which each point was taken; the same for all series.
    pub steps: Vec<u32>,
    /// `series[head.index()][member][point]`: mean training loss since the point before.
    pub series: [Vec<Vec<f32>>; 3],
}

/// The newest state of the running job; older ones may be skipped.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    pub job: JobId,
    pub stage: Stage,
    /// Done and total of the stage: items when embedding, steps when training.
    pub done: u64,
    pub total: u64,
    /// Epoch in progress (from one) and number of epochs.
    pub epoch: (usize, usize),
    /// Items a second over the last second or so.
    pub speed: f64,
    /// Seconds left of the stage, once it can be told.
    pub eta: Option<f64>,
    /// Seconds since the job began.
    pub elapsed: f64,
    pub curves: Arc<Curves>,
    /// Newest training loss of each head and member.
    pub losses: [Vec<f32>; 3],
    /// Bytes in use on the device; see [`ComputeDevice::memory_in_use`](super::ComputeDevice::memory_in_use).
    pub memory: Option<u64>,
    /// How busy the GPU is, where it is one.
    pub gpu: Option<GpuLoad>,
}

impl Progress {
    /// Newest training loss of a head's members.
    #[must_use]
    pub fn losses_of(&self, head: HeadKind) -> &[f32] {
        &self.losses[head.index()]
    }
}
