//! What training costs by items, members and epochs, drawn as `docs/training-cost.svg`.
//!
//! `cargo bench --bench training_cost -- [--most ROWS] [--write FILE]`; a run of everything takes some minutes.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "world.rs"]
mod world;

use llm2loss::audit::{Architecture, HyperParameters, Negatives};
use llm2loss::heads::{Resources, TrainingData, train};
use std::fmt::Write as _;
use std::time::Instant;
use world::{DIMENSION, Gaussian, VALIDATION, world};

/// Seconds of a run on the first `rows` of the world.
fn seconds(matrix: &[f32], losses: &[f64], rows: usize, hyper: &HyperParameters) -> f64 {
    let positions: Vec<usize> = (0..rows + VALIDATION).collect();
    let (train_rows, validation) = positions.split_at(rows);
    let data = TrainingData {
        dimension: DIMENSION,
        embeddings: matrix.into(),
        train: train_rows,
        losses: losses[..rows].to_vec(),
        validation,
        validation_losses: losses[rows..rows + VALIDATION].to_vec(),
    };
    let started = Instant::now();
    train(&data, hyper, Resources::cpu(), &Gaussian::new()).unwrap();
    started.elapsed().as_secs_f64()
}

fn hyper(architecture: Architecture, members: usize, epochs: usize) -> HyperParameters {
    HyperParameters {
        members,
        epochs,
        batch: 4096,
        negatives: Negatives::Gaussian,
        ..HyperParameters::paper(architecture)
    }
}

/// One panel: what varies, and seconds by its value for each architecture.
struct Panel {
    label: &'static str,
    curves: [Vec<(f64, f64)>; 2],
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1).cloned());
    let most: usize = value("--most").and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let (matrix, losses) = world(most + VALIDATION);
    let shapes = [Architecture::Linear, Architecture::Mlp];
    let mut panels = Vec::new();
    let items: Vec<usize> = [10_000, 30_000, 100_000, 300_000, 1_000_000].into_iter().filter(|n| *n <= most).collect();
    let measure =
        |label: &'static str, values: &[usize], run: &dyn Fn(Architecture, usize) -> (usize, HyperParameters)| {
            let curves = shapes.map(|shape| {
                let point = |&value: &usize| {
                    let (rows, hyper) = run(shape, value);
                    let seconds = seconds(&matrix, &losses, rows, &hyper);
                    println!("{} {label} {value}: {seconds:.2} s", shape.name());
                    (value as f64, seconds)
                };
                values.iter().map(point).collect()
            });
            Panel { label, curves }
        };
    panels.push(measure("items", &items, &|shape, n| (n, hyper(shape, 5, 2))));
    panels.push(measure("members", &[1, 2, 5, 10, 20], &|shape, members| (100_000, hyper(shape, members, 2))));
    panels.push(measure("epochs", &[1, 2, 4, 8, 16], &|shape, epochs| (100_000, hyper(shape, 5, epochs))));
    for panel in &panels {
        for (shape, curve) in shapes.iter().zip(&panel.curves) {
            println!("{} by {}: cost grows as power {:.2} of it", shape.name(), panel.label, slope(curve));
        }
    }
    if let Some(file) = value("--write") {
        std::fs::write(file, drawing(&panels)).unwrap();
    }
}

/// Slope of the least-squares line through the logarithms: one is linear growth.
fn slope(curve: &[(f64, f64)]) -> f64 {
    let points: Vec<(f64, f64)> = curve.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let top: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    top / points.iter().map(|p| (p.0 - mx).powi(2)).sum::<f64>()
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 240.0;
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];

/// Panels side by side, both axes logarithmic, a dashed line of slope one through each curve's last point.
fn drawing(panels: &[Panel]) -> String {
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#777\">\n<title>Seconds to train by items, members and epochs</title>\n",
        WIDTH * panels.len() as f64,
        HEIGHT + 24.0
    );
    for (column, panel) in panels.iter().enumerate() {
        draw_panel(&mut svg, panel, column as f64 * WIDTH);
    }
    for (index, name) in ["linear", "mlp, 64 hidden units"].iter().enumerate() {
        let x = 40.0 + 120.0 * index as f64;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{}\" r=\"3\" fill=\"{}\"/><text x=\"{}\" y=\"{}\">{name}</text>",
            HEIGHT + 12.0,
            COLOURS[index],
            x + 8.0,
            HEIGHT + 16.0
        );
    }
    let _ = writeln!(svg, "<text x=\"320\" y=\"{}\">dashed: growth in proportion</text>", HEIGHT + 16.0);
    svg.push_str("</svg>\n");
    svg
}

fn draw_panel(svg: &mut String, panel: &Panel, left: f64) {
    let points = || panel.curves.iter().flatten();
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (x0, x1) = range(&mut points().map(|p| p.0));
    let (y0, y1) = range(&mut points().map(|p| p.1));
    let (y0, y1) = (y0 / 1.5, y1 * 1.5);
    let x = |value: f64| left + 44.0 + (WIDTH - 64.0) * (value / x0).ln() / (x1 / x0).ln();
    let y = |value: f64| HEIGHT - 40.0 - (HEIGHT - 60.0) * (value / y0).ln() / (y1 / y0).ln();
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text><text x=\"{}\" y=\"12\">seconds</text>",
        left + WIDTH / 2.0,
        HEIGHT - 8.0,
        panel.label,
        left + 12.0
    );
    for tick in (-3..4).flat_map(|power| [1.0, 3.0].map(|digit| digit * 10f64.powi(power))) {
        if tick >= y0 && tick <= y1 {
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {:.1}H{:.1}\" stroke=\"#777\" stroke-opacity=\".25\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left + 44.0,
                y(tick),
                left + WIDTH - 20.0,
                left + 40.0,
                y(tick) + 4.0,
                (tick * 1000.0).round() / 1000.0
            );
        }
    }
    for (value, _) in &panel.curves[0] {
        let label = if *value >= 1e6 {
            format!("{} M", value / 1e6)
        } else if *value >= 1e3 {
            format!("{} k", value / 1e3)
        } else {
            value.to_string()
        };
        let _ =
            writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", x(*value), HEIGHT - 24.0);
    }
    for (curve, colour) in panel.curves.iter().zip(COLOURS) {
        let path: Vec<String> = curve.iter().map(|p| format!("{:.1} {:.1}", x(p.0), y(p.1))).collect();
        let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\"/>", path.join("L"));
        for point in curve {
            let _ =
                writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>", x(point.0), y(point.1));
        }
        if let Some(last) = curve.last() {
            let first = (last.1 * x0 / last.0).max(y0);
            let from = last.0 * first / last.1;
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{colour}\" stroke-dasharray=\"2 3\"/>",
                x(from),
                y(first),
                x(last.0),
                y(last.1)
            );
        }
    }
}
