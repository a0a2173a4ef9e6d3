//! The keys of what lies over screens and of everywhere; those of a screen stand in its folder.

use super::keys::{EVERYWHERE, EXPORT, HELP, PALETTE, Row, bind};
use super::msg::{Action, ExportForm};

/// Keys of the palette, the choice of a form to export in, and the help.
pub static OVERLAYS: &[Row] = &[
    bind(PALETTE, &["Down", "^n"], Action::Down, "", "next command"),
    bind(PALETTE, &["Up"], Action::Up, "", "command before"),
    bind(PALETTE, &["Enter"], Action::RunCommand, "run", "do the command"),
    bind(PALETTE, &["^y"], Action::CopyCommand, "copy", "copy it as the shell would say it"),
    bind(PALETTE, &["Esc"], Action::ClosePalette, "close", "close the palette"),
    bind(EXPORT, &["c"], Action::ExportAs(ExportForm::Csv), "csv", "write what is shown as CSV"),
    bind(EXPORT, &["j"], Action::ExportAs(ExportForm::Json), "json", "write what is shown as JSON"),
    bind(EXPORT, &["m"], Action::ExportAs(ExportForm::Markdown), "markdown", "write what is shown as Markdown"),
    bind(EXPORT, &["s"], Action::ExportAs(ExportForm::Svg), "svg", "draw the screen as SVG"),
    bind(EXPORT, &["Esc", "e", "q"], Action::CloseExport, "close", "write nothing"),
    bind(HELP, &["j", "Down"], Action::Down, "scroll", "scroll down"),
    bind(HELP, &["k", "Up"], Action::Up, "", "scroll up"),
    bind(HELP, &["g", "Home"], Action::First, "", "the beginning"),
    bind(HELP, &["G", "End"], Action::Last, "", "the end"),
    bind(HELP, &["Esc", "q", "?", "F1"], Action::CloseHelp, "close", "close the help"),
];

/// Keys of every screen, after those that lead to one.
pub static SHARED: &[Row] = &[
    bind(EVERYWHERE, &[":", "^p"], Action::Palette, "", "find a command"),
    bind(EVERYWHERE, &["y"], Action::CopyRow, "copy", "copy the row or the prompt"),
    bind(EVERYWHERE, &["Y"], Action::CopyAll, "", "copy everything shown"),
    bind(EVERYWHERE, &["e"], Action::Export, "export", "write what is shown to a file"),
    bind(EVERYWHERE, &["F", "^s"], Action::Freeze, "", "hold still what is shown, go on"),
    bind(EVERYWHERE, &["m"], Action::ToggleMouse, "", "mouse on, mouse off"),
    bind(EVERYWHERE, &["v"], Action::NextModel, "model", "the next model of the audit"),
    bind(EVERYWHERE, &["V"], Action::NewestRun, "", "the run trained meanwhile"),
    bind(EVERYWHERE, &["t"], Action::NextTheme, "", "next theme"),
    bind(EVERYWHERE, &["T"], Action::NextDepth, "", "next colour depth"),
    bind(EVERYWHERE, &["^l"], Action::Redraw, "", "draw everything again"),
    bind(EVERYWHERE, &["^z"], Action::Suspend, "", "suspend to the shell"),
    bind(EVERYWHERE, &["?", "F1"], Action::Help, "", "this help"),
    bind(EVERYWHERE, &["q", "^c"], Action::Quit, "", "quit"),
];
