//! What may be typed after `llm2loss`.

use crate::console::ColorChoice;
use crate::data::CelebaSplit;
use crate::engine::DeviceChoice;
use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
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

    /// Where heads are trained: auto takes a GPU where this build can use one
    #[arg(long, global = true, env = "LLM2LOSS_DEVICE", default_value = "auto", value_name = "auto|cpu|cuda|cuda:N")]
    pub device: DeviceChoice,

    /// Audit to open in the console [default: the built-in one]
    #[arg(long = "audit", value_name = "NAME")]
    pub audit: Option<String>,

    /// Configuration file [default: config.toml in the user's configuration folder]
    #[arg(long, global = true, env = "LLM2LOSS_CONFIG", value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub look: Look,

    #[command(subcommand)]
    pub action: Option<Action>,
}

/// How the console looks.
#[derive(Debug, Args)]
pub struct Look {
    /// Theme of the console: auto, terminal, dark, light, high-contrast, colour-blind, mono, or a file of your own
    #[arg(long, env = "LLM2LOSS_THEME", value_name = "NAME")]
    pub theme: Option<String>,

    /// Colours of the console [default: auto]
    #[arg(long, env = "LLM2LOSS_COLOR", value_parser = color, value_name = "auto|true|256|16|never")]
    pub color: Option<ColorChoice>,

    /// Draw with ASCII characters alone
    #[arg(long, env = "LLM2LOSS_ASCII", value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub ascii: Option<bool>,

    /// Take mouse presses and the wheel
    #[arg(long, env = "LLM2LOSS_MOUSE", value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub mouse: Option<bool>,

    /// Draw at most four frames a second, for slow lines
    #[arg(long, env = "LLM2LOSS_LOW_BANDWIDTH", value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub low_bandwidth: Option<bool>,
}

