//! Intervals of correlations and shares.

use super::super::*;
use super::{LEVEL, coverage, report};

#[test]
#[ignore = "simulation"]
fn intervals_of_a_correlation() {
    let plan = Resampling { replicates: 999, seed: 0 };
    for (n, rho) in [(40, 0.0), (40, 0.3), (200, 0.6)] {
        // The truths of a bivariate normal (Kruskal 1958).
        let spearman_rho = 6.0 / std::f64::consts::PI * (rho / 2.0_f64).asin();
        let tau = 2.0 / std::f64::consts::PI * f64::asin(rho);
        let figures = coverage(|draw| {
            let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
            let y: Vec<f64> = x.iter().map(|x| rho * x + (1.0 - rho * rho).sqrt() * draw.normal()).collect();
            let held = |c: Stat<Correlation>, truth| c.and_then(|c| c.interval(LEVEL)).map(|i| i.contains(truth));
            let resampled = |items: &[usize]| {
                let (x, y): (Vec<f64>, Vec<f64>) = items.iter().map(|&i| (x[i], y[i])).unzip();
                pearson(&x, &y).map(|c| c.value)
            };
            let drawn = bootstrap(Units::Items(n), resampled, plan);
            [
                held(pearson(&x, &y), rho),
                held(spearman(&x, &y), spearman_rho),
                held(kendall(&x, &y), tau),
                drawn.and_then(|b| b.bca(LEVEL)).map(|i| i.contains(rho)),
            ]
        });
        let title = format!("correlation {rho}, n = {n}");
        report(&title, &["Pearson", "Spearman", "Kendall", "BCa"], &figures);
    }
}

#[test]
#[ignore = "simulation"]
fn intervals_of_a_share() {
    for (n, share) in [(40, 0.6), (40, 0.9), (500, 0.5)] {
        let figures = coverage(|draw| {
            let hits = (0..n).filter(|_| draw.uniform() < share).count();
            [wilson(hits, n, LEVEL).map(|i| i.contains(share))]
        });
        let title = format!("share {share} of {n}");
        report(&title, &["Wilson"], &figures);
    }
}
