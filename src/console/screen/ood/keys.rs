//! The keys of the OOD screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen.
pub const HERE: Context = Context::screen("ood", "OOD");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next prompt"),
    bind(HERE, &["k", "Up"], Action::Up, "", "prompt before"),
    bind(HERE, &["g", "Home"], Action::First, "", "most familiar prompt"),
    bind(HERE, &["G", "End"], Action::Last, "", "least familiar prompt"),
    bind(HERE, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(HERE, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(HERE, &["z"], Action::Zoom, "Table 1", "Table 1 alone, or beside the ladder"),
    bind(HERE, &["f"], Action::NextList, "list", "next foreign list alone, then all"),
    bind(HERE, &["Enter"], Action::OpenPair, "prompt", "open the prompt in the lab"),
];
