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

    /// Most rows the heads learn from: of more, a sample by seed, alike in losses [default: 5000000]
    #[arg(long, value_delimiter = ',', value_name = "N")]
    pub train_rows: Vec<usize>,

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
