//! What changed between two canned models: the same numbers each time.

use super::world::{ATTRIBUTES, OWN, association, bell, key, noise};
use llm2loss::audit::{Contrast, HeadKind};
use llm2loss::diagnose::*;
use llm2loss::engine::ComparisonRequest;
use llm2loss::stats::{self, Undefined};

/// A comparison either way.
pub fn both_ways(request: &ComparisonRequest) -> BothWays {
    let turned = ComparisonRequest {
        before: request.after.clone(),
        after: request.before.clone(),
        runs: request.runs.clone().map(|[before, after]| [after, before]),
        prompts: request.prompts.clone(),
    };
    BothWays { there: comparison(request), back: comparison(&turned) }
}

/// Two models on the same items: two gaps grew, a third of them shrank, and one group is too small.
pub fn comparison(request: &ComparisonRequest) -> ModelComparison {
    let seed = key(&request.before) ^ key(&request.after).rotate_left(1);
    let attributes: Vec<AttributeChange> =
        (0..40).map(|at| attribute_change(at, seed, request.runs.is_some())).collect();
    let quantile = |probability: f64| QuantileShift {
        probability,
        before: 0.02 + 1.8 * probability.powi(3),
        after: 0.01 + 1.4 * probability.powi(3),
    };
    let items = (0..30).map(|at| {
        let (before, after) = (0.01 * f64::from(at), 4.0 - 0.1 * f64::from(at));
        let text = format!("A worker of {} years, divorced, in sales for a private company, 40 hours a week.", 30 + at);
        ItemChange { id: format!("{}", 33_000 + 7 * at), text, before, after, change: after - before }
    });
    let mean = change(0.886, 0.275, 0.02, true);
    let predicted = request.runs.clone().map(|[run_before, run_after]| PredictedComparison {
        run_before,
        run_after,
        members: 5,
        heads: HeadKind::ALL
            .map(|head| HeadQuality {
                head,
                before: association(0.66 - 0.2 * head.index() as f64),
                after: association(0.81 - 0.3 * head.index() as f64),
                signs_before: Some((31, 40)),
                signs_after: Some((38, 40)),
            })
            .to_vec(),
        asked: 65,
        source: "the audit's own prompts".into(),
        prompts: (0..10).map(|at| prompt_change(at, seed)).collect(),
    });
    ModelComparison {
        before: request.before.clone(),
        after: request.after.clone(),
        n: 16_281,
        units: 16_281,
        rule: ChangeRule {
            replicates: 2_000,
            seed: 1,
            level: 0.05,
            least_items: 30,
            least_units: 20,
            least_of_class: 10,
            least_loss: 0.0089,
            least_auroc: 0.001,
        },
        groups: ChangedGroups::new(group_changes(&attributes, |_, _| PairedTests::default()), [0; 5], 16_281),
        losses: LossShift {
            mean,
            standard_error: Measured::Value(stats::StandardErrors { naive: 0.011, clustered: None }),
            tests: PairedTests::default(),
            auroc: Change { verdict: ChangeVerdict::Better, ..change(0.8217, 0.9281, 0.005, false) },
            quantiles: [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99].map(quantile).to_vec(),
            worse: 5_783,
            better: 10_497,
            same: 1,
            worse_share: Measured::Undefined { undefined: Undefined::Empty },
        },
        attributes,
        items: items.collect(),
        predicted,
    }
}

/// A change with an interval of a fixed width; `apart` says that worse is away from zero.
fn change(before: f64, after: f64, half: f64, apart: bool) -> Change {
    let by = after - before;
    let p = (-(by.abs() / half)).exp();
    let growth = if apart { after.abs() - before.abs() } else { -by };
    Change {
        before: Measured::Value(before),
        after: Measured::Value(after),
        change: Measured::Value(by),
        interval: Measured::Value(stats::Interval { low: by - half, high: by + half, level: 0.95 }),
        p: Measured::Value(p),
        q: Measured::Value(p),
        verdict: match (p < 0.05, growth > 0.0) {
            (false, _) => ChangeVerdict::NoDifference,
            (true, true) => ChangeVerdict::Worse,
            (true, false) => ChangeVerdict::Better,
        },
    }
}

fn attribute_change(at: usize, seed: u64, heads: bool) -> AttributeChange {
    let (name, id) = (ATTRIBUTES[at].0, key(ATTRIBUTES[at].0) ^ seed);
    let n_true = (40.0 + 9_000.0 * noise(id, 1).powi(2)) as usize;
    let gap = 0.6 * bell(id, 2);
    let factor = [3.0, 1.0, 0.4][match at {
        0 | 1 => 0,
        _ => 1 + at % 2,
    }];
    let few = Undefined::TooFew { n: 9, need: 10 };
    let mut loss_gap = change(gap, gap * factor, 0.05, true);
    if name == "armed forces" {
        let none = Measured::Undefined { undefined: few };
        loss_gap = Change { p: none, q: none, verdict: ChangeVerdict::NotEnoughData, ..loss_gap };
    }
    let members: Vec<f64> = (0..5).map(|m| gap * (factor - 1.0) + 0.05 * bell(id, 40 + m)).collect();
    let summary = stats::summary(&members).unwrap();
    AttributeChange {
        name: name.into(),
        n_true,
        n_false: 16_281 - n_true,
        n_unknown: 0,
        loss_true: change(1.9 + gap / 2.0, 1.3 + gap * factor / 2.0, 0.04, true),
        loss_false: change(1.9 - gap / 2.0, 1.3 - gap * factor / 2.0, 0.04, true),
        loss_gap,
        auroc_true: change(0.85, 0.9, 0.01, false),
        auroc_false: change(0.84, 0.93, 0.01, false),
        auroc_gap: change(0.01, 0.01 + 0.02 * bell(id, 7), 0.01, true),
        predicted: heads.then(|| PredictedChange {
            contrast: Contrast::Antonym,
            before: summary,
            after: summary,
            changes: members.clone(),
            summary,
            direction: stats::direction(&members).unwrap(),
        }),
    }
}

fn prompt_change(at: u64, seed: u64) -> PromptChange {
    let text =
        OWN[at as usize % OWN.len()].to_owned() + if at >= 6 { " of a small town far away in the hills" } else { "" };
    let members: Vec<f64> = (0..5).map(|m| 0.6 - 0.06 * at as f64 + 0.05 * bell(seed, at * 5 + m)).collect();
    let summary = stats::summary(&members).unwrap();
    PromptChange {
        text,
        before: summary,
        after: summary,
        summary,
        direction: stats::direction(&members).unwrap(),
        changes: members,
        out_of_distribution: at == 2,
    }
}
