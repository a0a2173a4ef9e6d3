//! Long work off the UI thread: embed, train, tabulate, score. Commands come in; events and progress go out.

mod answers;
mod device;
mod driver;
mod embed;
mod error;
mod examine;
mod inspect;
mod message;
mod negatives;
mod rows;
mod scorer;
mod session;
mod source;
mod tracker;
mod training;
mod worker;

pub use answers::LoadedRun;
pub use device::{ComputeDevice, DeviceChoice, cuda_words, devices};
pub use driver::{Driver, Gpu};
pub use error::EngineError;
pub use examine::{Calibration, Examination, Familiarity, Place};
pub use inspect::{AuditLine, LossHistogram, StoreView};
pub use message::*;
pub use session::Session;
pub use tracker::Tracker;
pub use worker::{Engine, EngineLinks};
