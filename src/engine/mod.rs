//! Long work off the UI thread: embed, train, tabulate, score. Commands come in; events and progress go out.

mod device;
mod error;
mod message;
mod rows;
mod scorer;
mod session;
mod source;
mod tracker;
mod worker;

pub use device::{ComputeDevice, devices};
pub use error::EngineError;
pub use message::*;
pub use session::{LoadedRun, Session};
pub use tracker::Tracker;
pub use worker::{Engine, EngineLinks};
