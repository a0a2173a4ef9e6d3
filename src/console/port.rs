//! The boundary with the engine: two ways in that never block, two channels out.

use crate::engine::{Command, Event, Progress, ScoreRequest};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// What the console asks of the engine; neither call may block the terminal.
pub trait EnginePort: Send + Sync {
    /// Hands over a command; the answer comes as events.
    fn command(&self, command: Command);
    /// Puts a request in the scorer's one-slot mailbox; a waiting one is replaced.
    fn score(&self, request: ScoreRequest);
}

/// What the engine tells the console.
pub struct Links {
    /// Things that must not be lost.
    pub events: mpsc::Receiver<Event>,
    /// The newest state of the running job.
    pub progress: watch::Receiver<Option<Arc<Progress>>>,
}
