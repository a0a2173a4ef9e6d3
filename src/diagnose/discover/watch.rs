//! Who hears how a search goes, and may stop it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Where a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading the items' words.
    Reading,
    /// Going through so many terms and their pairs.
    Searching(usize),
    /// So many slices were found on the first half; they are not tested yet.
    Found(usize),
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
