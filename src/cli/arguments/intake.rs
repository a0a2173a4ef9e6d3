//! Arguments of what takes data in and keeps it: ingest, embed, cache, audits.

use super::*;
use crate::data::GroupBy;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingArgument {
    Refuse,
    Drop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LeakedArgument {
    Keep,
    Drop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GroupByArgument {
    Label,
    Id,
    None,
}

impl From<GroupByArgument> for GroupBy {
    fn from(given: GroupByArgument) -> Self {
        match given {
            GroupByArgument::Label => Self::Label,
            GroupByArgument::Id => Self::Id,
            GroupByArgument::None => Self::None,
        }
    }
}

#[derive(Debug, Args)]
pub struct Ingest {
    /// Name of the audit; without any argument: what can be taken in, and how
    pub name: Option<String>,

    /// Rows to read: CSV, TSV, JSON lines or Parquet; beside a folder, its attributes, splits and losses join by id
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// A folder of images instead, CLASS/NAME.jpg: items are named by their paths; the losses come by --losses
    #[arg(long, value_name = "DIR", conflicts_with_all = ["celeba", "wilds", "clip_retrieval"])]
    pub images: Option<PathBuf>,

    /// A CelebA folder instead: attributes, partitions, identities; the losses come by --losses
    #[arg(long, value_name = "DIR", conflicts_with_all = ["wilds", "clip_retrieval"])]
    pub celeba: Option<PathBuf>,

    /// CelebA: official, or within-identity:SHARE, by which that share of each person's images trains
    #[arg(long, value_name = "SPLIT", requires = "celeba")]
    pub split: Option<CelebaSplit>,

    /// A WILDS folder instead: its metadata.csv
    #[arg(long, value_name = "DIR", conflicts_with_all = ["manifest", "clip_retrieval"])]
    pub wilds: Option<PathBuf>,

    /// A folder that clip-retrieval wrote instead: embeddings and metadata, partition by partition
    #[arg(long, value_name = "DIR")]
    pub clip_retrieval: Option<PathBuf>,

    /// Logs of lm-evaluation-harness instead (samples_TASK_TIME.jsonl), or folders of them: a folder is a model; beside
    /// --model, for a further model of an audit there is
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["manifest", "celeba", "wilds", "clip_retrieval", "losses"])]
    pub lm_eval: Vec<PathBuf>,

    /// Logs of Inspect instead (.eval), or folders of them
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["manifest", "celeba", "wilds", "clip_retrieval", "losses", "lm_eval"])]
    pub inspect: Vec<PathBuf>,

    /// lm-eval: the field of 'doc' that is an item's text, or prompt [default: the first of the usual ones]
    #[arg(long, value_name = "NAME", requires = "lm_eval")]
    pub text_field: Option<String>,

    /// clip-retrieval: leave out partitions that are not finished
    #[arg(long, requires = "clip_retrieval")]
    pub allow_partial: bool,

    /// Embeddings of the items, computed before: npy, npz, safetensors, or Parquet with a column of lists
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,

    /// Phrases and their vectors, computed before by what made the embeddings: prompts need no encoder here, and these are
    /// all there are. Parquet, CSV or JSON with a column of phrases and one of lists; npy with a .txt beside it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["encoder", "prompt_document", "prompt_query", "dims"])]
    pub prompt_embeddings: Option<PathBuf>,

    /// Ids of the embeddings' rows, one a line
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub embedding_ids: Option<PathBuf>,

    /// Use the arrays where they lie, and copy nothing: npy in C order or safetensors, which must stay as they are
    #[arg(long)]
    pub link: bool,

    /// Take embeddings whose captions lie no nearer to their own item than to others
    #[arg(long)]
    pub allow_mismatch: bool,

    /// What a column stands for: id, text, image, loss, loss:MODEL, score, score:MODEL, prediction, correct, metric,
    /// label, split, group, attribute or ignore; may be repeated
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub column: Vec<String>,

    /// The same in a TOML file
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,

    /// What items are put into groups by, where no column is the group: label, id (what it begins with) or none
    /// [default: the label where it names people]
    #[arg(long, value_name = "WHAT")]
    pub group_by: Option<GroupByArgument>,

    /// Write each row as a short text of its columns, for tables without texts
    #[arg(long, requires = "manifest")]
    pub describe: bool,

    /// Make attributes of a column of numbers, cut at these edges, or at its quartiles; may be repeated
    #[arg(long, value_name = "COLUMN[=EDGE,…]")]
    pub bins: Vec<String>,

    /// Loss to make of labels and scores: cross-entropy, brier, zero-one, squared, absolute or margin [default:
    /// cross-entropy of classes, squared of numbers, zero-one of answers]
    #[arg(long, value_name = "LOSS")]
    pub loss: Option<LossKind>,

    /// Column of 1 where the model was right and 0 where it was wrong: the loss is 1 less it
    #[arg(long, value_name = "COLUMN")]
    pub correct: Option<String>,

    /// Column of a figure that is better when higher: the loss is the best there can be, less it. With --lm-eval and
    /// --inspect: the metric or scorer that the loss is made from; log-likelihood is made from the responses [default:
    /// the best known one that is logged]
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,

    /// Add this to every loss [default: as much as makes none negative]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub loss_offset: Option<f64>,

    /// The label of two that scores are of
    #[arg(long, value_name = "WORD")]
    pub positive: Option<String>,

    /// What becomes of items with a loss whose text, image or embedding is missing: refuse or drop
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    pub missing: MissingArgument,

    /// What becomes of test items whose content stands in training: keep or drop
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub leaked: LeakedArgument,

    #[command(flatten)]
    pub encoder: EncoderGiven,

    /// Folder that image paths are relative to [default: the manifest's]
    #[arg(long, value_name = "DIR")]
    pub images_root: Option<PathBuf>,

    /// Take image paths that lead out of that folder
    #[arg(long)]
    pub allow_outside: bool,

    /// Losses of a model, which --model names: a table of ids and losses, npy, npz or safetensors; for items without
    /// losses of their own, or alone, for a further model of an audit there is
    #[arg(long, value_name = "FILE")]
    pub losses: Option<PathBuf>,

    /// Scores of a model's classes: npy, npz, safetensors, Parquet or a table, a row an item and a column a class;
    /// where there are no losses they are made of them and the label. Alone, for a model of an audit there is
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
