//! Arguments of the tables, and of the paper's own.

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableKind {
    /// Table 5: the Rawlsian max-min of every attribute
    Attributes,
    /// Table 2: predicted risk against true loss
    Validity,
    /// Table 3: predicted gaps against true gaps
    Bias,
    /// Table 4: zero-shot AUROC against robustness
    Zeroshot,
    /// Table 1: familiarity of foreign words
    Ood,
    /// Every pair of attributes with 30 test items: who fares worst where two meet; needs no heads
    Intersections,
    /// How far estimates and probabilities of typed prompts can be believed, on slices held out
    Calibration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ContrastArgument {
    /// The mean loss of all, by the estimate
    Everybody,
    Antonym,
    Generic,
    Bare,
}

#[derive(Debug, Args)]
pub struct Table {
    #[command(flatten)]
    pub which: WhichRun,

    #[arg(value_enum)]
    pub kind: TableKind,

    /// What an attribute's phrase is compared with [default: everybody for the estimate, its antonym for the heads]
    #[arg(long, value_enum)]
    pub contrast: Option<ContrastArgument>,

    /// The paper's conventions: "X" against "Not X"; in Table 1 people are kept among the foreign words
    #[arg(long, conflicts_with = "contrast")]
    pub paper: bool,

    /// How the table is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,

    /// Intersections: of how many attributes [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=2))]
    pub of: Option<u8>,

    /// Intersections: rows, worst first [default: 20 as text, else all]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,

    /// Table 5: over the test items with an attribute alone, measured without heads; given again, with all of them
    #[arg(long, value_name = "ATTRIBUTE")]
    pub within: Vec<String>,

    /// Table 5 as text: every column, however wide
    #[arg(long)]
    pub all_columns: bool,

    /// Table 5: where intervals and p-values come from; a bootstrap takes some seconds
    #[arg(long, value_enum)]
    pub intervals: Option<IntervalArgument>,

    /// Table 5: replicates of the bootstrap [default: 2000]
    #[arg(long, requires = "intervals", value_parser = clap::value_parser!(u32).range(1000..=1_000_000))]
    pub replicates: Option<u32>,

    /// Table 1: prompts that describe the data, one a line, instead of the audit's own
    #[arg(long, value_name = "FILE")]
    pub positives: Option<PathBuf>,

    /// Table 1: a foreign set of your own, one word or phrase a line, instead of the audit's; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    pub foreign: Vec<String>,

    /// Table 1: leave out foreign words that name people
    #[arg(long, visible_alias = "drop-person", value_enum, num_args = 0..=1, default_missing_value = "on")]
    pub drop_people: Option<Switch>,

    /// Table 1: print the prompts compared
    #[arg(long)]
    pub lists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IntervalArgument {
    /// DeLong's and Welch's variances
    Analytic,
    Percentile,
    Bca,
}

#[derive(Debug, Args)]
pub struct Findings {
    /// Name of the audit; the model is given with --model
    pub audit: String,

    /// Model it is held against [default: the one before it in the audit, else the one after it]
    #[arg(long, value_name = "NAME")]
    pub against: Option<String>,

    /// Print JSON
    #[arg(long, conflicts_with_all = ["markdown", "csv"])]
    pub json: bool,

    /// Print a paragraph of Markdown for each finding, to paste into a ticket
    #[arg(long, conflicts_with = "csv")]
    pub markdown: bool,

    /// Print a line of CSV for each finding
    #[arg(long)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct Paper {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// How the tables are written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,
}
