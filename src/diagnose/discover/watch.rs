//! Who hears how a search goes, and may stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A slice that was found on the first half. What of it lasts is its name: its numbers are those of the other half, and
/// whether it is told hangs on all that are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSlice {
    /// Of a finer slice, what it adds to the one it is within.
    pub name: String,
    /// How deep it stands in the tree.
    pub level: usize,
}

/// Where a search is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Reading the items' words.
    Reading,
    /// Going through so many terms and their pairs.
    Searching(usize),
    /// All slices found on the first half so far, as they will be shown; they are not tested yet.
    Found(Arc<Vec<FoundSlice>>),
    /// Testing so many on the other half.
    Testing(usize),
}

/// Hears each step; stops the search once the flag is set.
pub struct Watch<'a> {
    said: &'a (dyn Fn(Step) + Sync),
    cancelled: &'a AtomicBool,
}

impl<'a> Watch<'a> {
    #[must_use]
    pub fn new(said: &'a (dyn Fn(Step) + Sync), cancelled: &'a AtomicBool) -> Self {
        Self { said, cancelled }
    }

    /// Nobody hears and nobody stops it.
    #[must_use]
    pub fn silent() -> Watch<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Watch { said: &|_| {}, cancelled: &NEVER }
    }

    pub(super) fn say(&self, step: Step) {
        (self.said)(step);
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
