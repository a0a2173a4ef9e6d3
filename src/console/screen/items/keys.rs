//! The keys of the Items screen.

use crate::console::keys::{Context, Row};

/// The screen.
pub const HERE: Context = Context::screen("items", "Items");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[];
