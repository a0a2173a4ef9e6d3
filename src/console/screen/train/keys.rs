//! The keys of the Train screen.

use crate::console::keys::{Context, Row, bind};
use crate::console::msg::Action;

/// The screen without the form.
pub const HERE: Context = Context::screen("train", "Train");
/// The form of a new run.
pub const FORM: Context = Context::form("form", "Train, new run");
/// The actions that only this screen knows.
pub const JOB_EARLIER: Action = Action::Own("job-earlier");
pub const JOB_LATER: Action = Action::Own("job-later");
pub const RUN_KEPT: Action = Action::Own("run-kept");
pub const DROP_KEPT: Action = Action::Own("drop-kept");
pub const CURVES: Action = Action::Own("curves");
pub const MARK: Action = Action::Own("mark");
pub const SMOOTH: Action = Action::Own("smooth");
pub const LOG_SCALE: Action = Action::Own("log-scale");
pub const DIFFERENCE: Action = Action::Own("difference");
/// Every place of its keys, in the order of the documents.
pub const CONTEXTS: &[Context] = &[HERE, FORM];

/// Its lines of the key table.
pub static KEYS: &[Row] = &[
    bind(HERE, &["n"], Action::NewRun, "new run", "describe a new run"),
    bind(HERE, &["h"], Action::NextHead, "head", "curves of the next head"),
    bind(HERE, &["c"], CURVES, "curves", "members' losses, or runs' validation"),
    bind(HERE, &["Space"], MARK, "mark", "mark the run, or take its mark away"),
    bind(HERE, &["="], DIFFERENCE, "differ", "what two marked runs differ in"),
    bind(HERE, &["s"], SMOOTH, "", "smooth the curves"),
    bind(HERE, &["a"], LOG_SCALE, "", "logarithmic axis"),
    bind(HERE, &["x"], Action::CancelRunning, "stop", "stop the running job after its step"),
    bind(HERE, &["X"], Action::CancelQueued, "", "drop the waiting job"),
    bind(HERE, &["K"], JOB_EARLIER, "", "the waiting job begins earlier"),
    bind(HERE, &["J"], JOB_LATER, "", "it begins later"),
    bind(HERE, &["R"], RUN_KEPT, "", "run what was left waiting"),
    bind(HERE, &["D"], DROP_KEPT, "", "drop what was left waiting"),
    bind(HERE, &["j", "Down"], Action::Down, "runs", "next row"),
    bind(HERE, &["k", "Up"], Action::Up, "", "row before"),
    bind(HERE, &["g", "Home"], Action::First, "", "first row"),
    bind(HERE, &["G", "End"], Action::Last, "", "last row"),
    bind(HERE, &["o", "Enter"], Action::OpenRun, "open", "show the selected run"),
    bind(HERE, &["r"], Action::ResumeRun, "resume", "go on with the stopped or kept run"),
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
