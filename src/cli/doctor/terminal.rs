//! What the terminal is, and how the console would look in it.

use crate::console::{ColorChoice, Depth, glyph::environment_is_ascii};
use crate::report::printable;
use serde::Serialize;
use std::io::IsTerminal;

/// The terminal as the environment tells of it.
#[derive(Debug, Serialize)]
pub struct Terminal {
    /// Whether stdout is one.
    pub is_terminal: bool,
    /// Columns and rows, where they are told.
    pub size: Option<(u16, u16)>,
    pub term: Option<String>,
    /// The colours the console would use.
    pub colours: &'static str,
    /// Whether it would draw with ASCII alone.
    pub ascii: bool,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Terminal {
    pub fn find() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self {
            is_terminal,
            size: if is_terminal { crossterm::terminal::size().ok() } else { None },
            term: variable("TERM"),
            colours: Depth::detect(ColorChoice::Auto, variable).name(),
            ascii: environment_is_ascii(variable),
        }
    }

    pub fn words(&self) -> String {
        let told = |name: &str| variable(name).map(|value| format!(" {name}={}", printable(&value)));
        let settings: String =
            ["TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(told).collect();
        let kind = if self.is_terminal { "a terminal" } else { "not a terminal" };
        let size = self.size.map_or_else(|| "no size".into(), |(width, height)| format!("{width}x{height}"));
        format!("stdout is {kind}, {size},{settings}")
    }
}
