//! Shards that workers left are one audit, and a shard that does not belong to it is named.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn encode(place: &Path, output: &str, arguments: &[&str]) {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let files = ["encode", "--input", "rows.jsonl", "--output", output];
    command.current_dir(place).args(files).args(arguments).assert().code(0);
}

/// Shards of one part each.
fn shards(place: &Path, of: usize) -> Vec<PathBuf> {
    (0..of)
        .map(|part| {
            let (part, output) = (format!("{part}/{of}"), format!("part-{part:05}.parquet"));
            encode(place, &output, &["--shard", &part]);
            place.join(output)
        })
        .collect()
}

fn ingest(place: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let files = ["--manifest", "part-*.parquet", "--embeddings", "part-*.parquet"];
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.current_dir(place).args(["--home", "home", "ingest", "x"]).args(files).args(arguments).assert()
}

#[test]
fn shards_are_taken_in_as_one_audit_and_one_that_does_not_belong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let rows = (0..400).fold(String::new(), |mut rows, at| {
        let word = ["war", "peace", "bread", "music", "rain"][at % 5];
        let text = format!("a story about {word} and number {at}");
        let _ = writeln!(rows, r#"{{"id": "{at:05}", "text": "{text}", "loss:v1": {}}}"#, at as f64 / 8.0);
        rows
    });
    std::fs::write(place.join("rows.jsonl"), rows).unwrap();
    let files = shards(place, 4);
    let report = ingest(place, &["--check", "--json"]).code(0);
    let report: Value = serde_json::from_slice(&report.get_output().stdout).unwrap();
    assert_eq!(
        (&report["items"], &report["encoder"], &report["contents"]),
        (&400.into(), &"builtin".into(), &"embeddings".into())
    );
    assert_eq!(report["models"][0]["losses"], 400);
    let said = |arguments: &[&str], words: &[&str]| {
        let done = ingest(place, arguments).code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        for words in words {
            assert!(said.contains(words), "{said}");
        }
    };
    let put = |bytes: &[u8]| std::fs::write(&files[2], bytes).unwrap();
    let third = std::fs::read(&files[2]).unwrap();
    std::fs::remove_file(&files[2]).unwrap();
    said(&[], &["part-00002.parquet is missing"]);
    // A row of another shard.
    put(&std::fs::read(&files[0]).unwrap());
    said(&[], &["'00000' is there twice", "part-00000.parquet, row 1", "part-00002.parquet, row 1"]);
    // Another encoder's shard.
    std::fs::remove_file(&files[2]).unwrap();
    encode(place, "part-00002.parquet", &["--shard", "2/4", "--dims", "64"]);
    said(&[], &["part-00002.parquet is of encoder builtin?dims=64", "no common space"]);
    put(&third);
    said(&["--dims", "64"], &["are of encoder builtin (", "not of builtin?dims=64"]);
    ingest(place, &[]).code(0);
}