/// An empty variable means the default, as it does for the other settings.
fn color(word: &str) -> Result<ColorChoice, String> {
    if word.is_empty() { Ok(ColorChoice::Auto) } else { word.parse() }
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Build the built-in audit, train its heads if need be, print what was found
    Demo(Output),
    /// Take an audit in from files of your own
    Ingest(Box<Ingest>),
    /// List the audits there are, show one, or delete one
    Audits(Audits),
    /// Embed an audit's items ahead of training; goes on where it was stopped
    Embed(Embed),
    /// The embeddings kept: what there is, whether it is whole, what nobody uses
    Cache(Cache),
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
    /// List, show, compare or delete the runs kept
    Runs(Runs),
    /// Say what this program finds: devices, store, terminal, versions
    Doctor(Output),
    /// The paper's own Table 5, and what can be recomputed from it
    Paper(Paper),
    /// Print the keys of the console as markdown
    Keys,
    /// Print every setting of the configuration file, commented, at its default
    Config,
    /// Print the script by which a shell completes arguments
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
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

#[derive(Debug, Args)]
pub struct Ingest {
    /// Name of the audit
    pub name: String,

    /// Rows to read: CSV, TSV, JSON lines or Parquet
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// A CelebA folder instead: attributes, partitions, identities; the losses come by --losses
    #[arg(long, value_name = "DIR", conflicts_with_all = ["manifest", "wilds", "clip_retrieval"])]
    pub celeba: Option<PathBuf>,

    /// CelebA: official, or within-identity:SHARE, by which that share of each person's images trains
    #[arg(long, value_name = "SPLIT", requires = "celeba")]
    pub split: Option<CelebaSplit>,

    /// A WILDS folder instead: its metadata.csv
    #[arg(long, value_name = "DIR", conflicts_with_all = ["manifest", "clip_retrieval"])]
    pub wilds: Option<PathBuf>,

    /// A folder that clip-retrieval wrote instead: embeddings and metadata, partition by partition
    #[arg(long, value_name = "DIR", conflicts_with = "manifest")]
    pub clip_retrieval: Option<PathBuf>,

    /// clip-retrieval: leave out partitions that are not finished
    #[arg(long, requires = "clip_retrieval")]
    pub allow_partial: bool,

    /// Embeddings of the items, computed before: npy, npz, safetensors, or Parquet with a column of lists
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,

    /// Ids of the embeddings' rows, one a line
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub embedding_ids: Option<PathBuf>,

    /// Take embeddings whose captions lie no nearer to their own item than to others
    #[arg(long)]
    pub allow_mismatch: bool,

    /// What a column stands for: id, text, image, loss, loss:MODEL, score, score:MODEL, label, split, group,
    /// attribute or ignore; may be repeated
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub column: Vec<String>,

    /// The same in a TOML file
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,

    /// Encoder of items and prompts: builtin, a hub id, or a folder [default: builtin]
    #[arg(long, value_name = "NAME")]
    pub encoder: Option<String>,

    /// Folder that image paths are relative to [default: the manifest's]
    #[arg(long, value_name = "DIR")]
    pub images_root: Option<PathBuf>,

    /// Take image paths that lead out of that folder
    #[arg(long)]
    pub allow_outside: bool,

    /// Ids and losses of a model, which --model names: for items without losses of their own, or alone, for a further
    /// model of an audit there is
    #[arg(long, value_name = "FILE")]
    pub losses: Option<PathBuf>,

    /// Scores of a model of many classes: npy, npz, safetensors or Parquet, a row an item and a column a class; alone,
    /// for a model of an audit there is
    #[arg(long, value_name = "FILE")]
    pub scores: Option<PathBuf>,

    /// Ids of the scores' rows, one a line
    #[arg(long, value_name = "FILE", requires = "scores")]
    pub score_ids: Option<PathBuf>,

    /// Classes of the scores' columns, one a line [default: classes.txt beside them, else numbers from 0]
    #[arg(long, value_name = "FILE", requires = "scores")]
    pub score_classes: Option<PathBuf>,

    /// Put the losses in place of those of a model there is; its runs are dropped
    #[arg(long)]
    pub replace: bool,

    /// Prompts of the attributes, JSON or TOML; alone, replaces those of an audit there is
    #[arg(long, value_name = "FILE")]
    pub attributes: Option<PathBuf>,

    /// Say what would be taken in, and keep nothing
    #[arg(long)]
    pub check: bool,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Embed {
    /// Name of the audit
    pub audit: String,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Cache {
    #[command(subcommand)]
    pub action: CacheAction,
}

#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// Embeddings by encoder and by audit
    Stats(Output),
    /// Read every embedding and check it; exit code 1 if one is damaged or missing
    Verify(Output),
    /// Drop embeddings that no audit uses
    Gc(Output),
    /// Write an audit's embeddings and ids as safetensors
    Export {
        /// Name of the audit
        audit: String,

        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,

        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audits {
    #[command(subcommand)]
    pub action: Option<AuditsAction>,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum AuditsAction {
    /// What an audit taken in holds
    Show {
        /// Name of the audit
        audit: String,

        #[command(flatten)]
        output: Output,
    },
    /// Remove an audit taken in, and its runs
    Delete {
        /// Name of the audit
        audit: String,
    },
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

/// Without a subcommand: list.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    #[command(subcommand)]
    pub action: Option<RunsAction>,

    #[command(flatten)]
    pub list: ListRuns,
}

#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// The runs kept, with their validation metrics
    List(ListRuns),
    /// Everything kept of one run: settings, fingerprints, the metrics of every epoch
    Show(ShowRun),
    /// What two runs differ in: settings, data, encoder, metrics
    Diff(DiffRuns),
    /// Remove runs with their weights and tables; there is no way back
    Delete(DeleteRuns),
}

#[derive(Debug, Args)]
pub struct ListRuns {
    /// Name of the audit [default: every audit]
    pub audit: Option<String>,

    /// Order of the rows
    #[arg(long, value_enum, default_value = "when")]
    pub sort: SortArgument,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortArgument {
    /// Validation Spearman of the better of regressor and ranker, best first
    Spearman,
    /// Validation Kendall's τ of the better of regressor and ranker, best first
    Tau,
    /// Oldest first
    When,
}

/// How a table is written.
#[derive(Debug, Args)]
pub struct Form {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// How the table is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,
}

#[derive(Debug, Args)]
pub struct ShowRun {
    /// The run, by the beginning of its name
    #[arg(value_name = "ID")]
    pub run: String,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Args)]
pub struct DiffRuns {
    /// The first run, by the beginning of its name
    #[arg(value_name = "A")]
    pub a: String,

    /// The run it is compared with
    #[arg(value_name = "B")]
    pub b: String,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Args)]
pub struct DeleteRuns {
    /// Runs, by the beginning of their names
    #[arg(required = true, value_name = "ID")]
    pub runs: Vec<String>,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
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
    Auto,
    Gaussian,
    Sphere,
    Vocabulary,
    Phrases,
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

/// Settings with several values, divided by commas, make a sweep: one run for each combination.
#[derive(Debug, Args)]
pub struct Train {
    /// Name of the audit
    pub audit: String,

    /// Shape of the heads
    #[arg(long, visible_alias = "arch", value_enum, value_delimiter = ',', default_value = "mlp")]
    pub architecture: Vec<ArchitectureArgument>,

    /// The paper's own choices where no flag says otherwise: rows only, no resample, Gaussian negatives
    #[arg(long)]
    pub paper: bool,

    /// Hidden units of each MLP member
    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub hidden: Vec<usize>,

    /// Members of each ensemble
    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub members: Vec<usize>,

    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub epochs: Vec<usize>,

    /// Rows of a step
    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub batch: Vec<usize>,

    /// Peak learning rate; cosine decay to zero
    #[arg(long, value_delimiter = ',', value_name = "RATE")]
    pub learning_rate: Vec<f64>,

    /// Share of the steps over which the learning rate climbs to its peak
    #[arg(long, value_delimiter = ',', value_name = "SHARE")]
    pub warmup: Vec<f64>,

    /// Decoupled weight decay of AdamW
    #[arg(long, value_delimiter = ',', value_name = "RATE")]
    pub weight_decay: Vec<f64>,

    /// Each member sees its own bootstrap resample
    #[arg(long, value_enum, value_delimiter = ',')]
    pub bootstrap: Vec<Switch>,

    /// Train texts together with one fresh fragment each per epoch
    #[arg(long, value_enum, value_delimiter = ',')]
    pub fragments: Vec<Switch>,

    /// What the regressor is fitted to
    #[arg(long, value_enum, value_delimiter = ',')]
    pub target: Vec<TargetArgument>,

    /// Where the ood head's negatives come from
    #[arg(long, value_enum, value_delimiter = ',')]
    pub negatives: Vec<NegativesArgument>,

    /// Move prompts to the images' side of the space, where items are images
    #[arg(long, value_enum, value_delimiter = ',')]
    pub shift: Vec<Switch>,

    /// Which pairs of a batch the ranker compares
    #[arg(long, value_enum, value_delimiter = ',')]
    pub pairs: Vec<PairsArgument>,

    /// Share of the training rows kept aside to watch progress
    #[arg(long, value_delimiter = ',', value_name = "SHARE")]
    pub validation: Vec<f64>,

    /// Epochs without a gain in validation Spearman before training stops and keeps the best; 0 never stops
    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub patience: Vec<usize>,

    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub seed: Vec<u64>,

    /// Train again even if a run of exactly these inputs is kept
    #[arg(long)]
    pub force: bool,

    /// List the runs that would be trained, and train none
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Screen {
    Attributes,
    Prompt,
    Train,
    Data,
    Compare,
    Ood,
    Validity,
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
