//! What an audit costs by its size, from an array and a Parquet manifest to tables: time and memory of the program's
//! own commands, drawn as `docs/training-cost.svg`.
//!
//! `cargo bench --bench training_cost -- [--items N,N,…] [--folder DIR] [--write FILE]`. Each size needs twice its
//! array on disk, a KB an item; everything is removed behind it.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../checkpoint/mod.rs"]
mod checkpoint;

use half::f16;
use half::slice::HalfFloatSliceExt;
use parquet::data_type::{BoolType, DoubleType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DIMENSION: usize = 512;
/// Numbers that rows are drawn from.
const POOL: usize = 1 << 22;
const NAME: &str = "world";

/// Seconds, and the most memory a command held: its own, and with the pages of files it had mapped, in MB.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    seconds: f64,
    own: f64,
    with_maps: f64,
}

/// What the commands cost for one size.
struct Size {
    items: usize,
    costs: Vec<(&'static str, Cost)>,
}

/// Directions of length one as half-precision npy, and a manifest of ids, losses that can be learnt and an attribute.
fn write_world(folder: &Path, n: usize) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(n as u64);
    let pool: Vec<f32> = (0..POOL + DIMENSION).map(|_| StandardNormal.sample(&mut rng)).collect();
    let learnt: Vec<f32> = (0..DIMENSION).map(|_| StandardNormal.sample(&mut rng)).collect();
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("e.npy")).unwrap());
    let header = format!("{{'descr': '<f2', 'fortran_order': False, 'shape': ({n}, {DIMENSION}), }}");
    let padded = (header.len() + 11).next_multiple_of(64) - 10;
    out.write_all(b"\x93NUMPY\x01\x00").unwrap();
    out.write_all(&(padded as u16).to_le_bytes()).unwrap();
    out.write_all(format!("{header:<width$}\n", width = padded - 1).as_bytes()).unwrap();
    let (mut row, mut halves) = (vec![0.0f32; DIMENSION], vec![f16::ZERO; DIMENSION]);
    let (mut losses, mut flags) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for _ in 0..n {
        let (a, b) = (rng.random_range(0..POOL), rng.random_range(0..POOL));
        row.iter_mut().enumerate().for_each(|(at, value)| *value = pool[a + at] + pool[b + at]);
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
        halves.convert_from_f32_slice(&row);
        out.write_all(bytemuck::cast_slice(&halves.iter().map(|half| half.to_bits()).collect::<Vec<u16>>())).unwrap();
        let said: f32 = row.iter().zip(&learnt).map(|(value, weight)| value * weight).sum();
        let noise: f32 = StandardNormal.sample(&mut rng);
        losses.push(f64::from((0.5 * said + 0.5 * noise).exp()));
        flags.push(row[0] > 0.0);
    }
    out.flush().unwrap();
    let schema = "message m { required int64 id; required double loss; required boolean lit; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(folder.join("rows.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    for start in (0..n).step_by(1 << 20) {
        let end = n.min(start + (1 << 20));
        let ids: Vec<i64> = (start as i64..end as i64).collect();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&losses[start..end], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<BoolType>().write_batch(&flags[start..end], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// Runs a command of the program and looks at its memory meanwhile.
fn run(folder: &Path, words: &[&str]) -> (Cost, String) {
    let started = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.current_dir(folder).args(words).args(["--home", "home"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut cost = Cost::default();
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let megabytes = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
        };
        cost.own = cost.own.max(megabytes("RssAnon:").unwrap_or(0.0));
        cost.with_maps = cost.with_maps.max(megabytes("VmHWM:").unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(5));
    }
    cost.seconds = started.elapsed().as_secs_f64();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    (cost, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn bytes_under(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| if entry.path().is_dir() { bytes_under(&entry.path()) } else { entry.metadata().unwrap().len() })
        .sum()
}

/// Every command on one size, in a folder of its own.
fn measure(folder: &Path, encoder: &Path, items: usize) -> Size {
    fs::create_dir_all(folder).unwrap();
    write_world(folder, items);
    let array = fs::metadata(folder.join("e.npy")).unwrap().len() as f64;
    let mut costs = Vec::new();
    let mut note = |what: &'static str, cost: Cost| {
        println!(
            "{items:>9} {what:<12} {:>8.2} s, {:>6.0} MB, {:>6.0} MB with mapped pages",
            cost.seconds, cost.own, cost.with_maps
        );
        costs.push((what, cost));
    };
    let started = Instant::now();
    fs::copy(folder.join("e.npy"), folder.join("copy")).unwrap();
    File::open(folder.join("copy")).unwrap().sync_all().unwrap();
    note("cp and sync", Cost { seconds: started.elapsed().as_secs_f64(), ..Cost::default() });
    fs::remove_file(folder.join("copy")).unwrap();
    let encoder = encoder.to_str().unwrap();
    let ingest = ["ingest", NAME, "--manifest", "rows.parquet", "--embeddings", "e.npy", "--encoder", encoder];
    note("ingest", run(folder, &ingest).0);
    println!("{items:>9} packs take {:.3} of the array", bytes_under(&folder.join("home/packs")) as f64 / array);
    fs::remove_dir_all(folder.join("home")).unwrap();
    note("link", run(folder, &[&ingest[..], &["--link"]].concat()).0);
    println!("{items:>9} packs take {:.3} of the array", bytes_under(&folder.join("home/packs")) as f64 / array);
    let train = ["train", NAME, "--architecture", "linear", "--epochs", "2", "--members", "5"];
    note("train, linked", run(folder, &train).0);
    fs::remove_dir_all(folder.join("home")).unwrap();
    run(folder, &ingest);
    let (cost, _) = run(folder, &train);
    note("train", cost);
    let said = fs::read_dir(folder.join("home/runs")).unwrap().next().unwrap().unwrap().path().join("run.json");
    let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(said).unwrap()).unwrap();
    println!("{items:>9} the run took {:.2} s of it", record["seconds"].as_f64().unwrap());
    note("second start", run(folder, &["table", NAME, "attributes"]).0);
    note("one prompt", run(folder, &["score", "--audit", NAME, "a photo of a dog"]).0);
    fs::remove_dir_all(folder).unwrap();
    Size { items, costs }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1).cloned());
    let items = value("--items").unwrap_or_else(|| "10000,30000,100000,300000,1000000".into());
    let folder = value("--folder").map_or_else(std::env::temp_dir, PathBuf::from).join("llm2loss-training-cost");
    let encoder = folder.join("clip");
    fs::create_dir_all(&encoder).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-full"), &encoder);
    let sizes: Vec<Size> =
        items.split(',').map(|n| measure(&folder.join("work"), &encoder, n.parse().unwrap())).collect();
    fs::remove_dir_all(&folder).unwrap();
    if let Some(file) = value("--write") {
        fs::write(file, drawing(&sizes)).unwrap();
    }
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const SHOWN: [(&str, &str); 3] = [("ingest", "#0072b2"), ("link", "#009e73"), ("train", "#d55e00")];

