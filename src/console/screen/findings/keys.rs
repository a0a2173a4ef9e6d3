//! The keys of the Findings screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// Opens what is behind the selected finding.
pub const OPEN: Action = Action::Own("open-evidence");
/// The screen.
pub const HERE: Context = Context::screen("findings", "Findings");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next finding"),
    bind(HERE, &["k", "Up"], Action::Up, "", "finding before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first finding"),
    bind(HERE, &["G", "End"], Action::Last, "", "last finding"),
    bind(HERE, &["Enter"], OPEN, "evidence", "the items, or the screen, behind it"),
];
