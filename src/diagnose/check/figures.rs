//! Figures of a checked model, each with its standard error, and the limits they are held against.

use super::{CheckMaterial, PromptShift};
use crate::audit::{AttributeRules, Limit, PromptRule, Rules};
use crate::diagnose::{AttributeStanding, Estimate, Measured, ModelStanding};
use crate::stats::{self, Stat, Undefined};

/// A figure with its standard error, before it is held against a limit; larger is worse.
#[derive(Clone)]
pub struct Figure {
    pub subject: String,
    pub n: usize,
    pub before: Measured,
    pub after: Measured,
    pub value: Stat<f64>,
    pub error: Stat<f64>,
    /// Degrees of freedom of the error.
    pub degrees: f64,
    pub limit: f64,
    /// Said of a figure that must not fall: it and its limit were turned round.
    pub falls: bool,
    /// Its `n` are members of an ensemble, not items.
    pub of_members: bool,
}

pub type Figures = fn(&CheckMaterial, usize, f64) -> Vec<Figure>;

/// The limit of an attribute: its own, else that for all; none where it is left out.
fn limit_of<T: Copy>(
    rules: &Rules,
    name: &str,
    own: impl Fn(&AttributeRules) -> Option<T>,
    all: Option<T>,
) -> Option<T> {
    match rules.attribute.get(name) {
        Some(attribute) if attribute.skip => None,
        Some(attribute) => own(attribute).or(all),
        None => all,
    }
}

pub fn group_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_group_loss_increase, rules.max_group_loss_increase)
}

pub fn gap_increase_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_gap_increase, rules.max_gap_increase)
}

pub fn gap_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.max_gap, rules.max_gap)
}

pub fn auroc_limit(rules: &Rules, name: &str) -> Option<Limit> {
    limit_of(rules, name, |own| own.min_group_auroc, rules.min_group_auroc).map(Limit::Absolute)
}

fn point(estimate: Measured<Estimate>) -> Measured {
    match estimate {
        Measured::Value(estimate) => Measured::Value(estimate.value),
        Measured::Undefined { undefined } => Measured::Undefined { undefined },
    }
}

fn stat<T: Copy>(measured: Measured<T>) -> Stat<T> {
    match measured {
        Measured::Value(value) => Ok(value),
        Measured::Undefined { undefined } => Err(undefined),
    }
}

/// A change of a mean loss with its standard error and degrees of freedom: of paired differences, else of two
/// independent samples.
fn shift(
    paired: Option<Measured<Estimate>>,
    before: Measured<Estimate>,
    after: Measured<Estimate>,
    n: usize,
) -> (Stat<f64>, Stat<f64>, f64) {
    let error = |variance: f64| variance.sqrt();
    let Some(change) = paired else {
        let both = stat(before).and_then(|before| Ok((before, stat(after)?)));
        let degrees = degrees(before, n).min(degrees(after, n));
        return (
            both.map(|(before, after)| after.value - before.value),
            both.map(|(before, after)| error(before.variance + after.variance)),
            degrees,
        );
    };
    (stat(change).map(|change| change.value), stat(change).map(|change| error(change.variance)), degrees(change, n))
}

/// Degrees of freedom of an estimate: its units less one.
fn degrees(estimate: Measured<Estimate>, n: usize) -> f64 {
    let units = estimate.value().and_then(|estimate| estimate.units).unwrap_or(n);
    units.saturating_sub(1).max(1) as f64
}

pub fn mean_shift(material: &CheckMaterial, limit: f64) -> Figure {
    let (before, after) = (material.before.mean_loss, material.after.mean_loss);
    let n = material.after.n;
    let (value, error, degrees) = shift(material.change.map(|change| change.mean_loss), before, after, n);
    Figure {
        subject: "all test items".into(),
        n,
        before: point(before),
        after: point(after),
        value,
        error,
        degrees,
        limit,
        falls: false,
        of_members: false,
    }
}

