//! The Items screen: the items behind a claim, one by one.

mod keys;
mod screen;

pub use keys::{CONTEXTS, HERE, KEYS};

use crate::console::screen::ScreenId;
use crate::diagnose::ItemFilter;

/// What the Items screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Which items are listed.
    pub filter: ItemFilter,
    /// What they are, in a few words; empty for all.
    pub title: String,
    /// The screen that Esc goes back to.
    pub back: Option<ScreenId>,
}

impl State {
    /// Lists the items of a filter, opened from another screen.
    pub fn open(&mut self, filter: ItemFilter, title: String, from: ScreenId) {
        *self = Self { filter, title, back: (from != ScreenId::Items).then_some(from) };
    }
}
