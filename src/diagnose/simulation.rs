//! Whether verdicts and intervals of small cells hold, on simulated losses and on the built-in audit; slow, so run by name:
//! `cargo test --lib diagnose::simulation -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a simulation says what it found")]

use super::attributes::Groups;
use super::gap_evidence::{BothGaps, GapMaterial, judged};
use super::policy::{COVERAGE, LEAST_OF_CLASS};
use super::{FittedLosses, GapEvidence, IntervalMethod, Verdict};
use crate::audit::Split;
use crate::data::{ADULT, load};
use crate::stats::{self, Better, Clusters, Side, Units};
use rand::seq::{SliceRandom, index::sample};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};
use rayon::prelude::*;

pub(super) fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A standard normal number, by Box and Muller.
pub(super) fn normal(draw: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (draw.random_range(1e-12..1.0), draw.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

pub(super) fn exponential(draw: &mut ChaCha8Rng) -> f64 {
    -draw.random_range(1e-12_f64..1.0).ln()
}

/// Cross-entropy of a model that is mostly right: heavily skewed.
fn cross_entropy(draw: &mut ChaCha8Rng) -> f64 {
    (-(2.0 + 2.0 * normal(draw))).exp().ln_1p()
}

/// Share of 4,000 draws that hold, in percent.
fn percent(holds: impl Fn(&mut ChaCha8Rng) -> bool + Sync) -> f64 {
    let held = (0..4_000_u64).into_par_iter().filter(|&seed| holds(&mut random(seed))).count();
    held as f64 / 40.0
}

fn within(found: f64, title: &str) {
    println!("{title:<64} {found:5.1} %");
    // Above the middle: a side that varies less than all items do is given what they do.
    assert!((93.0..=98.0).contains(&found), "{title}: {found}");
}

#[test]
#[ignore = "simulation"]
fn small_cells_of_skewed_losses_are_covered() {
    type Law = fn(&mut ChaCha8Rng) -> f64;
    let mean = |of: Law| {
        let draw = &mut random(99);
        (0..4_000_000).map(|_| of(draw)).sum::<f64>() / 4e6
    };
    let laws: [(&str, Law, f64); 2] =
        [("exponential", exponential, 1.0), ("cross-entropy", cross_entropy, mean(cross_entropy))];
    for (name, law, truth) in laws {
        for (with, without) in [(30, 30), (30, 500), (60, 500), (200, 2_000)] {
            let sides: Vec<Side> = (0..with + without).map(|i| (i < with).into()).collect();
            let found = percent(|draw| {
                // One side twice the other in mean and spread.
                let values: Vec<f64> =
                    (0..with + without).map(|i| law(draw) * if i < with { 2.0 } else { 1.0 }).collect();
                let gap = stats::mean_gap(&values, &sides, Units::Items(values.len()), Better::Lower).unwrap();
                gap.interval(COVERAGE).contains(truth)
            });
            within(found, &format!("mean of {name} losses, {with} + {without} items"));
        }
    }
}

#[test]
#[ignore = "simulation"]
fn small_cells_of_aurocs_are_covered() {
    // Distance of two normals with this AUROC.
    for (auroc, shift) in [(0.7, 0.741_6), (0.85, 1.465_7), (0.95, 2.326_2), (0.97, 2.659_9), (1.0, 12.0)] {
        for (positives, negatives) in [(10, 20), (10, 40), (30, 90)] {
            let counts = [(positives, negatives), (150, 350)];
            let found = percent(|draw| {
                let (mut scores, mut labels, mut sides) = (Vec::new(), Vec::new(), Vec::new());
                for ((positives, negatives), side) in counts.into_iter().zip([Side::With, Side::Without]) {
                    for item in 0..positives + negatives {
                        labels.push(item < positives);
                        scores.push(normal(draw) + if item < positives { shift } else { 0.0 });
                        sides.push(side);
                    }
                }
                let gap = stats::auroc_gap(&scores, &labels, &sides, Units::Items(scores.len())).unwrap();
                gap.interval(COVERAGE).contains(0.0)
            });
            let title = format!("AUROC {auroc}, {positives} + {negatives} items against 150 + 350");
            if auroc > 0.95 {
                // Where classes hardly overlap score intervals are wide: they must hold, not more.
                println!("{title:<64} {found:5.1} %");
                assert!(found >= 93.0, "{title}: {found}");
                continue;
            }
            within(found, &format!("AUROC {auroc}, {positives} + {negatives} items against 150 + 350"));
        }
    }
}

/// The built-in audit's test items: losses, scores, labels, and who has each attribute.
struct Adult {
    losses: Vec<f64>,
    scores: Vec<f64>,
    labels: Vec<bool>,
    held: Vec<Vec<bool>>,
}

impl Adult {
    fn new() -> Self {
        let audit = load(ADULT).unwrap();
        let rows = audit.rows(Split::Test);
        let model = &audit.models[0];
        let scores = model.scores.as_ref().unwrap();
        let labels = audit.labels.as_ref().unwrap();
        Self {
            losses: rows.iter().map(|&row| model.losses[row]).collect(),
            scores: rows.iter().map(|&row| scores[row]).collect(),
            labels: rows.iter().map(|&row| labels[row]).collect(),
            held: (audit.attributes.iter())
                .map(|attribute| rows.iter().map(|&row| attribute.values[row] == Some(true)).collect())
                .collect(),
        }
    }

    /// Table 5's two kinds of evidence over some items, each attribute's sides given by the items of another list.
    fn judge(&self, items: &[usize], of: impl Fn(usize) -> Vec<usize> + Sync) -> [Vec<GapEvidence>; 2] {
        let material = GapMaterial {
            losses: items.iter().map(|&item| self.losses[item]).collect(),
            scored: Some(items.iter().map(|&item| (self.scores[item], self.labels[item])).unzip()),
            units: Units::Items(items.len()),
        };
        judge(&material, self.held.len(), |attribute| {
            of(attribute).iter().map(|&item| self.held[attribute][item]).collect()
        })
    }
}

/// Loss and AUROC evidence of attributes whose sides are given.
fn judge(
    material: &GapMaterial,
    attributes: usize,
    sides: impl Fn(usize) -> Vec<bool> + Sync,
) -> [Vec<GapEvidence>; 2] {
    let both = (0..attributes).map(|attribute| {
        let (with, without) = sides(attribute).iter().enumerate().fold((vec![], vec![]), |mut groups, (at, has)| {
            if *has {
                groups.0.push(at)
            } else {
                groups.1.push(at)
            }
            groups
        });
        BothGaps::of(material, &Groups { with, without }, None, IntervalMethod::Analytic)
    });
    let (loss, auroc): (Vec<_>, Vec<_>) = both.map(|both| (both.loss, both.auroc)).unzip();
    [judged(loss), judged(auroc)]
}

fn resolved(evidence: &[GapEvidence]) -> usize {
    evidence.iter().filter(|one| one.verdict == Verdict::Resolved).count()
}

#[test]
#[ignore = "simulation"]
fn small_cells_of_the_built_in_audit_are_covered() {
    let adult = Adult::new();
    let (mut worst, mut best) = (100.0_f64, 0.0_f64);
    let mut sums = [(0.0, 0.0); 2];
    for held in &adult.held {
        let sides = [true, false].map(|has| (0..held.len()).filter(|&item| held[item] == has).collect::<Vec<usize>>());
        let truth = |metric: &dyn Fn(&[usize]) -> f64| metric(&sides[0]) - metric(&sides[1]);
        let loss = |items: &[usize]| items.iter().map(|&item| adult.losses[item]).sum::<f64>() / items.len() as f64;
        let auroc = |items: &[usize]| {
            let (scores, labels): (Vec<f64>, Vec<bool>) =
                items.iter().map(|&item| (adult.scores[item], adult.labels[item])).unzip();
            stats::auroc(&scores, &labels).unwrap()
        };
        let truths = [truth(&loss), truth(&auroc)];
        let draws: Vec<[Option<bool>; 2]> = (0..1_000_u64)
            .into_par_iter()
            .map(|seed| {
                let draw = &mut random(seed);
                let chosen: Vec<usize> = [(0, 30), (1, 400)]
                    .into_iter()
                    .flat_map(|(side, n)| {
                        (0..n).map(|_| sides[side][draw.random_range(0..sides[side].len())]).collect::<Vec<_>>()
                    })
                    .collect();
                let of: Vec<Side> = (0..chosen.len()).map(|at| (at < 30).into()).collect();
                let units = Units::Items(of.len());
                let losses: Vec<f64> = chosen.iter().map(|&item| adult.losses[item]).collect();
                let (scores, labels): (Vec<f64>, Vec<bool>) =
                    chosen.iter().map(|&item| (adult.scores[item], adult.labels[item])).unzip();
                let holds = |gap: stats::MeasuredGap, truth| gap.interval(COVERAGE).contains(truth);
                let enough = [&labels[..30], &labels[30..]].iter().all(|labels| {
                    let positives = labels.iter().filter(|label| **label).count();
                    positives.min(labels.len() - positives) >= LEAST_OF_CLASS
                });
                let area = enough.then(|| holds(stats::auroc_gap(&scores, &labels, &of, units).unwrap(), truths[1]));
                [Some(holds(stats::mean_gap(&losses, &of, units, Better::Lower).unwrap(), truths[0])), area]
            })
            .collect();
        for (kind, sum) in sums.iter_mut().enumerate() {
            let known: Vec<bool> = draws.iter().filter_map(|draw| draw[kind]).collect();
            let held = known.iter().filter(|held| **held).count() as f64;
            *sum = (sum.0 + held, sum.1 + known.len() as f64);
            // A share of fewer draws says nothing of a cell.
            if known.len() >= 500 {
                let share = 100.0 * held / known.len() as f64;
                (worst, best) = (worst.min(share), best.max(share));
            }
        }
    }
    for (name, (held, all)) in ["loss", "AUROC"].into_iter().zip(sums) {
        within(100.0 * held / all, &format!("built-in audit, {name}, 30 + 400 items, all attributes"));
    }
    println!("cells of the built-in audit: {worst:.1} to {best:.1} %");
    assert!(worst >= 90.0);
}

/// Share of audits with a false verdict, and the mean share of false verdicts among all.
fn false_verdicts(audits: u64, audit: impl Fn(u64) -> (usize, usize) + Send + Sync) -> (f64, f64) {
    let found: Vec<(usize, usize)> = (0..audits).into_par_iter().map(audit).collect();
    let any = found.iter().filter(|(wrong, _)| *wrong > 0).count() as f64 / audits as f64;
    let rate = found.iter().map(|(wrong, all)| *wrong as f64 / (*all).max(1) as f64).sum::<f64>() / audits as f64;
    (any, rate)
}

#[test]
#[ignore = "simulation"]
fn small_cells_give_few_false_verdicts() {
    let adult = Adult::new();
    let all: Vec<usize> = (0..adult.losses.len()).collect();
    // 1,000 test items, so that some attributes have few.
    let some = |draw: &mut ChaCha8Rng| sample(draw, all.len(), 1_000).into_vec();
    for (at, kind) in ["loss", "AUROC"].into_iter().enumerate() {
        let (any, _) = false_verdicts(400, |seed| {
            let draw = &mut random(seed);
            let items = some(draw);
            let mut shuffled = items.clone();
            shuffled.shuffle(draw);
            let wrong = resolved(&adult.judge(&items, |_| shuffled.clone())[at]);
            (wrong, wrong)
        });
        println!("all attributes permuted: audits with a false 'resolved', {kind} {any:.3}");
        assert!(any <= 0.06, "{kind}");
        let (_, rate) = false_verdicts(400, |seed| {
            let draw = &mut random(seed);
            let items = some(draw);
            let mut shuffled = items.clone();
            shuffled.shuffle(draw);
            let evidence =
                &adult.judge(&items, |attribute| if attribute % 2 == 0 { shuffled.clone() } else { items.clone() })[at];
            let halves = evidence
                .iter()
                .enumerate()
                .filter(|(attribute, one)| attribute % 2 == 0 && one.verdict == Verdict::Resolved);
            (halves.count(), resolved(evidence))
        });
        println!("half of the attributes permuted: false share of 'resolved', {kind} {rate:.3}");
        assert!(rate <= 0.06, "{kind}");
    }
}

/// Cross-entropy of a calibrated classifier that is right in this share of cases: most losses are near 0, few are large.
fn calibrated(right: f64) -> impl Fn(&mut ChaCha8Rng) -> f64 {
    let law = Beta::new(2.0 * right, 2.0 * (1.0 - right)).unwrap();
    move |draw| {
        let p: f64 = law.sample(draw).clamp(1e-6, 1.0 - 1e-6);
        if draw.random_bool(p) { -p.ln() } else { -(1.0 - p).ln() }
    }
}

/// A loss by chance.
type Law = Box<dyn Fn(&mut ChaCha8Rng) -> f64 + Sync + Send>;

#[test]
#[ignore = "simulation"]
fn rare_losses_give_few_false_verdicts() {
    let errors = |rate: f64| -> Law { Box::new(move |draw| f64::from(u8::from(draw.random_bool(rate)))) };
    let laws: [(&str, Law); 8] = [
        ("0/1 losses, 1 %", errors(0.01)),
        ("0/1 losses, 2 %", errors(0.02)),
        ("0/1 losses, 5 %", errors(0.05)),
        ("0/1 losses, 10 %", errors(0.1)),
        ("cross-entropy, 92 % right", Box::new(calibrated(0.92))),
        ("cross-entropy, 98.7 % right", Box::new(calibrated(0.987))),
        ("exponential losses", Box::new(exponential)),
        ("log-normal losses", Box::new(|draw| normal(draw).exp())),
    ];
    // 100 persons of eight items; attributes of some 40 items have nothing to do with the losses.
    let persons = Clusters::from_labels(&(0..800).map(|item| item / 8).collect::<Vec<_>>());
    for (name, law) in &laws {
        for (title, units) in [("items", Units::Items(800)), ("persons", Units::Clusters(&persons))] {
            let (any, _) = false_verdicts(400, |seed| {
                let draw = &mut random(seed);
                let material = GapMaterial { losses: (0..800).map(|_| law(draw)).collect(), scored: None, units };
                let held: Vec<Vec<bool>> =
                    (0..20).map(|_| (0..800).map(|_| draw.random_bool(0.05)).collect()).collect();
                let wrong = resolved(&judge(&material, 20, |at| held[at].clone())[0]);
                (wrong, wrong)
            });
            println!("{name}, {title}: audits with a false 'resolved' {any:.3}");
            assert!(any <= 0.06, "{name}");
        }
    }
}

#[test]
#[ignore = "simulation"]
fn small_cells_of_persons_give_few_false_verdicts() {
    for (title, persons, photos) in [("60 persons of 20 photos", 60, 20), ("300 persons of 1 to 9 photos", 300, 9)] {
        let of: Vec<usize> = (0..persons)
            .flat_map(|person| std::iter::repeat_n(person, if photos == 9 { 1 + person % 9 } else { photos }))
            .collect();
        let clusters = Clusters::from_labels(&of);
        let shares = [true, false].map(|grouped| {
            let (any, _) = false_verdicts(200, |seed| {
                let draw = &mut random(seed);
                let effect: Vec<f64> = (0..persons).map(|_| cross_entropy(draw)).collect();
                let losses: Vec<f64> = of.iter().map(|&person| effect[person] + 0.5 * exponential(draw)).collect();
                // 20 attributes of persons, 20 of photos; none has to do with the losses.
                let traits: Vec<Vec<bool>> =
                    (0..20).map(|at| (0..persons).map(|_| draw.random_range(0..20) < 6 + at / 2).collect()).collect();
                let coins: Vec<Vec<bool>> =
                    (0..20).map(|_| of.iter().map(|_| draw.random_range(0..3) == 0).collect()).collect();
                let units = if grouped { Units::Clusters(&clusters) } else { Units::Items(of.len()) };
                let material = GapMaterial { losses, scored: None, units };
                let wrong = resolved(
                    &judge(&material, 40, |at| match traits.get(at) {
                        Some(of_persons) => of.iter().map(|&person| of_persons[person]).collect(),
                        None => coins[at - 20].clone(),
                    })[0],
                );
                (wrong, wrong)
            });
            any
        });
        println!("{title}: audits with a false 'resolved' {:.3}; without the group {:.3}", shares[0], shares[1]);
        assert!(shares[0] <= 0.08 && shares[1] > 0.5);
    }
}

#[test]
#[ignore = "simulation"]
fn losses_of_fitted_models_are_noticed_and_honest_ones_are_not() {
    let adult = load(ADULT).unwrap();
    assert!(adult.models.iter().all(|model| FittedLosses::of(&adult, model).is_none()));
    // Of models that know nothing of the split, in audits of every size.
    for n in [60, 300, 3_000] {
        let blamed = (0..1_000_u64).into_par_iter().filter(|&seed| {
            let draw = &mut random(seed);
            let losses: [Vec<f64>; 2] = std::array::from_fn(|_| (0..n).map(|_| cross_entropy(draw)).collect());
            FittedLosses::between(&losses[0], &losses[1], None).is_some()
        });
        let blamed = blamed.count();
        println!("honest audits of {n} + {n} items blamed: {blamed} of 1,000");
        // Two tests at p < .001: two are to be expected.
        assert!(blamed <= 6);
    }
}
