//! What stands behind a claim about a sentence or a group: what the items nearest to it lose, how near they are, and
//! whether heads and data say the same.

use super::listed::ListedItem;
use crate::audit::{Audit, HeadKind, ModelLosses};
use crate::diagnose::MeasuredMean;
use crate::stats::{self, Better, Clusters, Interval, Side, Units};
use serde::Serialize;

/// Level of the intervals, as that of measured gaps.
const LEVEL: f64 = 0.95;
/// Share of the members that must stand on one side for the heads to say it.
const MOST_MEMBERS: f64 = 0.8;

/// One of the two that are held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct BackedSide {
    /// Its group's mean loss; `None` for a sentence alone.
    pub group: Option<MeasuredMean>,
    /// `None` without a sentence, or without embeddings; `lacking` says why.
    pub near: Option<NearBacking>,
    pub lacking: Option<String>,
    /// The regressor's loss for the sentence, one value a member; `None` without heads.
    pub predicted: Option<Vec<f64>>,
}

/// The items nearest to a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct NearBacking {
    /// The very nearest, with their similarity.
    pub items: Vec<ListedItem>,
    /// Whether each of them is of the side's group; `None` where it has none.
    pub belongs: Vec<Option<bool>>,
    /// Mean loss of all that are averaged.
    pub mean: MeasuredMean,
    /// How many of these are of the group.
    pub of_group: Option<usize>,
    /// Similarity of the nearest and of the last that is averaged.
    pub similarities: (f64, f64),
}

/// How near the nearest usually is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsualNearness {
    /// Similarity of a sample of items with the other item nearest to each, ascending.
    pub items: Vec<f64>,
    /// Similarity of the audit's own prompts with the item nearest to each, ascending; empty where these are few.
    pub prompts: Vec<f64>,
}

/// A difference of two means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanDifference {
    pub value: f64,
    /// 95 %; none for fewer than two items.
    pub interval: Option<Interval>,
}

/// What the heads say of A less B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HeadsDifference {
    pub value: f64,
    /// Members on its side of 0, of how many.
    pub votes: usize,
    pub members: usize,
    /// Of losses of data the model was fitted to: `value` has a sign and no size.
    pub order_only: bool,
}

/// Whether heads and data say the same of A and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    Agree,
    Disagree,
    /// The interval of the data holds 0.
    DataOpen,
    /// The members are not of one mind.
    HeadsOpen,
    NoHeads,
}

/// All that stands behind A and B; without B all test items are in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Backed {
    pub sides: Vec<BackedSide>,
    /// What is measured of A less B: of their groups where both have one, else of the nearest items.
    pub difference: Option<MeanDifference>,
    pub of_groups: bool,
    pub heads: Option<HeadsDifference>,
    /// `None` until it is known.
    pub usual: Option<UsualNearness>,
}

impl Agreement {
    /// For people, as a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Agree => "Heads and data agree",
            Self::Disagree => "Heads and data DISAGREE",
            Self::DataOpen => "The data do not decide",
            Self::HeadsOpen => "The heads do not decide",
            Self::NoHeads => "The data alone speak",
        }
    }

    /// For programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Disagree => "disagree",
            Self::DataOpen => "data_open",
            Self::HeadsOpen => "heads_open",
            Self::NoHeads => "no_heads",
        }
    }
}

impl UsualNearness {
    /// The share of some similarities that are nearer than one; `None` of none.
    #[must_use]
    pub fn share_nearer(values: &[f64], similarity: f64) -> Option<f64> {
        let nearer = values.iter().filter(|value| **value > similarity).count();
        (!values.is_empty()).then(|| nearer as f64 / values.len() as f64)
    }

    /// How near half of the items have another one at least; `None` where none was looked at.
    #[must_use]
    pub fn median_of_items(&self) -> Option<f64> {
        (!self.items.is_empty()).then(|| stats::quantile_sorted(&self.items, 0.5))
    }
}

