//! Intervals of a gap of means.

use super::super::*;
use super::{LEVEL, coverage, report};

fn gap_intervals(values: &[f64], sides: &[Side], units: Units, truth: f64, plan: Resampling) -> [Stat<bool>; 3] {
    let drawn = mean_gap_bootstrap(values, sides, units, plan);
    let drawn = drawn.as_ref().map_err(|why| *why);
    let measured = mean_gap(values, sides, units, Better::Lower);
    [
        measured.map(|gap| gap.interval(LEVEL).contains(truth)),
        drawn.and_then(|b| b.percentile(LEVEL)).map(|i| i.contains(truth)),
        drawn.and_then(|b| b.bca(LEVEL)).map(|i| i.contains(truth)),
    ]
}

#[test]
#[ignore = "simulation"]
fn intervals_of_a_mean_loss_gap() {
    let plan = Resampling { replicates: 999, seed: 0 };
    for scale in [1.0, 1.4] {
        let figures = coverage(|draw| {
            // Exponential losses: skewed as cross-entropies are.
            let values: Vec<f64> = (0..400).map(|i| draw.exponential() * if i < 150 { scale } else { 1.0 }).collect();
            let sides: Vec<Side> = (0..400).map(|i| Side::from(i < 150)).collect();
            gap_intervals(&values, &sides, Units::Items(400), scale - 1.0, plan)
        });
        let title = format!("mean-loss gap {:.1}, 150 + 250 skewed items", scale - 1.0);
        report(&title, &["sandwich", "percentile", "BCa"], &figures);
    }
}

#[test]
#[ignore = "simulation"]
fn intervals_of_a_gap_between_dependent_photos() {
    let plan = Resampling { replicates: 999, seed: 0 };
    // 120 persons with 1 to 9 photos each, half of the variance between persons.
    let person_of: Vec<usize> = (0..120).flat_map(|p| std::iter::repeat_n(p, 1 + p % 9)).collect();
    let clusters = Clusters::from_labels(&person_of);
    let n = person_of.len();
    for (title, by_person) in [("attribute of persons", true), ("attribute of photos", false)] {
        let figures = coverage(|draw| {
            let person: Vec<f64> = (0..120).map(|_| draw.normal()).collect();
            let sides: Vec<Side> = (0..n)
                .map(|i| Side::from(if by_person { (person_of[i] / 9).is_multiple_of(2) } else { i % 3 == 0 }))
                .collect();
            let values: Vec<f64> = (0..n).map(|i| person[person_of[i]] + draw.normal()).collect();
            let clustered = gap_intervals(&values, &sides, Units::Clusters(&clusters), 0.0, plan);
            let naive = mean_gap(&values, &sides, Units::Items(n), Better::Lower);
            let naive = naive.map(|gap| gap.interval(LEVEL).contains(0.0));
            [clustered[0], clustered[1], clustered[2], naive]
        });
        println!("{title:<44} {:<12} {:5.1} %  (wrong on purpose)", "by item", figures[3]);
        report(title, &["sandwich", "percentile", "BCa"], &figures[..3]);
    }
}

#[test]
#[ignore = "simulation"]
fn intervals_of_a_macro_gap() {
    let plan = Resampling { replicates: 999, seed: 0 };
    let figures = coverage(|draw| {
        // 120 identities, 60 of them on both sides; each side's AUROC falls with the identity's difficulty.
        let mut classes = [Vec::new(), Vec::new()];
        for class in 0..120 {
            let hard = draw.exponential() * 0.02;
            for (side, list) in classes.iter_mut().enumerate() {
                let noise = draw.exponential() * 0.01;
                if class % 2 == 0 || class % 4 == 1 + 2 * side {
                    let value = 1.0 - hard - noise;
                    list.push(ClassAuroc { class, value, positives: 3 });
                }
            }
        }
        let [with, without] = classes;
        let drawn = macro_gap_bootstrap(&with, &without, ClassWeight::Class, plan);
        let drawn = drawn.as_ref().map_err(|why| *why);
        let measured = macro_gap(&with, &without, ClassWeight::Class);
        [
            measured.map(|gap| gap.interval(LEVEL).contains(0.0)),
            drawn.and_then(|b| b.percentile(LEVEL)).map(|i| i.contains(0.0)),
            drawn.and_then(|b| b.bca(LEVEL)).map(|i| i.contains(0.0)),
        ]
    });
    report("macro gap 0, 120 identities", &["sandwich", "percentile", "BCa"], &figures);
}
