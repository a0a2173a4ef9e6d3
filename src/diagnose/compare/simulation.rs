//! Whether intervals and verdicts of changes hold in small groups; slow, so run by name with `diagnose::simulation`:
//! `cargo test --lib simulation -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a simulation says what it found")]

use super::*;
use crate::audit::{Attribute, AttributePrompts, Content, Item, PromptSets};
use crate::diagnose::ChangeVerdict;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// A standard normal number, by Box and Muller.
fn normal(draw: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (draw.random_range(1e-12..1.0), draw.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Two models that mostly agree: scores correlate by .9, losses are cross-entropies of one that is mostly right. The
/// second loses `factor` times as much. `sides` has one list an attribute.
fn audit(draw: &mut ChaCha8Rng, n: usize, factor: f64, sides: Vec<Vec<bool>>) -> Audit {
    let item = |i: usize| Item {
        id: i.to_string().into(),
        text: i.to_string().into(),
        split: Split::Test,
        content: Content::Text,
    };
    let attribute = |(at, values): (usize, Vec<bool>)| Attribute {
        name: format!("a{at}"),
        prompts: AttributePrompts {
            bare: ("a".into(), "b".into()),
            phrase: "a".into(),
            antonym: None,
            generic: "c".into(),
            made: true,
        },
        values: values.into_iter().map(Some).collect(),
    };
    let labels: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
    let (mut losses, mut scores) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for &label in &labels {
        let common = normal(draw);
        for (model, scale) in [1.0, factor].into_iter().enumerate() {
            let margin = 2.0 + 2.0 * (0.9 * common + 0.19_f64.sqrt() * normal(draw));
            losses[model].push(scale * (-margin).exp().ln_1p());
            scores[model].push(if label { margin } else { -margin });
        }
    }
    let models = losses.into_iter().zip(scores).zip(["v1", "v2"]).map(|((losses, scores), name)| ModelLosses {
        name: name.into(),
        losses,
        scores: Some(scores),
        class_aurocs: None,
    });
    Audit {
        name: "simulated".into(),
        items: (0..n).map(item).collect(),
        labels: Some(labels),
        clusters: None,
        attributes: sides.into_iter().enumerate().map(attribute).collect(),
        models: models.collect(),
        prompts: PromptSets::default(),
    }
}

fn compared(audit: &Audit, auroc: bool) -> ModelComparison {
    let resampling = Resampling { replicates: 500, ..Resampling::default() };
    let question = ComparisonQuestion { resampling, auroc, ..ComparisonQuestion::default() };
    compare_models(audit, &audit.models[0], &audit.models[1], &question)
}

/// Mean of a loss of the first model, over four million draws.
fn mean_loss() -> f64 {
    let draw = &mut ChaCha8Rng::seed_from_u64(99);
    (0..4_000_000).map(|_| (-(2.0 + 2.0 * normal(draw))).exp().ln_1p()).sum::<f64>() / 4e6
}

#[test]
#[ignore = "simulation"]
fn changes_of_small_cells_are_covered() {
    let mean = mean_loss();
    for factor in [1.0, 1.5] {
        for (with, without) in [(30, 30), (30, 500), (60, 500), (200, 2_000)] {
            let held: Vec<[bool; 2]> = (0..2_000_u64)
                .into_par_iter()
                .map(|seed| {
                    let draw = &mut ChaCha8Rng::seed_from_u64(seed);
                    let sides = vec![(0..with + without).map(|i| i < with).collect()];
                    let audit = audit(draw, with + without, factor, sides);
                    let row = compared(&audit, false).attributes.remove(0);
                    let holds = |change: &Change, truth| change.interval.value().is_some_and(|of| of.contains(truth));
                    [holds(&row.loss_true, (factor - 1.0) * mean), holds(&row.loss_gap, 0.0)]
                })
                .collect();
            let share = |at: usize| held.iter().filter(|held| held[at]).count() as f64 / 20.0;
            println!(
                "losses times {factor}, {with} + {without} items: change {:.1} %, change of gap {:.1} %",
                share(0),
                share(1)
            );
            assert!((92.5..=98.0).contains(&share(0)) && (92.5..=98.0).contains(&share(1)));
        }
    }
}

#[test]
#[ignore = "simulation"]
fn changes_of_small_aurocs_are_covered() {
    for (with, without) in [(30, 500), (90, 500)] {
        let held: Vec<bool> = (0..1_000_u64)
            .into_par_iter()
            .map(|seed| {
                let draw = &mut ChaCha8Rng::seed_from_u64(seed);
                let sides = vec![(0..with + without).map(|i| i < with).collect()];
                let audit = audit(draw, with + without, 1.0, sides);
                let row = compared(&audit, true).attributes.remove(0);
                row.auroc_true.interval.value().is_some_and(|of| of.contains(0.0))
            })
            .collect();
        let share = held.iter().filter(|held| **held).count() as f64 / 10.0;
        println!("change of AUROC, a third of {with} items positive: {share:.1} %");
        // Percentiles of few positives are wide rather than short.
        assert!((92.0..=99.5).contains(&share));
    }
}

#[test]
#[ignore = "simulation"]
fn two_models_alike_are_seldom_told_apart() {
    let found: Vec<[bool; 3]> = (0..400_u64)
        .into_par_iter()
        .map(|seed| {
            let draw = &mut ChaCha8Rng::seed_from_u64(seed);
            let shares: Vec<f64> = (0..40).map(|at| 0.03 + 0.01 * f64::from(at)).collect();
            let sides = shares.iter().map(|share| (0..1_000).map(|_| draw.random_bool(*share)).collect()).collect();
            let found = compared(&audit(draw, 1_000, 1.0, sides), false);
            let told = |change: &Change| matches!(change.verdict, ChangeVerdict::Worse | ChangeVerdict::Better);
            let any = |of: &dyn Fn(&AttributeChange) -> bool| found.attributes.iter().any(of);
            [
                told(&found.losses.mean),
                any(&|row| told(&row.loss_true) || told(&row.loss_false)),
                any(&|row| told(&row.loss_gap)),
            ]
        })
        .collect();
    let share = |at: usize| found.iter().filter(|found| found[at]).count() as f64 / 400.0;
    println!(
        "two models alike: audits with a false change, of the mean {:.3}, of a group {:.3}, of a gap {:.3}",
        share(0),
        share(1),
        share(2)
    );
    assert!(share(0) <= 0.075 && share(1) <= 0.06 && share(2) <= 0.06);
}
