//! The keys of the Items screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen.
pub const HERE: Context = Context::screen("items", "Items");
/// The line of the text that items must hold.
pub const TEXT: Context = Context::line("items-text", "Items, text");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, TEXT];

/// Items like the selected one.
pub const SIMILAR: Action = Action::Own("similar");
/// Back to the list, or the screen, this list was opened from.
pub const BACK: Action = Action::Own("back");
/// Marks the selected item, or takes its mark away.
pub const MARK: Action = Action::Own("mark");
/// Writes the ids of the marked items into a file.
pub const WRITE_MARKED: Action = Action::Own("write-marked");
/// Test items, training items, all.
pub const NEXT_SPLIT: Action = Action::Own("next-split");
/// Twelve items side by side, or the list.
pub const CONTACT_SHEET: Action = Action::Own("contact-sheet");
/// Scrolls the item.
pub const ITEM_DOWN: Action = Action::Own("item-down");
pub const ITEM_UP: Action = Action::Own("item-up");

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next item"),
    bind(HERE, &["k", "Up"], Action::Up, "", "item before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first item"),
    bind(HERE, &["G", "End"], Action::Last, "", "last item"),
    bind(HERE, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(HERE, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(HERE, &["Enter"], SIMILAR, "similar", "list the items most like this one"),
    bind(HERE, &["Esc"], BACK, "back", "clear the words, or go back"),
    bind(HERE, &["/"], Action::Filter, "text", "only items that hold some words"),
    bind(HERE, &["s"], Action::NextSort, "sort", "sort by the next figure"),
    bind(HERE, &["S"], Action::ReverseSort, "", "reverse the order"),
    bind(HERE, &["f"], NEXT_SPLIT, "split", "test items, training items, all"),
    bind(HERE, &["Space"], MARK, "mark", "mark the item, or take its mark away"),
    bind(HERE, &["w"], WRITE_MARKED, "write", "write the ids of the marked items"),
    bind(HERE, &["z"], Action::Zoom, "zoom", "the item alone, or beside the list"),
    bind(HERE, &["c"], CONTACT_SHEET, "sheet", "twelve items side by side, or the list"),
    bind(HERE, &["J"], ITEM_DOWN, "", "scroll the item down"),
    bind(HERE, &["K"], ITEM_UP, "", "scroll the item up"),
    bind(TEXT, &["Enter"], Action::KeepFilter, "keep", "keep the words"),
    bind(TEXT, &["Esc"], Action::DropFilter, "clear", "clear the words"),
    bind(TEXT, &["Down"], Action::Down, "", "next item"),
    bind(TEXT, &["Up"], Action::Up, "", "item before"),
];
