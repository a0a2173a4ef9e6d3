//! How long a comparison and a check of the built-in audit take, from a home that does not exist yet and once more.
//!
//! `cargo bench --bench gate`
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const PROMPT: &str = "[[prompt]]\ntext = \"an elderly person\"\nmax_increase = 0.5\n";

fn seconds(home: &Path, arguments: &[&str]) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.arg("--home").arg(home).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    assert!(command.status().unwrap().success(), "{arguments:?}");
    began.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, PROMPT).unwrap();
    let rules = rules.to_str().unwrap();
    let report = folder.path().join("audit.html");
    let report = report.to_str().unwrap();
    let check = ["check", "adult", "--model", "v2", "--against", "v1"];
    let cases: [(&str, Vec<&str>); 5] = [
        ("check", check.to_vec()),
        ("check with a prompt rule", [&check[..], &["--rules", rules]].concat()),
        ("compare-models --no-heads", vec!["compare-models", "adult", "v1", "v2", "--no-heads"]),
        ("compare-models", vec!["compare-models", "adult", "v1", "v2"]),
        ("report --against", vec!["report", "adult", "--model", "v2", "--against", "v1", "-o", report]),
    ];
    println!("seconds: from an empty home, then again");
    for (at, (name, arguments)) in cases.iter().enumerate() {
        let home = folder.path().join(at.to_string());
        let (first, again) = (seconds(&home, arguments), seconds(&home, arguments));
        println!("{name:<28} {first:6.2} {again:6.2}");
    }
}
