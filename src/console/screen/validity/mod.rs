//! The Validity screen: do the heads know which items the model fails on (Table 2)?

mod keys;
mod reliability;
mod screen;
mod view;

pub use keys::{CONTEXTS, HERE, KEYS, TOGGLE_CALIBRATION};
use view::view;

use crate::audit::HeadKind;

/// What the Validity screen remembers.
#[derive(Debug, Clone)]
pub struct State {
    /// The head whose density is drawn.
    pub head: HeadKind,
    /// How far estimates can be believed, in the place of the density.
    pub calibration: bool,
    /// Table 2 stands alone.
    pub whole: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { head: HeadKind::Ranker, calibration: false, whole: false }
    }
}

impl State {
    /// Goes to the next head.
    pub fn next(&mut self) {
        self.head = HeadKind::ALL[(self.head.index() + 1) % HeadKind::ALL.len()];
    }
}
