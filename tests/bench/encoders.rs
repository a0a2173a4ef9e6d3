//! Times CLIP (ViT-B/32 size, made-up weights), a sentence encoder and image preparation:
//! `cargo bench --bench encoders -- FOLDER [MINILM] [--python PYTHON] [--rounds N]`.
//!
//! FOLDER is a CLIP checkpoint that encoders.py has written; MINILM one of a sentence encoder. With `--python` both
//! sides run in turns and their ratios are printed with the least and the most of all rounds.
#![allow(clippy::unwrap_used)]

#[path = "machine.rs"]
mod machine;

use llm2loss::encoder::{self, Encoder};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

const REPEATS: usize = 15;
const SHORT: &str = "a photo of a man";
const SENTENCE: &str = "A man, 39 years old, married, with a bachelor's degree, working as a clerk.";

/// Median milliseconds of a call; `run` is told which repeat it is.
fn time(repeats: usize, mut run: impl FnMut(usize)) -> f64 {
    let times = (0..repeats).map(|repeat| {
        let start = Instant::now();
        run(repeat);
        start.elapsed().as_secs_f64() * 1e3
    });
    median(times.collect())
}

/// Milliseconds by what was done.
type Rows = BTreeMap<String, f64>;

/// What of ours is held to which of Python's, the fastest of them.
const PAIRS: [(&str, &[&str]); 8] = [
    ("1 prompt", &["transformers, 1 prompt unpadded"]),
    ("1 prompt", &["transformers, 1 prompt padded to 77", "open_clip, 1 prompt"]),
    ("32 prompts", &["transformers, 32 prompts unpadded"]),
    ("32 prompts", &["transformers, 32 prompts padded to 77", "open_clip, 32 prompts"]),
    ("1 image", &["transformers, 1 image"]),
    ("16 images", &["transformers, 16 images", "open_clip, 16 images"]),
    ("1 sentence", &["sentence-transformers, 1 sentence"]),
    ("64 sentences", &["sentence-transformers, 64 sentences"]),
];

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn clip(encoder: &dyn Encoder, row: &mut dyn FnMut(&str, f64)) {
    let others = ["fox", "dog", "moustache", "hair", "photo", "woman", "river", "street"];
    let prompts: Vec<String> = (0..32)
        .map(|at| format!("a photo of the {} and the {}", ["man", "woman", "dog", "fox"][at % 4], others[at / 4]))
        .collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    println!("{SHORT:?}: {} tokens with both ends", encoder.reading(SHORT).pieces + 2);
    row("1 prompt", time(REPEATS, |_| drop(black_box(encoder.encode(&[SHORT]).unwrap()))));
    row("32 prompts", time(REPEATS, |_| drop(black_box(encoder.encode(&prompts).unwrap()))));
    let typed = "a photo of a man with black hair and a moustache, smiling";
    let words: Vec<usize> = typed.match_indices(' ').map(|(at, _)| at).collect();
    let mut at = 0;
    let mut type_word = |_| {
        drop(black_box(encoder.encode_prompt(&typed[..words[at % words.len()]]).unwrap()));
        at += 1;
    };
    row("1 prompt, a word typed after the others", time(words.len() * 2, &mut type_word));
    let picture = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/encoder/images/rgb.jpg")).unwrap();
    row(
        "1 image decoded and brought to size",
        time(100, |_| drop(black_box(encoder.prepare_image(&picture).unwrap()))),
    );
    let pixels = vec![encoder.prepare_image(&picture).unwrap(); 16];
    row("1 image", time(REPEATS, |_| drop(black_box(encoder.encode_images(&pixels[..1]).unwrap()))));
    row("16 images", time(REPEATS, |_| drop(black_box(encoder.encode_images(&pixels).unwrap()))));
}

/// Our side on some threads.
fn ours(threads: usize, encoder: &dyn Encoder, minilm: Option<&dyn Encoder>) -> Rows {
    println!("threads: {threads}");
    let mut rows = Rows::new();
    let mut row = |what: &str, milliseconds: f64| {
        println!("{what:<52} {milliseconds:>10.2} ms");
        rows.insert(what.to_owned(), milliseconds);
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        clip(encoder, &mut row);
        if let Some(minilm) = minilm {
            let many: Vec<String> = (0..64).map(|at| format!("{SENTENCE} {at}")).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            row("1 sentence", time(REPEATS, |_| drop(black_box(minilm.encode(&[SENTENCE]).unwrap()))));
            row("64 sentences", time(REPEATS, |_| drop(black_box(minilm.encode(&many).unwrap()))));
        }
    });
    rows
}

/// Python's side, by its own program.
fn python(command: &str, threads: usize, folders: &[String]) -> Rows {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/encoders.py");
    let output =
        Command::new(command).args([script, "time"]).args(folders).arg(format!("--threads={threads}")).output();
    let output = String::from_utf8(output.unwrap().stdout).unwrap();
    let parsed = output.lines().filter_map(|line| {
        let (what, milliseconds) = line.strip_suffix(" ms")?.trim_end().rsplit_once(' ')?;
        Some((what.trim_end().to_owned(), milliseconds.parse().ok()?))
    });
    parsed.collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1));
    let folders: Vec<String> = arguments.iter().take_while(|argument| !argument.starts_with("--")).cloned().collect();
    let Some(folder) = folders.first() else {
        println!("skipped: name a folder that tests/bench/encoders.py has written");
        return;
    };
    machine::describe();
    let encoder = encoder::open(folder).unwrap();
    let minilm = folders.get(1).map(|folder| encoder::open(folder).unwrap());
    let rounds: usize = value("--rounds").map_or(3, |rounds| rounds.parse().unwrap());
    for threads in [1, std::thread::available_parallelism().map_or(1, std::num::NonZero::get)] {
        let Some(command) = value("--python") else {
            ours(threads, &*encoder, minilm.as_deref());
            continue;
        };
        let both: Vec<(Rows, Rows)> = (0..rounds)
            .map(|_| (ours(threads, &*encoder, minilm.as_deref()), python(command, threads, &folders)))
            .collect();
        println!("threads: {threads}, medians of {rounds} rounds; times faster: of all rounds, least to most");
        for (what, others) in PAIRS {
            let fastest =
                |rows: &Rows| others.iter().filter_map(|other| rows.get(*other)).copied().fold(f64::INFINITY, f64::min);
            let of: Vec<(f64, f64)> =
                both.iter().filter_map(|(ours, theirs)| Some((*ours.get(what)?, fastest(theirs)))).collect();
            if of.is_empty() {
                continue;
            }
            let mut ratios: Vec<f64> = of.iter().map(|(ours, theirs)| theirs / ours).collect();
            ratios.sort_by(f64::total_cmp);
            println!(
                "{what:<14} {:>8.1} ms, {:<44} {:>8.1} ms, {:.2} ({:.2} to {:.2})",
                median(of.iter().map(|of| of.0).collect()),
                others[0],
                median(of.iter().map(|of| of.1).collect()),
                median(ratios.clone()),
                ratios[0],
                ratios[ratios.len() - 1]
            );
        }
    }
}
