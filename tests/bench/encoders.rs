//! Times CLIP (ViT-B/32 size, made-up weights), a sentence encoder and image preparation:
//! `cargo bench --bench encoders -- FOLDER [MINILM]`; tests/bench/encoders.py does the same in Python.
//!
//! FOLDER is a CLIP checkpoint that encoders.py has written; MINILM one of a sentence encoder.
#![allow(clippy::unwrap_used)]

use llm2loss::encoder::{self, Encoder};
use std::hint::black_box;
use std::time::Instant;

const REPEATS: usize = 15;
const SHORT: &str = "a photo of a man";
const SENTENCE: &str = "A man, 39 years old, married, with a bachelor's degree, working as a clerk.";

/// Median milliseconds of a call; `run` is told which repeat it is.
fn time(repeats: usize, mut run: impl FnMut(usize)) -> f64 {
    let mut times: Vec<f64> = (0..repeats)
        .map(|repeat| {
            let start = Instant::now();
            run(repeat);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[repeats / 2]
}

fn row(what: &str, milliseconds: f64) {
    println!("{what:<52} {milliseconds:>10.2} ms");
}

fn clip(encoder: &dyn Encoder) {
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

fn main() {
    let mut folders = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(folder) = folders.next() else {
        println!("skipped: name a folder that tests/bench/encoders.py has written");
        return;
    };
    let minilm = folders.next();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let encoder = encoder::open(&folder).unwrap();
    let minilm = minilm.map(|folder| encoder::open(&folder).unwrap());
    for threads in [1, cores] {
        println!("threads: {threads}");
        // One batch a thread; products stay on one thread (.cargo/config.toml).
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            clip(&*encoder);
            if let Some(minilm) = &minilm {
                let many: Vec<String> = (0..64).map(|at| format!("{SENTENCE} {at}")).collect();
                let many: Vec<&str> = many.iter().map(String::as_str).collect();
                row("1 sentence", time(REPEATS, |_| drop(black_box(minilm.encode(&[SENTENCE]).unwrap()))));
                row("64 sentences", time(REPEATS, |_| drop(black_box(minilm.encode(&many).unwrap()))));
            }
        });
    }
}
