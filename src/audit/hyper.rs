//! Hyper-parameters of a run and the ranges they must keep.

use super::Architecture;
use serde::{Deserialize, Serialize};

/// What the regressor is fitted to; predictions are shown on the loss scale whatever the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The loss itself (the paper).
    Raw,
    /// `ln(1 + loss)`.
    Log1p,
    /// Normal scores of the mid-ranks.
    Rank,
}

/// Where the OOD head's negatives come from; drawn fresh each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Negatives {
    /// Phrases for an encoder of images and texts, vocabulary for one of texts alone.
    Auto,
    /// Normal vectors with the items' expected length, one (the paper).
    Gaussian,
    /// Random directions of length one.
    Sphere,
    /// Two thirds random words of the encoder's vocabulary, one third random directions.
    Vocabulary,
    /// Two thirds natural phrases of other domains, those near the items left out, one third random directions.
    Phrases,
}

/// Which pairs of a batch the ranker compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pairs {
    /// Each item against one random other item of its batch.
    Sampled,
    /// Every pair of the batch.
    All,
}

/// Most bytes a step may take; more would end the program instead of the run.
const MEMORY_LIMIT: f64 = 8e9;

/// Everything that, with the data, the encoder and the device, determines a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HyperParameters {
    pub architecture: Architecture,
    /// Hidden units of each MLP member.
    pub hidden: usize,
    /// Ensemble members of each head.
    pub members: usize,
    pub epochs: usize,
    /// Rows of a step.
    pub batch: usize,
    /// Peak learning rate; cosine decay to zero.
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate climbs to its peak.
    #[serde(default)]
    pub warmup: f64,
    /// Decoupled weight decay of AdamW.
    pub weight_decay: f64,
    /// Each member sees its own bootstrap resample of the rows.
    pub bootstrap: bool,
    /// Texts are trained together with one fresh fragment each per epoch.
    pub fragments: bool,
    pub target: Target,
    pub negatives: Negatives,
    /// Where items are images, prompts are moved to their side of the space by the difference of the two means, for
    /// texts and images lie apart there (Liang et al. 2022).
    #[serde(default)]
    pub shift: bool,
    pub pairs: Pairs,
    /// Share of the training rows kept aside to watch progress; never taken from the test rows.
    pub validation: f64,
    /// Epochs without a gain in validation Spearman after which training stops and the best epoch's weights are
    /// kept; zero never stops.
    #[serde(default)]
    pub patience: usize,
    /// Most training and validation rows: where there are more, a sample of them; `None` takes all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_rows: Option<usize>,
    pub seed: u64,
}

/// Rows beyond which heads learn from a sample: training takes as long as there are rows.
pub const TRAIN_ROWS: usize = 5_000_000;

impl HyperParameters {
    /// Measured defaults for a shape of head.
    #[must_use]
    pub fn new(architecture: Architecture) -> Self {
        Self {
            architecture,
            hidden: 64,
            members: 5,
            epochs: 6,
            batch: 256,
            learning_rate: 3e-3,
            warmup: 0.02,
            weight_decay: 1e-4,
            bootstrap: true,
            fragments: true,
            target: Target::Raw,
            negatives: Negatives::Auto,
            shift: true,
            pairs: Pairs::Sampled,
            validation: 0.05,
            patience: 3,
            train_rows: Some(TRAIN_ROWS),
            seed: 13,
        }
    }

    /// The paper's own choices: rows only, no resample, Gaussian negatives, raw loss.
    #[must_use]
    pub fn paper(architecture: Architecture) -> Self {
        Self {
            epochs: 8,
            warmup: 0.0,
            bootstrap: false,
            fragments: false,
            negatives: Negatives::Gaussian,
            shift: false,
            patience: 0,
            ..Self::new(architecture)
        }
    }

    /// Hidden units of a member: zero for a linear head.
    #[must_use]
    pub fn hidden_units(&self) -> usize {
        match self.architecture {
            Architecture::Linear => 0,
            Architecture::Mlp => self.hidden,
        }
    }

