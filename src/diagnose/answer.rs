//! What a question returns: pure values, the same for the console, the command line and JSON.

use super::everybody::{EverybodyGap, EverybodyRow};
use super::ood::GuardAuroc;
use super::{PairEstimate, PromptEstimate, Support, WitnessAnswer, WordShare};
use crate::audit::{AttributePrompts, Contrast, HeadKind, RunId, Side};
use crate::stats::{Correlation, Direction, Interval, Stat, Summary, Undefined};
use serde::{Deserialize, Serialize};

/// A number, or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a figure is a number, or {\"undefined\": …}")]
pub enum Measured<T = f64> {
    Value(T),
    Undefined { undefined: Undefined },
}

impl<T: Copy> Measured<T> {
    #[must_use]
    pub fn value(&self) -> Option<T> {
        match self {
            Self::Value(value) => Some(*value),
            Self::Undefined { .. } => None,
        }
    }
}

impl<T> From<Stat<T>> for Measured<T> {
    fn from(stat: Stat<T>) -> Self {
        match stat {
            Ok(value) => Self::Value(value),
            Err(undefined) => Self::Undefined { undefined },
        }
    }
}

/// A head's predicted signed gap of an attribute under one contrast: risk(phrase) − risk(contrast).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedGap {
    pub head: HeadKind,
    pub contrast: Contrast,
    /// One signed gap a member; positive means the attribute's group is predicted harder.
    pub members: Vec<f64>,
    pub summary: Summary,
    pub direction: Direction,
    /// Of losses of data the model was fitted to: its sign counts, not its size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_only: bool,
}

impl PredictedGap {
    /// Its size, unless it is no amount of loss.
    #[must_use]
    pub fn amount(&self) -> Option<&Summary> {
        super::tells_amounts(self.head, self.order_only).then_some(&self.summary)
    }
}

/// Zero-shot AUROC of an attribute: how well the encoder itself knows it (`method.md`, Table 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ZeroShot {
    pub contrast: Contrast,
    pub auroc: Measured,
}

/// One row of Table 5, over the test items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeRow {
    pub name: String,
    pub prompts: AttributePrompts,
    /// Contrast shown by default for this attribute.
    pub contrast: Contrast,
    pub n_true: usize,
    pub n_false: usize,
    pub n_unknown: usize,
    /// AUROC of the audited model within each group.
    pub auroc_true: Measured,
    pub auroc_false: Measured,
    /// What the AUROCs are over, for a model that tells many classes apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<MacroSides>,
    /// AUROC(true) − AUROC(false).
    pub auroc_gap: Measured,
    /// Rawlsian max-min: |auroc_gap|.
    pub rmm: Measured,
    /// The group with the lower AUROC.
    pub worse_auroc: Option<Side>,
    pub loss_true: Measured,
    pub loss_false: Measured,
    /// Mean loss of the group combined with what the heads predict of its items, beside `loss_true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combined: Option<super::Combined>,
    /// Mean loss(true) − mean loss(false); positive means the attribute's group is harder.
    pub loss_gap: Measured,
    /// The group with the higher mean loss.
    pub worse_loss: Option<Side>,
    pub auroc_evidence: GapEvidence,
    pub loss_evidence: GapEvidence,
    /// The gap between the phrase and everybody, by the estimate; `None` where the attribute is no slice.
    #[serde(default)]
    pub everybody: Option<EverybodyGap>,
    pub predicted: Vec<PredictedGap>,
    pub zero_shot: Vec<ZeroShot>,
}

/// Classes with an AUROC within an attribute's two groups, and the items of those classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroSides {
    pub classes_true: usize,
    pub classes_false: usize,
    pub items_true: usize,
    pub items_false: usize,
}

/// How far a measured gap can be trusted, over the test items (`docs/statistics.md`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GapEvidence {
    /// 95 % interval of the signed gap: DeLong's variance for AUROC, Welch's for mean loss.
    pub interval: Measured<Interval>,
    /// Two-sided p of no gap.
    pub p: Measured,
    /// Benjamini-Hochberg q among the attributes of the table.
    pub q: Measured,
    /// The signed gap shrunk towards none, against the winner's curse.
    pub shrunken: Measured,
    /// Test items with which a gap of this size is resolved four times in five.
    pub items_needed: Measured<usize>,
    pub verdict: Verdict,
}

/// Whether a gap is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// q is under .05.
    Resolved,
    /// There are data enough to look, and no gap is shown.
    NotResolved,
    /// A group is too small for its gap to mean anything.
    NotEnoughData,
}

impl Verdict {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::NotResolved => "not resolved",
            Self::NotEnoughData => "not enough data",
        }
    }
}

impl AttributeRow {
    #[must_use]
    pub fn predicted(&self, head: HeadKind, contrast: Contrast) -> Option<&PredictedGap> {
        self.predicted.iter().find(|gap| gap.head == head && gap.contrast == contrast)
    }

