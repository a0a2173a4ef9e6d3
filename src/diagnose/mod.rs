//! Run and audit to answers: the paper's tables, prompts and pairs.

mod answer;
mod attributes;
mod baseline;
mod bias;
mod changed_groups;
mod check;
mod classes;
mod combined;
mod compare;
mod compare_heads;
mod comparison;
mod discover;
mod estimate;
mod everybody;
mod evidence;
mod findings;
mod fitted;
mod gap_evidence;
mod group_losses;
mod intersections;
mod items;
mod ledger;
mod matching;
mod null;
mod ood;
mod paper;
mod policy;
mod prompt;
mod raise;
mod reference;
mod seen;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod simulation_combined;
mod standing;
mod tables;
mod validity;
mod zero_shot;

pub use answer::*;
pub use attributes::{attributes, measured_attributes};
pub use baseline::{BASELINE_SCHEMA, Baseline, BaselinePrompt};
pub use changed_groups::*;
pub use check::{
    CheckManner, CheckMaterial, CheckResult, Inconclusive, On, Outcome, PromptShift, Status, USUAL_LEVEL, check,
};
pub use combined::{Combined, LabelledGroup, combine, combine_pairs, combine_slices};
pub use compare::{ComparisonQuestion, compare_both_ways, compare_models};
pub use compare_heads::{HeadsOf, add_predicted, compare_heads};
pub use comparison::*;
pub use discover::{
    DiscoverError, DiscoverMaterial, DiscoverQuestion, DiscoveredSlice, Discovery, FoundSlice, NewSlice, NewSlices,
    Overlap, Step, Wanted, Watch, discover, new_slices, overlaps,
};
pub use estimate::*;
pub use everybody::{EverybodyGap, EverybodyRow, fill as fill_everybody};
pub use evidence::{Evidence, Material};
pub use findings::*;
pub use fitted::{FittedLosses, NO_AMOUNT, tells_amounts};
pub use gap_evidence::IntervalMethod;
pub use intersections::{FarthestApart, IntersectionRow, IntersectionsTable, LEAST_OF_PAIR, intersections};
pub use items::{
    Agreement, Backed, BackedSide, HeadsDifference, ItemFilter, ItemHead, ItemOrder, ListedItem, MeanDifference,
    NearBacking, NearItem, UsualNearness, WorstWord, WorstWords, nearest_rows, similarities, sort_rows, worst_words,
};
pub(crate) use items::{known, shown_text};
pub use ledger::{FigureTrend, LEDGER_SCHEMA, Ledger, LedgerEntry, LedgerFigure, Look, LookBack, TestSetTrend};
pub(crate) use matching::mean as measured_mean;
pub use matching::{BothModels, MatchingItems, MeasuredMean};
pub use ood::{GuardAuroc, OodQuestion, add_guard, ood};
pub use paper::{PaperCheck, check_paper};
pub use policy::LEAST_ITEMS;
pub use prompt::{LONGEST_PROMPT, PromptScorer, Scored};
pub use raise::{RaiseMaterial, Raised, RaisedBy, TRIED, raise};
pub use reference::{Reference, grouped};
pub use seen::Seen;
pub use standing::{AttributeStanding, Estimate, ModelStanding, PairedStanding, paired_standing, standing};
pub use tables::{Diagnosis, tables};

use crate::encoder::EncoderError;
use crate::heads::HeadsError;
use thiserror::Error;

/// What can go wrong while answering.
#[derive(Debug, Error)]
pub enum DiagnoseError {
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    #[error(transparent)]
    Heads(#[from] HeadsError),
}
