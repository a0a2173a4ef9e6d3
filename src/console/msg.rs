//! Every message the console reacts to, every effect it asks for, and every action a key can name.

pub use super::screen::ScreenId;
use super::theme::Catalogue;
use crate::engine::{Command, Event, Progress, ScoreRequest};
use crate::report::Format;
use crossterm::event::KeyEvent;
use std::sync::Arc;
use std::time::Duration;

/// Something happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted in one piece.
    Paste(String),
    /// The terminal has a new size: columns and rows.
    Resize(u16, u16),
    /// The mouse was pressed at a column and row.
    Click(u16, u16),
    /// The wheel was turned, down if positive.
    Wheel(i8),
    /// The theme files were read again; what is wrong with them.
    Themes(Catalogue, Vec<String>),
    /// The engine told something that must not be lost.
    Engine(Event),
    /// The running job moved on, or there is none.
    Progress(Option<Arc<Progress>>),
    /// Time passed since the program began; sent only while something expires.
    Tick(Duration),
}

/// Something to do outside of the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Cmd {
    /// Tell the engine.
    Send(Command),
    /// Ask the scorer.
    Score(ScoreRequest),
    /// Forget what the terminal shows and draw all of it again.
    Redraw,
    /// Suspend the program until the shell resumes it.
    Suspend,
    /// Hand a text to the terminal's clipboard.
    Copy(String),
    /// Write a file into the folder of exports: its name, its text, and what it holds where that is said.
    Export { name: String, text: String, what: String },
    /// Ask the terminal for mouse events, or to keep them.
    Mouse(bool),
    /// Read the theme files again.
    ReloadThemes,
    /// Leave this audit and open another one.
    OpenAudit(String),
    /// Leave the program.
    Quit,
}

/// The forms in which what is shown can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportForm {
    Csv,
    Json,
    Markdown,
    Svg,
}

impl ExportForm {
    /// The form of a table; none for JSON, which is a document of its own, and for a drawing.
    #[must_use]
    pub fn format(self) -> Option<Format> {
        match self {
            Self::Csv => Some(Format::Csv),
            Self::Markdown => Some(Format::Markdown),
            Self::Json | Self::Svg => None,
        }
    }

    /// The end of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Svg => "svg",
        }
    }
}

/// What a key can mean; the key table is the only place that names keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move the selection one row down.
    Down,
    /// Move the selection one row up.
    Up,
    /// Select the first row.
    First,
    /// Select the last row.
    Last,
    /// Move the selection half a page down.
    HalfDown,
    /// Move the selection half a page up.
    HalfUp,
    /// Sort by the next column.
    NextSort,
    /// Reverse the order.
    ReverseSort,
    /// Start to type a filter.
    Filter,
    /// Keep the filter and leave its line.
    KeepFilter,
    /// Clear the filter and leave its line.
    DropFilter,
    /// Show the next contrast.
    NextContrast,
    /// Bars over the whole width, the scatter, the table again.
    Zoom,
    /// Open the attribute's two sentences as prompts.
    OpenPair,
    /// List the items behind what is selected.
    OpenItems,
    /// Start to type into the focused prompt.
    Type,
    /// Stop typing.
    StopTyping,
    /// Focus the other prompt.
    OtherPrompt,
    /// Swap A and B, or then and now.
    Swap,
    /// Empty the focused prompt.
    ClearPrompt,
    /// Pin the focused prompt to the ladder.
    Pin,
    /// Take the selected prompt off the ladder.
    Unpin,
    /// Order the ladder by the next head.
    OrderLadder,
    /// Put the selected pinned prompt into the focused line.
    Recall,
    /// Show the ladder where there is no room for both panels.
    ToggleLadder,
    /// Keep the prompts in the history.
    Keep,
    /// Go to the prompt before in the history.
    Earlier,
    /// Go to the prompt after in the history.
    Later,
    /// Show the next head.
    NextHead,
    /// Open the form of a new run.
    NewRun,
    /// Show the selected run.
    OpenRun,
    /// Show the log in the place of the runs, or the runs again.
    ToggleLog,
    /// Train the selected stopped run to its end.
    ResumeRun,
    /// Stop the running job.
    CancelRunning,
    /// Drop the newest job that waits.
    CancelQueued,
    /// What only one screen does, by its name in the configuration.
    Own(&'static str),
    /// Show or hide the paper's P over the members.
    ToggleStudent,
    /// Show or hide what each word adds to the estimates.
    ToggleWhy,
    /// Go to the next field of the form.
    NextField,
    /// Go to the field before.
    PreviousField,
    /// Take the next choice of a field.
    NextChoice,
    /// Take the choice before.
    PreviousChoice,
    /// Fill the form with the measured defaults.
    FormDefaults,
    /// Fill the form with the paper's settings.
    FormPaper,
    /// Start the run the form describes.
    StartRun,
    /// Close the form.
    CloseForm,
    /// Encode the items that have no embedding yet.
    EmbedItems,
    /// Read every embedding kept and check it.
    CheckCache,
    /// Look at the store again.
    Refresh,
    /// Show the selected model.
    OpenSelected,
    /// Compare with the next run or model.
    NextOther,
    /// Compare with the run or model before.
    PreviousOther,
    /// Compare by the next measure.
    NextMeasure,
    /// Train heads of the other model like those shown.
    TrainAlike,
    /// Show the next list of foreign prompts alone.
    NextList,
    /// Open the command palette.
    Palette,
    /// Do the selected command.
    RunCommand,
    /// Copy the selected command as the shell would say it.
    CopyCommand,
    /// Close the palette.
    ClosePalette,
    /// Copy the selected row.
    CopyRow,
    /// Copy everything shown.
    CopyAll,
    /// Choose a form to write what is shown in.
    Export,
    /// Write what is shown.
    ExportAs(ExportForm),
    /// Close the choice of forms.
    CloseExport,
    /// Hold everything as it is shown, or go on.
    Freeze,
    /// Use the mouse, or leave it to the terminal.
    ToggleMouse,
    /// Use a theme by its place in the catalogue.
    Theme(usize),
    /// Go to a screen.
    Screen(ScreenId),
    /// Go to the next screen.
    NextScreen,
    /// Show the next model of the audit.
    NextModel,
    /// Show the run that came while another was shown.
    NewestRun,
    /// Open or close the help.
    Help,
    /// Close the help.
    CloseHelp,
    /// Use the next theme.
    NextTheme,
    /// Use the next colour depth.
    NextDepth,
    /// Draw everything again.
    Redraw,
    /// Suspend the program.
    Suspend,
    /// Leave the program.
    Quit,
}
