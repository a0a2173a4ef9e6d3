//! What a finding is: pure values, the same for the console, the command line, the report and JSON.

use super::LossBins;
use crate::audit::Side;
use crate::diagnose::{EverybodyGap, Measured, Seen, Verdict};
use crate::stats::Interval;
use serde::{Deserialize, Serialize};

/// What there is to know first of one model: at most seven findings, in order of harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub audit: String,
    pub model: String,
    /// A run that can be asked further; none of the measured findings needs one.
    pub run: Option<String>,
    /// Test items with a loss of the model.
    pub n: usize,
    /// Independent units that intervals are over: test items, or the groups they belong to where the data say.
    pub units: usize,
    pub mean_loss: Measured,
    /// Attributes, and pairs of them with enough items, that were looked at.
    pub attributes: usize,
    pub pairs: usize,
    /// Where intervals and p-values come from, in words.
    pub intervals: String,
    /// All losses in bins, for a picture: no part of the document.
    #[serde(skip)]
    pub bins: LossBins,
    pub findings: Vec<Finding>,
}

/// One finding; [`Finding::claim`] says it in a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// A group of one attribute that loses more than others.
    Harder(GroupFinding),
    /// The items with both of two attributes, who lose more than either part explains.
    Pair(GroupFinding),
    /// A group that loses less than others: the model's easy case.
    Easier(GroupFinding),
    /// A slice that no attribute names, found by a search and checked on items it did not see.
    Discovered(NamedSlice),
    /// How the groups fare against another model of the audit.
    Changed(ChangedFinding),
    /// What cannot be said.
    Unsaid(Unsaid),
    /// What is wrong with the data.
    Data(DataFault),
}

/// A group of test items against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFinding {
    /// Names of one attribute, or of two.
    pub subject: Vec<String>,
    /// Whether the group has the attribute or lacks it; a pair has both.
    pub side: Side,
    /// The group in words that fit a sentence.
    pub group: String,
    /// Items of the group, and test items there are.
    pub n: usize,
    pub of: usize,
    /// Items known not to be of the group.
    pub n_others: usize,
    /// Mean loss of the group and of the others.
    pub loss: f64,
    pub loss_others: f64,
    /// `loss / loss_others`; absent where the others lose nothing.
    pub ratio: Option<f64>,
    /// `loss − loss_others` with its 95 % interval.
    pub gap: f64,
    pub interval: Measured<Interval>,
    /// Benjamini-Hochberg q among the attributes, or among all pairs.
    pub q: Measured,
    pub verdict: Verdict,
    /// Share of all loss that lies in the group.
    pub share: f64,
    /// Mean losses of a pair's two attributes alone, in the order of `subject`; else empty.
    pub parts: Vec<f64>,
    /// The items of the group that lose most, at most five.
    pub worst: Vec<WorstItem>,
    /// What the calibrated estimate says of the attribute's phrase; absent without heads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<EverybodyGap>,
    /// The group's losses in the bins of all: no part of the document.
    #[serde(skip)]
    pub bins: Vec<usize>,
}

/// An item and what the model loses on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstItem {
    pub id: String,
    pub loss: f64,
}

/// A slice found by a search, as its caller hands it over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedSlice {
    /// What names it, such as `"retired" + "widowed"`.
    pub name: String,
    /// Items it was checked on, and their mean loss with its interval.
    pub n: usize,
    pub mean_loss: f64,
    pub interval: Interval,
    /// Mean loss of everybody it was checked against.
    pub overall: f64,
    pub q: f64,
    /// The group of an attribute that most of it is of, beyond that group's share of all; absent where that is little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mostly: Option<MostlyOf>,
    /// Positions in the audit of the items it was checked on, and of all it holds: no part of the document.
    #[serde(skip)]
    pub tested: Vec<usize>,
    #[serde(skip)]
    pub items: Vec<usize>,
}

/// The group of an attribute that holds much of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MostlyOf {
    pub attribute: String,
    pub side: Side,
    /// Share of the slice's items that are of the group, among those where that is known.
    pub share: f64,
}

/// The model's groups beside those of another model, on the items that both have a loss for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangedFinding {
    pub model: String,
    /// The model it is held against.
    pub against: String,
    /// Items with a loss of both.
    pub n: usize,
    /// Groups with items enough, and how many lose more or less than with the other model: own loss, q < .05.
    pub groups: usize,
    pub worse: usize,
    pub better: usize,
    /// The group whose own loss is higher by most, where there is one.
    pub worst: Option<ChangedGroup>,
}

/// One group under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangedGroup {
    pub subject: String,
    pub side: Side,
    pub group: String,
    pub n: usize,
    /// Mean loss with the model, and with the one it is held against.
    pub loss: f64,
    pub loss_against: f64,
    /// 95 % interval of their difference, item by item.
    pub interval: Interval,
    pub q: f64,
}

/// What cannot be said, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Unsaid {
    /// The audit names no groups.
    NoAttributes,
    /// No test item has a loss, or too few for any group.
    FewItems { n: usize },
    /// Every test item has the same loss.
    EqualLosses { n: usize, loss: f64 },
    /// Gaps that may be chance, and attributes with too few items on a side.
    NotResolved { not_resolved: usize, not_enough: usize, of: usize, n: usize },
}

/// What is wrong with the data, as far as they tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DataFault {
    /// Test items whose content stands in training too.
    Leaked { items: usize, of: usize },
    /// Test items with a training item of nearly the same embedding.
    NearlyLeaked(Seen),
    /// Test items without a loss of the model.
    NoLoss { items: usize, of: usize },
    /// Image files that cannot be read.
    Unreadable { items: usize },
    /// Anything else, in a sentence without its full stop.
    Other { sentence: String },
}

/// What callers add to what is measured.
#[derive(Debug, Clone, Default)]
pub struct Additions {
    /// Slices that a search has found and checked.
    pub discovered: Vec<NamedSlice>,
    /// What a run or a check of the data found wrong with them.
    pub faults: Vec<DataFault>,
    /// A run that can be asked further.
    pub run: Option<String>,
}
