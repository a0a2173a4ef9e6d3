//! The keys of the Compare screen.

use crate::console::drawer;
use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// Columns out of sight on the left, and on the right.
pub const LEFT: Action = Action::Own("columns-left");
pub const RIGHT: Action = Action::Own("columns-right");
/// Shows the ledger of checks, or the comparison again.
pub const LEDGER_KEY: Action = Action::Own("ledger");
/// The screen.
pub const HERE: Context = Context::screen("compare", "Compare");
/// The ledger of checks.
pub const LEDGER: Context = Context::view("ledger", "Compare, ledger");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, LEDGER];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["j", "Down"], Action::Down, "move", "next row"),
    bind(HERE, &["k", "Up"], Action::Up, "", "row before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first row"),
    bind(HERE, &["G", "End"], Action::Last, "", "last row"),
    bind(HERE, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(HERE, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(HERE, &["h", "Left"], LEFT, "", "columns on the left"),
    bind(HERE, &["l", "Right"], RIGHT, "", "columns on the right"),
    bind(HERE, &["w"], Action::NextMeasure, "what", "compare by the next measure"),
    bind(HERE, &["]"], Action::NextOther, "other", "compare with the next run or model"),
    bind(HERE, &["["], Action::PreviousOther, "", "compare with the run or model before"),
    bind(HERE, &["s"], Action::NextSort, "sort", "sort by the next column"),
    bind(HERE, &["S"], Action::ReverseSort, "", "reverse the order"),
    bind(HERE, &["x"], Action::Swap, "swap", "swap before and after"),
    bind(HERE, &["L"], LEDGER_KEY, "ledger", "checks over time, the comparison again"),
    bind(HERE, &["n"], Action::TrainAlike, "train alike", "train the other model's heads like those shown"),
    drawer::row(HERE),
    bind(HERE, &["Enter"], Action::OpenItems, "items", "list the items behind the row"),
    bind(HERE, &["p"], Action::OpenPair, "prompts", "open the row as prompts"),
    bind(LEDGER, &["j", "Down"], Action::Down, "move", "next figure"),
    bind(LEDGER, &["k", "Up"], Action::Up, "", "figure before"),
    bind(LEDGER, &["g", "Home"], Action::First, "", "first figure"),
    bind(LEDGER, &["G", "End"], Action::Last, "", "last figure"),
    bind(LEDGER, &["^d", "PgDn"], Action::HalfDown, "", "half a page down"),
    bind(LEDGER, &["^u", "PgUp"], Action::HalfUp, "", "half a page up"),
    bind(LEDGER, &["h", "Left"], LEFT, "look", "the look before"),
    bind(LEDGER, &["l", "Right"], RIGHT, "", "the look after"),
    bind(LEDGER, &["Esc", "L"], LEDGER_KEY, "back", "the comparison again"),
];