/// Time and memory side by side, both axes logarithmic.
fn drawing(sizes: &[Size]) -> String {
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#777\">\n<title>Seconds and memory by items</title>\n",
        2.0 * WIDTH,
        HEIGHT + 24.0
    );
    let curve = |name: &str, of: fn(&Cost) -> f64| -> Vec<(f64, f64)> {
        let point = |size: &Size| {
            let cost = size.costs.iter().find(|(what, _)| *what == name)?;
            Some((size.items as f64, of(&cost.1)))
        };
        sizes.iter().filter_map(point).collect()
    };
    for (column, (label, of)) in
        [("seconds", (|cost| cost.seconds) as fn(&Cost) -> f64), ("MB of its own memory", |cost| cost.own)]
            .iter()
            .enumerate()
    {
        let curves: Vec<_> = SHOWN.iter().map(|(name, colour)| (curve(name, *of), *colour)).collect();
        draw_panel(&mut svg, label, &curves, column as f64 * WIDTH);
    }
    for (index, (name, colour)) in SHOWN.iter().enumerate() {
        let words = match *name {
            "ingest" => "ingest, copied",
            "link" => "ingest --link",
            _ => "train: linear, 3 heads, 5 members, 2 epochs, tables",
        };
        let (x, y) = (44.0 + 130.0 * index as f64, HEIGHT + 12.0);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{words}</text>",
            x + 8.0,
            y + 4.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_panel(svg: &mut String, label: &str, curves: &[(Vec<(f64, f64)>, &str)], left: f64) {
    let points = || curves.iter().flat_map(|(curve, _)| curve);
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
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">items</text><text x=\"{}\" y=\"12\">{label}</text>",
        left + WIDTH / 2.0,
        HEIGHT - 8.0,
        left + 12.0
    );
    for tick in (-3..6).flat_map(|power| [1.0, 3.0].map(|digit| digit * 10f64.powi(power))) {
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
    for (value, _) in curves.first().into_iter().flat_map(|(curve, _)| curve) {
        let label = if *value >= 1e6 { format!("{} M", value / 1e6) } else { format!("{} k", value / 1e3) };
        let _ =
            writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", x(*value), HEIGHT - 24.0);
    }
    for (curve, colour) in curves {
        let path: Vec<String> = curve.iter().map(|p| format!("{:.1} {:.1}", x(p.0), y(p.1))).collect();
        let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\"/>", path.join("L"));
        for point in curve {
            let _ =
                writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>", x(point.0), y(point.1));
        }
    }
}
