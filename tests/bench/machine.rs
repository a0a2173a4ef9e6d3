//! What a benchmark ran on, measured: a figure without its machine says little.

use llm2loss::kernel::{Panels, Precision, multiply};
use std::hint::black_box;
use std::time::Instant;

/// The best of some tries, in seconds.
fn best(tries: usize, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..tries).map(time).fold(f64::INFINITY, f64::min)
}

/// Gigabytes a second that the current pool reads from memory, and GFLOP/s of its products of 1,536 x 512 x 512.
fn speeds() -> (f64, f64) {
    use rayon::prelude::*;
    let numbers = vec![1u64; 32 << 20];
    let share = numbers.len() / rayon::current_num_threads();
    let read = best(5, || {
        let sum: u64 = numbers.par_chunks(share).map(|part| part.iter().sum::<u64>()).sum();
        black_box(sum);
    });
    let (rows, side) = (1_536, 512);
    let given = vec![0.5f32; rows * side];
    let panels = Panels::new(&given[..side * side], side, side, Precision::Whole);
    let product = best(20, || drop(black_box(multiply(&given, &panels))));
    (numbers.len() as f64 * 8.0 / read / 1e9, 2.0 * (rows * side * side) as f64 / product / 1e9)
}

/// Prints processor, flags that matter, cores, bandwidth and the peak of a product, on one thread and on all.
pub fn describe() {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = |name: &str| {
        let found = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        found.map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let flags = line("flags");
    let has: Vec<&str> =
        ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"].into_iter().filter(|flag| flags.contains(flag)).collect();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{}, {}; {cores} cores; {}", line("vendor_id"), line("model name"), has.join(" "));
    for threads in [1, cores] {
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else { continue };
        let (read, product) = pool.install(speeds);
        println!("{threads} threads: memory is read at {read:.1} GB/s, products run at {product:.0} GFLOP/s");
    }
}
