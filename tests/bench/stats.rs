//! Times the statistics on large columns: `cargo bench --bench stats`; tests/bench/stats.py does the same in SciPy.

#![allow(clippy::cast_precision_loss, clippy::doc_markdown)]

use std::hint::black_box;
use std::time::Instant;

use llm2loss::stats::{
    Clusters, Resampling, Side, SortedScores, Units, auroc, auroc_gap_bootstrap, bootstrap, delong, kendall,
    mean_gap_bootstrap, pearson, permutation, spearman,
};

const N: usize = 200_000;
/// Repeats of a fast function, of which the median counts.
const REPEATS: usize = 7;

/// The generator of tests/recipes/make_stats_fixtures.py.
fn uniform(seed: u64) -> Vec<f64> {
    let mut state = seed;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 * 2_f64.powi(-53)
    };
    (0..N).map(step).collect()
}

fn row<T>(what: &str, repeats: usize, run: impl Fn() -> T) {
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..repeats).map(time).collect();
    times.sort_by(f64::total_cmp);
    println!("{what:<52} {:>10.1} ms", times[repeats / 2]);
}

fn main() {
    // `.cargo/config.toml` keeps rayon's own pool to one thread, for the sake of matrix products.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // It only fails if there is a pool already, whose size the first line shows.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(cores).build_global();
    let (x, noise) = (uniform(1), uniform(2));
    let y: Vec<f64> = x.iter().zip(&noise).map(|(x, u)| 0.1 * x + 0.9 * u).collect();
    let tied_x: Vec<f64> = x.iter().map(|v| (v - 0.226).max(0.0)).collect();
    let tied_y: Vec<f64> = y.iter().map(|v| (v * 100.0).floor()).collect();
    let positive: Vec<bool> = uniform(3).iter().map(|&u| u < 0.4).collect();
    let sides: Vec<Side> = uniform(4).iter().map(|&u| Side::from(u < 0.3)).collect();
    let persons: Vec<usize> = (0..N).map(|i| i / 20).collect();
    let clusters = Clusters::from_labels(&persons);

    println!("n = {N}, {} threads", rayon::current_num_threads());
    row("pearson", REPEATS, || pearson(&x, &y));
    row("spearman", REPEATS, || spearman(&x, &y));
    row("kendall, no ties", REPEATS, || kendall(&x, &y));
    row("kendall, 22.6 % and 100 levels tied", REPEATS, || kendall(&tied_x, &tied_y));
    row("auroc", REPEATS, || auroc(&y, &positive));
    row("delong", REPEATS, || delong(&y, &positive));

    let plan = Resampling::default();
    let few = Resampling { replicates: 100, ..plan };
    let items = Units::Items(N);
    let persons = Units::Clusters(&clusters);
    row("AUROC gap bootstrap, items, B = 2000", 1, || auroc_gap_bootstrap(&y, &positive, &sides, items, plan));
    row("AUROC gap bootstrap, 10,000 persons, B = 2000", 1, || {
        auroc_gap_bootstrap(&y, &positive, &sides, persons, plan)
    });
    row("mean gap bootstrap, items, B = 2000", 1, || mean_gap_bootstrap(&y, &sides, items, plan));
    row("mean gap bootstrap, 10,000 persons, B = 2000", 1, || mean_gap_bootstrap(&y, &sides, persons, plan));
    let mean = |items: &[usize]| Ok(items.iter().map(|&i| y[i]).sum::<f64>() / items.len() as f64);
    row("any statistic (a mean), items, B = 2000 + BCa", 1, || bootstrap(items, mean, plan));
    let sorted = SortedScores::new(&y, &positive);
    row("AUROC gap permutation, items, B = 100", 1, || {
        sorted.as_ref().map(|sorted| permutation(&sides, items, |s| sorted.gap(s), few))
    });
}
