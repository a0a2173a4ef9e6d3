//! Trains heads on a matrix of CelebA's size beside PyTorch, one program after the other on the same cores.
//!
//! `cargo bench --bench training -- [--rows N] [--epochs N] [--python PYTHON]`; PyTorch's side is
//! `tests/recipes/bench_training.py`.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::audit::{Architecture, EpochMetrics, HeadKind, HyperParameters, Negatives};
use llm2loss::heads::{Observer, Outcome, Resources, StepRng, TrainingData, train};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::process::Command;
use std::time::Instant;

const DIMENSION: usize = 512;
const VALIDATION: usize = 8_000;

struct Gaussian;

impl Observer for Gaussian {
    fn fragments(&self, _: usize, _: &[u32]) -> Result<Option<Vec<f32>>, String> {
        Ok(None)
    }

    fn negatives(&self, count: usize, rng: &mut StepRng) -> Result<Vec<f32>, String> {
        let scale = (1.0 / DIMENSION as f32).sqrt();
        Ok((0..count * DIMENSION)
            .map(|_| scale * <StandardNormal as Distribution<f32>>::sample(&StandardNormal, rng))
            .collect())
    }

    fn steps(&self, _: HeadKind, _: usize, _: &[f32]) {}

    fn epoch(&self, _: &[EpochMetrics]) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// Directions of length one whose loss has a linear and a bent part, and noise.
fn world(rows: usize) -> (Vec<f32>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut matrix = vec![0f32; rows * DIMENSION];
    let mut losses = Vec::with_capacity(rows);
    for row in matrix.chunks_exact_mut(DIMENSION) {
        row.iter_mut().for_each(|value| *value = rng.random_range(-1.0..1.0));
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
        let signal = 8.0 * (row[0] + (row[1] * 20.0).abs() * row[2] * 3.0 + row[3]);
        losses.push(f64::from(signal.exp()) * rng.random_range(0.5..1.5));
    }
    (matrix, losses)
}

fn memory(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn report(name: &str, rows: usize, epochs: usize, seconds: f64, outcome: &Outcome, batch: usize) {
    let steps = rows / batch * epochs;
    let last = outcome.epochs.iter().rev().find(|metrics| metrics.head == HeadKind::Ranker);
    let spearman = last.map_or(f64::NAN, |metrics| metrics.validation_spearman.iter().sum::<f64>() / 5.0);
    println!(
        "{name}: {seconds:.2} s, {:.1} ms a step of {batch} rows (15 nets), ranker's validation Spearman {spearman:.3}",
        1000.0 * seconds / steps as f64
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1).cloned());
    let rows: usize = value("--rows").and_then(|word| word.parse().ok()).unwrap_or(162_770);
    let epochs: usize = value("--epochs").and_then(|word| word.parse().ok()).unwrap_or(10);
    let (matrix, losses) = world(rows + VALIDATION);
    let positions: Vec<usize> = (0..rows + VALIDATION).collect();
    let (training, validation) = positions.split_at(rows);
    let data = TrainingData {
        dimension: DIMENSION,
        embeddings: &matrix,
        train: training,
        losses: losses[..rows].to_vec(),
        validation,
        validation_losses: losses[rows..].to_vec(),
    };
    let base = memory("VmRSS");
    println!(
        "{rows} x {DIMENSION} f32, 5 members, three heads, batch 4096, {epochs} epochs; the data take {base:.0} MB"
    );
    let only = value("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    for architecture in [Architecture::Linear, Architecture::Mlp].into_iter().filter(|it| wanted(it.name())) {
        let hyper = HyperParameters {
            hidden: 256,
            batch: 4096,
            epochs,
            negatives: Negatives::Gaussian,
            ..HyperParameters::paper(architecture)
        };
        let started = Instant::now();
        let outcome = train(&data, &hyper, Resources::cpu(), &Gaussian).unwrap();
        report(
            &format!("llm2loss {}", architecture.name()),
            rows,
            epochs,
            started.elapsed().as_secs_f64(),
            &outcome,
            4096,
        );
        println!("  peak memory {:.0} MB above the data", memory("VmHWM") - base);
    }
    if !wanted("mlp") {
        return;
    }
    println!("with a bootstrap resample of each member, which leaves out the rows it does not hold:");
    let hyper = HyperParameters {
        hidden: 256,
        batch: 4096,
        epochs,
        bootstrap: true,
        negatives: Negatives::Gaussian,
        ..HyperParameters::paper(Architecture::Mlp)
    };
    let started = Instant::now();
    let outcome = train(&data, &hyper, Resources::cpu(), &Gaussian).unwrap();
    report("llm2loss mlp", rows, epochs, started.elapsed().as_secs_f64(), &outcome, 4096);
    let python = value("--python").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recipes/bench_training.py");
    let done = Command::new(&python).args([script, &rows.to_string(), "40"]).status();
    if !done.is_ok_and(|status| status.success()) {
        println!("PyTorch's side did not run: give a Python with torch by --python");
    }
}
