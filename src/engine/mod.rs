//! Long work off the UI thread: embed, train, tabulate, score. Commands come in; events and progress go out.

mod additions;
mod answers;
mod cache;
mod checking;
mod comparer;
mod comparing;
mod device;
mod discovering;
mod driver;
mod embed;
mod error;
mod examine;
mod findings;
mod ingest;
mod inspect;
mod items;
mod items_desk;
mod matrix;
mod memory_limit;
mod message;
mod modality;
mod negatives;
mod packed_images;
mod pairing;
mod rows;
mod scorer;
mod session;
mod slot;
mod source;
mod thumbnail;
mod tracker;
mod training;
mod witnesses;
mod worker;

pub use additions::{Addition, add_models, set_prompts};
pub use answers::LoadedRun;
pub use cache::{AuditCache, CacheReport, Dropped, cache_gc, cache_report};
pub use comparer::Compared;
pub use comparing::PromptBank;
pub use device::{ComputeDevice, DeviceChoice, cuda_words, devices, threads};
pub use discovering::LossesOf;
pub use driver::{Driver, Gpu};
pub use embed::UnreadableImage;
pub use error::EngineError;
pub use examine::{Examination, Familiarity, Place, Tenth};
pub use ingest::{
    AttributeReport, IngestReport, Intake, ModelReport, PreviewItem, delete, described, ingest, ingest_with,
};
pub use inspect::{AuditLine, LossHistogram, StoreView};
pub use items::{ItemList, ItemsQuestion, Risks};
pub use matrix::Matrix;
pub use memory_limit::MemoryLimit;
pub use message::*;
pub use session::{Session, known_audits};
pub use tracker::Tracker;
pub use worker::{Engine, EngineLinks};
