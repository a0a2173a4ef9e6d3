//! The keys of the Prompt screen.

use crate::console::drawer;
use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// A prompt that is being typed.
pub const TYPING: Context = Context::line("typing", "Prompt, typing");
/// The screen while nobody types.
pub const HERE: Context = Context::screen("prompt", "Prompt, not typing");
/// The actions that only this screen knows.
pub const BOTH_MODELS: Action = Action::Own("both-models");
pub const RAISE: Action = Action::Own("raise");
pub const TAKE_WORD: Action = Action::Own("take-word");
pub const PIN_AGAIN: Action = Action::Own("pin-again");
pub const COMPLETE: Action = Action::Own("complete");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[TYPING, HERE];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(TYPING, &["Tab", "BackTab"], Action::OtherPrompt, "A/B", "the other prompt"),
    bind(TYPING, &["Esc"], Action::StopTyping, "stop typing", "stop typing; letters become keys"),
    bind(TYPING, &["^y"], Action::Pin, "pin", "pin the prompt to the ladder"),
    bind(TYPING, &["^x"], Action::Swap, "swap", "swap A and B"),
    bind(TYPING, &["^u"], Action::ClearPrompt, "clear", "empty the prompt"),
    bind(TYPING, &["^o"], Action::OpenItems, "", "list the items nearest to the prompt"),
    bind(TYPING, &["^g"], RAISE, "", "words that raise the estimate most"),
    bind(TYPING, &["^n"], COMPLETE, "", "the next phrase that has a vector"),
    bind(TYPING, &["Enter"], Action::Keep, "keep", "keep the prompts in the history"),
    bind(TYPING, &["Up"], Action::Earlier, "earlier", "the prompt before, from the history"),
    bind(TYPING, &["Down"], Action::Later, "", "the prompt after, from the history"),
    bind(HERE, &["i", "Enter", "a"], Action::Type, "type", "type into the prompt"),
    bind(HERE, &["Tab", "BackTab"], Action::OtherPrompt, "A/B", "the other prompt"),
    bind(HERE, &["p", "^y"], Action::Pin, "pin", "pin the prompt to the ladder"),
    bind(HERE, &["j", "Down"], Action::Down, "ladder", "next pinned prompt"),
    bind(HERE, &["k", "Up"], Action::Up, "", "pinned prompt before"),
    bind(HERE, &["r"], Action::Recall, "recall", "pinned prompt into the focused line"),
    bind(HERE, &["d"], Action::Unpin, "drop", "take the pinned prompt off the ladder"),
    bind(HERE, &["U"], PIN_AGAIN, "", "put back what was dropped last"),
    drawer::row(HERE),
    bind(HERE, &["^o"], Action::OpenItems, "items", "list the items nearest to the prompt"),
    bind(HERE, &["O"], Action::OrderLadder, "order", "order the ladder by the next head"),
    bind(HERE, &["l"], Action::ToggleLadder, "A-B/ladder", "A-B or the ladder, where one fits"),
    bind(HERE, &["w"], Action::ToggleWhy, "why", "what each word adds to the estimate"),
    bind(HERE, &["b"], BOTH_MODELS, "both models", "both models, items with its words"),
    bind(HERE, &["^g"], RAISE, "worse words", "words that raise the estimate most"),
    bind(HERE, &["+"], TAKE_WORD, "", "add the first of them to the prompt"),
    bind(HERE, &["s"], Action::ToggleStudent, "", "the paper's P over the members"),
    bind(HERE, &["x", "^x"], Action::Swap, "swap", "swap A and B"),
    bind(HERE, &["u", "^u"], Action::ClearPrompt, "clear", "empty the prompt"),
];
