//! How images are shown on this terminal: settled before the first frame.

use super::super::Options;
use super::super::probe::Answers;
use super::{CellSize, Gallery, ImageChoice, Images, Painted, USUAL_CELL, is_multiplexer, protocol};
use tokio::sync::mpsc::UnboundedReceiver;

/// Whether the terminal is asked which images it takes: where there may be some, and nobody has said how to show them.
/// Behind tmux the answer would be tmux's own.
#[must_use]
pub fn asks_terminal(options: &Options) -> bool {
    let is_open = options.images == ImageChoice::Auto && !options.low_bandwidth && !is_multiplexer(variable);
    options.may_have_images && !options.no_images && (is_open || options.images == ImageChoice::Sixel)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How images are shown, and what shows them as pixels.
#[must_use]
pub fn start(options: &Options, answers: &Answers) -> (Images, Option<Gallery>, Option<UnboundedReceiver<Painted>>) {
    if options.no_images || !options.may_have_images {
        return (if options.no_images { Images::Hidden } else { Images::Cells }, None, None);
    }
    let cell = answers.cell.or_else(cell_size).unwrap_or(USUAL_CELL);
    let tmux = std::env::var_os("TMUX").is_some();
    let started = protocol(options.images, answers, variable).map(|found| Gallery::start(found, cell, tmux));
    match started {
        Some(Ok((gallery, painted))) => (Images::Pixels(cell), Some(gallery), Some(painted)),
        _ => (Images::Cells, None, None),
    }
}

/// The size of a cell as the system knows it, if it does.
#[must_use]
pub fn cell_size() -> Option<CellSize> {
    let size = crossterm::terminal::window_size().ok()?;
    let cell = (size.width.checked_div(size.columns)?, size.height.checked_div(size.rows)?);
    (cell.0 > 0 && cell.1 > 0).then_some(cell)
}
