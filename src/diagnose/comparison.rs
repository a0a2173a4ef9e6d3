//! What the comparison of two models returns: pure values, the same for the console, the command line and JSON.

use super::{Association, ChangedGroups, Measured, PairedTests};
use crate::audit::{Contrast, HeadKind, RunId, Side};
use crate::stats::{Direction, Interval, StandardErrors, Summary};
use serde::{Deserialize, Serialize};

/// Two models of one audit on the same test items: what the second changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelComparison {
    /// Names of the two models.
    pub before: String,
    pub after: String,
    /// Test items with a loss of both models.
    pub n: usize,
    /// Independent units that were resampled: items, or clusters of items.
    pub units: usize,
    pub rule: ChangeRule,
    /// Who is worse off, who gained less than others, who is better.
    pub groups: ChangedGroups,
    pub losses: LossShift,
    pub attributes: Vec<AttributeChange>,
    /// The items whose loss rose most, worst first.
    pub items: Vec<ItemChange>,
    /// What heads trained for both models say; `None` where none were asked.
    pub predicted: Option<PredictedComparison>,
}

/// A comparison, and the same with before and after changed over.
#[derive(Debug, Clone, PartialEq)]
pub struct BothWays {
    pub there: ModelComparison,
    pub back: ModelComparison,
}

impl BothWays {
    /// The one that begins with a model, if either does.
    #[must_use]
    pub fn from(&self, before: &str) -> Option<&ModelComparison> {
        [&self.there, &self.back].into_iter().find(|found| found.before == before)
    }

    /// Takes the texts of items away.
    pub fn hide_texts(&mut self) {
        self.there.hide_texts();
        self.back.hide_texts();
    }
}

/// How verdicts are reached. A change is worse or better when q < `level` and it is at least `least_effect`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChangeRule {
    /// Bootstrap replicates behind intervals and p-values, and their seed.
    pub replicates: usize,
    pub seed: u64,
    /// q under which a change counts as resolved.
    pub level: f64,
    /// Fewest items of a group, fewest independent units where items come in clusters, and fewest of either class for AUROC.
    pub least_items: usize,
    pub least_units: usize,
    pub least_of_class: usize,
    /// Smallest change of a mean loss, or of a loss gap's size, worth a verdict: in loss units.
    pub least_loss: f64,
    /// The same for AUROC.
    pub least_auroc: f64,
}

/// What became of a group, or of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVerdict {
    Worse,
    Better,
    /// There are data enough to look, and no change is shown.
    NoDifference,
    /// A group is too small for its change to mean anything.
    NotEnoughData,
}

impl ChangeVerdict {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::NoDifference => "no difference resolved",
            Self::NotEnoughData => "not enough data",
        }
    }

    /// What became of a gap: a wider one is no harm by itself.
    #[must_use]
    pub fn gap_words(self) -> &'static str {
        match self {
            Self::Worse => "wider",
            Self::Better => "narrower",
            Self::NoDifference => "no difference",
            Self::NotEnoughData => "not enough data",
        }
    }
}

/// A metric before and after, over the same items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub before: Measured,
    pub after: Measured,
    /// `after − before`, signed.
    pub change: Measured,
    /// 95 % interval of the change: of mean losses by a skew-corrected t of the paired differences, of AUROC by percentiles of a
    /// paired bootstrap.
    pub interval: Measured<Interval>,
    /// Two-sided p of no change.
    pub p: Measured,
    /// Benjamini-Hochberg q among the changes of the same kind over all attributes.
    pub q: Measured,
    pub verdict: ChangeVerdict,
}

/// One attribute under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub name: String,
    pub n_true: usize,
    pub n_false: usize,
    pub n_unknown: usize,
    /// Mean loss of the group with the attribute, and of the group without.
    pub loss_true: Change,
    pub loss_false: Change,
    /// Mean loss(true) − mean loss(false). Worse means that its size grew.
    pub loss_gap: Change,
    /// AUROC of either group; undefined without scores and labels.
    pub auroc_true: Change,
    pub auroc_false: Change,
    /// AUROC(true) − AUROC(false). Worse means that its size grew.
    pub auroc_gap: Change,
    /// What the regressor says of the attribute's own two prompts, in loss units.
    pub predicted: Option<PredictedChange>,
}

impl AttributeChange {
    /// Mean loss of a group.
    #[must_use]
    pub fn loss(&self, side: Side) -> &Change {
        if side == Side::True { &self.loss_true } else { &self.loss_false }
    }

    /// AUROC of a group.
    #[must_use]
    pub fn auroc(&self, side: Side) -> &Change {
        if side == Side::True { &self.auroc_true } else { &self.auroc_false }
    }

    #[must_use]
    pub fn count(&self, side: Side) -> usize {
        if side == Side::True { self.n_true } else { self.n_false }
    }
}

/// A prediction of the same prompts by heads of both models. Members are paired: they share initialisation,
/// resample and batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedChange {
    /// What the attribute's phrase is compared with.
    pub contrast: Contrast,
    pub before: Summary,
    pub after: Summary,
    /// `after − before`, one a member.
    pub changes: Vec<f64>,
    pub summary: Summary,
    pub direction: Direction,
}

/// How the losses as a whole moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossShift {
    pub mean: Change,
    /// Of the mean change: naive, and clustered where items come in groups.
    pub standard_error: Measured<StandardErrors>,
    pub tests: PairedTests,
    /// AUROC over all items; undefined without scores and labels.
    pub auroc: Change,
    pub quantiles: Vec<QuantileShift>,
    /// Items whose loss rose, fell, or stayed the same to the last digit.
    pub worse: usize,
    pub better: usize,
    pub same: usize,
    /// 95 % interval (Wilson) of the share whose loss rose.
    pub worse_share: Measured<Interval>,
}

/// One quantile of the losses under both models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileShift {
    /// In `0..=1`.
    pub probability: f64,
    pub before: f64,
    pub after: f64,
}

impl ModelComparison {
    /// Takes the texts of items away.
    pub fn hide_texts(&mut self) {
        self.items.iter_mut().for_each(|item| item.text.clear());
    }
}

/// An item whose loss rose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemChange {
    pub id: String,
    /// Its whole text; empty where it has none, or texts are hidden.
    pub text: String,
    pub before: f64,
    pub after: f64,
    pub change: f64,
}

/// What heads of both models say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedComparison {
    /// Runs of the two models; all else that determines a run is the same.
    pub run_before: RunId,
    pub run_after: RunId,
    pub members: usize,
    pub heads: Vec<HeadQuality>,
    /// Prompts that were asked.
    pub asked: usize,
    /// Where the prompts came from, in words.
    pub source: String,
    /// The prompts whose predicted loss rose most, worst first.
    pub prompts: Vec<PromptChange>,
}

/// How far a head may be trusted under either model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadQuality {
    pub head: HeadKind,
    /// Spearman of risk (mean of members) with loss over the test items.
    pub before: Measured<Association>,
    pub after: Measured<Association>,
    /// Attributes whose predicted gap has the sign of the measured loss gap, and how many have both.
    pub signs_before: Option<(usize, usize)>,
    pub signs_after: Option<(usize, usize)>,
}

/// Predicted loss of one prompt under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptChange {
    pub text: String,
    /// Regressor, in loss units.
    pub before: Summary,
    pub after: Summary,
    /// `after − before`, one a member.
    pub changes: Vec<f64>,
    pub summary: Summary,
    pub direction: Direction,
    /// Looks unlike the data to the ood head of either model: its losses mean little.
    pub out_of_distribution: bool,
}