    #[must_use]
    pub fn zero_shot(&self, contrast: Contrast) -> Option<Measured> {
        self.zero_shot.iter().find(|zero| zero.contrast == contrast).map(|zero| zero.auroc)
    }
}

/// Table 5: where the model fails, attribute by attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributesTable {
    /// Test items the table is over.
    pub n: usize,
    /// Independent units that intervals are over: test items, or the groups they belong to where the data say.
    pub units: usize,
    /// What the model's AUROC is: of two classes, or the mean over this many classes of one against the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// Where intervals and p-values come from, in words.
    pub intervals: String,
    pub rows: Vec<AttributeRow>,
}

/// A correlation with its two-sided p and 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Association {
    pub value: f64,
    pub p: f64,
    pub n: usize,
    pub interval: Measured<Interval>,
}

impl From<Correlation> for Association {
    fn from(correlation: Correlation) -> Self {
        let Correlation { value, p, n, .. } = correlation;
        Self { value, p, n, interval: correlation.interval(super::policy::COVERAGE).into() }
    }
}

/// Three correlations of the same two columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correlations {
    pub pearson: Measured<Association>,
    pub spearman: Measured<Association>,
    pub kendall: Measured<Association>,
}

/// How members are joined before a correlation is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    Mean,
    Median,
    /// Not joined: one member alone, counted from zero.
    Member(usize),
}

/// One row of Table 2: predicted risk against true loss over the test items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidityRow {
    pub head: HeadKind,
    pub aggregate: Aggregate,
    pub correlations: Correlations,
}

/// Table 2: do the heads know which items the model fails on?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidityTable {
    pub n: usize,
    pub rows: Vec<ValidityRow>,
    /// Test items nearly equal to training items; runs of before do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<super::Seen>,
    /// The model's losses look like those of data it was fitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted: Option<super::FittedLosses>,
}

/// What a predicted gap is compared with in Table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrueGap {
    /// |AUROC gap|, against |predicted gap|: the paper's Table 3.
    Rmm,
    /// −(signed AUROC gap), against the signed predicted gap.
    SignedAuroc,
    /// Signed loss gap, against the signed predicted gap.
    SignedLoss,
}

/// One row of Table 3: predicted against true gap over the attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasRow {
    pub head: HeadKind,
    pub contrast: Contrast,
    pub against: TrueGap,
    /// Attributes for which both gaps are defined.
    pub n: usize,
    pub correlations: Correlations,
    /// Attributes whose predicted gap has the sign of the true one; `None` for unsigned gaps.
    pub same_sign: Option<usize>,
    /// 95 % interval (Wilson) of the share with the same sign.
    pub same_sign_interval: Option<Interval>,
    /// What Spearman reaches when there is nothing to learn; `None` where too few attributes have both gaps.
    pub null: Option<NullLevel>,
}

impl BiasRow {
    /// Whether predicted gaps follow true gaps beyond what chance and overlapping attributes bring about.
    #[must_use]
    pub fn follows(&self) -> Option<Follows> {
        let order = self.null?.p < super::policy::LEVEL;
        // A gap without a sign has no interval of right ones, and so no verdict.
        let signs = self.same_sign_interval?.low > 0.5;
        Some(match (order, signs) {
            (true, true) => Follows::Yes,
            (true, false) => Follows::OrderAlone,
            (false, _) => Follows::NotShown,
        })
    }
}

/// The verdict of a row of Table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// The order does, by the permutation null, and more signs are right than half, by their interval.
    Yes,
    /// The order does, and the signs may be a coin's.
    OrderAlone,
    NotShown,
}

impl Follows {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Yes => "follows",
            Self::OrderAlone => "order follows, signs do not",
            Self::NotShown => "not shown",
        }
    }
}

/// The permutation null of a Spearman over attributes: losses permuted over the training items and a ridge head
/// fitted anew each time. Attributes overlap, so this, and not the textbook p, is what a verdict follows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NullLevel {
    pub replicates: usize,
    /// 95 % of the replicates lie below.
    pub level95: f64,
    /// Share of replicates at least as large as what was observed, counting the observation itself.
    pub p: f64,
}

/// Table 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasTable {
    pub rows: Vec<BiasRow>,
    /// The contrast `everybody`, by the estimate: one row for each kind of true gap.
    #[serde(default)]
    pub everybody: Vec<EverybodyRow>,
}

/// One row of Table 4: zero-shot AUROC against robustness (−RMM) over the attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZeroShotRow {
    pub contrast: Contrast,
    pub n: usize,
    /// Mean zero-shot AUROC of the attributes.
    pub mean_auroc: Measured,
    pub correlations: Correlations,
}

/// Table 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZeroShotTable {
    pub rows: Vec<ZeroShotRow>,
}

