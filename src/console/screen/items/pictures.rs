//! Pictures of items that are at hand: the last ones that came.

use image::RgbImage;
use std::collections::VecDeque;
use std::sync::Arc;

/// Pictures that are kept: some contact sheets.
const MOST: usize = 48;

/// Pictures by the position of their item in the audit, each with what is wrong instead, if something is.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    held: VecDeque<(u32, Result<Arc<RgbImage>, String>)>,
}

impl Pictures {
    /// Keeps a picture; the one that came first gives way.
    pub fn put(&mut self, row: u32, picture: Result<Arc<RgbImage>, String>) {
        if self.held.len() >= MOST {
            self.held.pop_front();
        }
        self.held.push_back((row, picture));
    }

    /// The picture of an item, if it has come.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&Result<Arc<RgbImage>, String>> {
        self.held.iter().find(|(held, _)| *held == row).map(|(_, picture)| picture)
    }
}
