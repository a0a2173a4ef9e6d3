//! What may be typed after `llm2loss`.

use crate::console::ColorChoice;
use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Says, in plain language, where a model fails and whom it fails.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "llm2loss", version, max_term_width = 100)]
pub struct Arguments {
    /// Folder of the store and the runs [default: the user's data folder]
    #[arg(long, global = true, env = "LLM2LOSS_HOME", value_name = "DIR", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub home: Option<PathBuf>,

    /// Audited model whose losses are meant [default: the audit's first]
    #[arg(long, global = true, value_name = "NAME")]
    pub model: Option<String>,

    #[command(flatten)]
    pub look: Look,

    #[command(subcommand)]
    pub action: Option<Action>,
}

/// How the console looks.
#[derive(Debug, Args)]
pub struct Look {
    /// Theme of the console: terminal, dark, light, mono, or one of HOME/themes
    #[arg(long, env = "LLM2LOSS_THEME", value_name = "NAME")]
    pub theme: Option<String>,

    /// Colours of the console
    #[arg(long, env = "LLM2LOSS_COLOR", value_parser = color, default_value = "auto", value_name = "auto|true|256|16|never")]
    pub color: ColorChoice,

    /// Draw with ASCII characters alone
    #[arg(long, env = "LLM2LOSS_ASCII", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub ascii: bool,

    /// Draw at most four frames a second, for slow lines
    #[arg(long, env = "LLM2LOSS_LOW_BANDWIDTH", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub low_bandwidth: bool,
}

/// An empty variable means the default, as it does for the other settings.
fn color(word: &str) -> Result<ColorChoice, String> {
    if word.is_empty() { Ok(ColorChoice::Auto) } else { word.parse() }
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Build the built-in audit, train its heads if need be, print what was found
    Demo(Output),
    /// Train heads for a model of an audit
    Train(Box<Train>),
    /// Score prompts: predicted loss, rank and familiarity, member by member
    Score(Score),
    /// Compare two prompts
    Compare(Compare),
    /// Compare two models of an audit: whom did the second make worse?
    CompareModels(CompareModels),
    /// Check a model against rules: exit 0 pass, 3 a rule is broken, 4 inconclusive
    Check(Check),
    /// Write one file with every table and figure of a model
    Report(Report),
    /// Print a table of the paper
    Table(Table),
    /// List the runs kept
    Runs(Runs),
    /// Say what this program finds: devices, store, terminal, versions
    Doctor(Output),
    /// The paper's own Table 5, and what can be recomputed from it
    Paper(Paper),
    /// Print the keys of the console as markdown
    Keys,
    /// Draw a screen of the console as SVG
    #[command(hide = true)]
    Picture(Picture),
}

#[derive(Debug, Args)]
pub struct Output {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which run answers.
#[derive(Debug, Args)]
pub struct WhichRun {
    /// Name of the audit
    pub audit: String,

    /// Run to ask, by the beginning of its name [default: the model's shown or trained last]
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Score {
    #[command(flatten)]
    pub which: WhichRun,

    /// Sentences to score
    #[arg(required = true, value_name = "PROMPT")]
    pub prompts: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub which: WhichRun,

    /// The first sentence
    pub a: String,

    /// The sentence it is compared with
    pub b: String,
}

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

    /// Rules, as docs/ci.md describes them [default: neither the mean loss nor that of a group may rise by 1 %]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// What breaks a rule: a figure past its limit, or past it by more than chance
    #[arg(long, value_enum, default_value = "bound")]
    pub on: OnArgument,

    /// What to make of a rule that cannot be decided [default: exit 4]
    #[arg(long, value_enum)]
    pub inconclusive: Option<InconclusiveArgument>,

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
    Pass,
    Fail,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ContrastArgument {
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

    /// What an attribute's phrase is compared with [default: its antonym]
    #[arg(long, value_enum)]
    pub contrast: Option<ContrastArgument>,

    /// The paper's conventions: "X" against "Not X"; in Table 1 people are kept among the foreign words
    #[arg(long, conflicts_with = "contrast")]
    pub paper: bool,

    /// How the table is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,

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
pub struct Paper {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// How the tables are written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArgument {
    Text,
    Csv,
    Json,
    Markdown,
    Latex,
}

#[derive(Debug, Args)]
pub struct Runs {
    /// Name of the audit [default: the built-in one]
    #[arg(default_value = "adult")]
    pub audit: String,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ArchitectureArgument {
    Linear,
    Mlp,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum TargetArgument {
    Raw,
    Log1p,
    Rank,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum NegativesArgument {
    Gaussian,
    Vocabulary,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PairsArgument {
    Sampled,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
pub struct Train {
    /// Name of the audit
    pub audit: String,

    /// Shape of the heads
    #[arg(long, visible_alias = "arch", value_enum, default_value = "mlp")]
    pub architecture: ArchitectureArgument,

    /// The paper's own choices where no flag says otherwise: rows only, no resample, Gaussian negatives
    #[arg(long)]
    pub paper: bool,

    /// Hidden units of each MLP member
    #[arg(long, value_name = "N")]
    pub hidden: Option<usize>,

    /// Members of each ensemble
    #[arg(long, value_name = "N")]
    pub members: Option<usize>,

    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,

    /// Rows of a step
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,

    /// Peak learning rate; cosine decay to zero
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,

    /// Decoupled weight decay of AdamW
    #[arg(long, value_name = "RATE")]
    pub weight_decay: Option<f64>,

    /// Each member sees its own bootstrap resample
    #[arg(long, value_enum)]
    pub bootstrap: Option<Switch>,

    /// Train texts together with one fresh fragment each per epoch
    #[arg(long, value_enum)]
    pub fragments: Option<Switch>,

    /// What the regressor is fitted to
    #[arg(long, value_enum)]
    pub target: Option<TargetArgument>,

    /// Where the ood head's negatives come from
    #[arg(long, value_enum)]
    pub negatives: Option<NegativesArgument>,

    /// Which pairs of a batch the ranker compares
    #[arg(long, value_enum)]
    pub pairs: Option<PairsArgument>,

    /// Share of the training rows kept aside to watch progress
    #[arg(long, value_name = "SHARE")]
    pub validation: Option<f64>,

    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Train again even if a run of exactly these inputs is kept
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Screen {
    Attributes,
    Prompt,
    Train,
}

#[derive(Debug, Args)]
pub struct Picture {
    #[arg(value_enum)]
    pub screen: Screen,

    #[arg(long, default_value_t = 120)]
    pub width: u16,

    #[arg(long, default_value_t = 36)]
    pub height: u16,

    /// Theme of the picture
    #[arg(long, default_value = "dark")]
    pub look: String,
}
