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

/// What stands alone, where it has no room beside the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whole {
    #[default]
    None,
    Audit,
    Store,
    Jobs,
}

impl Whole {
    /// The next one, none after the last.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::None => Self::Audit,
            Self::Audit => Self::Store,
            Self::Store => Self::Jobs,
            Self::Jobs => Self::None,
        }
    }
}

/// What the Data screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The panel that stands alone.
    pub whole: Whole,
    /// The model whose losses are drawn.
    pub cursor: Cursor,
    /// What the store held when somebody last looked.
    pub store: Option<Arc<StoreView>>,
    /// What the last check of the cache found.
    pub checked: Option<Arc<CacheReport>>,
}
