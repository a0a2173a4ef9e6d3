//! The terminal console: state, messages, update, view; it knows the engine only by its messages.

mod act;
pub mod app;
pub mod depth;
pub mod drawer;
mod encode;
mod event;
mod export;
mod files;
mod freeze;
mod fuzzy;
pub mod glyph;
mod graphics;
mod hangup;
pub mod jobs;
pub mod keys;
pub mod keys_page;
mod keys_table;
mod late;
mod live;
pub mod log;
mod memory;
mod mouse;
pub mod msg;
pub mod number;
mod paint;
pub mod palette;
pub mod port;
mod probe;
pub mod screen;
mod shell;
mod svg;
pub mod terminal;
pub mod text;
pub mod theme;
mod theme_file;
mod view;
mod wants;
mod widget;
pub mod world;

pub use app::{App, update};
pub use depth::{ColorChoice, Depth};
pub use graphics::{Dressing, ImageChoice, Images};
pub use port::{EnginePort, Links};
pub use svg::svg;
pub use theme::{Catalogue, Theme};
pub use view::LEAST as LEAST_SIZE;
pub use world::{Look, World};

use ratatui::buffer::Buffer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the console looks and where its files are.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The audit that is opened; what was kept of it comes back.
    pub audit: String,
    /// Every audit that can be opened.
    pub audits: Vec<String>,
    /// What is said first, and whether it is a warning.
    pub said: Option<(String, bool)>,
    /// Name of a theme asked for now; what was used last otherwise.
    pub theme: Option<String>,
    /// Name of the theme of the configuration; what was chosen in the console goes before it until it changes.
    pub usual_theme: String,
    /// How many colours to use.
    pub color: ColorChoice,
    /// Draw with ASCII marks only.
    pub ascii: bool,
    /// The program's folder: user themes are in `themes/`, crash files go to `log/`.
    pub home: PathBuf,
    /// Draw at most four frames a second.
    pub low_bandwidth: bool,
    /// The folder of the configuration; more user themes are in its `themes/`.
    pub config: Option<PathBuf>,
    /// Ask for mouse events from the start.
    pub mouse: bool,
    /// Texts of items are not shown.
    pub hide_text: bool,
    /// Images of items are not shown.
    pub no_images: bool,
    /// How they are shown otherwise.
    pub images: ImageChoice,
    /// The audit may have images: the terminal is asked how it shows them.
    pub may_have_images: bool,
    /// The ledger of checks that is shown on Compare.
    pub ledger: Option<PathBuf>,
    /// The key table.
    pub keymap: Arc<keys::Keymap>,
}

impl Options {
    /// Where a person's themes are; later folders win.
    #[must_use]
    pub fn theme_folders(&self) -> Vec<PathBuf> {
        self.config.iter().chain(std::iter::once(&self.home)).map(|folder| folder.join("themes")).collect()
    }
}

/// Why the console ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// A person left.
    Quit,
    /// A person asked for another audit.
    OpenAudit(String),
    /// A signal of this number came, or the terminal vanished (1).
    Signal(i32),
}

/// The audit that was open last under a home, if a console ever was.
#[must_use]
pub fn last_audit(home: &Path) -> Option<String> {
    memory::Memory::load(home).audit().map(str::to_owned)
}

/// Shows the console on this terminal until it ends; the terminal is given back first.
///
/// # Errors
/// There is no terminal, it fails, or the theme is not known.
pub fn run(port: Arc<dyn EnginePort>, links: Links, options: &Options) -> anyhow::Result<Exit> {
    live::run(port, links, options)
}

/// One frame as the console would show it at a size.
#[must_use]
pub fn frame(app: &App, width: u16, height: u16, theme: &Theme) -> Buffer {
    view::draw(app, width, height, theme).buffer
}
