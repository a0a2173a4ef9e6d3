//! Two models on the same items, as the screen shows them: a view-model that knows no cells and no colours.

use super::Measure;
use crate::diagnose::{
    AttributeChange, Change, ChangeVerdict, ItemChange, Measured, ModelComparison, PromptChange, grouped,
};

/// What a row opens as prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    Attribute(String),
    Prompt(String),
}

/// One row of a list: something under both models.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    pub then: Option<f64>,
    pub now: Option<f64>,
    pub change: Option<f64>,
    /// 95 % interval of the change, where it was tested.
    pub interval: Option<(f64, f64)>,
    pub q: Option<f64>,
    pub verdict: Option<ChangeVerdict>,
    /// What stands at the end of the row where there is no verdict.
    pub note: String,
    /// A sentence of the pane that no column holds.
    pub detail: Vec<String>,
    pub opens: Option<Opens>,
}

impl Line {
    fn of(name: String, change: &Change) -> Self {
        Self {
            name,
            then: change.before.value(),
            now: change.after.value(),
            change: change.change.value(),
            interval: change.interval.value().map(|interval| (interval.low, interval.high)),
            q: change.q.value(),
            verdict: Some(change.verdict),
            note: String::new(),
            detail: Vec::new(),
            opens: None,
        }
    }

    fn plain(name: String, then: f64, now: f64) -> Self {
        Self {
            name,
            then: Some(then),
            now: Some(now),
            change: Some(now - then),
            interval: None,
            q: None,
            verdict: None,
            note: String::new(),
            detail: Vec::new(),
            opens: None,
        }
    }

    /// Where it stands when changes are sorted: made worse, made better, the rest, each by size.
    #[must_use]
    pub fn rank(&self) -> f64 {
        let size = self.change.map_or(0.0, f64::abs).min(1e6);
        match self.verdict {
            Some(ChangeVerdict::Worse) => 4e6 + size,
            Some(ChangeVerdict::Better) => 2e6 + size,
            Some(ChangeVerdict::NoDifference) => size,
            Some(ChangeVerdict::NotEnoughData) => -1.0,
            None => 0.0,
        }
    }
}

/// The rows of a measure.
#[must_use]
pub fn lines(found: &ModelComparison, measure: Measure) -> Vec<Line> {
    match measure {
        Measure::LossGap => found.attributes.iter().map(|row| attribute(row, &row.loss_gap)).collect(),
        Measure::AurocGap => found.attributes.iter().map(|row| attribute(row, &row.auroc_gap)).collect(),
        Measure::Groups => found.attributes.iter().flat_map(groups).collect(),
        Measure::Losses => losses(found),
        Measure::Items => found.items.iter().map(item).collect(),
        Measure::Prompts => found.predicted.iter().flat_map(|predicted| &predicted.prompts).map(prompt).collect(),
        Measure::Predicted | Measure::Error => Vec::new(),
    }
}

fn attribute(row: &AttributeChange, gap: &Change) -> Line {
    let mut line = Line::of(row.name.clone(), gap);
    line.opens = Some(Opens::Attribute(row.name.clone()));
    line.detail.extend(undefined(gap));
    line.detail.extend(row.predicted.as_ref().map(|predicted| {
        format!(
            "predicted gap: {:+.2} to {:+.2}, {:+.2} (sd {:.2}), up in {} of {}",
            predicted.before.mean,
            predicted.after.mean,
            predicted.summary.mean,
            predicted.summary.sd,
            predicted.direction.positive,
            predicted.direction.members
        )
    }));
    for (word, change, n) in [("with", &row.loss_true, row.n_true), ("without", &row.loss_false, row.n_false)] {
        line.detail.push(format!("loss {word} (n {}): {}", grouped(n), words(change)));
    }
    if gap != &row.auroc_gap && row.auroc_gap.before.value().is_some() {
        line.detail.push(format!("AUROC gap: {}", words(&row.auroc_gap)));
    }
    line
}

fn groups(row: &AttributeChange) -> [Line; 2] {
    [("with", &row.loss_true, row.n_true), ("without", &row.loss_false, row.n_false)].map(|(word, change, n)| {
        let mut line = Line::of(format!("{word} {}", row.name), change);
        line.opens = Some(Opens::Attribute(row.name.clone()));
        line.detail.push(format!("n {} test items", grouped(n)));
        line.detail.extend(undefined(change));
        line
    })
}

fn losses(found: &ModelComparison) -> Vec<Line> {
    let mut lines = vec![Line::of("mean".into(), &found.losses.mean)];
    if found.losses.auroc.before.value().is_some() {
        lines.push(Line::of("AUROC".into(), &found.losses.auroc));
    }
    lines.extend(found.losses.quantiles.iter().map(|quantile| {
        let name = format!("{:.0} % quantile", 100.0 * quantile.probability);
        Line::plain(name, quantile.before, quantile.after)
    }));
    lines
}

fn item(row: &ItemChange) -> Line {
    let mut line = Line::plain(row.id.clone(), row.before, row.after);
    line.note.clone_from(&row.text);
    line.detail.push(row.text.clone());
    line
}

fn prompt(row: &PromptChange) -> Line {
    let mut line = Line::plain(row.text.clone(), row.before.mean, row.after.mean);
    line.change = Some(row.summary.mean);
    let strange = if row.out_of_distribution { "ood, " } else { "" };
    line.note = format!("{strange}sd {:.2}, up {}/{}", row.summary.sd, row.direction.positive, row.direction.members);
    line.detail.push(format!(
        "predicted loss {:.3} to {:.3}: change {:+.3}, sd {:.3} over {} members, up in {}",
        row.before.mean,
        row.after.mean,
        row.summary.mean,
        row.summary.sd,
        row.direction.members,
        row.direction.positive
    ));
    if row.out_of_distribution {
        line.detail.push("It looks unlike the data to the ood head: its predicted loss means little.".into());
    }
    line.opens = Some(Opens::Prompt(row.text.clone()));
    line
}

/// Why a change has no number.
fn undefined(change: &Change) -> Option<String> {
    [change.change, change.q].into_iter().find_map(|value| match value {
        Measured::Undefined { undefined } => Some(undefined.to_string()),
        Measured::Value(_) => None,
    })
}

fn words(change: &Change) -> String {
    match (change.before.value(), change.after.value(), change.change.value()) {
        (Some(before), Some(after), Some(by)) => {
            format!("{before:.3} to {after:.3}, {by:+.3}, {}", change.verdict.words())
        }
        _ => undefined(change).unwrap_or_else(|| "n/a".into()),
    }
}
