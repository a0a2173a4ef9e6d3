//! The keys of the Attributes screen.

use crate::console::drawer;
use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen while nobody types.
pub const HERE: Context = Context::screen("attributes", "Attributes");
/// Pairs of attributes.
pub const PAIRS: Context = Context::view("pairs", "Attributes, pairs");
/// Shows where two attributes meet, or the attributes again.
pub const PAIRS_KEY: Action = Action::Own("pairs");
/// Keeps only the items of a row.
pub const KEEP: Action = Action::Own("keep-group");
/// Columns out of sight on the left, and on the right.
pub const LEFT: Action = Action::Own("columns-left");
pub const RIGHT: Action = Action::Own("columns-right");
/// The line of the filter.
pub const FILTER: Context = Context::line("filter", "Attributes, filter");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, FILTER, PAIRS];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next row"),
    bind(HERE, &["k", "Up"], Action::Up, "", "row before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first row"),
    bind(HERE, &["G", "End"], Action::Last, "", "last row"),
    bind(HERE, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(HERE, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(HERE, &["/"], Action::Filter, "filter", "filter by name or figures"),
    bind(HERE, &["s"], Action::NextSort, "sort", "sort by the next column"),
    bind(HERE, &["S"], Action::ReverseSort, "", "reverse the order"),
    bind(HERE, &["c"], Action::NextContrast, "contrast", "everybody or another contrast"),
    bind(HERE, &["z"], Action::Zoom, "zoom", "wide bars, scatter, table"),
    bind(HERE, &["h", "Left"], LEFT, "", "columns on the left"),
    bind(HERE, &["l", "Right"], RIGHT, "columns", "columns on the right"),
    bind(HERE, &["Enter"], Action::OpenItems, "items", "list the items with the attribute"),
    drawer::row(HERE),
    bind(HERE, &["&"], KEEP, "within", "measure within its items"),
    bind(HERE, &["i"], PAIRS_KEY, "pairs", "where two attributes meet"),
    bind(HERE, &["p"], Action::OpenPair, "prompts", "open both sentences as prompts"),
    bind(HERE, &["Esc"], Action::DropFilter, "", "clear the filter, or leave"),
    bind(FILTER, &["Enter"], Action::KeepFilter, "keep", "keep the filter"),
    bind(FILTER, &["Esc"], Action::DropFilter, "clear", "clear the filter"),
    bind(FILTER, &["Down"], Action::Down, "", "next row"),
    bind(FILTER, &["Up"], Action::Up, "", "row before"),
    bind(PAIRS, &["j", "Down"], Action::Down, "move", "next pair"),
    bind(PAIRS, &["k", "Up"], Action::Up, "", "pair before"),
    bind(PAIRS, &["g", "Home"], Action::First, "", "first pair"),
    bind(PAIRS, &["G", "End"], Action::Last, "", "last pair"),
    bind(PAIRS, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(PAIRS, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(PAIRS, &["h", "Left"], LEFT, "", "columns on the left"),
    bind(PAIRS, &["l", "Right"], RIGHT, "columns", "columns on the right"),
    bind(PAIRS, &["Enter"], Action::OpenItems, "items", "list the items with both"),
    bind(PAIRS, &["Esc", "i"], PAIRS_KEY, "back", "the attributes again"),
];
