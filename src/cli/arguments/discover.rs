//! Arguments of `discover`.

use super::*;

#[derive(Debug, Args)]
pub struct Discover {
    /// Name of the audit; the model is given with --model
    pub audit: String,

    /// Look for items of surprisingly low loss
    #[arg(long, conflicts_with_all = ["surprise", "change"])]
    pub easy: bool,

    /// Look for loss beyond what attributes explain: those named, separated by commas, or all
    #[arg(long, value_name = "ATTRIBUTES", value_delimiter = ',', num_args = 0..=1, require_equals = true)]
    pub surprise: Option<Vec<String>>,

    /// Look where the second model got worse than the first
    #[arg(long, value_names = ["BEFORE", "AFTER"], num_args = 2)]
    pub change: Vec<String>,

    /// Look within these items alone: an attribute's phrase or name, or words of the items
    #[arg(long, value_name = "PHRASE")]
    pub within: Option<String>,

    /// Levels of the tree: 1 for slices alone, 2 and 3 for finer ones within them
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub depth: u8,

    /// Fewest items of a slice in the half where it is found
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(10..))]
    pub min_items: u32,

    /// Most slices of the first level
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: u16,

    /// Write the items of every slice to a file: slice, id, split, loss, as CSV
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,

    /// Make the slice of this name, as it is shown, an attribute of the audit
    #[arg(long, value_name = "SLICE")]
    pub add: Option<String>,

    /// Name of that attribute [default: the slice's]
    #[arg(long = "as", value_name = "NAME", requires = "add")]
    pub added_as: Option<String>,

    /// Sentences that may name slices by what lies near them, one a line
    #[arg(long, value_name = "FILE")]
    pub phrases: Option<PathBuf>,

    /// How the slices are written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,

    /// Print CSV
    #[arg(long, conflicts_with_all = ["format", "json"])]
    pub csv: bool,

    /// Print Markdown
    #[arg(long, conflicts_with_all = ["format", "json", "csv"])]
    pub markdown: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
