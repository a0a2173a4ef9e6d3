//! Arguments of what is asked after retraining: compare-models, check, report.

use super::*;

#[derive(Debug, Args)]
pub struct CompareModels {
    /// Name of the audit
    pub audit: String,

    /// The model before
    pub before: String,

    /// The model after
    pub after: String,

    /// Attributes to compare, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub attributes: Vec<String>,

    /// Items and prompts that are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,

    /// Sentences whose predicted loss is compared, one a line [default: the audit's own]
    #[arg(long, value_name = "FILE", conflicts_with = "no_heads")]
    pub prompts: Option<PathBuf>,

    /// Add the prompts kept in the history
    #[arg(long, conflicts_with_all = ["no_heads", "prompts"])]
    pub history: bool,

    /// Compare measured losses alone; nothing is embedded or trained
    #[arg(long)]
    pub no_heads: bool,

    /// Shape of the heads
    #[arg(long, visible_alias = "arch", value_enum, default_value = "mlp")]
    pub architecture: ArchitectureArgument,

    /// Seed of both models' heads
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Replicates of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1000..=1_000_000))]
    pub replicates: u32,

    /// Columns of the text [default: those of the terminal, else 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(60..=1000))]
    pub width: Option<u16>,

    /// How the answer is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Name of the audit; the model to check is given with --model
    pub audit: String,

    /// Model it is compared with, on the same items
    #[arg(long, value_name = "NAME", conflicts_with = "baseline")]
    pub against: Option<String>,

    /// Pinned figures it is compared with, as --write-baseline made them
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write the model's figures to a file that can be committed
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,

    /// Rules [default: docs/ci.md has them: neither the mean loss nor that of a group may rise by more than 1 %]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// What breaks a rule: a figure past its limit, or past it by more than chance
    #[arg(long, value_enum, default_value = "bound")]
    pub on: OnArgument,

    /// What a rule that cannot be decided does: nothing, exit 4, or what a broken one does
    #[arg(long, value_enum, default_value = "ok")]
    pub inconclusive: InconclusiveArgument,

    /// Add this check to a file, a line each, and say how often the same test set was looked at
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,

    /// False alarms that are bearable, such as 1/year; sets the level of a run
    #[arg(long, value_name = "N/year", value_parser = false_alarms, requires = "runs_per_year")]
    pub false_alarms: Option<f64>,

    /// How often the gate is run in a year
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "false_alarms")]
    pub runs_per_year: Option<u32>,

    /// Shape of the heads that prompts in the rules are put to
    #[arg(long, visible_alias = "arch", value_enum, default_value = "mlp")]
    pub architecture: ArchitectureArgument,

    /// Seed of these heads
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// How the answer is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<CheckFormat>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Write the answer to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnArgument {
    Point,
    Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InconclusiveArgument {
    #[value(alias = "pass")]
    Ok,
    Exit4,
    Fail,
}

/// `1/year`: a number of false alarms.
fn false_alarms(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/year").and_then(|number| number.trim().parse::<f64>().ok());
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "give false alarms a year, such as 1/year or 0.5/year".into())
}

#[derive(Debug, Args)]
pub struct ShowLedger {
    /// The file that check --ledger keeps
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Figures that are listed for each test set; csv and json have all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,

    /// How the answer is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<LedgerFormat>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LedgerFormat {
    Text,
    Csv,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Text,
    Json,
    /// JUnit XML
    Junit,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Args)]
pub struct Report {
    /// Name of the audit; the model is given with --model
    pub audit: String,

    /// Compare the model with this earlier one; heads are then trained alike for both
    #[arg(long, value_name = "NAME")]
    pub against: Option<String>,

    /// File to write; its ending chooses the form: .html, .md, .json or .tex
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Put so many items of the highest loss under each finding, with their texts and images
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub items: u8,

    /// Show what the checks of this ledger found over time (check --ledger FILE keeps it)
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub ledger: Option<PathBuf>,

    /// Date to print [default: that of SOURCE_DATE_EPOCH, else none]
    #[arg(long, value_name = "TEXT")]
    pub date: Option<String>,

    /// Shape of both models' heads
    #[arg(long, visible_alias = "arch", value_enum, default_value = "mlp", requires = "against")]
    pub architecture: ArchitectureArgument,

    /// Seed of both models' heads
    #[arg(long, value_name = "N", requires = "against")]
    pub seed: Option<u64>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
