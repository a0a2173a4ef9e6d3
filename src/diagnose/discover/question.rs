//! What is asked of a discovery, and what it answers.

use crate::audit::RunId;
use crate::diagnose::Combined;
use crate::stats::Interval;
use serde::Serialize;

/// Which items count as failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Those of high loss.
    #[default]
    Hard,
    /// Those of low loss.
    Easy,
    /// Those whose loss is higher than these attributes (all, if none is named) let expect.
    Surprising(Vec<String>),
}

impl Wanted {
    /// What is looked for, in the word that commands and documents use; `change` where losses are differences of two models.
    #[must_use]
    pub fn word(&self, change: bool) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Surprising(_) => "surprise",
            Self::Hard if change => "change",
            Self::Hard => "hard",
        }
    }
}

/// What is looked for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoverQuestion {
    pub wanted: Wanted,
    /// An attribute's phrase, or words, that narrow the items looked at.
    pub within: Option<String>,
    /// Levels of the tree: 1 for slices alone, 2 for finer ones within them.
    pub depth: usize,
    /// Fewest items of a slice in the half where it is found.
    pub min_items: usize,
    /// Most slices of the first level.
    pub top: usize,
}

impl Default for DiscoverQuestion {
    fn default() -> Self {
        Self { wanted: Wanted::Hard, within: None, depth: 2, min_items: 40, top: 10 }
    }
}

/// A slice that was found on one half of the items and tested on the other. Every number is of the other half.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DiscoveredSlice {
    /// Its terms, joined by " + ".
    pub name: String,
    pub terms: Vec<String>,
    /// Items it was tested on.
    pub n: usize,
    pub mean_loss: f64,
    /// Mean loss of all items of that half.
    pub overall: f64,
    /// 95 % interval of the mean loss.
    pub interval: Option<Interval>,
    /// Variance of the mean loss, and the independent units it is over; none where either side has too few.
    #[serde(skip)]
    pub precision: Option<(f64, usize)>,
    /// The mean loss combined with what a run's heads predict of the slice's test items; absent without a run, and where
    /// something else than a model's loss is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combined: Option<Combined>,
    /// One-sided: the slice's mean is no higher than that of the other items (of a finer slice: of its parent's others), or not
    /// among those that no earlier slice holds; the larger p of the two.
    pub p: f64,
    /// After Benjamini and Hochberg, over all slices tested.
    pub q: f64,
    /// Σ (loss − overall) of the slice over Σ max(loss − overall, 0) of all.
    pub share_of_excess: f64,
    /// Name of the slice it is within.
    pub parent: Option<String>,
    /// Positions in the audit of all items it holds, of both halves.
    #[serde(skip)]
    pub items: Vec<usize>,
    /// Of these, the ones it was tested on: every number is over them.
    #[serde(skip)]
    pub tested: Vec<usize>,
    /// Their losses.
    #[serde(skip)]
    pub losses: Vec<f64>,
    /// Those items by the tenth of all tested losses that theirs is in, lowest first: ties share a place.
    #[serde(skip)]
    pub tenths: [usize; 10],
    /// A name from the encoder's space rather than from words or attributes: weaker.
    #[serde(skip)]
    pub near: bool,
    /// Every one of its terms is a group of an attribute.
    #[serde(skip)]
    pub by_attributes: bool,
}

impl Discovery {
    /// Of slices of differences, leaves those that rose: one that fell less than the others stands out among these, and yet
    /// nobody lost by it. What is told of all slices together is no longer known then.
    pub fn keep_risen(&mut self) {
        let rose = |slice: &DiscoveredSlice| slice.interval.map_or(slice.mean_loss, |interval| interval.low) > 0.0;
        let before = self.slices.len();
        self.slices.retain(rose);
        let names: Vec<String> = self.slices.iter().map(|slice| slice.name.clone()).collect();
        self.slices.retain(|slice| slice.parent.as_ref().is_none_or(|parent| names.contains(parent)));
        let left_out = before - self.slices.len();
        if left_out > 0 {
            (self.unexplained, self.outside_attributes) = (None, None);
            let were = if left_out == 1 { "1 slice".into() } else { format!("{left_out} slices") };
            self.notes.push(format!("{were} gained less than the rest without losing for certain: left out."));
        }
    }
}

impl DiscoveredSlice {
    /// Its name as a prompt: terms after each other, of a name from the encoder's space the sentence alone; empty where
    /// there is none.
    #[must_use]
    pub fn phrase(&self) -> String {
        let sentence = |term: &str| {
            let rest = term.strip_prefix("near \"")?;
            rest.split_once("\", like ")
                .map_or_else(|| rest.strip_suffix('"'), |(sentence, _)| Some(sentence))
                .map(str::to_owned)
        };
        let said = |term: &String| match sentence(term) {
            None if self.near && term.starts_with("like ") => None,
            sentence => Some(sentence.unwrap_or_else(|| term.clone())),
        };
        self.terms.iter().filter_map(said).collect::<Vec<_>>().join(", ")
    }

    /// What heads are asked for an attribute that is made of it: its phrase, or empty where the name is a weak one, which
    /// an attribute must not bear unmarked.
    #[must_use]
    pub fn attribute_phrase(&self) -> String {
        if self.near { String::new() } else { self.phrase() }
    }
}

/// Slices, and what they rest on.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Discovery {
    /// As shown: in the order found, finer slices after the one they are within.
    pub slices: Vec<DiscoveredSlice>,
    /// Those tested and not told. A combined mean is fitted to them too, for the others are chosen by their measured mean.
    #[serde(skip)]
    pub untold: Vec<DiscoveredSlice>,
    /// Items of the half slices were found on, and of the half they were tested on.
    pub found_on: usize,
    pub tested_on: usize,
    /// Terms and pairs that were tried on the first level.
    pub candidates: usize,
    /// Slices found that the other half does not confirm (q > .05, or fewer than ten items there).
    pub unconfirmed: usize,
    /// Share of the other half's excess loss that lies in none of the slices.
    pub unexplained: Option<f64>,
    /// Share of the excess loss of the slices' items in the other half that attributes, added up, do not let expect; none
    /// without attributes, without slices, or where something else than high loss is looked for.
    pub outside_attributes: Option<f64>,
    /// Items have no embeddings yet: with them there would be more names.
    #[serde(skip)]
    pub unembedded: bool,
    /// The run whose heads the combined means are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Positions in the audit of the items that were looked through, of both halves.
    #[serde(skip)]
    pub searched: Vec<usize>,
    /// What a reader should know, in sentences.
    pub notes: Vec<String>,
}
