//! The three heads and their two shapes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A head: what is learnt from an embedding. Larger risk is always worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// Predicts the loss itself (mean squared error).
    Regressor,
    /// Orders items by loss (pairwise logistic); its scores have no unit.
    Ranker,
    /// Tells seen items from foreign vectors; its output is a logit of being in distribution.
    Ood,
}

impl HeadKind {
    /// Every head, in the order of the screens and of the stacked tensors.
    pub const ALL: [Self; 3] = [Self::Regressor, Self::Ranker, Self::Ood];

    /// Position of this head in [`HeadKind::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Regressor => 0,
            Self::Ranker => 1,
            Self::Ood => 2,
        }
    }

    /// The name used in files, on the command line and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Regressor => "regressor",
            Self::Ranker => "ranker",
            Self::Ood => "ood",
        }
    }

    /// Factor that turns the head's output into risk (larger = worse): −1 for the OOD logit.
    #[must_use]
    pub fn risk_sign(self) -> f64 {
        match self {
            Self::Ood => -1.0,
            Self::Regressor | Self::Ranker => 1.0,
        }
    }
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Shape of a head: `w·e + b`, or `w2·relu(W1·e + b1) + b2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    Linear,
    Mlp,
}

impl Architecture {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Mlp => "mlp",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
