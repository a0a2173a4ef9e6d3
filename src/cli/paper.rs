//! `llm2loss paper`: the paper's own Table 5, and what follows from it.

use super::arguments::{FormatArgument, Paper};
use super::context::{Failure, print};
use crate::data::{PaperRow, paper_table5};
use crate::diagnose::{PaperCheck, check_paper};
use crate::engine::EngineError;
use crate::report::{self, Format};
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    rows: &'a [PaperRow],
    recomputed: PaperCheck,
}

pub fn run(given: &Paper) -> Result<u8, Failure> {
    let rows = paper_table5().map_err(EngineError::from)?;
    let recomputed = check_paper(&rows);
    if given.json || given.format == Some(FormatArgument::Json) {
        return print(&report::to_json("llm2loss.paper/1", None, Body { rows: &rows, recomputed })?);
    }
    let format = match given.format {
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        Some(FormatArgument::Text | FormatArgument::Json) | None => Format::Text,
    };
    let table5 = report::paper_rows(&rows).render(format);
    // A program that reads CSV wants one table.
    if format == Format::Csv {
        return print(&table5);
    }
    print(&format!("{table5}\n{}", report::paper_check(&recomputed).render(format)))
}
