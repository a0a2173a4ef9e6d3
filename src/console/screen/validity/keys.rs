//! The keys of the Validity screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// Shows how far estimates can be believed, or the density again.
pub const TOGGLE_CALIBRATION: Action = Action::Own("toggle-calibration");
/// The screen.
pub const HERE: Context = Context::screen("validity", "Validity");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["h"], Action::NextHead, "head", "density of the next head"),
    bind(HERE, &["z"], Action::Zoom, "Table 2", "Table 2 alone, or below"),
    bind(HERE, &["c"], TOGGLE_CALIBRATION, "calibration", "how far estimates can be believed"),
];