impl HeadsDifference {
    /// Its size, unless it is no amount of loss.
    #[must_use]
    pub fn amount(&self) -> Option<f64> {
        crate::diagnose::tells_amounts(HeadKind::Regressor, self.order_only).then_some(self.value)
    }

    /// Member by member where there are as many on both sides.
    #[must_use]
    pub fn of(a: &[f64], b: &[f64]) -> Option<Self> {
        if a.is_empty() || a.len() != b.len() {
            return None;
        }
        let each: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let value = each.iter().sum::<f64>() / each.len() as f64;
        let votes = each.iter().filter(|difference| **difference * value > 0.0).count();
        Some(Self { value, votes, members: each.len(), order_only: false })
    }
}

impl MeanDifference {
    /// Mean loss of one list of items less that of another. An item of both, or of a group of items with one of the other
    /// list, counts once: the same items under two models are paired so.
    #[must_use]
    pub fn of(audit: &Audit, a: (&ModelLosses, &[u32]), b: (&ModelLosses, &[u32])) -> Option<Self> {
        let values = |(model, rows): (&ModelLosses, &[u32])| -> Vec<f64> {
            rows.iter().map(|row| model.losses[*row as usize]).collect()
        };
        let unit = |row: &u32| audit.clusters.as_ref().map_or(*row as usize, |of| of[*row as usize]);
        let sides: Vec<Side> = a.1.iter().map(|_| Side::With).chain(b.1.iter().map(|_| Side::Without)).collect();
        let labels: Vec<usize> = a.1.iter().chain(b.1).map(unit).collect();
        let (of_a, of_b) = (values(a), values(b));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        if of_a.is_empty() || of_b.is_empty() {
            return None;
        }
        if a.1 == b.1 {
            // The same items under two models: their differences are one sample.
            let each: Vec<f64> = of_a.iter().zip(&of_b).map(|(a, b)| a - b).collect();
            let found = crate::diagnose::measured_mean(audit, a.1, &each)?;
            return Some(Self { value: found.mean, interval: found.interval.filter(|ends| ends.width() > 0.0) });
        }
        let value = mean(&of_a) - mean(&of_b);
        let all = [of_a, of_b].concat();
        let clusters = Clusters::from_labels(&labels);
        let found = stats::mean_gap(&all, &sides, Units::Clusters(&clusters), Better::Lower).ok();
        Some(Self { value, interval: found.filter(|found| found.variance > 0.0).map(|found| found.interval(LEVEL)) })
    }
}

