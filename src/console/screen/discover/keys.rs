//! The keys of the Discover screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen.
pub const HERE: Context = Context::screen("discover", "Discover");
/// The line of the name under which a slice becomes an attribute.
pub const NAME: Context = Context::line("discover-name", "Discover, name of an attribute");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, NAME];

/// Begins to make the selected slice an attribute of the audit.
pub const ADD: Action = Action::Own("add-attribute");
/// Makes it one under the name typed.
pub const TAKE_NAME: Action = Action::Own("take-name");
/// Leaves it as it is.
pub const DROP_NAME: Action = Action::Own("drop-name");
/// Writes the ids of the selected slice into a file.
pub const WRITE_IDS: Action = Action::Own("write-ids");
/// Looks for the next kind of slice.
pub const NEXT_LOOK: Action = Action::Own("next-look");
/// More levels of the tree, then one again.
pub const NEXT_LEVELS: Action = Action::Own("next-levels");

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next slice"),
    bind(HERE, &["k", "Up"], Action::Up, "", "slice before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first slice"),
    bind(HERE, &["G", "End"], Action::Last, "", "last slice"),
    bind(HERE, &["Enter"], Action::OpenItems, "items", "list the slice's items"),
    bind(HERE, &["p"], Action::OpenPair, "prompt", "ask the heads about its name"),
    bind(HERE, &["a"], ADD, "attribute", "make the slice an attribute of the audit"),
    bind(HERE, &["x"], WRITE_IDS, "ids", "write the ids of the slice's items"),
    bind(HERE, &["w"], NEXT_LOOK, "what", "hard, easy, beyond the attributes, worse than another model"),
    bind(HERE, &["]"], Action::NextOther, "", "worse than the next model"),
    bind(HERE, &["["], Action::PreviousOther, "", "worse than the model before"),
    bind(HERE, &["d"], NEXT_LEVELS, "levels", "levels of the tree: one, two, three"),
    bind(NAME, &["Enter"], TAKE_NAME, "add", "make the slice an attribute of this name"),
    bind(NAME, &["Esc"], DROP_NAME, "leave", "leave the slice as it is"),
];
