//! What may be typed after `llm2loss`.

mod discover;
mod encode;
mod encoder;
mod intake;
mod items;
mod retraining;
mod runs;
mod tables;
mod training;

pub use discover::*;
pub use encode::*;
pub use encoder::*;
pub use intake::*;
pub use items::*;
pub use retraining::*;
pub use runs::*;
pub use tables::*;
pub use training::*;

use crate::console::msg::ScreenId;
use crate::console::{ColorChoice, ImageChoice};
use crate::data::{CelebaSplit, LossKind};
use crate::engine::{DeviceChoice, MemoryLimit};
use clap::builder::{FalseyValueParser, OsStringValueParser, PossibleValue, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Says, in plain language, where a model fails and whom it fails.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "llm2loss", version, disable_version_flag = true, max_term_width = 100)]
pub struct Arguments {
    /// Folder of the store and the runs [default: the user's data folder]
    #[arg(long, global = true, env = "LLM2LOSS_HOME", value_name = "DIR", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub home: Option<PathBuf>,

    /// Audited model whose losses are meant [default: the audit's first]
    #[arg(long, global = true, value_name = "NAME")]
    pub model: Option<String>,

    /// Where heads are trained, and where encode embeds: auto takes a GPU where this build can use one
    #[arg(long, global = true, env = "LLM2LOSS_DEVICE", default_value = "auto", value_name = "auto|cpu|cuda|cuda:N")]
    pub device: DeviceChoice,

    /// Audit to open in the console [default: the built-in one]
    #[arg(long = "audit", value_name = "NAME")]
    pub audit: Option<String>,

    /// Configuration file [default: config.toml in the user's configuration folder]
    #[arg(long, global = true, env = "LLM2LOSS_CONFIG", value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config: Option<PathBuf>,

    /// Most memory this may take, such as 24GB, or none [default: 3/4 of what the machine or its control group has]
    #[arg(long, global = true, env = "LLM2LOSS_MEMORY_LIMIT", value_name = "SIZE|none")]
    pub memory_limit: Option<MemoryLimit>,

    /// Show ids of items, never their texts or paths
    #[arg(long, global = true, env = "LLM2LOSS_HIDE_TEXT", value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub hide_text: Option<bool>,

    #[command(flatten)]
    pub look: Look,

    /// Print the version
    #[arg(short = 'V', long)]
    pub version: bool,

    /// With --version: what the program was built from, by and for
    #[arg(long, requires = "version")]
    pub verbose: bool,

    #[command(subcommand)]
    pub action: Option<Action>,
}

/// How the console looks.
#[derive(Debug, Default, Args)]
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

    /// Show no images of items
    #[arg(long, env = "LLM2LOSS_NO_IMAGES", value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub no_images: Option<bool>,

    /// How images are shown [default: auto, what the terminal answers]
    #[arg(long, env = "LLM2LOSS_IMAGES", value_parser = images, value_name = "auto|kitty|iterm2|sixel|blocks")]
    pub images: Option<ImageChoice>,

    /// Show the checks of this ledger over time on the Compare screen (check --ledger FILE keeps it)
    #[arg(long, env = "LLM2LOSS_LEDGER", value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub ledger: Option<PathBuf>,
}

/// An empty variable means the default, as it does for the other settings.
fn color(word: &str) -> Result<ColorChoice, String> {
    if word.is_empty() { Ok(ColorChoice::Auto) } else { word.parse() }
}

fn images(word: &str) -> Result<ImageChoice, String> {
    if word.is_empty() { Ok(ImageChoice::Auto) } else { word.parse() }
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Build the built-in audit, train its heads if need be, print what was found
    Demo(Output),
    /// Whom a model fails, worst first, in at most seven sentences; needs no heads
    Findings(Findings),
    /// Take an audit in from files of your own
    Ingest(Box<Ingest>),
    /// List the audits there are, show one, or delete one
    Audits(Audits),
    /// Embed an audit's items ahead of training; goes on where it was stopped
    Embed(Embed),
    /// Embed a shard of rows into a file, as one worker of many; needs no home
    Encode(Box<Encode>),
    /// The embeddings kept: what there is, whether it is whole, what nobody uses
    Cache(Cache),
    /// Train heads for a model of an audit
    Train(Box<Train>),
    /// Score prompts: predicted loss, rank and familiarity, member by member
    Score(Score),
    /// List items: the worst, the nearest to a sentence, those that changed most
    Items(Box<Items>),
    /// Compare two prompts
    Compare(Compare),
    /// Compare two models of an audit: whom did the second make worse?
    CompareModels(CompareModels),
    /// Find the groups of items a model fails on, by name
    Discover(Box<Discover>),
    /// Check a model against rules: exit 0 unless one is broken, 3 then
    Check(Check),
    /// Show what checks found over time, from the file that check --ledger keeps
    Ledger(ShowLedger),
    /// Write one file with every table and figure of a model
    Report(Report),
    /// Print a table of the paper
    Table(Table),
    /// List, show, compare or delete the runs kept
    Runs(Runs),
    /// Say what this program finds (machine, devices, home, store, hub, terminal, versions), what is wrong and how to mend it
    Doctor(Doctor),
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
pub struct Doctor {
    /// Throw the index of the home away and make it again from the files
    #[arg(long)]
    pub rebuild: bool,

    /// Download an encoder that will be needed where there is no network, and print the line to use there
    #[arg(long, value_name = "ENCODER", conflicts_with = "rebuild")]
    pub fetch: Option<String>,

    #[command(flatten)]
    pub output: Output,
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
    #[arg(required_unless_present_any = ["list", "phrases"], value_name = "PROMPT")]
    pub prompts: Vec<String>,

    /// A file of more sentences, one a line; - reads them from the standard input
    #[arg(long = "prompts", id = "list", value_name = "FILE")]
    pub list: Option<PathBuf>,

    /// Say how the estimate moves when a word is left out, word by word
    #[arg(long)]
    pub why: bool,

    /// List the phrases that can be scored, where an audit came with --prompt-embeddings; scores nothing
    #[arg(long, conflicts_with_all = ["prompts", "list", "why"])]
    pub phrases: bool,
}

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub which: WhichRun,

    /// The first sentence
    #[arg(required_unless_present = "pairs", requires = "b")]
    pub a: Option<String>,

    /// The sentence it is compared with
    pub b: Option<String>,

    /// A file of pairs, A and B separated by a tab, one pair a line; - reads them from the standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["a", "b"])]
    pub pairs: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArgument {
    Text,
    Csv,
    Json,
    Markdown,
    Latex,
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

impl ValueEnum for ScreenId {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

#[derive(Debug, Args)]
pub struct Picture {
    #[arg(value_enum)]
    pub screen: ScreenId,

    #[arg(long, default_value_t = 120)]
    pub width: u16,

    #[arg(long, default_value_t = 36)]
    pub height: u16,

    /// Theme of the picture
    #[arg(long, default_value = "dark")]
    pub look: String,
}
