//! The fuzzing lane, briefly: every target for a second.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
#[ignore = "builds a crate of its own: cargo test --release --test fuzzing -- --ignored"]
fn no_target_finds_anything_in_a_second() {
    let root = env!("CARGO_MANIFEST_DIR");
    let found = Command::new("bash").args(["tests/fuzz/run.sh", "1"]).current_dir(root).output().unwrap();
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.success(), "{said}{}", String::from_utf8_lossy(&found.stderr));
    assert!(said.lines().count() > 20, "{said}");

    // What is broken is found.
    for (target, words) in [
        ("broken.panic", "panics"),
        ("broken.abort", "ends the process"),
        ("broken.wait", "takes 6.0 s"),
        ("broken.memory", " MB"),
    ] {
        let found = Command::new("bash").args(["tests/fuzz/run.sh", "1", target]).current_dir(root).output().unwrap();
        let said = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(found.status.code() == Some(1) && said.contains(words), "{target}: {said}");
    }
}
