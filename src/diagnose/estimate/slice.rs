//! Slices: groups of test items whose mean loss is known, each with a sentence that describes it. An estimate is
//! calibrated on them.

use super::phrase::{Wording, joined};
use crate::audit::Audit;
use rand::SeedableRng;
use rand::seq::index::sample;
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Joint phrases drawn, and draws after which no more are looked for.
const JOINT: usize = 400;
const DRAWS: usize = 20_000;
/// Fewest test items of a joint slice, and of an attribute's own.
pub const LEAST_JOINT: usize = 40;
const LEAST_SINGLE: usize = 20;
const SEED: u64 = 11;

/// What a slice's sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceKind {
    /// An attribute's phrase.
    Attribute,
    /// Two or three attributes at once.
    Joint,
    /// One word, or two in a row, of the items.
    Words,
    /// Two of those.
    WordPair,
    /// A cluster's most typical item.
    TypicalItem,
    /// A cluster's five most distinctive words.
    DistinctiveWords,
}

impl SliceKind {
    /// Kinds that are made alike are one family; a residual comes from a fit on other families where there are several.
    #[must_use]
    pub fn family(self) -> usize {
        match self {
            Self::Attribute | Self::Joint => 0,
            Self::Words | Self::WordPair => 1,
            Self::TypicalItem => 2,
            Self::DistinctiveWords => 3,
        }
    }
}

/// A group of test items and its sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    pub text: String,
    pub kind: SliceKind,
    /// What it rests on (attributes, words, a cluster), by number: slices that share one are not independent.
    pub parts: Vec<usize>,
    pub n: usize,
    /// Mean loss and its standard error.
    pub mean: f64,
    pub se: f64,
}

impl Slice {
    /// The slice of some test items, by their losses; `None` for fewer than two.
    #[must_use]
    pub fn of(text: String, kind: SliceKind, parts: Vec<usize>, losses: &[f64]) -> Option<Self> {
        if losses.len() < 2 {
            return None;
        }
        let summary = crate::stats::summary(losses).ok()?;
        let se = summary.sd / (losses.len() as f64).sqrt();
        Some(Self { text, kind, parts, n: losses.len(), mean: summary.mean, se })
    }

    /// Whether two slices rest on something in common.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        self.parts.iter().any(|part| other.parts.contains(part))
    }
}

/// Test items: positions in the audit and the losses of the model there, one to one.
#[derive(Clone, Copy)]
pub struct TestItems<'a> {
    pub rows: &'a [usize],
    pub losses: &'a [f64],
}

impl TestItems<'_> {
    /// Losses of the items a condition holds for; `holds` is asked with places in `rows`.
    pub fn losses_where(&self, mut holds: impl FnMut(usize) -> bool) -> Vec<f64> {
        (0..self.rows.len()).filter(|&at| holds(at)).map(|at| self.losses[at]).collect()
    }
}

/// Every attribute's phrase, and random joint phrases of two or three attributes with at least 40 test items.
#[must_use]
pub fn attribute_slices(audit: &Audit, test: TestItems<'_>) -> Vec<Slice> {
    let members: Vec<Vec<bool>> = audit
        .attributes
        .iter()
        .map(|attribute| test.rows.iter().map(|&row| attribute.values[row] == Some(true)).collect())
        .collect();
    let single = |at: usize| {
        let losses = test.losses_where(|place| members[at][place]);
        let text = audit.attributes[at].prompts.phrase.clone();
        Slice::of(text, SliceKind::Attribute, vec![at], &losses).filter(|slice| slice.n >= LEAST_SINGLE)
    };
    let mut slices: Vec<Slice> = (0..audit.attributes.len()).filter_map(single).collect();
    // Without words of its own an attribute cannot be part of a sentence.
    let spoken: Vec<usize> = slices.iter().flat_map(|slice| slice.parts.clone()).collect();
    slices.extend(joint_slices(audit, test, &members, &spoken));
    slices
}

fn joint_slices(audit: &Audit, test: TestItems<'_>, members: &[Vec<bool>], spoken: &[usize]) -> Vec<Slice> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let (mut slices, mut seen) = (Vec::new(), HashSet::new());
    if spoken.len() < 2 {
        return slices;
    }
    for _ in 0..DRAWS {
        if slices.len() == JOINT {
            break;
        }
        let count = rng.random_range(2..=3).min(spoken.len());
        let mut parts: Vec<usize> = sample(&mut rng, spoken.len(), count).into_iter().map(|at| spoken[at]).collect();
        parts.sort_unstable();
        let wording = Wording::ALL[rng.random_range(0..Wording::ALL.len())];
        if !seen.insert(parts.clone()) {
            continue;
        }
        let losses = test.losses_where(|place| parts.iter().all(|&part| members[part][place]));
        if losses.len() < LEAST_JOINT {
            continue;
        }
        let mut order = parts.clone();
        order.shuffle(&mut rng);
        let phrases: Vec<&str> = order.iter().map(|&part| audit.attributes[part].prompts.phrase.as_str()).collect();
        let generic = &audit.attributes[order[0]].prompts.generic;
        slices.extend(Slice::of(joined(&phrases, generic, wording), SliceKind::Joint, parts, &losses));
    }
    slices
}
