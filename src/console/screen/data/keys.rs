//! The keys of the Data screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen.
pub const HERE: Context = Context::screen("data", "Data");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "model", "next model"),
    bind(HERE, &["k", "Up"], Action::Up, "", "model before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first model"),
    bind(HERE, &["G", "End"], Action::Last, "", "last model"),
    bind(HERE, &["Enter"], Action::OpenSelected, "open", "show the selected model"),
    bind(HERE, &["z"], Action::Zoom, "more", "audit, store, jobs alone, each whole"),
    bind(HERE, &["b"], Action::EmbedItems, "embed", "encode the items that lack an embedding"),
    bind(HERE, &["c"], Action::CheckCache, "check", "read every embedding and check it"),
    bind(HERE, &["x"], Action::CancelRunning, "stop", "stop the running job after its step"),
    bind(HERE, &["r"], Action::Refresh, "look again", "look at the store again"),
];
