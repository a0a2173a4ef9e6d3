//! Whether combined means gain by a prediction, and their intervals hold, whatever law losses follow; run by name with the
//! simulations beside it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a simulation says what it found")]

use super::simulation::{exponential, normal, random};
use super::{LabelledGroup, combine};
use crate::audit::Split;
use crate::data::{ADULT, load};
use crate::stats::{self, Side};
use rand::Rng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

#[test]
#[ignore = "simulation"]
fn few_labels_gain_from_predictions() {
    let audit = load(ADULT).unwrap();
    let rows = audit.rows(Split::Test);
    let losses: Vec<f64> = rows.iter().map(|&row| audit.models[0].losses[row]).collect();
    let held = |attribute: &crate::audit::Attribute| {
        (0..rows.len()).filter(|&at| attribute.values[rows[at]] == Some(true)).collect::<Vec<usize>>()
    };
    let members: Vec<Vec<usize>> = audit.attributes.iter().map(held).collect();
    // Heads' predictions stood in for by the truth with an error of its own and a wrong scale, so that both parts are known.
    for labels in [5, 10, 30] {
        let mut sums = [0.0; 3];
        let (mut held, mut all) = (0, 0);
        for seed in 0..200 {
            let draw = &mut random(seed);
            let drawn: Vec<(LabelledGroup, f64)> = (members.iter())
                .map(|items| {
                    let truth = items.iter().map(|&item| losses[item]).sum::<f64>() / items.len() as f64;
                    let few: Vec<f64> = sample(draw, items.len(), labels).iter().map(|at| losses[items[at]]).collect();
                    let found = stats::group_mean(&few, &vec![Side::With; labels], Side::With).unwrap();
                    let predicted = 0.2 + 0.6 * (truth + 0.1 * normal(draw));
                    (LabelledGroup { mean: found.value, variance: found.variance, units: labels, predicted }, truth)
                })
                .collect();
            let groups: Vec<LabelledGroup> = drawn.iter().map(|(group, _)| *group).collect();
            let combined = combine(&groups, losses.iter().copied()).unwrap();
            for (combined, (group, truth)) in combined.iter().zip(&drawn) {
                let synthetic = (group.predicted - 0.2) / 0.6;
                for (sum, value) in sums.iter_mut().zip([group.mean, synthetic, combined.value]) {
                    *sum += (value - truth).powi(2);
                }
                held += usize::from(combined.interval.contains(*truth));
                all += 1;
            }
        }
        let [alone, predicted, together] = sums.map(|sum| (sum / f64::from(all)).sqrt());
        let coverage = held as f64 / f64::from(all);
        println!(
            "{labels} labels a group: RMSE {alone:.3} alone, {predicted:.3} predicted, {together:.3} combined; the 95 % interval holds {coverage:.3}"
        );
        assert!(labels > 5 || together <= 0.6 * alone);
        // With few labels and a good prediction too wide: how little groups differ is then not known.
        assert!(together <= alone && coverage >= 0.92);
    }
}

/// A loss of an item in a group of this mean.
type Law = fn(&mut ChaCha8Rng, f64) -> f64;

/// What 40 groups' means are told by, summed over draws.
#[derive(Default, Clone, Copy)]
struct Told {
    /// Squared errors of labels alone, of the prediction alone, and of both.
    errors: [f64; 3],
    held: f64,
    groups: f64,
}

/// 40 groups of so many labels, whose predictions are wrong by a share of the mean loss; `outlier`: one item lost 20 times the mean.
fn drawn(seed: u64, law: Law, base: f64, sizes: &[usize], wrong: f64, outlier: bool) -> Told {
    let draw = &mut random(seed);
    let mut losses = Vec::new();
    let mut truths = Vec::new();
    let group = |at: usize| {
        let predicted = normal(draw);
        let truth = base * (1.0 + 0.35 * predicted + wrong * normal(draw)).clamp(0.1, 3.0);
        let mut few: Vec<f64> = (0..sizes[at % sizes.len()]).map(|_| law(draw, truth)).collect();
        if outlier && at == 0 {
            few[0] = if few.iter().all(|loss| *loss == 0.0 || *loss == 1.0) { 1.0 } else { 20.0 * base };
        }
        let found = stats::group_mean(&few, &vec![Side::With; few.len()], Side::With).unwrap();
        truths.push(truth);
        losses.extend_from_slice(&few);
        LabelledGroup { mean: found.value, variance: found.variance, units: few.len(), predicted }
    };
    let groups: Vec<LabelledGroup> = (0..40).map(group).collect();
    let mut told = Told { groups: 40.0, ..Told::default() };
    for ((combined, group), truth) in combine(&groups, losses.into_iter()).unwrap().iter().zip(&groups).zip(truths) {
        let alone = base * (1.0 + 0.35 * group.predicted);
        for (sum, value) in told.errors.iter_mut().zip([group.mean, alone, combined.value]) {
            *sum += (value - truth).powi(2);
        }
        told.held += f64::from(u8::from(combined.interval.contains(truth)));
    }
    told
}

#[test]
#[ignore = "simulation"]
fn few_labels_of_any_law_gain_from_predictions() {
    let laws: [(&str, Law, f64); 4] = [
        ("normal", |draw, mean| mean + 0.5 * normal(draw), 1.0),
        ("exponential", |draw, mean| mean * exponential(draw), 1.0),
        ("log-normal", |draw, mean| mean * (normal(draw) - 0.5).exp(), 1.0),
        ("0/1", |draw, mean| f64::from(u8::from(draw.random_bool(mean))), 0.25),
    ];
    for (name, law, base) in laws {
        for outlier in [false, true] {
            for (title, sizes) in [("5", &[5][..]), ("30", &[30]), ("5, 10, 30 and 1,000", &[5, 10, 30, 1_000])] {
                for wrong in [0.1, 0.2, 0.4] {
                    let told = (0..150_u64).into_par_iter().map(|seed| drawn(seed, law, base, sizes, wrong, outlier));
                    let add = |mut a: Told, b: Told| {
                        (0..3).for_each(|of| a.errors[of] += b.errors[of]);
                        Told { held: a.held + b.held, groups: a.groups + b.groups, ..a }
                    };
                    let told = told.reduce(Told::default, add);
                    let [alone, predicted, both] = told.errors.map(|sum| (sum / told.groups).sqrt());
                    let coverage = told.held / told.groups;
                    let with = if outlier { ", an outlier" } else { "" };
                    println!(
                        "{name}{with}, {title} labels, prediction wrong by {wrong}: RMSE {alone:.3} alone, {predicted:.3} predicted, {both:.3} combined; the interval holds {coverage:.3}"
                    );
                    assert!(coverage >= 0.9, "{name}");
                }
            }
        }
    }
}
