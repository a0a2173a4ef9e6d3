//! What an audit costs from ten thousand items to ten million: taking it in, training, tables, a prompt, a second start.
//!
//! `cargo bench --bench scale -- FOLDER [--rows 10000,100000,1000000] [--write FILE] [--keep]`: arrays `[rows, 512]` of half
//! precision and a Parquet manifest are made in FOLDER (1 KB a row, three times for a moment), the program is run as a
//! person would, and its memory is looked at meanwhile. `--write` draws the figures; what is in FOLDER goes at the end.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "scale/drawing.rs"]
mod drawing;
#[path = "scale/made.rs"]
mod made;

use common::{files, program};
use drawing::drawing;
use llm2loss::diagnose::PromptScorer;
use llm2loss::engine::Session;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::fs;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What a step took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    /// Of processor time.
    busy: f64,
    /// Most memory beside mapped pages, in bytes.
    memory: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let value =
        |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1).cloned());
    let folder = PathBuf::from(arguments.first().unwrap_or_else(|| panic!("give a folder")));
    let rows = value("--rows").unwrap_or_else(|| "10000,100000,1000000".into());
    let keep = arguments.iter().any(|word| word == "--keep");
    let mut figures: Vec<(f64, [Cost; 3])> = Vec::new();
    for rows in rows.split(',').map(|word| word.parse::<usize>().unwrap()) {
        let place = folder.join(rows.to_string());
        fs::create_dir_all(&place).unwrap();
        figures.push((rows as f64, measure(&place, rows)));
        if !keep {
            fs::remove_dir_all(&place).unwrap();
        }
    }
    if let Some(file) = value("--write") {
        fs::write(file, drawing(&figures)).unwrap();
    }
}

fn measure(place: &Path, rows: usize) -> [Cost; 3] {
    println!("{rows} x {} f16", made::DIMENSION);
    let bytes = made::data(place, rows);
    made::encoder(&place.join("encoder"));
    let copy = place.join("copy.npy");
    let started = Instant::now();
    assert!(Command::new("cp").arg(place.join("e.npy")).arg(&copy).status().unwrap().success());
    let copied = started.elapsed();
    assert!(Command::new("sync").arg(&copy).status().unwrap().success());
    println!("  cp {:.2} s, with sync {:.2} s", copied.as_secs_f64(), started.elapsed().as_secs_f64());
    fs::remove_file(&copy).unwrap();
    for home in ["copied", "linked"] {
        let _ = fs::remove_dir_all(place.join(home));
    }
    let ingest = ["ingest", "big", "--manifest", "rows.parquet", "--embeddings", "e.npy", "--encoder", "encoder"];
    let allow = ["--allow-mismatch"];
    let taken = step(place, "copied", &[&ingest[..], &allow].concat());
    let linked = step(place, "linked", &[&ingest[..], &allow, &["--link"]].concat());
    for home in ["copied", "linked"] {
        let size = |folder: &Path| files(folder).iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>();
        let packs = size(&place.join(home).join("packs"));
        let rest = size(&place.join(home)) - packs;
        println!(
            "  {home}: embeddings take {:.3} of the array, the rest {:.1} MB",
            packs as f64 / bytes as f64,
            rest as f64 / 1e6
        );
    }
    let train = ["train", "big", "--architecture", "linear", "--epochs", "2", "--members", "5"];
    let trained = step(place, "copied", &train);
    step(place, "copied", &["table", "big", "attributes"]);
    step(place, "copied", &["score", "big", "a red thing"]);
    step(place, "linked", &train);
    prompts(place);
    for _ in 0..2 {
        second_start(place);
    }
    [taken, linked, trained]
}

/// Runs the program to its end and says what it took.
fn step(place: &Path, home: &str, words: &[&str]) -> Cost {
    let started = Instant::now();
    let mut command = program(Path::new(home), words);
    let log = fs::File::create(place.join("log")).unwrap();
    let mut child = command.current_dir(place).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let (mut memory, mut mapped, mut busy) = (0.0f64, 0.0f64, 0.0);
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let folder = format!("/proc/{}", child.id());
        memory = memory.max(kilobytes(&folder, "RssAnon") * 1024.0);
        mapped = mapped.max(kilobytes(&folder, "RssFile") * 1024.0);
        let stat = fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        busy = ticks.filter_map(|word| word.parse::<f64>().ok()).sum::<f64>().max(busy * 100.0) / 100.0;
        std::thread::sleep(Duration::from_millis(10));
    };
    let cost = Cost { seconds: started.elapsed().as_secs_f64(), busy, memory };
    if !ended.success() {
        panic!("{words:?}: {}", fs::read_to_string(place.join("log")).unwrap());
    }
    println!(
        "  {home}: {} {}: {:.2} s, {:.2} s of processor, {:.0} MB, {:.0} MB mapped",
        words[0],
        if words.contains(&"--link") { "--link" } else { words[2] },
        cost.seconds,
        cost.busy,
        cost.memory / 1e6,
        mapped / 1e6
    );
    cost
}

fn kilobytes(folder: &str, name: &str) -> f64 {
    let text = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0.0)
}

/// How long the heads of an open run take over a prompt.
fn prompts(place: &Path) {
    let started = Instant::now();
    std::env::set_current_dir(place).unwrap();
    let session = Session::open(&place.join("copied"), "big").unwrap();
    let record = session.current_run(&session.model_name(None).unwrap(), |_| ()).unwrap().unwrap();
    let run = session.load(record).unwrap();
    let scorer: PromptScorer = session.scorer(&run).unwrap();
    let opened = started.elapsed();
    let mut times: Vec<f64> = (0..200)
        .map(|at| {
            let prompt = format!("a thing number {at}");
            let started = Instant::now();
            scorer.score(&prompt).unwrap();
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("  a prompt, heads alone {:.2} ms, after {:.2} s to open its run", times[100], opened.as_secs_f64());
}

/// How long the console takes until its tables stand on the screen.
fn second_start(place: &Path) {
    let pair = native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.args(["--audit", "big"]);
    command.cwd(place);
    command.env("LLM2LOSS_HOME", place.join("copied"));
    command.env("TERM", "xterm-256color");
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let started = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut screen = vt100::Parser::new(NonZero::new(36).unwrap(), NonZero::new(120).unwrap(), 0);
    let mut bytes = [0u8; 65536];
    writer.write_all(b"1").unwrap();
    while !screen.screen().contents().contains("dark") {
        let count = reader.read(&mut bytes).unwrap();
        assert!(count > 0, "the console ended");
        screen.process(&bytes[..count]);
    }
    println!("  second start until the attributes are on screen {:.2} s", started.elapsed().as_secs_f64());
    writer.write_all(b"\x03").unwrap();
    child.wait().unwrap();
}
