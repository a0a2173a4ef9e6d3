//! How long the witnesses of a typed prompt take beside the heads, at 50,000 and at 1,000,000 training items.
//!
//! `cargo bench --bench estimate` prints medians over 200 prompts; `docs/benchmarks.md` keeps a run. Of a million items
//! the program looks for words among 262,144 and for the nearest among 65,536; so does this.
#![allow(clippy::unwrap_used)]

use llm2loss::diagnose::{NEAREST_AMONG, NearestItems, WORDS_AMONG, WordIndex};
use llm2loss::heads::Rows;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const DIMENSION: usize = 256;
const VOCABULARY: usize = 5_000;
const WORDS: usize = 30;
const PROMPTS: usize = 200;

/// A word by Zipf's law.
fn word(rng: &mut ChaCha8Rng) -> usize {
    ((VOCABULARY as f64).powf(rng.random::<f64>()) as usize).min(VOCABULARY) - 1
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn main() {
    for items in [50_000_usize, 1_000_000] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let worded = items.min(WORDS_AMONG);
        let text = |rng: &mut ChaCha8Rng| (0..WORDS).map(|_| format!("w{}", word(rng))).collect::<Vec<_>>().join(" ");
        let texts: Vec<String> = (0..worded).map(|_| text(&mut rng)).collect();
        let losses: Vec<f64> = (0..worded).map(|_| rng.random()).collect();
        let started = Instant::now();
        let index = WordIndex::new(texts.iter().map(String::as_str), &losses, &BTreeSet::new(), 1.0);
        let built = started.elapsed();
        let near = items.min(NEAREST_AMONG);
        let rows: Vec<f32> = (0..near * DIMENSION).map(|_| rng.random_range(-1.0..1.0)).collect();
        let positions: Vec<usize> = (0..near).collect();
        let nearest = NearestItems::new(Rows::Dense(&rows), &positions, &losses[..near], DIMENSION);
        let (mut words, mut neighbours) = (Vec::new(), Vec::new());
        for _ in 0..PROMPTS {
            let wanted: Vec<String> = (0..5).map(|_| format!("w{}", word(&mut rng))).collect();
            let wanted: Vec<(Option<&str>, f64)> = wanted.iter().map(|word| (Some(word.as_str()), 1.0)).collect();
            let started = Instant::now();
            assert!(index.find(&wanted).mean.is_finite());
            words.push(started.elapsed());
            let query: Vec<f32> = (0..DIMENSION).map(|_| rng.random_range(-1.0..1.0)).collect();
            let started = Instant::now();
            assert!(nearest.find(&query).is_some());
            neighbours.push(started.elapsed());
        }
        println!(
            "{items:>9} items: words {:.2} ms, nearest {:.2} ms a prompt; the index of words is built in {:.2} s",
            median(words),
            median(neighbours),
            built.as_secs_f64()
        );
    }
}
