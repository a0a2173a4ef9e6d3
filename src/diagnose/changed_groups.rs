//! Who is worse off under the second model, who gained less than the others, who is better: harm first.

use super::comparison::{AttributeChange, Change, ChangeVerdict};
use super::{Measured, grouped};
use crate::audit::Side;
use crate::stats::{self, McNemar, PairedTest, Undefined};
use serde::{Deserialize, Serialize};

/// What became of a group; the worst for it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its own loss rose, or its own AUROC fell.
    WorseOff,
    /// It is no worse off, but the others gained more: its gap to them grew, at its expense.
    LeftBehind,
    Better,
    NotResolved,
    NotEnoughData,
}

impl Fate {
    pub const ALL: [Self; 5] = [Self::WorseOff, Self::LeftBehind, Self::Better, Self::NotResolved, Self::NotEnoughData];

    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::WorseOff => "worse off",
            Self::LeftBehind => "left behind",
            Self::Better => "better",
            Self::NotResolved => "not resolved",
            Self::NotEnoughData => "not enough data",
        }
    }

    /// The heading of those that met with it, and what it means; the same wherever groups are listed.
    #[must_use]
    pub fn heading(self) -> (&'static str, &'static str) {
        match self {
            Self::WorseOff => ("Worse off", "their own loss rose, or their AUROC fell"),
            Self::LeftBehind => ("Left behind", "the others gained more, so the gap to them grew"),
            Self::Better => ("Better", ""),
            Self::NotResolved => ("Not resolved", "their change may be chance"),
            Self::NotEnoughData => ("Too few items", "no verdict"),
        }
    }
}

/// A group's mean loss, or its AUROC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroupMeasure {
    pub fate: Fate,
    #[serde(flatten)]
    pub change: Change,
}

/// One of an attribute's two groups under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupChange {
    pub attribute: String,
    pub side: Side,
    pub n: usize,
    /// The worse of the two measures'.
    pub fate: Fate,
    pub loss: GroupMeasure,
    /// Undefined without scores and labels.
    pub auroc: GroupMeasure,
    /// Of its items' losses.
    pub tests: PairedTests,
}

impl GroupChange {
    /// `with Senior`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", if self.side == Side::True { "with" } else { "without" }, self.attribute)
    }

    /// What became of it, in words: `better, left behind`.
    #[must_use]
    pub fn words(&self) -> String {
        let gained = [&self.loss, &self.auroc]
            .into_iter()
            .any(|measure| measure.fate == Fate::LeftBehind && measure.change.verdict == ChangeVerdict::Better);
        let word = self.fate.words();
        if self.fate == Fate::LeftBehind && gained { format!("better, {word}") } else { word.to_owned() }
    }
}

/// Tests of paired losses that readers know by name, two-sided. Each takes every item for independent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedTests {
    pub paired_t: Measured<PairedTest>,
    pub wilcoxon: Measured<PairedTest>,
    /// Where every loss is 0 or 1.
    pub mcnemar: Option<McNemar>,
}

impl PairedTests {
    /// Of losses before and after, one an item.
    #[must_use]
    pub fn of(before: &[f64], after: &[f64]) -> Self {
        Self {
            paired_t: stats::paired_t(before, after).into(),
            wilcoxon: stats::wilcoxon(before, after).into(),
            mcnemar: stats::mcnemar(before, after).ok(),
        }
    }
}

impl Default for PairedTests {
    fn default() -> Self {
        let none = Measured::Undefined { undefined: Undefined::Empty };
        Self { paired_t: none, wilcoxon: none, mcnemar: None }
    }
}

/// How many groups met with a fate, and how many different test items are in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub groups: usize,
    pub items: usize,
}

/// All groups of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChangedGroups {
    /// The sentence that comes first wherever the comparison is shown.
    pub headline: String,
    pub worse_off: Tally,
    pub left_behind: Tally,
    pub better: Tally,
    pub not_resolved: Tally,
    pub not_enough_data: Tally,
    /// Harm first; within a fate the largest changes of loss first.
    pub groups: Vec<GroupChange>,
}

impl ChangedGroups {
    /// Sorts groups and says what became of them. `items` counts, fate by fate, the different test items, of `n`.
    #[must_use]
    pub fn new(mut groups: Vec<GroupChange>, items: [usize; 5], n: usize) -> Self {
        let size = |group: &GroupChange| group.loss.change.change.value().unwrap_or(0.0).abs();
        groups.sort_by(|a, b| a.fate.cmp(&b.fate).then(size(b).total_cmp(&size(a))));
        let [worse_off, left_behind, better, not_resolved, not_enough_data] = Fate::ALL.map(|fate| Tally {
            groups: groups.iter().filter(|group| group.fate == fate).count(),
            items: items[fate as usize],
        });
        let over = |tally: Tally| match tally.groups {
            0 => String::new(),
            _ => format!(" ({} of {} test items)", grouped(tally.items), grouped(n)),
        };
        let mut headline = format!(
            "{} {} worse off{}; {} gained less than others{}; {} better; {} not resolved",
            worse_off.groups,
            if worse_off.groups == 1 { "group" } else { "groups" },
            over(worse_off),
            left_behind.groups,
            over(left_behind),
            better.groups,
            not_resolved.groups
        );
        if not_enough_data.groups > 0 {
            headline.push_str(&format!("; {} with too few items", not_enough_data.groups));
        }
        headline.push('.');
        Self { headline, worse_off, left_behind, better, not_resolved, not_enough_data, groups }
    }

    /// Those that met with a fate.
    pub fn of(&self, fate: Fate) -> impl Iterator<Item = &GroupChange> {
        self.groups.iter().filter(move |group| group.fate == fate)
    }
}

/// What became of each group; `tests` has those of an attribute's group, by its place.
#[must_use]
pub fn group_changes(attributes: &[AttributeChange], tests: impl Fn(usize, Side) -> PairedTests) -> Vec<GroupChange> {
    let both = |(at, row)| [Side::True, Side::False].map(|side| group_change(row, side, tests(at, side)));
    attributes.iter().enumerate().flat_map(both).collect()
}

fn group_change(row: &AttributeChange, side: Side, tests: PairedTests) -> GroupChange {
    let signed = |gap: &Change| gap.after.value().map(|gap| if side == Side::True { gap } else { -gap });
    let behind_in_loss = signed(&row.loss_gap).is_some_and(|gap| gap > 0.0);
    let behind_in_auroc = signed(&row.auroc_gap).is_some_and(|gap| gap < 0.0);
    let measure = |own: &Change, gap: &Change, behind: bool| {
        let fate = match own.verdict {
            ChangeVerdict::Worse => Fate::WorseOff,
            ChangeVerdict::NotEnoughData => Fate::NotEnoughData,
            _ if behind && gap.verdict == ChangeVerdict::Worse => Fate::LeftBehind,
            ChangeVerdict::Better => Fate::Better,
            ChangeVerdict::NoDifference => Fate::NotResolved,
        };
        GroupMeasure { fate, change: *own }
    };
    let loss = measure(row.loss(side), &row.loss_gap, behind_in_loss);
    let auroc = measure(row.auroc(side), &row.auroc_gap, behind_in_auroc);
    let (attribute, n) = (row.name.clone(), row.count(side));
    GroupChange { attribute, side, n, fate: loss.fate.min(auroc.fate), loss, auroc, tests }
}
