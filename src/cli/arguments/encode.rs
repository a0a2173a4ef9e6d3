//! Arguments of a worker that embeds a shard.

use super::*;
use crate::data::Part;

#[derive(Debug, Args)]
pub struct Encode {
    /// What to embed: Parquet, JSON lines, CSV or TSV, a tar of images (webdataset), a folder of images; of several
    /// files their folder or a pattern; - reads the standard input
    #[arg(long, value_name = "PATH")]
    pub input: PathBuf,

    /// The file to write: Parquet, or a pack where it ends in .safetensors; - writes JSON lines to the standard output
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,

    #[command(flatten)]
    pub encoder: EncoderGiven,

    /// What a column stands for: id, text, image, or ignore for one that is not written; may be repeated
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub column: Vec<String>,

    /// Folder that image paths are relative to [default: the input's]
    #[arg(long, value_name = "DIR")]
    pub images_root: Option<PathBuf>,

    /// Take image paths that lead out of that folder
    #[arg(long)]
    pub allow_outside: bool,

    /// Do part I of N, counted from 0: whole files where there are at least N, else rows
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Part>,

    /// Replace an output of another input or encoder, or write it again
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    pub result: Output,
}
