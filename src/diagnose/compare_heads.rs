//! What the heads of two models, trained alike, say of the same prompts.

use super::comparison::{AttributeChange, HeadQuality, PredictedChange, PredictedComparison, PromptChange};
use super::{Aggregate, Diagnosis, Measured, PromptScores, Tables, TrueGap};
use crate::audit::{Contrast, HeadKind};
use crate::stats;

/// A model's heads: its tables, and its scores of the prompts asked.
pub struct HeadsOf<'a> {
    pub diagnosis: &'a Diagnosis,
    pub prompts: Vec<PromptScores>,
}

/// Compares prompts and head quality; runs, members and source are the caller's to know.
#[must_use]
pub fn compare_heads(before: &HeadsOf, after: &HeadsOf, top: usize, source: String) -> PredictedComparison {
    let (first, second) = (&before.diagnosis.tables, &after.diagnosis.tables);
    let mut prompts: Vec<PromptChange> =
        before.prompts.iter().zip(&after.prompts).filter_map(|(before, after)| prompt(before, after)).collect();
    let asked = prompts.len();
    prompts.sort_by(|a, b| b.summary.mean.total_cmp(&a.summary.mean));
    prompts.truncate(top);
    let members = prompts.first().map_or(0, |prompt| prompt.changes.len());
    PredictedComparison {
        run_before: first.run.clone(),
        run_after: second.run.clone(),
        members,
        heads: HeadKind::ALL.into_iter().map(|head| quality(head, first, second)).collect(),
        asked,
        source,
        prompts,
    }
}

/// Adds to each attribute what the regressors say of its own two prompts.
pub fn add_predicted(attributes: &mut [AttributeChange], before: &Tables, after: &Tables) {
    let row = |tables: &'_ Tables, name: &str| tables.attributes.rows.iter().find(|row| row.name == name).cloned();
    for attribute in attributes {
        let (Some(before), Some(after)) = (row(before, &attribute.name), row(after, &attribute.name)) else { continue };
        let contrast = before.contrast;
        let of =
            |row: &super::AttributeRow| row.predicted(HeadKind::Regressor, contrast).map(|gap| gap.members.clone());
        attribute.predicted = of(&before).zip(of(&after)).and_then(|(a, b)| predicted(contrast, &a, &b));
    }
}

fn predicted(contrast: Contrast, before: &[f64], after: &[f64]) -> Option<PredictedChange> {
    let changes: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    Some(PredictedChange {
        contrast,
        before: stats::summary(before).ok()?,
        after: stats::summary(after).ok()?,
        summary: stats::summary(&changes).ok()?,
        direction: stats::direction(&changes).ok()?,
        changes,
    })
}

fn prompt(before: &PromptScores, after: &PromptScores) -> Option<PromptChange> {
    let (first, second) = (before.head(HeadKind::Regressor)?, after.head(HeadKind::Regressor)?);
    let changes: Vec<f64> = first.members.iter().zip(&second.members).map(|(before, after)| after - before).collect();
    Some(PromptChange {
        text: before.text.clone(),
        before: first.summary,
        after: second.summary,
        summary: stats::summary(&changes).ok()?,
        direction: stats::direction(&changes).ok()?,
        changes,
        out_of_distribution: before.out_of_distribution || after.out_of_distribution,
    })
}

fn quality(head: HeadKind, before: &Tables, after: &Tables) -> HeadQuality {
    let spearman = |tables: &Tables| {
        let row = tables.validity.rows.iter().find(|row| row.head == head && row.aggregate == Aggregate::Mean);
        let none = Measured::Undefined { undefined: stats::Undefined::Empty };
        row.map_or(none, |row| row.correlations.spearman)
    };
    let signs = |tables: &Tables| {
        let natural = |row: &&super::BiasRow| {
            row.head == head && row.contrast == Contrast::Antonym && row.against == TrueGap::SignedLoss
        };
        let row = tables.bias.rows.iter().find(natural)?;
        row.same_sign.map(|same| (same, row.n))
    };
    HeadQuality {
        head,
        before: spearman(before),
        after: spearman(after),
        signs_before: signs(before),
        signs_after: signs(after),
    }
}
