//! A report to file: one document with every table and figure, what it is over, and its limits.

mod html;
mod page;
mod sections;
mod written;

pub use html::html_report;
pub use written::{latex_report, markdown_report};

use crate::audit::RunRecord;
use crate::diagnose::{
    CalibrationTable, Discovery, Findings, ModelComparison, PairScores, PromptScores, Tables, TestSetTrend,
};
use crate::report::FindingItems;

/// Everything a report shows.
pub struct ReportMaterial<'a> {
    pub run: &'a RunRecord,
    pub tables: &'a Tables,
    pub test_items: usize,
    /// What is said first.
    pub findings: &'a Findings,
    /// Prompts of Figure 2.
    pub ladder: Vec<PromptScores>,
    /// Pairs of Figure 3.
    pub pairs: Vec<PairScores>,
    /// How estimates of prompts did on slices held out.
    pub calibration: CalibrationTable,
    /// Slices found by themselves.
    pub discovery: Discovery,
    /// The run's model compared with an earlier one.
    pub comparison: Option<&'a ModelComparison>,
    /// Checks at the test set that a ledger holds, where one was named.
    pub ledger: Option<&'a TestSetTrend>,
    /// Items behind the findings, where they were asked for.
    pub items: &'a [FindingItems],
    /// A date to print; none keeps equal inputs equal bytes.
    pub date: Option<String>,
}
