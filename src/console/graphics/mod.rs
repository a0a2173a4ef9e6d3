//! Images as pixels: what a terminal takes, an image as its bytes, and what it shows.

mod choice;
mod gallery;
mod kitty;
mod setup;
mod sixel;
mod wire;

pub use choice::{ImageChoice, Protocol, is_multiplexer, protocol};
pub use gallery::{Dressing, Gallery, Shown};
pub use setup::{asks_terminal, cell_size, start};
pub use wire::Painted;

use image::RgbImage;
use ratatui::layout::Rect;
use std::sync::Arc;

/// Pixels of a cell, across and down.
pub type CellSize = (u16, u16);

/// The size of a cell where the terminal does not say it.
pub const USUAL_CELL: CellSize = (8, 16);

/// How images of items are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    Hidden,
    /// As characters.
    Cells,
    /// As pixels, by the terminal's own protocol.
    Pixels(CellSize),
}

/// An image and the cells it fills.
#[derive(Debug, Clone)]
pub struct Placed {
    pub cells: Rect,
    pub image: Arc<RgbImage>,
}
