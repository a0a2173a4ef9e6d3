//! Arguments of the list of items.

use super::*;

#[derive(Debug, Args)]
pub struct Items {
    #[command(flatten)]
    pub which: WhichRun,

    /// What items are ordered by, largest first [default: loss, or what --near or --change ask for]
    #[arg(long, value_enum)]
    pub sort: Option<ItemOrderArgument>,

    /// Smallest first
    #[arg(long)]
    pub ascending: bool,

    /// Tell the similarity with a sentence, and order by it
    #[arg(long, value_name = "PROMPT")]
    pub near: Option<String>,

    /// Tell the change of the loss between two models, and order by it
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with = "against")]
    pub change: Option<Vec<String>>,

    /// Tell the change against this model
    #[arg(long, value_name = "MODEL")]
    pub against: Option<String>,

    /// Only items that have this attribute; may be repeated
    #[arg(long, value_name = "NAME")]
    pub attribute: Vec<String>,

    /// Only items known not to have this attribute; may be repeated
    #[arg(long, value_name = "NAME")]
    pub without: Vec<String>,

    /// Which items [default: test, or all with --id]
    #[arg(long, value_enum)]
    pub split: Option<SplitArgument>,

    /// Only items that hold all these words, in any order and any case
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub text: String,

    /// Only items of this loss or more
    #[arg(long, value_name = "X")]
    pub min_loss: Option<f64>,

    /// Only items of this loss or less
    #[arg(long, value_name = "X")]
    pub max_loss: Option<f64>,

    /// Only this item; may be repeated. One alone is shown in full, with its nearest items
    #[arg(long, value_name = "ID")]
    pub id: Vec<String>,

    /// Items that are listed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,

    /// Items that are passed over first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,

    /// Write the ids that are listed to a file for relabelling: .csv, .jsonl or .txt
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,

    /// How the list is written [default: text]
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<FormatArgument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ItemOrderArgument {
    /// The model's loss
    Loss,
    /// The loss that the regressor predicts
    Risk,
    /// Loss less predicted loss
    Surprise,
    /// Cosine with the sentence of --near
    Similarity,
    /// Loss less that of another model
    Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitArgument {
    Test,
    Train,
    Validation,
    All,
}