/// The same attribute before, and what changed item by item.
fn beside<'a>(
    material: &'a CheckMaterial,
    name: &str,
) -> (Option<&'a AttributeStanding>, Option<&'a AttributeStanding>) {
    let of = |model: &'a ModelStanding| model.attributes.iter().find(|row| row.name == name);
    (of(material.before), material.change.and_then(of))
}

const NONE: Measured<Estimate> = Measured::Undefined { undefined: Undefined::Empty };

pub fn group_shifts(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, change) = beside(material, &row.name);
    let sides = [
        ("with", row.n_true, before.map(|row| row.loss_true), row.loss_true, change.map(|row| row.loss_true)),
        ("without", row.n_false, before.map(|row| row.loss_false), row.loss_false, change.map(|row| row.loss_false)),
    ];
    let figure = |(word, n, before, after, change): (&str, usize, Option<Measured<Estimate>>, _, _)| {
        let before = before.unwrap_or(NONE);
        let (value, error, degrees) = shift(change, before, after, n);
        Figure {
            subject: format!("{word} {}", row.name),
            n,
            before: point(before),
            after: point(after),
            value,
            error,
            degrees,
            limit,
            falls: false,
            of_members: false,
        }
    };
    sides.into_iter().map(figure).collect()
}

pub fn gap_shift(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, change) = beside(material, &row.name);
    let before = before.map_or(NONE, |row| row.loss_gap);
    let n = row.n_true.min(row.n_false);
    let (_, error, degrees) = shift(change.map(|row| row.loss_gap), before, row.loss_gap, n);
    vec![Figure {
        subject: row.name.clone(),
        n,
        before: point(before),
        after: point(row.loss_gap),
        // The gap's size: changing sides is no growth.
        value: stat(point(row.loss_gap)).and_then(|after| Ok(after.abs() - stat(point(before))?.abs())),
        error,
        degrees,
        limit,
        falls: false,
        of_members: false,
    }]
}

pub fn gap_size(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let before = beside(material, &row.name).0.map_or(NONE, |row| row.loss_gap);
    let n = row.n_true.min(row.n_false);
    vec![Figure {
        subject: row.name.clone(),
        n,
        before: point(before),
        after: point(row.loss_gap),
        value: stat(point(row.loss_gap)).map(f64::abs),
        error: stat(row.loss_gap).map(|gap| gap.variance.sqrt()),
        degrees: degrees(row.loss_gap, n),
        limit,
        falls: false,
        of_members: false,
    }]
}

pub fn group_aurocs(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let before = beside(material, &row.name).0;
    let sides = [
        ("with", row.n_true, before.map(|row| row.auroc_true), row.auroc_true),
        ("without", row.n_false, before.map(|row| row.auroc_false), row.auroc_false),
    ];
    let figure = |(word, n, before, after): (&str, usize, Option<Measured<Estimate>>, Measured<Estimate>)| Figure {
        subject: format!("{word} {}", row.name),
        n,
        before: point(before.unwrap_or(NONE)),
        after: point(after),
        value: stat(point(after)).map(|auroc| -auroc),
        error: stat(after).map(|auroc| auroc.variance.sqrt()),
        degrees: degrees(after, n),
        limit: -limit,
        falls: true,
        of_members: false,
    };
    sides.into_iter().map(figure).collect()
}

pub fn prompt_figure(rule: &PromptRule, shift: &PromptShift, mean_loss: f64) -> Figure {
    let changes: Vec<f64> = shift.before.iter().zip(&shift.after).map(|(before, after)| after - before).collect();
    let mean = |values: &[f64]| stats::summary(values).map(|summary| summary.mean);
    let spread = stats::summary(&changes);
    Figure {
        subject: rule.text.clone(),
        n: changes.len(),
        before: mean(&shift.before).into(),
        after: mean(&shift.after).into(),
        value: spread.map(|spread| spread.mean),
        error: spread.map(|spread| spread.sd / (spread.n as f64).sqrt()),
        degrees: changes.len().saturating_sub(1).max(1) as f64,
        limit: rule.max_increase.resolve(mean_loss),
        falls: false,
        of_members: true,
    }
}