impl Backed {
    /// Whether heads and data say the same; `None` where nothing is measured.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let data = self.difference?;
        let Some(heads) = self.heads else { return Some(Agreement::NoHeads) };
        let decided = data.interval.is_some_and(|interval| interval.excludes_zero());
        Some(match () {
            () if !decided => Agreement::DataOpen,
            () if (heads.votes as f64) < MOST_MEMBERS * heads.members as f64 => Agreement::HeadsOpen,
            () if data.value * heads.value > 0.0 => Agreement::Agree,
            () => Agreement::Disagree,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Content, Item, PromptSets, Split};

    /// Four test items under two models.
    fn two_models(losses: [[f64; 4]; 2]) -> Audit {
        let item = |id: usize| Item {
            id: id.to_string().into(),
            text: String::new().into(),
            split: Split::Test,
            content: Content::Text,
        };
        let model = |losses: [f64; 4]| ModelLosses {
            name: "v".into(),
            losses: losses.to_vec(),
            scores: None,
            class_aurocs: None,
        };
        Audit {
            name: "tiny".into(),
            items: (0..4).map(item).collect(),
            labels: None,
            clusters: None,
            attributes: Vec::new(),
            models: losses.map(model).to_vec(),
            prompts: PromptSets::default(),
        }
    }

    fn backed(data: (f64, f64, f64), heads: Option<(&[f64], &[f64])>) -> Backed {
        let interval = Some(Interval { low: data.1, high: data.2, level: 0.95 });
        Backed {
            sides: Vec::new(),
            difference: Some(MeanDifference { value: data.0, interval }),
            of_groups: false,
            heads: heads.and_then(|(a, b)| HeadsDifference::of(a, b)),
            usual: None,
        }
    }

    #[test]
    fn heads_and_data_agree_where_both_are_sure_and_on_one_side() {
        let (up, split) = ([3.0, 4.0, 5.0, 4.0, 4.0], [3.0, 1.9, 1.8, 5.0, 4.0]);
        let two = [2.0; 5];
        let of = |data, heads| backed(data, heads).agreement();
        assert_eq!(of((1.0, 0.5, 1.5), Some((&up, &two))), Some(Agreement::Agree));
        assert_eq!(of((-1.0, -1.5, -0.5), Some((&up, &two))), Some(Agreement::Disagree));
        assert_eq!(of((1.0, -0.1, 2.1), Some((&up, &two))), Some(Agreement::DataOpen));
        // Three of five members lie above, fewer than four in five.
        assert_eq!(of((1.0, 0.5, 1.5), Some((&split, &two))), Some(Agreement::HeadsOpen));
        assert_eq!(of((1.0, 0.5, 1.5), None), Some(Agreement::NoHeads));
        // By hand: 1, 2, 3, 2, 2 have the mean 2, all above 0.
        assert_eq!(
            HeadsDifference::of(&up, &two),
            Some(HeadsDifference { value: 2.0, votes: 5, members: 5, order_only: false })
        );
        assert_eq!(HeadsDifference::of(&up, &[1.0]), None);
    }

    #[test]
    fn the_share_that_is_nearer_counts_those_above() {
        assert_eq!(UsualNearness::share_nearer(&[0.5, 0.6, 0.9, 0.95], 0.62), Some(0.5));
        assert_eq!(UsualNearness::share_nearer(&[0.5, 0.62], 0.62), Some(0.0), "as near is not nearer");
        assert_eq!(UsualNearness::share_nearer(&[], 0.62), None);
    }

    #[test]
    fn no_interval_of_losses_goes_below_what_a_loss_can_be() {
        let mean = |low| crate::diagnose::MeasuredMean {
            n: 3,
            mean: 0.1,
            interval: Some(Interval { low, high: 0.4, level: 0.95 }),
        };
        assert_eq!(mean(-0.2).of_losses().interval.unwrap().low, 0.0);
        assert_eq!(mean(0.05).of_losses(), mean(0.05));
    }

    #[test]
    fn an_item_of_both_lists_counts_once() {
        let audit = two_models([[1.0, 2.0, 4.0, 9.0], [0.0, 2.0, 1.0, 5.0]]);
        let [first, second] = [&audit.models[0], &audit.models[1]];
        let rows = [0, 1, 2, 3];
        // Differences 1, 0, 3, 4, whose mean is 2. Unpaired, the interval would be some three times as wide.
        let paired = MeanDifference::of(&audit, (first, &rows), (second, &rows)).unwrap();
        let one_sample = crate::diagnose::measured_mean(&audit, &[0, 1, 2, 3], &[1.0, 0.0, 3.0, 4.0]).unwrap();
        assert!((paired.value - 2.0).abs() < 1e-12);
        let (ends, own) = (paired.interval.unwrap(), one_sample.interval.unwrap());
        assert!(ends.width() < 1.4 * own.width() && own.width() < 1.4 * ends.width(), "{ends:?} {own:?}");
        // Two lists of one model apart: means 1.5 and 6.5.
        let apart = MeanDifference::of(&audit, (first, &[0, 1]), (first, &[2, 3])).unwrap();
        assert!((apart.value + 5.0).abs() < 1e-12);
        // The same items of the same model differ by nothing, and nothing is known to vary.
        let same = MeanDifference::of(&audit, (first, &rows), (first, &rows)).unwrap();
        assert_eq!(same, MeanDifference { value: 0.0, interval: None });
        assert_eq!(MeanDifference::of(&audit, (first, &[]), (first, &rows)), None);
    }
}
