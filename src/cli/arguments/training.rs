//! Arguments of a training run, or of a sweep.

use super::*;

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

/// Settings with several values, divided by commas or as a range such as 1..3, make a sweep: one run for each combination.
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
    #[arg(long, value_name = "N")]
    pub hidden: Vec<String>,

    /// Members of each ensemble
    #[arg(long, value_name = "N")]
    pub members: Vec<String>,

    #[arg(long, value_name = "N")]
    pub epochs: Vec<String>,

    /// Rows of a step
    #[arg(long, value_name = "N")]
    pub batch: Vec<String>,

    /// Peak learning rate; cosine decay to zero
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Vec<String>,

    /// Share of the steps over which the learning rate climbs to its peak
    #[arg(long, value_name = "SHARE")]
    pub warmup: Vec<String>,

    /// Decoupled weight decay of AdamW
    #[arg(long, value_name = "RATE")]
    pub weight_decay: Vec<String>,

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
    #[arg(long, value_name = "SHARE")]
    pub validation: Vec<String>,

    /// Epochs without a gain in validation Spearman before training stops and keeps the best; 0 never stops
    #[arg(long, value_name = "N")]
    pub patience: Vec<String>,

    /// Most rows the heads learn from: of more, a sample by seed, alike in losses [default: 5000000]
    #[arg(long, value_name = "N")]
    pub train_rows: Vec<String>,

    #[arg(long, value_name = "N")]
    pub seed: Vec<String>,

    /// Train again even if a run of exactly these inputs is kept
    #[arg(long)]
    pub force: bool,

    /// List the runs that would be trained, and train none
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub output: Output,
}