    /// The first value out of range, as a sentence that says what to do.
    ///
    /// # Errors
    /// The name, the value and the range it must keep.
    pub fn validate(&self) -> Result<(), String> {
        let range = |name: &str, value: f64, low: f64, high: f64| {
            if value.is_finite() && value >= low && value <= high {
                Ok(())
            } else {
                Err(format!("{name} is {value}; give a value from {low} to {high}"))
            }
        };
        range("members", self.members as f64, 1.0, 256.0)?;
        range("epochs", self.epochs as f64, 1.0, 10_000.0)?;
        range("batch", self.batch as f64, 2.0, 65_536.0)?;
        range("learning rate", self.learning_rate, 1e-8, 10.0)?;
        range("warm-up share", self.warmup, 0.0, 0.9)?;
        range("weight decay", self.weight_decay, 0.0, 10.0)?;
        range("validation share", self.validation, 0.0, 0.5)?;
        if let Some(rows) = self.train_rows {
            range("train rows", rows as f64, 100.0, 4e9)?;
        }
        if self.architecture == Architecture::Mlp {
            range("hidden", self.hidden as f64, 1.0, 8_192.0)?;
        }
        let bytes = self.memory();
        if bytes > MEMORY_LIMIT {
            return Err(format!(
                "members, hidden and batch together need about {:.0} GB; make one of them smaller ({:.0} GB is the limit)",
                bytes / 1e9,
                MEMORY_LIMIT / 1e9
            ));
        }
        Ok(())
    }

    /// Bytes a step needs beside the data, for embeddings of a common dimension: weights with gradients and
    /// moments, activations, and the square of a batch where all pairs are compared.
    fn memory(&self) -> f64 {
        const DIMENSION: f64 = 768.0;
        let nets = 3.0 * self.members as f64;
        let width = nets * self.hidden_units().max(1) as f64;
        let weights = 4.0 * 5.0 * width * (DIMENSION + nets);
        let activations = 4.0 * 4.0 * self.batch as f64 * (width + DIMENSION);
        let pairs = if self.pairs == Pairs::All { 24.0 * (self.batch as f64).powi(2) } else { 0.0 };
        weights + activations + pairs
    }

    /// The same with what is left to the data decided, and what has no effect on them set to nothing: only texts have
    /// fragments, and only prompts for images move.
    #[must_use]
    pub fn decided(self, items_are_texts: bool, reads_images: bool) -> Self {
        let mut hyper = self.canonical();
        hyper.fragments &= items_are_texts;
        hyper.shift &= reads_images && !items_are_texts;
        hyper.negatives = match hyper.negatives {
            Negatives::Auto if reads_images => Negatives::Phrases,
            Negatives::Auto => Negatives::Vocabulary,
            named => named,
        };
        hyper
    }

    /// The same for an audit of so many training and validation rows: a sample of all of them is none.
    #[must_use]
    pub fn sampled_from(mut self, rows: usize) -> Self {
        self.train_rows = self.train_rows.filter(|most| *most < rows);
        self
    }

