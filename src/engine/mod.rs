//! Long work off the UI thread: embed, train, tabulate, score. Commands come in; events and progress go out.

mod answers;
mod checking;
mod comparing;
mod device;
mod embed;
mod error;
mod message;
mod rows;
mod scorer;
mod session;
mod source;
mod tracker;
mod training;
mod worker;

pub use answers::LoadedRun;
pub use comparing::PromptBank;
pub use device::{ComputeDevice, devices};
pub use error::EngineError;
pub use message::*;
pub use session::Session;
pub use tracker::Tracker;
pub use worker::{Engine, EngineLinks};
