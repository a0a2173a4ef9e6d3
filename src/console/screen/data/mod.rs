//! The Data screen: the audit, its models and their losses, and what the store holds.

mod jobs;
mod keys;
mod layout;
mod screen;
mod view;

pub use keys::{CONTEXTS, HERE, KEYS};
pub use layout::{Layout, layout};
use view::view;

use crate::console::widget::table::Cursor;
use crate::engine::{CacheReport, StoreView};
use std::sync::Arc;

/// What the Data screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The model whose losses are drawn.
    pub cursor: Cursor,
    /// What the store held when somebody last looked.
    pub store: Option<Arc<StoreView>>,
    /// What the last check of the cache found.
    pub checked: Option<Arc<CacheReport>>,
}
