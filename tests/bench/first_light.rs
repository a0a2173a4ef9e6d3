//! How long a person waits: first start, second start, a prompt, and the encoder behind them.
//!
//! `cargo bench --bench first_light` prints one line a figure; `docs/benchmarks.md` keeps a run of it.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::data;
use llm2loss::encoder::{Encoder, StaticEncoder};
use llm2loss::engine::{Engine, Event, ScoreRequest, Session};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

fn report(what: &str, value: Duration, bar: &str) {
    println!("{what:<66} {:>9.1} ms   {bar}", value.as_secs_f64() * 1e3);
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    embedding();
    starts(home.path());
    prompts(home.path());
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_llm2loss")).unwrap().len();
    println!("{:<66} {:>9.1} MB   under 40", "release binary", size as f64 / 1e6);
}

fn embedding() {
    let started = Instant::now();
    let audit = data::adult().unwrap();
    report("reading the built-in audit", started.elapsed(), "");
    let encoder = StaticEncoder::new().unwrap();
    let texts: Vec<&str> = audit.items.iter().map(|item| item.text.as_str()).collect();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let started = Instant::now();
    one.install(|| encoder.encode(&texts).unwrap());
    report(&format!("embedding {} texts on one core", texts.len()), started.elapsed(), "under 4000");
}

/// Opens the console in a terminal and waits for words on its screen, one after the other.
fn open(home: &Path, awaited: &[(&str, &str, &str)]) {
    let pair = native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.env("LLM2LOSS_HOME", home);
    command.env("TERM", "xterm-256color");
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let started = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut screen = vt100::Parser::new(NonZero::new(36).unwrap(), NonZero::new(120).unwrap(), 0);
    let mut bytes = [0u8; 65536];
    for (what, words, bar) in awaited {
        while !words.split('&').all(|word| screen.screen().contents().contains(word)) {
            let count = reader.read(&mut bytes).unwrap();
            assert!(count > 0, "the console ended");
            screen.process(&bytes[..count]);
        }
        report(what, started.elapsed(), bar);
    }
    writer.write_all(b"\x03").unwrap();
    child.wait().unwrap();
}

fn starts(home: &Path) {
    open(
        home,
        &[
            ("first start: findings on screen", "lose 6.0 times", "under 1000"),
            ("first start: table of the linear heads", "adds what words", "under 10000"),
            ("first start: MLP heads are offered, all done", "adds what words&shows run", "under 30000"),
        ],
    );
    for _ in 0..3 {
        open(home, &[("second start: full screen", "Senior&idle", "under 300")]);
    }
}

fn prompts(home: &Path) {
    let session = Session::open(home, "adult").unwrap();
    let (engine, mut links) = Engine::start(session, None).unwrap();
    while !matches!(links.events.blocking_recv(), Some(Event::Shown(_))) {}
    let mut times = Vec::new();
    for seq in 0..500 {
        let started = Instant::now();
        engine.score(ScoreRequest {
            seq,
            a: format!("an elderly person number {seq}"),
            b: "a young person".into(),
            why: false,
        });
        while !matches!(links.events.blocking_recv(), Some(Event::Scored { seq: done, .. }) if done == seq) {}
        times.push(started.elapsed());
    }
    times.sort_unstable();
    report("a pair of prompts, request to scores, median of 500", times[250], "under 5");
    report("a pair of prompts, request to scores, 99th of 100", times[495], "");
}