/// One row of Table 1: familiarity of prompts that describe the data against a foreign set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OodRow {
    pub foreign: String,
    /// Foreign prompts (or vectors) compared.
    pub n_foreign: usize,
    /// The foreign prompts; empty for vectors.
    pub prompts: Vec<String>,
    pub heads: Vec<HeadAuroc>,
    /// The guard's AUROC; absent for vectors, and where items have no words.
    #[serde(default)]
    pub support: Option<GuardAuroc>,
}

impl OodRow {
    #[must_use]
    pub fn auroc(&self, head: HeadKind) -> Option<Measured> {
        self.heads.iter().find(|entry| entry.head == head).map(|entry| entry.auroc)
    }
}

/// AUROC of one head's familiarity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeadAuroc {
    pub head: HeadKind,
    pub auroc: Measured,
    /// 95 % score interval (Newcombe): with few prompts it covers as it says, where DeLong's covers too little.
    pub interval: Measured<Interval>,
}

/// Table 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OodTable {
    /// Prompts that describe the data: the positives.
    pub in_distribution: Vec<String>,
    /// Foreign names left out because they name people.
    pub left_out: Vec<String>,
    /// Texts left out because no vector is given for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_vector: Vec<String>,
    pub rows: Vec<OodRow>,
}

/// Every table of a run, computed together once its heads are trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    pub run: RunId,
    pub attributes: AttributesTable,
    pub validity: ValidityTable,
    pub bias: BiasTable,
    pub zero_shot: ZeroShotTable,
    pub ood: OodTable,
}

/// What one head says of one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadScore {
    pub head: HeadKind,
    /// One output a member: loss units (regressor), unitless (ranker), in-distribution logit (ood).
    pub members: Vec<f64>,
    pub summary: Summary,
    /// Share of what `over` names whose ensemble mean lies below this prompt's, in `0..=1`.
    pub percentile: f64,
    /// What percentile and axis are over: "16281 test items", "98 prompts of the audit".
    pub over: String,
    /// The 0.5 % and 99.5 % quantiles of the ensemble mean over the same: the lane's axis.
    pub axis: (f64, f64),
}

/// The scores of one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptScores {
    pub text: String,
    pub heads: Vec<HeadScore>,
    /// Less familiar than 95 % of the prompts the audit gives for its items: its losses mean little.
    pub out_of_distribution: bool,
    /// Words of the prompt that neither an item nor a prompt of the audit uses.
    pub unseen_words: Vec<String>,
    /// Pieces of the text; those over the limit are not read.
    pub pieces: usize,
    pub piece_limit: usize,
    /// Pieces that the encoder does not know, which all look the same to it.
    pub unknown_pieces: usize,
    /// The model's losses look like those of data it was fitted to: the regressor's output is no amount of loss.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fitted: bool,
    /// Attributes whose phrase is nearest in the embedding space: name and cosine, nearest first.
    pub nearest: Vec<(String, f64)>,
    /// The mean loss of the group it describes; absent until the evidence is read.
    #[serde(default)]
    pub estimate: Option<PromptEstimate>,
    /// Whether data speak of it; absent likewise.
    #[serde(default)]
    pub support: Option<Support>,
    /// What each witness says.
    #[serde(default)]
    pub witnesses: Vec<WitnessAnswer>,
    /// What each content word adds to the estimate, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<WordShare>,
}

impl PromptScores {
    /// What a head says as an amount; `None` where it says an order alone.
    #[must_use]
    pub fn amount(&self, head: HeadKind) -> Option<&Summary> {
        self.head(head).map(|score| &score.summary).filter(|_| super::tells_amounts(head, self.fitted))
    }

    /// What a witness says as an amount, likewise.
    #[must_use]
    pub fn witness_amount(&self, witness: &WitnessAnswer) -> Option<f64> {
        // All but the ranker's order are of the losses of training items.
        (witness.name == HeadKind::Ranker.name() || !self.fitted).then_some(witness.value)
    }

    #[must_use]
    pub fn head(&self, head: HeadKind) -> Option<&HeadScore> {
        self.heads.iter().find(|score| score.head == head)
    }
}

/// What one head says of the difference of two prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairHead {
    pub head: HeadKind,
    /// One difference A − B a member, in the head's own output.
    pub deltas: Vec<f64>,
    pub summary: Summary,
    pub direction: Direction,
}

/// The comparison of prompt A with prompt B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairScores {
    pub a: PromptScores,
    pub b: PromptScores,
    pub heads: Vec<PairHead>,
    /// One sentence: which is predicted harder, and how far the heads agree.
    pub verdict: String,
    /// Which is harder by the calibrated estimate; absent until the evidence is read.
    #[serde(default)]
    pub estimate: Option<PairEstimate>,
}

impl PairScores {
    /// A head's difference as an amount; `None` where it says an order alone.
    #[must_use]
    pub fn amount<'a>(&self, head: &'a PairHead) -> Option<&'a Summary> {
        super::tells_amounts(head.head, self.a.fitted || self.b.fitted).then_some(&head.summary)
    }
}