    /// The same with values that have no effect set to zero, so that equal runs compare equal.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.hidden = self.hidden_units();
        self
    }

    /// One line that tells two runs apart; what is not the default is named.
    #[must_use]
    pub fn summary(&self) -> String {
        let shape = match self.architecture {
            Architecture::Linear => "linear".to_owned(),
            Architecture::Mlp => format!("mlp-{}", self.hidden),
        };
        let members = if self.members == 1 { "1 member".to_owned() } else { format!("{} members", self.members) };
        let data = if self.fragments { "rows + fragments" } else { "rows" };
        let mut words = vec![
            shape,
            members,
            data.to_owned(),
            if self.epochs == 1 { "1 epoch".to_owned() } else { format!("{} epochs", self.epochs) },
        ];
        let usual = Self::new(self.architecture);
        let mut unusual = |differs: bool, word: String| {
            if differs {
                words.push(word);
            }
        };
        unusual(self.target != usual.target, format!("target {}", self.target.name()));
        unusual(self.batch != usual.batch, format!("batch {}", self.batch));
        unusual(self.learning_rate != usual.learning_rate, format!("lr {}", self.learning_rate));
        unusual(self.warmup != usual.warmup, format!("warm-up {}", self.warmup));
        unusual(self.weight_decay != usual.weight_decay, format!("wd {}", self.weight_decay));
        unusual(self.bootstrap != usual.bootstrap, "no bootstrap".into());
        let automatic = matches!(self.negatives, Negatives::Auto | Negatives::Vocabulary);
        unusual(!automatic, format!("{} negatives", self.negatives.name()));
        unusual(self.pairs != usual.pairs, format!("{} pairs", self.pairs.name()));
        unusual(self.validation != usual.validation, format!("validation {}", self.validation));
        unusual(self.patience != usual.patience, format!("patience {}", self.patience));
        if let Some(rows) = self.train_rows.filter(|rows| *rows != TRAIN_ROWS) {
            unusual(true, format!("at most {rows} rows"));
        }
        words.push(format!("seed {}", self.seed));
        words.join(", ")
    }
}

impl Target {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Log1p => "log1p",
            Self::Rank => "rank",
        }
    }
}

impl Negatives {
    /// Every source, in the order a form offers them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Gaussian, Self::Sphere, Self::Vocabulary, Self::Phrases];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gaussian => "gaussian",
            Self::Sphere => "sphere",
            Self::Vocabulary => "vocabulary",
            Self::Phrases => "phrases",
        }
    }
}

impl Pairs {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::All => "all",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range() {
        for architecture in [Architecture::Linear, Architecture::Mlp] {
            assert_eq!(HyperParameters::new(architecture).validate(), Ok(()));
            assert_eq!(HyperParameters::paper(architecture).validate(), Ok(()));
        }
    }

    #[test]
    fn the_summary_names_what_is_not_the_default() {
        let mut hyper = HyperParameters::new(Architecture::Mlp);
        assert_eq!(hyper.summary(), "mlp-64, 5 members, rows + fragments, 6 epochs, seed 13");
        hyper.learning_rate = 0.01;
        hyper.members = 1;
        assert_eq!(hyper.summary(), "mlp-64, 1 member, rows + fragments, 6 epochs, lr 0.01, seed 13");
        let linear = HyperParameters { hidden: 7, ..HyperParameters::new(Architecture::Linear) };
        assert_eq!(linear.canonical(), HyperParameters::new(Architecture::Linear).canonical());
    }

    #[test]
    fn a_bad_value_is_named_with_its_range() {
        let mut hyper = HyperParameters::new(Architecture::Mlp);
        hyper.learning_rate = f64::NAN;
        let said = hyper.validate().unwrap_err();
        assert!(said.contains("learning rate") && said.contains("from"), "{said}");
        hyper = HyperParameters::new(Architecture::Mlp);
        hyper.epochs = 0;
        assert!(hyper.validate().unwrap_err().contains("epochs is 0"));
        hyper = HyperParameters { hidden: 8192, members: 256, ..HyperParameters::new(Architecture::Mlp) };
        assert!(hyper.validate().unwrap_err().contains("GB"));
        hyper = HyperParameters { batch: 65_536, pairs: Pairs::All, ..HyperParameters::new(Architecture::Linear) };
        assert!(hyper.validate().unwrap_err().contains("GB"));
    }

    #[test]
    fn a_sample_of_all_rows_is_none_and_leaves_the_name_of_a_run_as_it_was() {
        let hyper = HyperParameters::new(Architecture::Linear);
        let small = hyper.clone().sampled_from(5_000_000);
        assert_eq!(small.train_rows, None);
        assert!(!serde_json::to_string(&small).unwrap().contains("train_rows"));
        assert_eq!(hyper.clone().sampled_from(5_000_001).train_rows, Some(5_000_000));
        let less = HyperParameters { train_rows: Some(1000), ..hyper };
        assert!(less.summary().contains("at most 1000 rows"));
        assert_eq!(less.sampled_from(1000), small);
    }
}
