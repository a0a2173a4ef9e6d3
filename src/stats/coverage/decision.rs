//! What people act on: directions, discoveries, the largest gap, the size of the next study.

use rayon::prelude::*;

use super::super::*;
use super::{AUDITS, Draw, LEVEL, coverage};

#[test]
#[ignore = "simulation"]
fn a_calibrated_student_direction() {
    // When the true mean is as likely above zero as below, "80 % sure of the next member" should be right 80 % of the time.
    let mut bins = [(0.0, 0.0, 0.0); 5];
    for seed in 0..AUDITS * 10 {
        let mut draw = Draw::new(seed);
        let (truth, sd) = (3.0 * draw.normal(), 1.0);
        let deltas: Vec<f64> = (0..5).map(|_| truth + sd * draw.normal()).collect();
        let next = truth + sd * draw.normal();
        let said = direction(&deltas).unwrap().student.unwrap().new_member_positive;
        let bin = &mut bins[[0.2, 0.4, 0.6, 0.8].iter().filter(|&&edge| said >= edge).count()];
        *bin = (bin.0 + 1.0, bin.1 + said, bin.2 + f64::from(next > 0.0));
    }
    for (n, said, happened) in bins {
        println!("P(next member > 0): said {:.3}, happened {:.3}", said / n, happened / n);
        assert!((said / n - happened / n).abs() < 0.04);
    }
}

/// 36 attributes without and 4 with a gap of 1; returns p-values, nulls first.
fn planted(draw: &mut Draw, plan: Resampling, by_permutation: bool) -> Vec<Stat<f64>> {
    let sides: Vec<Side> = (0..120).map(|i| Side::from(i % 2 == 0)).collect();
    let one = |attribute| {
        let gap = if attribute < 36 { 0.0 } else { 1.0 };
        let values: Vec<f64> = (0..120).map(|i| draw.normal() + if i % 2 == 0 { gap } else { 0.0 }).collect();
        if by_permutation {
            let statistic = |s: &[Side]| {
                Ok(group_mean(&values, s, Side::With)?.value - group_mean(&values, s, Side::Without)?.value)
            };
            permutation(&sides, Units::Items(120), statistic, plan).map(|test| test.p)
        } else {
            mean_gap_bootstrap(&values, &sides, Units::Items(120), plan).map(|b| b.p_zero())
        }
    };
    (0..40).map(one).collect()
}

#[test]
#[ignore = "simulation"]
fn q_values_keep_the_false_discovery_rate() {
    for (name, by_permutation, replicates) in [("permutation", true, 999), ("bootstrap", false, 1_999)] {
        let plan = Resampling { replicates, seed: 0 };
        let audits: Vec<(f64, f64)> = (0..300_u64)
            .into_par_iter()
            .map(|seed| {
                let q = benjamini_hochberg(&planted(&mut Draw::new(seed), plan, by_permutation));
                let called = |range: &[Stat<f64>]| range.iter().filter(|q| q.unwrap() <= 0.05).count() as f64;
                let (wrong, right) = (called(&q[..36]), called(&q[36..]));
                (wrong / (wrong + right).max(1.0), right / 4.0)
            })
            .collect();
        let mean = |of: fn(&(f64, f64)) -> f64| audits.iter().map(of).sum::<f64>() / 300.0;
        let (fdr, power) = (mean(|a| a.0), mean(|a| a.1));
        println!("{name} p: false discovery rate {fdr:.3} (nominal 0.05), power {power:.3}");
        assert!(fdr < 0.075 && power > 0.8);
    }
}

#[test]
#[ignore = "simulation"]
fn shrinkage_undoes_the_winners_curse() {
    let (mut raw, mut shrunk, mut truths) = (0.0, 0.0, 0.0);
    for seed in 0..AUDITS {
        let mut draw = Draw::new(seed);
        let truth: Vec<f64> = (0..40).map(|_| 0.5 * draw.normal()).collect();
        let seen: Vec<f64> = truth.iter().map(|t| t + draw.normal()).collect();
        let s = shrink(&seen, &[1.0; 40]).unwrap();
        let best = (0..40).max_by(|&a, &b| seen[a].abs().total_cmp(&seen[b].abs())).unwrap();
        let sign = seen[best].signum();
        raw += sign * seen[best];
        shrunk += sign * s.values[best];
        truths += sign * truth[best];
    }
    let per = |sum: f64| sum / AUDITS as f64;
    println!("largest of 40 gaps: seen {:.2}, shrunk {:.2}, true {:.2}", per(raw), per(shrunk), per(truths));
    assert!((per(shrunk) - per(truths)).abs() < 0.1 && per(raw) > 2.0 * per(truths));
}

#[test]
#[ignore = "simulation"]
fn the_items_needed_have_the_power_asked_for() {
    let (scale, pilot) = (1.15, 4_000);
    let draw_gap = |draw: &mut Draw, n: usize| {
        let values: Vec<f64> = (0..n).map(|i| draw.exponential() * if i % 2 == 0 { scale } else { 1.0 }).collect();
        let sides: Vec<Side> = (0..n).map(|i| Side::from(i % 2 == 0)).collect();
        mean_gap(&values, &sides, Units::Items(n), Better::Lower)
    };
    let mut measured = draw_gap(&mut Draw::new(1), pilot).unwrap();
    measured.gap = Gap::new(scale, 1.0, Better::Lower).unwrap();
    let needed = measured.items_needed(LEVEL, 0.8).unwrap();
    let [resolved] = coverage(|draw| [draw_gap(draw, needed).map(|g| g.interval(LEVEL).excludes_zero())]);
    println!("{needed} items resolve the gap in {resolved:.1} % of audits (asked for 80)");
    assert!((76.0..84.0).contains(&resolved));
}
