//! Figures of a checked model, each with its standard error, and the limits they are held against.

use super::{CheckMaterial, PromptShift};
use crate::audit::{AttributeRules, Limit, PromptRule, Rules};
use crate::diagnose::{AttributeChange, AttributeStanding, Change, Estimate, Measured};
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
    pub limit: f64,
    /// Said of a figure that must not fall: it and its limit were turned round.
    pub falls: bool,
    pub members: Option<Vec<f64>>,
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

/// Standard error of a change: from the paired interval, else of two independent samples.
fn error_of(paired: Option<&Change>, before: Measured<Estimate>, after: Measured<Estimate>) -> Stat<f64> {
    /// Half the width of a 95 % interval in standard errors.
    const HALF: f64 = 1.959_963_984_540_054;
    match paired {
        Some(change) => stat(change.interval).map(|interval| (interval.high - interval.low) / (2.0 * HALF)),
        None => Ok((stat(before)?.variance + stat(after)?.variance).sqrt()),
    }
}

pub fn mean_shift(material: &CheckMaterial, limit: f64) -> Figure {
    let (before, after) = (material.before.mean_loss, material.after.mean_loss);
    Figure {
        subject: "all test items".into(),
        n: material.after.n,
        before: point(before),
        after: point(after),
        value: stat(point(after)).and_then(|after| Ok(after - stat(point(before))?)),
        error: error_of(material.paired.map(|found| &found.losses.mean), before, after),
        limit,
        falls: false,
        members: None,
    }
}

/// The same attribute before, and compared.
fn beside<'a>(material: &'a CheckMaterial, name: &str) -> (Option<&'a AttributeStanding>, Option<&'a AttributeChange>) {
    let before = material.before.attributes.iter().find(|row| row.name == name);
    (before, material.paired.and_then(|found| found.attributes.iter().find(|row| row.name == name)))
}

const NONE: Measured<Estimate> = Measured::Undefined { undefined: Undefined::Empty };

pub fn group_shifts(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, paired) = beside(material, &row.name);
    let sides = [
        ("with", row.n_true, before.map(|row| row.loss_true), row.loss_true, paired.map(|row| &row.loss_true)),
        ("without", row.n_false, before.map(|row| row.loss_false), row.loss_false, paired.map(|row| &row.loss_false)),
    ];
    let figure = |(word, n, before, after, change): (&str, usize, Option<Measured<Estimate>>, _, _)| {
        let before = before.unwrap_or(NONE);
        Figure {
            subject: format!("{word} {}", row.name),
            n,
            before: point(before),
            after: point(after),
            value: stat(point(after)).and_then(|after| Ok(after - stat(point(before))?)),
            error: error_of(change, before, after),
            limit,
            falls: false,
            members: None,
        }
    };
    sides.into_iter().map(figure).collect()
}

pub fn gap_shift(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let (before, paired) = beside(material, &row.name);
    let before = before.map_or(NONE, |row| row.loss_gap);
    vec![Figure {
        subject: row.name.clone(),
        n: row.n_true.min(row.n_false),
        before: point(before),
        after: point(row.loss_gap),
        // The gap's size: changing sides is no growth.
        value: stat(point(row.loss_gap)).and_then(|after| Ok(after.abs() - stat(point(before))?.abs())),
        error: error_of(paired.map(|row| &row.loss_gap), before, row.loss_gap),
        limit,
        falls: false,
        members: None,
    }]
}

pub fn gap_size(material: &CheckMaterial, at: usize, limit: f64) -> Vec<Figure> {
    let row = &material.after.attributes[at];
    let before = beside(material, &row.name).0.map_or(NONE, |row| row.loss_gap);
    vec![Figure {
        subject: row.name.clone(),
        n: row.n_true.min(row.n_false),
        before: point(before),
        after: point(row.loss_gap),
        value: stat(point(row.loss_gap)).map(f64::abs),
        error: stat(row.loss_gap).map(|gap| gap.variance.sqrt()),
        limit,
        falls: false,
        members: None,
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
        limit: -limit,
        falls: true,
        members: None,
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
        limit: rule.max_increase.resolve(mean_loss),
        falls: false,
        members: Some(changes),
    }
}
