//! The keys of the Train screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen without the form.
pub const HERE: Context = Context::screen("train", "Train");
/// The form of a new run.
pub const FORM: Context = Context::form("form", "Train, new run");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, FORM];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["n"], Action::NewRun, "new run", "describe a new run"),
    bind(HERE, &["h"], Action::NextHead, "head", "curves of the next head"),
    bind(HERE, &["x"], Action::CancelRunning, "stop", "stop the running job after its step"),
    bind(HERE, &["X"], Action::CancelQueued, "", "drop the newest job that waits"),
    bind(HERE, &["j", "Down"], Action::Down, "runs", "next run"),
    bind(HERE, &["k", "Up"], Action::Up, "", "run before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first run"),
    bind(HERE, &["G", "End"], Action::Last, "", "last run"),
    bind(HERE, &["o", "Enter"], Action::OpenRun, "open", "show the selected run"),
    bind(HERE, &["r"], Action::ResumeRun, "resume", "go on with the selected stopped run"),
    bind(HERE, &["l"], Action::ToggleLog, "log", "the log, the runs again"),
    bind(FORM, &["Enter"], Action::StartRun, "start", "queue the run"),
    bind(FORM, &["Down", "Tab"], Action::NextField, "field", "next field"),
    bind(FORM, &["Up", "BackTab"], Action::PreviousField, "", "field before"),
    bind(FORM, &["Right", "Space"], Action::NextChoice, "choice", "next choice of a field"),
    bind(FORM, &["Left"], Action::PreviousChoice, "", "choice before"),
    bind(FORM, &["^d"], Action::FormDefaults, "defaults", "fill in the measured defaults"),
    bind(FORM, &["^t"], Action::FormPaper, "paper", "fill in the paper's settings"),
    bind(FORM, &["Esc"], Action::CloseForm, "close", "close the form"),
];
