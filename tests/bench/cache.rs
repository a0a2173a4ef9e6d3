//! Loading embeddings from the store into one matrix: 200,000 rows of 512 numbers, warm.
//!
//! `cargo bench --bench cache`
#![allow(clippy::unwrap_used)]

use llm2loss::store::{ContentHash, Store, bytes_hash};
use std::time::Instant;

const ROWS: usize = 200_000;
const DIMENSION: usize = 512;
const WINDOW: usize = 1024;

fn main() {
    let home = tempfile::tempdir().unwrap();
    let hashes: Vec<ContentHash> = (0..ROWS).map(|row| bytes_hash(&row.to_le_bytes())).collect();
    {
        let store = Store::open(home.path()).unwrap();
        let started = Instant::now();
        for (part, hashes) in hashes.chunks(WINDOW).enumerate() {
            let rows: Vec<f32> = (0..hashes.len() * DIMENSION)
                .map(|at| (((part * WINDOW * DIMENSION + at) as f32) * 0.618).fract() - 0.5)
                .collect();
            store.put_embeddings("bench", hashes, &rows).unwrap();
        }
        println!("written: {:.2} s", started.elapsed().as_secs_f64());
    }
    let wanted: Vec<Option<ContentHash>> = hashes.iter().copied().map(Some).collect();
    for turn in 0..4 {
        let started = Instant::now();
        let store = Store::open(home.path()).unwrap();
        let opened = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let (rows, missing) = store.embeddings("bench", &wanted, DIMENSION).unwrap();
        assert!(missing.is_empty() && rows.len() == ROWS * DIMENSION);
        let first = started.elapsed().as_secs_f64();
        drop(rows);
        let started = Instant::now();
        let (rows, _) = store.embeddings("bench", &wanted, DIMENSION).unwrap();
        println!(
            "turn {turn}: open {opened:.2} s, first load {first:.2} s, second load {:.2} s ({:.0} MB on disk)",
            started.elapsed().as_secs_f64(),
            store.size_on_disk().unwrap() as f64 / 1e6
        );
        drop(rows);
    }
}
