//! Trains heads on a matrix of CelebA's size beside PyTorch, one program after the other on the same cores.
//!
//! `cargo bench --bench training -- [--rows N] [--epochs N] [--python PYTHON]`; PyTorch's side is
//! `tests/recipes/bench_training.py`.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "world.rs"]
mod world;

use llm2loss::audit::{Architecture, HeadKind, HyperParameters, Negatives};
use llm2loss::heads::{Outcome, Resources, TrainingData, train};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use world::{DIMENSION, Gaussian, VALIDATION, world};

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
        embeddings: (&matrix).into(),
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
        let outcome = train(&data, &hyper, Resources::cpu(), &Gaussian::new()).unwrap();
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
    let python = value("--python").unwrap_or_else(|| "python3".into());
    if wanted("mlp") {
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
        let outcome = train(&data, &hyper, Resources::cpu(), &Gaussian::new()).unwrap();
        report("llm2loss mlp", rows, epochs, started.elapsed().as_secs_f64(), &outcome, 4096);
        pytorch(&python, &["steps".into(), rows.to_string(), "40".into()]);
    }
    if wanted("race") {
        race(&data, rows, epochs, &python);
    }
}

/// Runs PyTorch's side and hands back what it printed, which is shown too.
fn pytorch(python: &str, arguments: &[String]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recipes/bench_training.py");
    let done = Command::new(python).arg(script).args(arguments).output();
    let said = done.as_ref().map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default();
    print!("{said}");
    if !done.is_ok_and(|done| done.status.success()) {
        println!("PyTorch's side did not run: give a Python with torch by --python");
    }
    said
}

/// Until 99 % of the validation Spearman that the paper's recipe ends with in PyTorch: that recipe there, and ours,
/// which takes fewer, smaller and falling steps and stops by itself, on the same rows.
fn race(data: &TrainingData, rows: usize, epochs: usize, python: &str) {
    let folder = std::env::temp_dir().join(format!("llm2loss-race-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, values: &[f32]| write_floats(&folder.join(name), values);
    let all: Vec<usize> = (0..data.embeddings.values(DIMENSION) / DIMENSION).collect();
    write("matrix.f32", &data.embeddings.gather(&all, DIMENSION));
    let losses: Vec<f32> = data.losses.iter().chain(&data.validation_losses).map(|loss| *loss as f32).collect();
    write("losses.f32", &losses);
    let said = pytorch(python, &["race".into(), rows.to_string(), folder.display().to_string(), epochs.to_string()]);
    std::fs::remove_dir_all(&folder).unwrap();
    let words: Vec<&str> = said.lines().find_map(|line| line.strip_prefix("bar ")).unwrap_or("").split(' ').collect();
    let bar: Option<(f64, f64)> = match &words[..] {
        [bar, seconds] => bar.parse().ok().zip(seconds.parse().ok()),
        _ => None,
    };
    let hyper = HyperParameters {
        hidden: 256,
        batch: 1024,
        negatives: Negatives::Gaussian,
        fragments: false,
        ..HyperParameters::new(Architecture::Mlp)
    };
    for (name, hyper) in [
        ("our defaults at batch 1024", hyper.clone()),
        ("the same without a resample", HyperParameters { bootstrap: false, ..hyper.clone() }),
        ("the same in 3 epochs", HyperParameters { bootstrap: false, epochs: 3, ..hyper }),
    ] {
        let watch = Gaussian::new();
        train(data, &hyper, Resources::cpu(), &watch).unwrap();
        let ends = watch.epochs.into_inner().unwrap();
        let last = ends.iter().map(|(_, quality)| *quality).fold(f64::NEG_INFINITY, f64::max);
        let until = |bar: f64| ends.iter().position(|(_, quality)| *quality >= bar).map(|at| (at + 1, ends[at].0));
        println!(
            "llm2loss, {name}: {} epochs, Spearman up to {last:.4}, in {:.1} s",
            ends.len(),
            ends[ends.len() - 1].0
        );
        if let Some((epoch, seconds)) = until(0.99 * last) {
            println!("  99 % of its own after {seconds:.1} s (epoch {epoch})");
        }
        if let Some((bar, theirs)) = bar {
            match until(bar) {
                Some((epoch, ours)) => println!(
                    "  PyTorch's bar of {bar:.4} after {ours:.1} s (epoch {epoch}): {:.1} times sooner",
                    theirs / ours
                ),
                None => println!("  PyTorch's bar of {bar:.4} never"),
            }
        }
    }
}

fn write_floats(path: &Path, values: &[f32]) {
    std::fs::write(path, bytemuck::cast_slice(values)).unwrap();
}
